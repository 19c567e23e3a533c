//! Paths: whose certificates count, and when.

mod shape;

use jiff::ToSpan as _;
use rcgen::{PKCS_ECDSA_P256_SHA256, date_time_ymd};
use serde_json::{Value, json};

use super::*;
use crate::testing::ca::{Ca, SIGNED, WORKFLOW};
use crate::testing::{certificate, fixture};

type Window = (&'static str, Option<&'static str>);

const ALWAYS: Window = ("2020-01-01T00:00:00Z", None);

/// A trust root of authorities, each with its window and its certificates, the root last.
fn root_of(authorities: &[(Window, &[&Ca])]) -> TrustRoot {
    let authority = |((start, end), chain): &(Window, &[&Ca])| {
        let certificates: Vec<Value> = chain
            .iter()
            .map(|ca| json!({"rawBytes": base64(&ca.der)}))
            .collect();
        json!({"certChain": {"certificates": certificates}, "validFor": {"start": start, "end": end}})
    };
    let document = json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": authorities.iter().map(authority).collect::<Vec<_>>(),
    });
    TrustRoot::from_json("made", document.to_string().as_bytes(), 0).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn own(chain: &[&Ca]) -> CertificateChain {
    let text: String = chain.iter().map(|ca| ca.pem()).collect();
    CertificateChain::from_pem(&text).unwrap()
}

fn verify(
    leaf: &[u8],
    shipped: &[&Ca],
    root: &TrustRoot,
    times: &[Timestamp],
) -> Result<Identity, Refusal> {
    let shipped: Vec<_> = shipped.iter().map(|ca| ca.der.clone()).collect();
    verify_fulcio(&Leaf::parse(leaf).unwrap(), &shipped, root, times)
}

#[track_caller]
fn refused(outcome: Result<Identity, Refusal>, reason: Reason) -> String {
    let refusal = outcome.expect_err("it must not verify");
    assert_eq!(refusal.reason, reason, "{}", refusal.detail);
    refusal.detail
}

#[track_caller]
fn names(outcome: Result<Identity, Refusal>, wanted: &str) {
    let identity = outcome.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(identity.subject(), wanted);
}

const CUSTOM: &str = "conformance/intoto-with-custom-trust-root/trusted_root.json";

fn fixture_root(path: &str) -> TrustRoot {
    TrustRoot::from_json("fixture", &fixture(path), 1).unwrap()
}

#[test]
fn certificates_of_real_instances_verify_under_their_own_root_alone() {
    let public_good = TrustRoot::built_in("public-good").unwrap();
    let github = TrustRoot::built_in("github").unwrap();
    let (staging, custom) = (
        fixture_root("trust/staging.trusted_root.json"),
        fixture_root(CUSTOM),
    );
    let roots: [&TrustRoot; 4] = [&public_good, &github, &staging, &custom];
    let beacon = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    let account = "untrusted-sa@sigstore-conformance.iam.gserviceaccount.com";
    for (name, whose, subject) in [
        (
            "bundles/java-dsse-gha-slsa1.sigstore.json",
            0,
            "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main",
        ),
        (
            "bundles/gh-reusable-workflow.sigstore.json",
            0,
            "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d",
        ),
        (
            "github-actions-2023",
            0,
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.4.0",
        ),
        ("bundles/java-v1.sigstore.json", 0, "appu@google.com"),
        ("bundles/go-dsse.sigstore.json", 0, "brian@dehamer.com"),
        (
            "bundles/py-python-3.12.5-tgz.sigstore.json",
            0,
            "thomas@python.org",
        ),
        (
            "bundles/java-alg-ecdsa_p521_sha_512.sigstore.json",
            0,
            account,
        ),
        (
            "bundles/java-alg-rsa_pkcs1v15_2048_sha256.sigstore.json",
            0,
            account,
        ),
        (
            "bundles/gh-internal-attest-demo.sigstore.json",
            1,
            "https://github.com/actions/attest-demo/.github/workflows/build-python.yml@refs/heads/main",
        ),
        (
            "conformance/bundle-from-wrong-instance_fail/bundle.sigstore.json",
            2,
            beacon,
        ),
        (
            "conformance/intoto-with-custom-trust-root/bundle.sigstore.json",
            3,
            beacon,
        ),
    ] {
        let leaf = Leaf::parse(&certificate(name)).unwrap();
        let issued = leaf.lifetime.not_before;
        for (index, root) in roots.iter().enumerate() {
            let outcome = verify_fulcio(&leaf, &[], root, &[issued]);
            if index == whose {
                names(outcome, subject);
            } else {
                refused(outcome, Reason::CertificateUntrusted);
            }
        }
        let late = leaf.lifetime.not_after + 1.second();
        for times in [vec![late], vec![issued, late], vec![late, issued]] {
            let root = roots.get(whose).unwrap();
            refused(
                verify_fulcio(&leaf, &[], root, &times),
                Reason::CertificateExpired,
            );
        }
    }
}

#[test]
fn a_certificate_issued_after_its_authority_ended_is_expired() {
    let leaf = Leaf::parse(&certificate(
        "conformance/intoto-expired-certificate_fail/bundle.sigstore.json",
    ))
    .unwrap();
    let issued = leaf.lifetime.not_before;
    refused(
        verify_fulcio(&leaf, &[], &fixture_root(CUSTOM), &[issued]),
        Reason::CertificateExpired,
    );
}

