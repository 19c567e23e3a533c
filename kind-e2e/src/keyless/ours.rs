//! What we sign in the name of an identity, cosign verifies: of that identity alone.

use std::process::Command;

use super::{Bench, STAMPED};
use crate::evidence::Predicate;
use crate::failure::{Outcome, ensure};
use crate::process::Ran;
use crate::registry::Image;
use crate::sigstore::{RELEASE, STRANGER};

pub(super) fn cosign_verifies_what_we_sign_and_attest(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/ours")?;
    bench
        .cosign_verifies(RELEASE, &image.by_digest(), None)?
        .fails_saying("no signatures found")?;
    for what in [None, Some(Predicate::Provenance), Some(Predicate::Sbom)] {
        bench
            .we_attach(RELEASE, &image, what)?
            .exits(0)?
            .saying(&image.digest)?;
        bench
            .cosign_verifies(RELEASE, &image.by_digest(), what)?
            .exits(0)?;
    }
    Ok(())
}

pub(super) fn cosign_refuses_what_another_identity_signed(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/ours")?;
    for what in [None, Some(Predicate::Sbom)] {
        bench.we_attach(STRANGER, &image, what)?.exits(0)?;
        bench
            .cosign_verifies(RELEASE, &image.by_digest(), what)?
            .fails_saying(&STRANGER.subject())?;
    }
    Ok(())
}

pub(super) fn cosign_verifies_every_image_of_an_index(bench: &Bench) -> Outcome {
    let index = bench.registry.push_index("keyless/index")?;
    let token = bench.sigstore.token(RELEASE)?;
    let flags = [
        &bench.showing()[..],
        &["--identity-token", &token, "--recursive"],
    ]
    .concat();
    bench
        .attaches("countersign", &flags, &index, None)?
        .exits(0)?;
    let manifest = bench
        .tools
        .must("crane", ["manifest", &index.by_digest()])?
        .stdout;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
    let children = crate::kubelet::list(&manifest["manifests"]);
    ensure(children.len() == 2, || format!("children: {manifest}"))?;
    let children = children
        .iter()
        .filter_map(|child| child["digest"].as_str())
        .map(str::to_owned);
    for digest in children.chain([index.digest.clone()]) {
        let image = Image {
            digest,
            ..index.clone()
        };
        bench
            .cosign_verifies(RELEASE, &image.by_digest(), None)?
            .exits(0)?
            .saying(&image.digest)?;
    }
    Ok(())
}

/// Nobody hands it a token: it asks for one as a job does.
pub(super) fn a_job_of_github_actions_signs_by_itself(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/job")?;
    let mut sign: Command = bench.tools.command("countersign");
    sign.arg("sign")
        .args(bench.showing())
        .arg(image.by_digest())
        .env("GITHUB_ACTIONS", "true")
        .envs(bench.sigstore.job());
    Ran::of(&mut sign, "")?.exits(0)?;
    bench
        .cosign_verifies(RELEASE, &image.by_digest(), None)?
        .exits(0)
        .map(drop)
}

pub(super) fn cosign_finds_in_the_log_what_a_key_signed(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/key")?;
    let (public, root) = (&bench.key.public, &bench.sigstore.root);
    let verify = |program: &str, command: &str, more: &[&str]| {
        let reference = image.by_digest();
        let flags = [command, "--key", public, "--trusted-root", root];
        let all = [&flags[..], more, &[reference.as_str()]].concat();
        bench.tools.run(program, all)
    };
    let ours = ["--plain-http", bench.registry.host.as_str()];
    bench.key.sign(&image, "bundle")?;
    verify("countersign", "verify", &ours)?
        .exits(1)?
        .saying("(log_missing)")?;
    verify("cosign3", "verify", &[])?.fails_saying(NOT_IN_THE_LOG)?;

    let flags = [&bench.showing()[..], &["--key", &bench.key.private]].concat();
    bench
        .attaches("countersign", &flags, &image, None)?
        .exits(0)?;
    verify("countersign", "verify", &ours)?.exits(0)?;
    verify("cosign3", "verify", &[])?.exits(0)?;
    bench
        .attaches("countersign", &flags, &image, Some(Predicate::Sbom))?
        .exits(0)?;
    verify("cosign3", "verify-attestation", &["--type", "spdxjson"])?
        .exits(0)
        .map(drop)
}

/// Under the public root nothing that this Sigstore says holds: what it made is thrown away.
pub(super) fn nothing_is_pushed_that_does_not_verify(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/doubted")?;
    let token = bench.sigstore.token(RELEASE)?;
    let host = &bench.registry.host;
    let flags = [
        "--plain-http",
        host,
        "--signing-config",
        &bench.sigstore.signing_config,
        "--trusted-root=public-good",
        "--identity-token",
        &token,
    ];
    bench
        .attaches("countersign", &flags, &image, None)?
        .exits(2)?
        .saying("it would not verify")?
        .saying("(timestamp_invalid)")?
        .saying("nothing was pushed")?;
    let inspect = ["inspect", "--plain-http", host, &image.by_digest()];
    bench
        .tools
        .must("countersign", inspect)?
        .saying("nothing is attached")
        .map(drop)
}

/// Where there is no log, the authority's timestamp is what tells that the certificate was valid.
pub(super) fn cosign_verifies_what_is_stamped_and_in_no_log(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keyless/stamped")?;
    let token = bench.sigstore.token(RELEASE)?;
    let showing = bench.showing_to(&bench.sigstore.without_log);
    let flags = [
        &showing[..],
        &["--insecure-ignore-tlog", "--identity-token", &token],
    ]
    .concat();
    bench
        .attaches("countersign", &flags, &image, None)?
        .exits(0)?;
    bench
        .verify_by(RELEASE, &image.by_tag(), &STAMPED)?
        .exits(0)?;
    bench
        .verify_by(RELEASE, &image.by_tag(), &[])?
        .exits(1)?
        .saying("(log_missing)")?;
    bench
        .cosign_verifies(RELEASE, &image.by_digest(), None)?
        .fails_saying(NOT_IN_THE_LOG)?;
    let flags = [
        &bench.believing(&bench.signer(RELEASE))[..],
        &STAMPED.map(str::to_owned),
    ]
    .concat();
    let reference = image.by_digest();
    let flags = flags.iter().map(String::as_str);
    bench
        .tools
        .must(
            "cosign3",
            ["verify"]
                .into_iter()
                .chain(flags)
                .chain([reference.as_str()]),
        )
        .map(drop)
}

/// How cosign says so.
const NOT_IN_THE_LOG: &str = "not enough verified log entries from transparency log";
