//! What cosign signs in the name of an identity, we verify: of that identity, of that issuer, under that root alone.

use super::Bench;
use crate::evidence::Predicate;
use crate::failure::{Failure, Outcome};
use crate::kubectl::text;
use crate::sigstore::{RELEASE, STRANGER};

pub(super) fn verifies_what_cosign_signed(bench: &Bench) -> Outcome {
    for reference in [bench.signed.by_tag(), bench.signed.by_digest()] {
        bench
            .verify_by(RELEASE, &reference, &[])?
            .exits(0)?
            .saying(&bench.signed.digest)?
            .saying(&RELEASE.subject())?
            .saying(bench.sigstore.issuer())?;
    }
    Ok(())
}

pub(super) fn verifies_what_cosign_attested(bench: &Bench) -> Outcome {
    let reference = bench.signed.by_tag();
    let of = |what: Predicate| bench.verify_by(RELEASE, &reference, &["--type", what.alias()]);
    of(Predicate::Sbom)?
        .exits(0)?
        .saying("https://spdx.dev/Document")?
        .saying(&RELEASE.subject())?;
    of(Predicate::Provenance)?
        .exits(1)?
        .saying("wanted an attestation of type https://slsa.dev/provenance/v1")
        .map(drop)
}

pub(super) fn refuses_another_identity(bench: &Bench) -> Outcome {
    for more in [&[][..], &["--type", Predicate::Sbom.alias()]] {
        bench
            .verify_by(STRANGER, &bench.signed.by_tag(), more)?
            .exits(1)?
            .saying("(identity_mismatch)")?
            .saying(&RELEASE.subject())?;
    }
    Ok(())
}

pub(super) fn refuses_another_issuer(bench: &Bench) -> Outcome {
    let [identity, _] = bench.signer(RELEASE);
    let issuer = format!("--certificate-oidc-issuer={ACTIONS}");
    bench
        .verify(
            &bench.signed.by_tag(),
            &bench.believing(&[identity, issuer]),
        )?
        .exits(1)?
        .saying("(issuer_mismatch)")?
        .saying(bench.sigstore.issuer())
        .map(drop)
}

pub(super) fn a_pattern_must_match_all_of_an_identity(bench: &Bench) -> Outcome {
    let [_, issuer] = bench.signer(RELEASE);
    let verify = |flags: [String; 2]| {
        let reference = bench.signed.by_tag();
        bench.verify(&reference, &bench.believing(&flags))
    };
    let subject = |pattern: &str| format!("--certificate-identity-regexp={pattern}");
    for part in ["github.com/acme/app", "^https://github.com/acme/app"] {
        verify([subject(part), issuer.clone()])?
            .exits(1)?
            .saying("(identity_mismatch)")?;
    }
    verify([
        subject(r"https://github\.com/acme/app/\.github/workflows/.*"),
        issuer,
    ])?
    .exits(0)?;
    let [identity, _] = bench.signer(RELEASE);
    let issuers = |pattern: &str| format!("--certificate-oidc-issuer-regexp={pattern}");
    verify([identity.clone(), issuers("http://127")])?
        .exits(1)?
        .saying("(issuer_mismatch)")?;
    verify([identity, issuers(r"http://127\.0\.0\.1:\d+")])?
        .exits(0)
        .map(drop)
}

pub(super) fn an_identity_without_its_issuer_is_a_usage_error(bench: &Bench) -> Outcome {
    let [identity, issuer] = bench.signer(RELEASE);
    let reference = bench.signed.by_tag();
    bench
        .verify(&reference, &bench.believing(&[identity]))?
        .exits(2)?
        .saying("--certificate-oidc-issuer")?;
    bench
        .verify(&reference, &bench.believing(&[issuer]))?
        .exits(2)?
        .saying("--certificate-identity")
        .map(drop)
}

pub(super) fn refuses_what_another_root_does_not_know(bench: &Bench) -> Outcome {
    for (root, code) in [
        ("public-good", "(certificate_untrusted)"),
        // It has no log, so a timestamp is what counts first.
        ("github", "(timestamp_invalid)"),
    ] {
        let flags = [
            &["--trusted-root".to_owned(), root.to_owned()][..],
            &bench.signer(RELEASE),
        ]
        .concat();
        bench
            .verify(&bench.signed.by_tag(), &flags)?
            .exits(1)?
            .saying(code)?;
    }
    Ok(())
}

