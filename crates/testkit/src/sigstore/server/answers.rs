//! What each service answers to a question that is as it should be; to others, 400.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{Misdeed, Shared};
use crate::sigstore::key::pem;
use crate::sigstore::tsa::Stamp;
use crate::sigstore::{Algorithm, Key, hex, sha256};

impl Shared {
    pub(super) fn answer(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
        misdeed: Option<&Misdeed>,
    ) -> Response {
        let question = || serde_json::from_slice(body).ok();
        let answer = match (method, path) {
            (&Method::POST, "/api/v2/signingCert") => {
                question().and_then(|question| self.certify(&question, misdeed))
            }
            (&Method::POST, "/api/v2/log/entries") => {
                question().and_then(|question| self.log_v2(&question, misdeed))
            }
            (&Method::POST, "/api/v1/log/entries") => {
                question().and_then(|question| self.log_v1(&question, misdeed))
            }
            (&Method::POST, "/api/v1/timestamp") => self.stamp(body, misdeed),
            (&Method::GET, _) => path.rsplit('/').next().and_then(|uuid| self.logged(uuid)),
            _ => None,
        };
        let refused = json!({"code": 3, "message": "that makes no sense"}).to_string();
        answer.unwrap_or_else(|| (StatusCode::BAD_REQUEST, refused).into_response())
    }

    /// Fulcio's API v2: a certificate for whoever proves to hold the key.
    fn certify(&self, question: &Value, misdeed: Option<&Misdeed>) -> Option<Response> {
        let token = question["credentials"]["oidcIdentityToken"].as_str()?;
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let (subject, issuer) = (claims["sub"].as_str()?, claims["iss"].as_str()?);
        let wanted = &question["publicKeyRequest"];
        let spki = bare(wanted["publicKey"]["content"].as_str()?)?;
        let proof = STANDARD
            .decode(wanted["proofOfPossession"].as_str()?)
            .ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &spki)
            .verify(subject.as_bytes(), &proof)
            .ok()?;
        let key = match misdeed {
            Some(Misdeed::CertifiesAnotherKey) => Key::generate(Algorithm::P256),
            _ => Key::elsewhere(&spki),
        };
        let mut signer = self.sigstore.identity(subject, issuer).with_key(key);
        match misdeed {
            Some(Misdeed::Certifies(flaw)) => signer = signer.but(flaw.clone()),
            Some(Misdeed::Promises(scts)) => signer = signer.scts(*scts),
            _ => {}
        }
        let issued = signer.issue((self.clock)())?;
        let chain: Vec<String> = [&issued.certificate]
            .into_iter()
            .chain(&issued.above)
            .map(|der| pem("CERTIFICATE", der))
            .collect();
        let answer = json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}});
        Some(answer.to_string().into_response())
    }

    /// RFC 3161 over HTTP, of questions with a SHA-256, without nonce and policy.
    fn stamp(&self, question: &[u8], misdeed: Option<&Misdeed>) -> Option<Response> {
        let at = question
            .windows(2)
            .position(|bytes| bytes == [0x04, 0x20])?;
        let hash = question.get(at + 2..at + 34)?.try_into().ok()?;
        let flaw = match misdeed {
            Some(Misdeed::Stamps(flaw)) => Some(flaw.clone()),
            _ => None,
        };
        let stamp = Stamp { flaw, bare: false };
        let answer = self.sigstore.0.tsa.stamp_hash(hash, (self.clock)(), &stamp);
        Some(answer.into_response())
    }

    /// Rekor v2: a hash and its signature.
    fn log_v2(&self, question: &Value, misdeed: Option<&Misdeed>) -> Option<Response> {
        let asked = &question["hashedRekordRequestV002"];
        let details = asked["signature"]["verifier"]["keyDetails"].as_str()?;
        let algorithm = format!("SHA2_{}", details.rsplit(['_', 'A']).next()?);
        let body = json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": algorithm, "digest": asked["digest"].as_str()?},
            "signature": asked["signature"],
        }}});
        let log = &self.sigstore.0.rekor_2;
        let kind = ("hashedrekord", "0.0.2");
        let mut entry = log.enter_body(
            body.to_string().as_bytes(),
            kind,
            (self.clock)(),
            flaw(misdeed),
        );
        // As gRPC's gateway writes it: with what is not there.
        entry["integratedTime"] = json!("0");
        entry["inclusionPromise"] = Value::Null;
        let entry = self.repeated(entry, misdeed);
        Some((StatusCode::CREATED, entry.to_string()).into_response())
    }

    /// Rekor v1: an envelope. What it has already, it says where to find.
    fn log_v1(&self, question: &Value, misdeed: Option<&Misdeed>) -> Option<Response> {
        let (kind, version) = (question["kind"].as_str()?, question["apiVersion"].as_str()?);
        if (kind, version) != ("dsse", "0.0.1") {
            return None;
        }
        let proposed = &question["spec"]["proposedContent"];
        let text = proposed["envelope"].as_str()?;
        let envelope: Value = serde_json::from_str(text).ok()?;
        let payload = STANDARD.decode(envelope["payload"].as_str()?).ok()?;
        let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex(sha256(bytes))});
        let body = json!({"apiVersion": version, "kind": kind, "spec": {
            "envelopeHash": hash(text.as_bytes()),
            "payloadHash": hash(&payload),
            "signatures": [{
                "signature": envelope["signatures"][0]["sig"],
                "verifier": proposed["verifiers"][0],
            }],
        }});
        let body = body.to_string();
        let uuid = hex(sha256([&[0], body.as_bytes()].concat()));
        if self.entries.lock().unwrap().contains_key(&uuid) {
            let place = [(header::LOCATION, format!("/api/v1/log/entries/{uuid}"))];
            return Some((StatusCode::CONFLICT, place, "{}").into_response());
        }
        let log = &self.sigstore.0.rekor_1;
        let entry = log.enter_body(
            body.as_bytes(),
            (kind, version),
            (self.clock)(),
            flaw(misdeed),
        );
        let entry = self.repeated(as_rekor_v1(&entry), misdeed);
        self.entries.lock().unwrap().insert(uuid.clone(), entry);
        let answer = self.logged(&uuid)?;
        Some((StatusCode::CREATED, answer).into_response())
    }

    fn logged(&self, uuid: &str) -> Option<Response> {
        let entries = self.entries.lock().unwrap();
        let answer = json!({uuid: entries.get(uuid)?});
        Some(answer.to_string().into_response())
    }

    /// `entry`, or the first one that there was, if it repeats itself.
    fn repeated(&self, entry: Value, misdeed: Option<&Misdeed>) -> Value {
        let mut first = self.first.lock().unwrap();
        let first = first.get_or_insert_with(|| entry.clone());
        match misdeed {
            Some(Misdeed::RepeatsItself) => first.clone(),
            _ => entry,
        }
    }
}