#[test]
fn some_time_must_be_known() {
    let ca = Ca::root("ca");
    let root = root_of(&[(ALWAYS, &[&ca])]);
    names(verify(&ca.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
    refused(verify(&ca.leaf(), &[], &root, &[]), Reason::TimeMissing);
    let leaf = Leaf::parse(&ca.leaf()).unwrap();
    refused(
        verify_own(&leaf, &[], &own(&[&ca]), &[]),
        Reason::TimeMissing,
    );
}

#[test]
fn both_ends_of_a_certificate_s_life_belong_to_it() {
    let ca = Ca::root("ca");
    let root = root_of(&[(ALWAYS, &[&ca])]);
    let (from, to): (Timestamp, Timestamp) = (
        "2026-01-01T00:00:00Z".parse().unwrap(),
        "2026-01-02T00:00:00Z".parse().unwrap(),
    );
    names(
        verify(&ca.leaf(), &[], &root, &[from, to, to + 999.milliseconds()]),
        WORKFLOW,
    );
    for time in [from - 1.second(), to + 1.second()] {
        let detail = refused(
            verify(&ca.leaf(), &[], &root, &[time]),
            Reason::CertificateExpired,
        );
        assert!(detail.contains(WORKFLOW), "{detail}");
    }
}

// CVE-2026-24122.
#[test]
fn every_certificate_above_must_be_valid_at_every_time() {
    let expired = |params: &mut rcgen::CertificateParams| {
        params.not_after = date_time_ymd(2025, 12, 31);
    };
    let ends_at_ten = |params: &mut rcgen::CertificateParams| {
        params.not_after = date_time_ymd(2026, 1, 1).replace_hour(10).unwrap();
    };
    let early: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();

    let top = Ca::root("top");
    let old = top.sub_with("sub", expired);
    let short = top.sub_with("sub", ends_at_ten);
    let old_top = Ca::root_with("top", &PKCS_ECDSA_P256_SHA256, expired);
    let below_old = old_top.sub("sub");
    for (what, issuer, shipped, chain) in [
        (
            "an intermediate of the root",
            &old,
            vec![],
            vec![&old, &top],
        ),
        ("a shipped intermediate", &old, vec![&old], vec![&top]),
        ("the root", &below_old, vec![], vec![&below_old, &old_top]),
    ] {
        let root = root_of(&[(ALWAYS, &chain)]);
        let outcome = verify(&issuer.leaf(), &shipped, &root, &[SIGNED]);
        let detail = refused(outcome, Reason::CertificateExpired);
        assert!(detail.contains("above"), "{what}: {detail}");

        let leaf = Leaf::parse(&issuer.leaf()).unwrap();
        let ders: Vec<_> = shipped.iter().map(|ca| ca.der.clone()).collect();
        refused(
            verify_own(&leaf, &ders, &own(&chain), &[SIGNED]),
            Reason::CertificateExpired,
        );
    }
    for (shipped, chain) in [(vec![], vec![&short, &top]), (vec![&short], vec![&top])] {
        let root = root_of(&[(ALWAYS, &chain)]);
        names(verify(&short.leaf(), &shipped, &root, &[early]), WORKFLOW);
        let leaf = Leaf::parse(&short.leaf()).unwrap();
        let (chain, ders) = (own(&chain), [short.der.clone()]);
        names(verify_own(&leaf, &ders, &chain, &[early]), WORKFLOW);
        for times in [[early, SIGNED], [SIGNED, early]] {
            refused(
                verify(&short.leaf(), &shipped, &root, &times),
                Reason::CertificateExpired,
            );
            refused(
                verify_own(&leaf, &ders, &chain, &times),
                Reason::CertificateExpired,
            );
        }
    }
}

#[test]
fn a_root_that_was_renewed_counts_as_long_as_one_of_its_certificates() {
    let top = Ca::root("top");
    let old = top.renewed(|params| params.not_after = date_time_ymd(2025, 12, 31));
    let leaf = Leaf::parse(&top.leaf()).unwrap();
    for chain in [own(&[&top, &old]), own(&[&old, &top])] {
        names(verify_own(&leaf, &[], &chain, &[SIGNED]), WORKFLOW);
    }
    refused(
        verify_own(&leaf, &[], &own(&[&old]), &[SIGNED]),
        Reason::CertificateExpired,
    );
}

#[test]
fn the_authority_s_window_counts_and_no_other_s() {
    let (ca, other) = (Ca::root("ca"), Ca::root("other"));
    let window = |start, end| root_of(&[((start, end), &[&ca]), (ALWAYS, &[&other])]);
    let noon = "2026-01-01T12:00:00Z";
    // Its end belongs to it.
    for root in [window(noon, Some(noon)), window(noon, None)] {
        names(verify(&ca.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
    }
    for root in [
        window("2026-01-01T12:00:01Z", None),
        window("2020-01-01T00:00:00Z", Some("2026-01-01T11:59:59Z")),
    ] {
        refused(
            verify(&ca.leaf(), &[], &root, &[SIGNED]),
            Reason::CertificateExpired,
        );
        names(verify(&other.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
    }
    // Each time within a window of the same authority will do.
    let (before, after) = (
        "2026-01-01T11:00:00Z".parse().unwrap(),
        "2026-01-01T13:00:00Z".parse().unwrap(),
    );
    let root = root_of(&[
        (("2026-01-01T00:00:00Z", Some(noon)), &[&ca]),
        (("2026-01-01T12:30:00Z", None), &[&ca]),
    ]);
    names(verify(&ca.leaf(), &[], &root, &[before, after]), WORKFLOW);
    let between = "2026-01-01T12:15:00Z".parse().unwrap();
    refused(
        verify(&ca.leaf(), &[], &root, &[before, between, after]),
        Reason::CertificateExpired,
    );
}
