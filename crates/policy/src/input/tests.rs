use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{
    Authority, PublicKey, Reason, Rejection, Signers, Transparency, Verifier, dsse_pae,
};
use countersign_image::{Attachment, Digest, Form, Origin};
use serde_json::{Value as Json, json};

use super::*;
use crate::Mode;
use crate::reads::SECTIONS;

const INDEX: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
    {"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,
     "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
     "platform":{"os":"linux","architecture":"arm","variant":"v7"}}],"annotations":{"a":"b"}}"#;

fn project(paths: &str, reference: &str) -> Json {
    let image = PinnedReference::new("registry.example.com/a".parse().unwrap(), Digest::of(b"x"));
    let evidence = Evidence {
        image: image.clone(),
        signatures: Vec::new(),
        statements: Vec::new(),
        rejected: vec![Rejection {
            format: "bundle".to_owned(),
            digest: Digest::of(b"y"),
            predicate_type: Some("https://spdx.dev/Document".to_owned()),
            reason: Reason::KeyMismatch,
            detail: "signed by another key".to_owned(),
        }],
    };
    let workload = WorkloadContext {
        labels: BTreeMap::from([("a".into(), "b".into())]),
        ..Default::default()
    };
    let reference = reference.parse().unwrap();
    let content = Document::parse(INDEX.as_bytes(), None).unwrap();
    let request = RequestContext::default();
    let input = Input::new(InputParts {
        reference: &reference,
        gathered: Some(Gathered {
            resolved: &image,
            content: &content,
            configs: None,
            evidence: &evidence,
        }),
        workload: &workload,
        request: &request,
        now: Timestamp::UNIX_EPOCH,
    });
    let text = crate::SourceFile {
        path: String::new(),
        text: paths.to_owned(),
    };
    let node = crate::yaml::parse(&text).unwrap().remove(0);
    let mut problems = crate::fields::Problems::new("");
    let items = crate::fields::list(&node, "reads", &mut problems).unwrap();
    let reads = Reads::read(items, &mut problems);
    assert_eq!(problems.into_errors(), []);
    serde_json::to_value(input.project(&reads, &[])).unwrap()
}

#[test]
fn a_rule_is_given_only_what_it_reads() {
    let version = "countersign.dev/input/v1";
    assert_eq!(project("[]", "a:1"), json!({ "apiVersion": version }));
    assert_eq!(
        project(
            "[image.tag, now, workload.labels, evidence.signatures]",
            "a:1"
        ),
        json!({
            "apiVersion": version, "now": "1970-01-01T00:00:00Z", "image": { "tag": "1" },
            "workload": { "labels": { "a": "b" } }, "evidence": { "signatures": [] },
        })
    );
}

#[test]
fn an_index_shows_its_platforms() {
    let input = project("[image.platforms, image.annotations]", "a:1");
    assert_eq!(
        input["image"],
        json!({
            "platforms": [{
                "os": "linux", "architecture": "arm", "variant": "v7",
                "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            }],
            "annotations": { "index": { "a": "b" }, "manifest": {} },
        })
    );
}

#[test]
fn a_reference_by_digest_has_no_tag() {
    let digest = Digest::of(b"x");
    let input = project(
        "[image.tag, image.digest]",
        &format!("registry.example.com/a@{digest}"),
    );
    assert_eq!(input["image"], json!({ "digest": digest.to_string() }));
}

#[test]
fn what_was_rejected_tells_why_and_never_what_it_said() {
    assert_eq!(
        project("[evidence.rejected]", "a:1")["evidence"]["rejected"],
        json!([{
            "format": "bundle", "digest": Digest::of(b"y").to_string(), "reason": "key_mismatch",
            "detail": "signed by another key", "predicateType": "https://spdx.dev/Document",
        }])
    );
}

#[test]
fn a_raw_predicate_is_given_only_to_the_rule_that_names_its_type() {
    let image = PinnedReference::new("registry.example.com/a".parse().unwrap(), Digest::of(b"x"));
    let evidence = attested(
        &image,
        "https://acme.example/review/v1",
        "{\"approved\": true}",
    );
    let predicate = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        let list = evidence::list("attestations", &evidence, &types);
        let list = serde_json::to_value(list).unwrap();
        assert_eq!(list[0]["predicateType"], "https://acme.example/review/v1");
        list[0].get("predicate").cloned()
    };
    assert_eq!(predicate(&[]), None);
    assert_eq!(predicate(&["https://acme.example/review"]), None);
    let wanted = predicate(&["https://acme.example/review/v1"]);
    assert_eq!(wanted, Some(json!({ "approved": true })));
}

/// Evidence of one statement about `image`, signed with a key made for it.
fn attested(image: &PinnedReference, kind: &str, predicate: &str) -> Evidence {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"{kind}","predicate":{predicate}}}"#,
        image.digest().hex()
    );
    let payload_type = "application/vnd.in-toto+json";
    let signature = pair
        .sign(&random, &dsse_pae(payload_type, statement.as_bytes()))
        .unwrap();
    let envelope = json!({
        "payloadType": payload_type, "payload": STANDARD.encode(&statement),
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    });
    let attachment = Attachment {
        form: Form::Envelope,
        origin: Origin::AttestationTag,
        manifest: Digest::of(b"y"),
        layer: None,
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(envelope.to_string().into()),
    };
    let key = PublicKey::from_spki_der(pair.public_key().as_der().unwrap().as_ref()).unwrap();
    let authority = Authority {
        name: "ci".to_owned(),
        signers: Signers::Keys(vec![key]),
        trust_root: None,
        transparency: Transparency::NONE,
    };
    let evidence = Verifier::new(vec![authority]).unwrap().verify(
        image,
        None,
        &[attachment],
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(evidence.rejected, []);
    evidence
}

#[test]
fn what_rules_may_read_is_what_the_input_has() {
    let schema = input_schema();
    let sections = schema["properties"].as_object().unwrap();
    for (section, keys) in SECTIONS {
        let known: Vec<&String> = sections[*section]["properties"]
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys())
            .collect();
        assert_eq!(known, *keys, "{section}");
    }
    assert_eq!(sections.len(), SECTIONS.len() + 1, "and apiVersion");
}

#[test]
fn what_serializes_is_the_same_for_the_engine_as_in_json() {
    #[derive(Serialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Tagged {
        Key { subject: &'static str },
    }
    #[derive(Serialize)]
    struct All {
        #[serde(flatten)]
        flat: BTreeMap<String, u8>,
        tagged: Tagged,
        variant: Mode,
        pair: (bool, char),
        number: i64,
        large: u64,
        half: f64,
        none: Option<u8>,
        some: Option<&'static str>,
        json: Json,
        over: u8,
    }
    let all = All {
        flat: BTreeMap::from([("over".to_owned(), 1)]),
        tagged: Tagged::Key { subject: "x" },
        variant: Mode::Audit,
        pair: (true, 'y'),
        number: i64::MIN,
        large: u64::MAX,
        half: 0.5,
        none: None,
        some: Some("z"),
        json: json!({ "$serde_json::private::Number": "1", "a": [1, -1, 1.5, null, {}] }),
        over: 2,
    };
    let value = rego(&all);
    assert_eq!(value["over"], Value::from(2_u64), "what comes later wins");
    assert_eq!(value["half"], Value::from(0.5));
    let named = &value["json"]["$serde_json::private::Number"];
    assert_eq!(*named, Value::from("1"));
    let text: Json = serde_json::from_str(&value.to_json_str().unwrap()).unwrap();
    assert_eq!(text, serde_json::to_value(&all).unwrap());
    assert_eq!(rego(f64::NAN), Value::Null);
}