/// An entry as Rekor v1 has it, from one as bundles have it: numbers for strings, hex for base64.
fn as_rekor_v1(entry: &Value) -> Value {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    let hexed = |value: &Value| {
        value
            .as_str()
            .and_then(|text| STANDARD.decode(text).ok())
            .map(hex)
    };
    let proof = &entry["inclusionProof"];
    let hashes: Vec<_> = proof["hashes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(hexed)
        .collect();
    json!({
        "attestation": {},
        "body": entry["canonicalizedBody"],
        "integratedTime": number(&entry["integratedTime"]),
        "logID": hexed(&entry["logId"]["keyId"]),
        "logIndex": number(&entry["logIndex"]),
        "verification": {
            "inclusionProof": {
                "checkpoint": proof["checkpoint"]["envelope"],
                "hashes": hashes,
                "logIndex": number(&proof["logIndex"]),
                "rootHash": hexed(&proof["rootHash"]),
                "treeSize": number(&proof["treeSize"]),
            },
            "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        },
    })
}

fn flaw(misdeed: Option<&Misdeed>) -> Option<&crate::sigstore::LogFlaw> {
    match misdeed {
        Some(Misdeed::Logs(flaw)) => Some(flaw),
        _ => None,
    }
}

/// What a PEM block holds.
fn bare(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).ok()
}
