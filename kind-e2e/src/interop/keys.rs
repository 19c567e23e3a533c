//! Key files: cosign's open with us, ours with cosign, and both then speak of the same key.

use std::process::Command;

use super::{Bench, Cosign, Form};
use crate::evidence::{Key, host};
use crate::failure::{Outcome, ensure};
use crate::process::Ran;

pub(super) fn cosign_opens_our_key_files(bench: &Bench) -> Outcome {
    for cosign in Cosign::BOTH {
        finds_the_public_half(bench, cosign.name(), &bench.ours)?;
    }
    let image = bench.registry.push("keys/ours")?;
    bench.cosign_attaches(Cosign::Three, Form::Bundle, &bench.ours, &image, None, &[])?;
    bench
        .verify(&bench.ours, &image.by_tag(), &[])?
        .exits(0)
        .map(drop)
}

pub(super) fn opens_the_key_files_of_both_cosigns(bench: &Bench) -> Outcome {
    for cosign in Cosign::BOTH {
        let name = format!("{}-{}", cosign.name(), bench.registry.kind.name());
        let key = Key::cosigns(&bench.tools, cosign.name(), &name)?;
        finds_the_public_half(bench, "countersign", &key)?;
        for (format, form) in [("bundle", Form::Bundle), ("legacy", Form::Tag)] {
            let image = bench.registry.push("keys/theirs")?;
            key.sign(&image, format)?;
            bench.cosign_accepts(cosign, form, &key, &image, None)?;
        }
    }
    Ok(())
}

pub(super) fn a_wrong_password_is_a_usage_error(bench: &Bench) -> Outcome {
    let image = bench.registry.push("keys/locked")?;
    let reference = image.by_digest();
    for key in [&bench.ours, &bench.theirs] {
        let mut command: Command = bench.tools.command("countersign");
        command
            .args([
                "sign",
                "--key",
                &key.private,
                "--plain-http",
                host(&image),
                &reference,
            ])
            .env("COSIGN_PASSWORD", "wrong");
        Ran::of(&mut command, "")?.exits(2)?.saying("password")?;
    }
    bench
        .verify(&bench.ours, &reference, &[])?
        .exits(1)
        .map(drop)
}

/// `public-key --key` of either program prints what the `.pub` file holds.
fn finds_the_public_half(bench: &Bench, program: &str, key: &Key) -> Outcome {
    let ran = bench
        .tools
        .must(program, ["public-key", "--key", &key.private])?;
    let expected = key.pem()?;
    ensure(ran.stdout.trim() == expected.trim(), || {
        ran.describe(&format!("wanted {expected}"))
    })
}
