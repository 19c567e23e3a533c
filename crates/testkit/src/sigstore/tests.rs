//! What is made right verifies with the Sigstore organisation's own verifier; what is made wrong on purpose does not.

use sigstore_trust_root::TrustedRoot as Root;
use sigstore_types::{Bundle, DerCertificate, DerPublicKey, Sha256Hash};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use super::*;

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const ARTIFACT: &[u8] = b"hello";

type Outcome = Result<(), String>;

fn signer(sigstore: &Sigstore) -> Signer {
    sigstore.identity(WORKFLOW, ISSUER)
}

/// A statement about [`ARTIFACT`].
fn statement() -> String {
    let digest = hex(sha256(ARTIFACT));
    serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    })
    .to_string()
}

fn verify(root: &TrustedRoot, signing: &Signing) -> Outcome {
    verify_as(root, signing, WORKFLOW)
}

fn verify_as(root: &TrustedRoot, signing: &Signing, name: &str) -> Outcome {
    let policy = VerificationPolicy::new(name, ISSUER);
    let bundle = String::from_utf8(signing.bundle()).unwrap();
    let bundle = Bundle::from_json(&bundle).map_err(|error| error.to_string())?;
    let root = Root::from_json(&root.json()).map_err(|error| error.to_string())?;
    let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
    let digest = Sha256Hash::new(sha256(ARTIFACT));
    let verified = verifier.verify(digest, &bundle, &policy);
    verified.map(|_| ()).map_err(|error| error.to_string())
}

#[track_caller]
fn accepts(sigstore: &Sigstore, signing: &Signing) {
    assert_eq!(verify(&sigstore.trusted_root(), signing), Ok(()));
}

#[test]
fn what_is_right_verifies_in_every_kind_of_log() {
    let sigstore = Sigstore::new();
    let signer = signer(&sigstore).claim("runnerEnvironment", "github-hosted");
    for content in [signer.statement(statement()), signer.payload(ARTIFACT)] {
        accepts(&sigstore, &content.clone().log(Entry::V1));
        accepts(&sigstore, &content.clone().log(Entry::V1).stamp());
        accepts(&sigstore, &content.clone().log(Entry::V2).stamp());
        accepts(&sigstore, &content.clone().log(Entry::V2).stamp_bare());
        accepts(
            &sigstore,
            &content.clone().log(Entry::V1).log(Entry::V2).stamp(),
        );
    }
    accepts(
        &sigstore,
        &signer.statement(statement()).log(Entry::Intoto2),
    );
}

#[test]
fn what_is_right_verifies_with_any_kind_of_key() {
    for algorithm in [Algorithm::P256, Algorithm::P384] {
        let sigstore = Sigstore::shaped()
            .algorithm(algorithm)
            .tsa_algorithm(algorithm)
            .build();
        for of_signer in [Algorithm::P256, Algorithm::P384, Algorithm::Ed25519] {
            let signer = signer(&sigstore).with_key(Key::generate(of_signer));
            accepts(
                &sigstore,
                &signer.statement(statement()).log(Entry::V1).stamp(),
            );
        }
    }
}

#[test]
fn what_is_right_verifies_in_bundles_of_version_0_1() {
    let sigstore = Sigstore::new();
    let statement = signer(&sigstore).statement(statement()).v0_1();
    accepts(&sigstore, &statement.clone().log(Entry::V1));
    accepts(
        &sigstore,
        &statement.clone().log(Entry::V1).but(BundleFlaw::Chain),
    );
    accepts(
        &sigstore,
        &statement.log_but(Entry::V1, LogFlaw::ProofMissing),
    );
}

#[test]
fn what_is_right_verifies_with_a_key_alone() {
    let sigstore = Sigstore::new();
    let root = Root::from_json(&sigstore.trusted_root_json()).unwrap();
    let signer = sigstore.key();
    let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(signer.key.spki().to_vec()));
    for signing in [
        signer.statement(statement()).log(Entry::V1),
        signer.statement(statement()).log(Entry::Intoto2),
        signer.statement(statement()).log(Entry::V2).stamp(),
        signer.payload(ARTIFACT).log(Entry::V1).stamp(),
    ] {
        let bundle = String::from_utf8(signing.bundle()).unwrap();
        let bundle = Bundle::from_json(&bundle).unwrap();
        let verifier = Verifier::new(&root).unwrap();
        verifier.verify(ARTIFACT, &bundle, &policy).unwrap();
    }
}

#[test]
fn every_usual_kind_of_name_is_read_back() {
    let sigstore = Sigstore::new();
    for name in [WORKFLOW, "alice@acme.example"] {
        let signing = sigstore
            .identity(name, ISSUER)
            .statement(statement())
            .log(Entry::V1);
        assert_eq!(verify_as(&sigstore.trusted_root(), &signing, name), Ok(()));
    }
}

