//! Reading signing certificates: real ones, and ones that read in two ways.

use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, OtherNameValue, SanType,
};

use super::*;
use crate::testing::ca::{Ca, ISSUER, WORKFLOW, email, fulcio, fulcio_text, uri};
use crate::testing::certificate;

fn leaf(change: impl FnOnce(&mut CertificateParams)) -> Result<Leaf, Refusal> {
    Leaf::parse(&Ca::root("ca").leaf_with(change))
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    let refusal = outcome.unwrap_err();
    assert_eq!(
        refusal.reason,
        Reason::CertificateMalformed,
        "{}",
        refusal.detail
    );
    refusal.detail
}

fn issuer_and_subject(identity: &Identity) -> (Option<&str>, &str) {
    let Identity::Certificate {
        issuer, subject, ..
    } = identity
    else {
        panic!("a certificate's identity");
    };
    (issuer.as_deref(), subject)
}

#[test]
fn a_github_certificate_says_everything_of_its_build() {
    let leaf = Leaf::parse(&certificate("bundles/java-dsse-gha-slsa1.sigstore.json")).unwrap();
    let Identity::Certificate {
        issuer,
        subject,
        claims,
    } = leaf.fulcio_identity().unwrap()
    else {
        panic!("a certificate's identity");
    };
    let workflow =
        "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main";
    assert_eq!(
        issuer.as_deref(),
        Some("https://token.actions.githubusercontent.com")
    );
    assert_eq!(subject, workflow);
    let commit = "ebff8dfbd609b7b22237c7719ce07f2dc7934f5f";
    let claims: Vec<(&str, &str)> = claims
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        claims,
        [
            ("buildConfigDigest", commit),
            ("buildConfigURI", workflow),
            ("buildSignerDigest", commit),
            ("buildSignerURI", workflow),
            ("buildTrigger", "workflow_dispatch"),
            ("githubWorkflowName", "Generate Provenance"),
            ("githubWorkflowRef", "refs/heads/main"),
            ("githubWorkflowRepository", "loosebazooka/aa-test"),
            ("githubWorkflowSHA", commit),
            ("githubWorkflowTrigger", "workflow_dispatch"),
            (
                "runInvocationURI",
                "https://github.com/loosebazooka/aa-test/actions/runs/11941425487/attempts/1"
            ),
            ("runnerEnvironment", "github-hosted"),
            ("sourceRepositoryDigest", commit),
            ("sourceRepositoryIdentifier", "891715444"),
            ("sourceRepositoryOwnerIdentifier", "1304826"),
            (
                "sourceRepositoryOwnerURI",
                "https://github.com/loosebazooka"
            ),
            ("sourceRepositoryRef", "refs/heads/main"),
            (
                "sourceRepositoryURI",
                "https://github.com/loosebazooka/aa-test"
            ),
            ("sourceRepositoryVisibilityAtSigning", "public"),
        ]
    );
}

#[test]
fn names_of_every_kind_are_read() {
    let user = |name: &str| {
        SanType::OtherName((
            vec![1, 3, 6, 1, 4, 1, 57264, 1, 7],
            OtherNameValue::Utf8String(name.to_owned()),
        ))
    };
    for (san, subject) in [
        (uri(WORKFLOW), WORKFLOW),
        (email("a@example.com"), "a@example.com"),
        (user("foo!example.com"), "foo!example.com"),
    ] {
        let leaf = leaf(|params| params.subject_alt_names = vec![san]).unwrap();
        for identity in [leaf.fulcio_identity(), leaf.own_identity()] {
            assert_eq!(issuer_and_subject(&identity.unwrap()).1, subject);
        }
        assert_eq!(leaf.claimed_name(), subject);
    }
}

#[test]
fn a_name_is_one_and_of_a_kind_that_is_known() {
    let other = SanType::OtherName((
        vec![1, 2, 3, 4],
        OtherNameValue::Utf8String("foo".to_owned()),
    ));
    for (sans, said) in [
        (vec![], "nobody"),
        (vec![uri(WORKFLOW), uri(WORKFLOW)], "2 subjects"),
        (vec![uri(WORKFLOW), email("a@example.com")], "2 subjects"),
        (vec![other.clone(), email("a@example.com")], "2 subjects"),
        (vec![other], "no URI"),
        (vec![SanType::IpAddress([10, 0, 0, 1].into())], "no URI"),
    ] {
        let leaf = leaf(|params| params.subject_alt_names = sans).unwrap();
        for identity in [leaf.fulcio_identity(), leaf.own_identity()] {
            let detail = refused(identity);
            assert!(detail.contains(said), "{detail}");
        }
    }
}

#[test]
fn names_with_control_characters_are_refused() {
    for name in ["https://a.example\n", "https://a.example\0.b.example", ""] {
        refused(leaf(|params| params.subject_alt_names = vec![uri(name)]));
    }
    refused(leaf(|params| {
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "a\nb");
    }));
}