pub(super) fn demands_a_certificate_log_unless_told_otherwise(bench: &Bench) -> Outcome {
    let root = ["--trusted-root".to_owned(), bench.sigstore.root.clone()];
    let flags = [&root[..], &bench.signer(RELEASE)].concat();
    bench
        .verify(&bench.signed.by_tag(), &flags)?
        .exits(1)?
        .saying("(sct_missing)")
        .map(drop)
}

pub(super) fn demands_what_a_certificate_must_claim(bench: &Bench) -> Outcome {
    let with = |claim: &str| {
        let reference = bench.signed.by_tag();
        bench.verify_by(RELEASE, &reference, &["--certificate-claim", claim])
    };
    with("runnerEnvironment=github-hosted")?.exits(0)?;
    with("runnerEnvironment=self-hosted")?
        .exits(1)?
        .saying("(claim_mismatch)")?
        .saying("runnerEnvironment")?
        .saying("github-hosted")?;
    with("runner=self-hosted")?.exits(2).map(drop)
}

/// The bundle as a file, without the registry that it is from.
pub(super) fn verifies_the_bundle_alone(bench: &Bench) -> Outcome {
    let bundle = format!("{}-bundle.json", bench.registry.kind.name());
    let inspect = [
        "inspect",
        "--output=json",
        "--plain-http",
        &bench.registry.host,
        &bench.signed.by_digest(),
    ];
    let seen = bench.tools.must("countersign", inspect)?;
    let seen: serde_json::Value = serde_json::from_str(&seen.stdout)?;
    let attached = seen.pointer("/0/attached").and_then(|list| list.as_array());
    let mut attached = attached.into_iter().flatten();
    let signature = attached.find(|one| one["what"] == "signature" && one["format"] == "bundle");
    let signature = signature.ok_or_else(|| Failure::new(format!("no signature in {seen}")))?;
    let repository = &bench.signed.repository;
    let manifest = format!("{repository}@{}", text(signature, "/manifest")?);
    let manifest = bench.tools.must("crane", ["manifest", &manifest])?.stdout;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
    let blob = format!("{repository}@{}", text(&manifest, "/layers/0/digest")?);
    let content = bench.tools.must("crane", ["blob", &blob])?.stdout;
    bench.tools.file(&bundle, &content)?;

    let flags = bench.believing(&bench.signer(RELEASE));
    let verify = |digest: &str| {
        let head = ["verify-bundle", &bundle, "--digest", digest];
        let flags = flags.iter().map(String::as_str);
        bench
            .tools
            .run("countersign", head.into_iter().chain(flags))
    };
    verify(&bench.signed.digest)?.exits(0)?;
    verify(&format!("sha256:{}", "0".repeat(64)))?
        .exits(1)?
        .saying("subject_mismatch")
        .map(drop)
}

pub(super) fn verifies_a_layout_that_cosign_saved(bench: &Bench) -> Outcome {
    let saved = format!("saved-{}", bench.registry.kind.name());
    bench
        .tools
        .must("cosign3", ["save", "--dir", &saved, &bench.signed.by_tag()])?;
    let verify = |workflow, more: &[&str]| {
        let flags = bench.believing(&bench.signer(workflow));
        let flags = flags.iter().map(String::as_str);
        let head = ["verify", "--layout", &saved];
        let more = more.iter().copied();
        bench
            .tools
            .run("countersign", head.into_iter().chain(flags).chain(more))
    };
    for more in [&[][..], &["--type", Predicate::Sbom.alias()]] {
        verify(RELEASE, more)?
            .exits(0)?
            .saying(&bench.signed.digest)?
            .saying(&RELEASE.subject())?;
        verify(STRANGER, more)?
            .exits(1)?
            .saying("(identity_mismatch)")?;
    }
    Ok(())
}

pub(super) fn finds_both_who_signed(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/both")?;
    bench.sigstore.cosign_attaches(STRANGER, &image, None)?;
    bench
        .verify_by(RELEASE, &image.by_tag(), &[])?
        .exits(1)?
        .saying("(identity_mismatch)")?
        .saying(&STRANGER.subject())?;
    bench.we_attach(RELEASE, &image, None)?.exits(0)?;
    for workflow in [RELEASE, STRANGER] {
        bench
            .verify_by(workflow, &image.by_tag(), &[])?
            .exits(0)?
            .saying(&workflow.subject())?;
    }
    Ok(())
}

/// The issuer of GitHub Actions itself.
const ACTIONS: &str = "https://token.actions.githubusercontent.com";