#[test]
fn claims_are_read_back_under_their_names() {
    let sigstore = Sigstore::new();
    let signer = signer(&sigstore)
        .claim("sourceRepositoryURI", "https://github.com/acme/app")
        .claim("githubWorkflowRef", "refs/heads/main")
        .claim("tokenSubject", "repo:acme/app:ref:refs/heads/main");
    let certificate = DerCertificate::new(signer.certificate(SIGNED_AT));
    let info = sigstore_crypto::parse_certificate_info(&certificate).unwrap();
    assert_eq!(info.issuer.as_deref(), Some(ISSUER));
    let claims = format!("{:?}", info.ci_claims);
    assert!(
        claims.contains(r#"Some("https://github.com/acme/app")"#),
        "{claims}"
    );
    assert_eq!(info.not_before.as_second() + 5, SIGNED_AT.as_second());
}

#[test]
fn chains_of_any_shape_verify() {
    for shape in [
        Sigstore::shaped().intermediates(0),
        Sigstore::shaped().intermediates(3).tsa_intermediates(2),
        Sigstore::shaped().twin_issuer(),
    ] {
        let sigstore = shape.build();
        accepts(
            &sigstore,
            &signer(&sigstore)
                .statement(statement())
                .log(Entry::V2)
                .stamp(),
        );
    }
    let sigstore = Sigstore::shaped().intermediates(2).build();
    let statement = signer(&sigstore).statement(statement()).log(Entry::V1);
    let roots = sigstore.trusted_root().roots_only();
    assert!(verify(&roots, &statement).is_err());
    let chain = statement.v0_1().but(BundleFlaw::Chain);
    assert_eq!(verify(&roots, &chain), Ok(()));
}

#[test]
fn a_trust_root_of_several_instances_accepts_what_either_made() {
    let one = Sigstore::new();
    let two = Sigstore::shaped().named("other.example").build();
    let root = one.trusted_root().and(&two);
    for sigstore in [&one, &two] {
        let signing = signer(sigstore)
            .statement(statement())
            .log(Entry::V2)
            .stamp();
        assert_eq!(verify(&root, &signing), Ok(()));
    }
    let signing = signer(&one)
        .statement(statement())
        .log_by(&two, Entry::V2)
        .stamp_by(&two);
    assert_eq!(verify(&root, &signing), Ok(()));
    assert!(verify(&one.trusted_root(), &signing).is_err());
}

#[test]
fn certificates_made_wrong_are_refused() {
    use CertificateFlaw as Flaw;
    let sigstore = Sigstore::new();
    let refuses = |signer: Signer| {
        let outcome = verify(
            &sigstore.trusted_root(),
            &signer.statement(statement()).log(Entry::V1),
        );
        outcome.expect_err("it verifies")
    };
    for flaw in [
        Flaw::IsAuthority,
        Flaw::NotForCode,
        Flaw::NoPurpose,
        Flaw::IssuerMissing,
        Flaw::IssuedByLeaf,
        Flaw::IssuedByStranger,
        Flaw::SelfSigned,
        Flaw::Altered,
    ] {
        refuses(signer(&sigstore).but(flaw));
    }
    for scts in [
        Scts::None,
        Scts::UnknownLog,
        Scts::OtherCertificate,
        Scts::OtherIssuer,
        Scts::Forged,
    ] {
        refuses(signer(&sigstore).scts(scts));
    }
    refuses(signer(&sigstore).names([]));
    let hour = SignedDuration::from_hours(1);
    refuses(signer(&sigstore).valid(SIGNED_AT + hour, SIGNED_AT + hour * 2));
    refuses(signer(&sigstore).valid(SIGNED_AT - hour * 2, SIGNED_AT - hour));
}

#[test]
fn entries_of_logs_made_wrong_are_refused() {
    use {CheckpointFlaw as Note, LogFlaw as Flaw};
    let sigstore = Sigstore::new();
    let signer = signer(&sigstore);
    let later = SIGNED_AT + SignedDuration::from_mins(1);
    let flaws = [
        Flaw::OtherPayload,
        Flaw::OtherHash,
        Flaw::OtherSignature,
        Flaw::OtherSigner,
        Flaw::OtherCertificate,
        Flaw::OtherKey,
        Flaw::KindLies,
        Flaw::BodyEmpty,
        Flaw::ProofMissing,
        Flaw::ProofOfOther,
        Flaw::ProofIndexTooLarge,
        Flaw::ProofEmpty,
        Flaw::ProofHashes(100),
        Flaw::Checkpoint(Note::Missing),
        Flaw::Checkpoint(Note::Unsigned),
        Flaw::Checkpoint(Note::ByStranger),
        Flaw::Checkpoint(Note::Forged),
        Flaw::Checkpoint(Note::WitnessOnly),
        Flaw::Checkpoint(Note::OtherRoot),
        Flaw::Checkpoint(Note::Size("18446744073709551616".to_owned())),
        Flaw::Checkpoint(Note::TwoOrigins),
        Flaw::Checkpoint(Note::Altered),
    ];
    let only_v1 = [
        Flaw::LogIdLies,
        Flaw::PromiseOfOther,
        Flaw::PromiseForged,
        Flaw::TimeAltered(later),
        Flaw::IndexAltered,
        Flaw::ProofRootLies,
    ];
    let refuses = |entry, flaw: &Flaw| {
        let signing = signer
            .statement(statement())
            .log_but(entry, flaw.clone())
            .stamp();
        let outcome = verify(&sigstore.trusted_root(), &signing);
        assert!(outcome.is_err(), "{entry:?} {flaw:?}");
    };
    for flaw in flaws.iter().chain(&only_v1) {
        refuses(Entry::V1, flaw);
    }
    for flaw in &flaws {
        refuses(Entry::V2, flaw);
    }
}

#[test]
fn timestamps_made_wrong_are_refused() {
    use StampFlaw as Flaw;
    let sigstore = Sigstore::new();
    let statement = signer(&sigstore).statement(statement()).log(Entry::V2);
    let later = SIGNED_AT + SignedDuration::from_mins(1);
    for flaw in [
        Flaw::OtherImprint,
        Flaw::Refused,
        Flaw::Forged,
        Flaw::TimeAltered(later),
        Flaw::NoAttributes,
        Flaw::Impersonated,
        Flaw::WrongPurpose,
    ] {
        let signing = statement.clone().stamp_but(flaw.clone());
        assert!(
            verify(&sigstore.trusted_root(), &signing).is_err(),
            "{flaw:?}"
        );
    }
    accepts(
        &sigstore,
        &statement.clone().stamp_but(Flaw::StrangersInTheBag),
    );
    let other = Sigstore::new();
    assert!(
        verify(
            &sigstore.trusted_root(),
            &statement.clone().stamp_by(&other)
        )
        .is_err()
    );
    let hour = SignedDuration::from_hours(1);
    assert!(
        verify(
            &sigstore.trusted_root(),
            &statement.stamp_at(SIGNED_AT + hour)
        )
        .is_err()
    );
}

#[test]
fn bundles_and_envelopes_made_wrong_are_refused() {
    use BundleFlaw as Flaw;
    let sigstore = Sigstore::new();
    let statement = signer(&sigstore).statement(statement()).log(Entry::V1);
    for flaw in [
        Flaw::PayloadReplaced(b"{}".to_vec()),
        Flaw::PayloadTypeReplaced("text/plain".to_owned()),
        Flaw::SignatureAltered,
        Flaw::Signatures(0),
        Flaw::Signatures(2),
        Flaw::SignatureOfOtherFirst,
        Flaw::PayloadSigned,
        Flaw::LengthWithLeadingZero,
        Flaw::NoLengths,
        Flaw::LineFeedInPayload,
        Flaw::Chain,
        Flaw::ChainEmpty,
        Flaw::RootForCertificate,
        Flaw::NoMaterial,
        Flaw::NoContent,
    ] {
        let signing = statement.clone().but(flaw.clone());
        assert!(
            verify(&sigstore.trusted_root(), &signing).is_err(),
            "{flaw:?}"
        );
    }
    let artifact = signer(&sigstore).payload(ARTIFACT).log(Entry::V1);
    accepts(&sigstore, &artifact);
    assert!(verify(&sigstore.trusted_root(), &artifact.but(Flaw::DigestLies)).is_err());
    accepts(
        &sigstore,
        &statement.but(Flaw::KeyId("somebody".to_owned())),
    );
}

#[test]
fn windows_of_a_trust_root_are_those_asked_for() {
    let sigstore = Sigstore::new();
    let statement = signer(&sigstore)
        .statement(statement())
        .log(Entry::V1)
        .stamp();
    let hour = SignedDuration::from_hours(1);
    for part in [Part::Logs, Part::Authorities, Part::TimestampAuthorities] {
        let root = sigstore.trusted_root();
        let inside = root
            .clone()
            .valid(part, Some(SIGNED_AT - hour), Some(SIGNED_AT));
        assert_eq!(verify(&inside, &statement), Ok(()), "{part:?}");
        let before = root.clone().valid(part, None, Some(SIGNED_AT - hour));
        assert!(verify(&before, &statement).is_err(), "{part:?}");
        assert!(verify(&root.without(part), &statement).is_err(), "{part:?}");
    }
}

#[test]
fn layers_carry_the_annotations_that_cosign_reads() {
    let sigstore = Sigstore::new();
    let layer = signer(&sigstore)
        .payload("{}")
        .log(Entry::V1)
        .stamp()
        .layer();
    let names: Vec<_> = layer.annotations.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "dev.cosignproject.cosign/signature",
            "dev.sigstore.cosign/bundle",
            "dev.sigstore.cosign/certificate",
            "dev.sigstore.cosign/chain",
            "dev.sigstore.cosign/rfc3161timestamp",
        ]
    );
    assert_eq!(&layer.bytes[..], b"{}");
    let bundle = &layer.annotations["dev.sigstore.cosign/bundle"];
    let bundle: serde_json::Value = serde_json::from_str(bundle).unwrap();
    assert_eq!(bundle["Payload"]["integratedTime"], SIGNED_AT.as_second());
    assert_eq!(bundle["Payload"]["logID"].as_str().map(str::len), Some(64));
}
