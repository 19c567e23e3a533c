//! Certificates of a minute's life from Fulcio, by its API v2 (sigstore/fulcio `fulcio.proto`).
//!
//! Refuses a certificate for another key than ours. Whether it is worth anything, the verifier says.

use std::time::Duration;

use countersign_image::{Fields, parse_strict};
use countersign_registry::ServiceClient;
use serde::{Deserialize, Serialize};
use url::Url;
use x509_cert::der::{Decode as _, Encode as _};

use super::error::{CERTIFICATE_AUTHORITY, ServiceFailure};
use super::{below, json};
use crate::envelope::base64;
use crate::key::PrivateKey;
use crate::token::IdentityToken;

/// A certificate, and those between it and a root.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    der: Vec<u8>,
}

impl Certificate {
    /// The certificate itself.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The same as text.
    pub(crate) fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.as_slice()), config)
    }
}

pub(super) async fn certify(
    client: &ServiceClient,
    authority: &Url,
    token: &IdentityToken,
    key: &PrivateKey,
) -> Result<Certificate, ServiceFailure> {
    let host = authority.authority();
    let question = QuestionWire {
        credentials: CredentialsWire {
            oidc_identity_token: token.secret(),
        },
        public_key_request: PublicKeyWire {
            public_key: KeyWire {
                algorithm: "ECDSA",
                content: key.public_key().to_pem(),
            },
            proof_of_possession: base64(
                &key.sign(token.challenge())
                    .map_err(|_| ServiceFailure::Unwritable)?,
            ),
        },
    };
    let request = json(below(authority, "api/v2/signingCert"), &question, TIMEOUT)?;
    let response = client
        .ask(request)
        .await
        .map_err(|error| ServiceFailure::Unanswered {
            what: CERTIFICATE_AUTHORITY,
            error,
        })?;
    if !(200..300).contains(&response.status) {
        return Err(ServiceFailure::refused(
            CERTIFICATE_AUTHORITY,
            host,
            &response,
        ));
    }
    read(&response.body, key)
        .map_err(|detail| ServiceFailure::malformed(CERTIFICATE_AUTHORITY, host, detail))
}

/// The first certificate of the chain. The others, and a timestamp of a log beside it, have no place in a bundle v0.3.
fn read(body: &[u8], key: &PrivateKey) -> Result<Certificate, String> {
    let Fields(wire): Fields<AnswerWire> = parse_strict(body).map_err(|error| error.to_string())?;
    let Fields(issued) = wire
        .signed_certificate_embedded_sct
        .or(wire.signed_certificate_detached_sct)
        .ok_or("there is no certificate in it")?;
    let Fields(chain) = issued.chain;
    let text = chain.certificates.first().ok_or("its chain is empty")?;
    let block = pem::parse(text).map_err(|_| "its certificate is not PEM")?;
    let certificate = x509_cert::Certificate::from_der(block.contents())
        .map_err(|_| "its certificate cannot be read")?;
    let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
    if spki.ok().as_deref() != Some(key.public_key().spki_der()) {
        return Err("its certificate is for another key".to_owned());
    }
    Ok(Certificate {
        der: block.into_contents(),
    })
}

/// It holds the token, and is therefore not printable.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionWire<'a> {
    credentials: CredentialsWire<'a>,
    public_key_request: PublicKeyWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialsWire<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyWire {
    public_key: KeyWire,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct KeyWire {
    algorithm: &'static str,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerWire {
    signed_certificate_embedded_sct: Option<Fields<IssuedWire>>,
    signed_certificate_detached_sct: Option<Fields<IssuedWire>>,
}

#[derive(Deserialize)]
struct IssuedWire {
    chain: Fields<ChainWire>,
}

#[derive(Deserialize)]
struct ChainWire {
    certificates: Vec<String>,
}

const TIMEOUT: Duration = Duration::from_secs(30);