#[test]
fn the_issuer_stands_in_one_of_two_extensions_or_alike_in_both() {
    let read = |extensions: Vec<CustomExtension>| {
        leaf(|params| params.custom_extensions = extensions)?.fulcio_identity()
    };
    let old = |text: &str| fulcio(1, text.as_bytes());
    for extensions in [
        vec![fulcio_text(8, ISSUER)],
        vec![old(ISSUER)],
        vec![old(ISSUER), fulcio_text(8, ISSUER)],
    ] {
        let identity = read(extensions).unwrap();
        assert_eq!(issuer_and_subject(&identity), (Some(ISSUER), WORKFLOW));
    }
    for (extensions, said) in [
        (vec![], "no issuer"),
        (
            vec![old("https://a"), fulcio_text(8, "https://b")],
            "two things",
        ),
        (vec![fulcio(8, ISSUER.as_bytes())], "issuer does not read"),
        (
            vec![old(ISSUER), fulcio(8, b"\x0c\x09short")],
            "issuer does not read",
        ),
        (vec![fulcio_text(8, "https://a\n")], "issuer does not read"),
        (vec![fulcio_text(8, "")], "issuer does not read"),
        (vec![fulcio(1, b"\xff")], "issuer does not read"),
        (vec![fulcio(1, b"")], "issuer does not read"),
        // The old one is bare text: DER in it is not the issuer that it holds.
        (
            vec![fulcio(1, fulcio_text(8, ISSUER).content())],
            "issuer does not read",
        ),
        (
            vec![fulcio_text(8, ISSUER), fulcio_text(8, ISSUER)],
            "twice",
        ),
    ] {
        let detail = refused(read(extensions));
        assert!(detail.contains(said), "{detail}");
    }
}

#[test]
fn old_and_new_claims_may_not_contradict_each_other() {
    let read = |old: (u64, &str), new: (u64, &str)| {
        leaf(|params| {
            params
                .custom_extensions
                .push(fulcio(old.0, old.1.as_bytes()));
            params.custom_extensions.push(fulcio_text(new.0, new.1));
        })
    };
    for (old, new, value, other) in [
        (2, 20, "push", "pull_request_target"),
        (3, 13, "c0ffee", "decaf"),
        (6, 14, "refs/heads/main", "refs/heads/mail"),
    ] {
        let claims = read((old, value), (new, value)).unwrap().claims;
        assert_eq!(claims.values().collect::<Vec<_>>(), [value, value]);
        let detail = refused(read((old, value), (new, other)));
        assert!(detail.contains("two things"), "{detail}");
    }
    read((5, "acme/app"), (12, "https://github.com/acme/app")).unwrap();
    read((5, "acme/app"), (12, "https://ghe.example:8443/acme/app")).unwrap();
    for url in [
        "https://github.com/acme/app.git",
        "https://github.com/evil/acme/app",
        "https://github.com/acme",
        "acme/app",
    ] {
        refused(read((5, "acme/app"), (12, url)));
    }
}

#[test]
fn a_claim_that_does_not_read_is_absent() {
    let leaf = leaf(|params| {
        params.custom_extensions.extend([
            fulcio(11, b"github-hosted"),
            fulcio_text(14, "refs/heads/main\n"),
            fulcio_text(13, ""),
            fulcio(4, b"\xff"),
            fulcio_text(99, "unknown"),
            CustomExtension::from_oid_content(
                &[1, 3, 6, 1, 4, 1, 99999, 1, 11],
                fulcio_text(11, "another's").content().to_vec(),
            ),
            fulcio_text(20, "push"),
        ]);
    })
    .unwrap();
    let claims: Vec<_> = leaf.claims.into_iter().collect();
    assert_eq!(claims, [("buildTrigger", "push".to_owned())]);
}

#[test]
fn extensions_that_stand_twice_are_refused() {
    let twice = |number: u64| {
        leaf(|params| {
            params
                .custom_extensions
                .extend([fulcio_text(number, "one"), fulcio_text(number, "two")]);
        })
    };
    for number in [11, 24, 99] {
        let detail = refused(twice(number));
        assert!(detail.contains("twice"), "{detail}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let good = certificate("bundles/java-v1.sigstore.json");
    for bytes in [
        &b""[..],
        b"garbage",
        good.get(..good.len() - 1).unwrap(),
        &[good.as_slice(), b"\0"].concat(),
    ] {
        refused(Leaf::parse(bytes));
    }
    let endless = leaf(|params| {
        let filling = vec![0; limits::CERTIFICATE_BYTES];
        params.custom_extensions.push(fulcio(99, &filling));
    });
    assert_eq!(endless.unwrap_err().reason, Reason::TooMany);
}

#[test]
fn the_key_is_the_certificate_s_whatever_its_kind() {
    for (name, algorithm) in [
        ("bundles/java-v1.sigstore.json", "ECDSA P-256"),
        ("bundles/py-python-3.12.5-tgz.sigstore.json", "ECDSA P-384"),
        (
            "bundles/java-alg-ecdsa_p521_sha_512.sigstore.json",
            "ECDSA P-521",
        ),
        (
            "bundles/java-alg-rsa_pkcs1v15_2048_sha256.sigstore.json",
            "RSA",
        ),
    ] {
        let leaf = Leaf::parse(&certificate(name)).unwrap();
        assert_eq!(leaf.key.algorithm().to_string(), algorithm);
    }
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let leaf = Leaf::parse(&Ca::root("ca").leaf_of(&key, |_| {})).unwrap();
    assert_eq!(leaf.key.algorithm().to_string(), "Ed25519");
}

#[test]
fn a_life_without_end_ends_with_time() {
    let leaf = leaf(|params| params.not_after = rcgen::date_time_ymd(9999, 12, 31)).unwrap();
    assert_eq!(leaf.lifetime.not_after, jiff::Timestamp::MAX);
    assert!(leaf.lifetime.contains(jiff::Timestamp::MAX));
}

#[test]
fn claims_have_the_names_of_sigstore_s_go_client() {
    assert_eq!(claim_names().count(), 21);
    assert_eq!(claim_named("runnerEnvironment"), Some("runnerEnvironment"));
    assert_eq!(
        claim_named("sourceRepositoryURI"),
        Some("sourceRepositoryURI")
    );
    for name in ["", "issuer", "sourceRepositoryUri", "RunnerEnvironment"] {
        assert_eq!(claim_named(name), None, "{name}");
    }
}
