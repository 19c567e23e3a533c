//! What has to be there for each platform of an index, and how a denial names those that lack it.

use countersign_image::Digest;
use countersign_policy::{PolicySet, Verdict};
use serde_json::{Value, json};

use crate::support::{Image, Signer, codes, load, policy};

/// An entry of an index: a child of this content.
fn child(content: &str, platform: Value) -> Value {
    let mut entry = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest(content).to_string(), "size": content.len(),
    });
    if !platform.is_null() {
        entry["platform"] = platform;
    }
    entry
}

fn on(architecture: &str) -> Value {
    child(
        architecture,
        json!({ "os": "linux", "architecture": architecture }),
    )
}

fn digest(content: &str) -> Digest {
    Digest::of(content.as_bytes())
}

fn two() -> Image {
    Image::index(&[on("amd64"), on("arm64")])
}

fn signed(signer: &Signer, platforms: &str) -> PolicySet {
    let rest = format!("  platforms: {platforms}\n  rules:\n    - {{rule: signature/signed}}\n");
    load(policy(&[("release", signer)], &rest))
}

fn texts(verdict: &Verdict) -> Vec<String> {
    verdict
        .violations
        .iter()
        .map(|violation| violation.text())
        .collect()
}

const UNSIGNED: &str = "wanted a signature by any authority of the policy, found none";

#[test]
fn a_signature_of_the_index_covers_every_platform() {
    let signer = Signer::new();
    let image = || two().signed_by(&signer);
    for platforms in ["all", "[linux/amd64]", "[linux/amd64, linux/arm64]"] {
        assert_eq!(codes(&image().judge(&signed(&signer, platforms))), []);
    }
}

#[test]
fn signatures_of_all_children_do_the_same() {
    let signer = Signer::new();
    let image = two()
        .about(&digest("amd64"))
        .signed_by(&signer)
        .about(&digest("arm64"))
        .signed_by(&signer);
    assert_eq!(codes(&image.judge(&signed(&signer, "all"))), []);
}

#[test]
fn a_platform_that_lacks_it_is_named_and_denies() {
    let signer = Signer::new();
    let image = two().about(&digest("amd64")).signed_by(&signer);
    let verdict = image.judge(&signed(&signer, "all"));
    assert_eq!(codes(&verdict), [("signature/signed", "unsigned")]);
    assert_eq!(verdict.violations[0].platforms, ["linux/arm64"]);
    assert_eq!(texts(&verdict), [format!("linux/arm64: {UNSIGNED}")]);
    assert_eq!(verdict.authorities, ["release"]);
}

#[test]
fn what_all_platforms_lack_is_told_once_and_names_none() {
    let signer = Signer::new();
    let verdict = two().judge(&signed(&signer, "all"));
    assert_eq!(texts(&verdict), [UNSIGNED]);
}

#[test]
fn a_list_asks_for_nothing_but_what_it_lists() {
    let signer = Signer::new();
    let image = two().about(&digest("amd64")).signed_by(&signer);
    assert_eq!(codes(&image.judge(&signed(&signer, "[linux/amd64]"))), []);
    let verdict = image.judge(&signed(&signer, "[linux/arm64]"));
    assert_eq!(
        texts(&verdict),
        [UNSIGNED],
        "and the other one's does not count for it"
    );
}

#[test]
fn a_list_that_selects_nothing_of_the_index_denies() {
    let signer = Signer::new();
    let image = two().signed_by(&signer);
    let verdict = image.judge(&signed(&signer, "[windows/amd64, linux/arm/v7]"));
    assert_eq!(codes(&verdict), [("platforms", "no_platform")]);
    assert_eq!(
        texts(&verdict),
        ["wanted an image for windows/amd64, linux/arm/v7, found none in the index"]
    );
    let empty = Image::index(&[]).signed_by(&signer);
    assert_eq!(
        codes(&empty.judge(&signed(&signer, "[linux/amd64]"))),
        [("platforms", "no_platform")]
    );
}

#[test]
fn an_index_of_nothing_that_runs_is_judged_as_it_is() {
    let signer = Signer::new();
    assert_eq!(
        codes(&Image::index(&[]).judge(&signed(&signer, "all"))).len(),
        1
    );
    let image = Image::index(&[]).signed_by(&signer);
    assert_eq!(codes(&image.judge(&signed(&signer, "all"))), []);
}

#[test]
fn a_single_manifest_is_judged_as_it_is_whatever_platforms_are_listed() {
    let signer = Signer::new();
    let set = signed(&signer, "[windows/amd64]");
    assert_eq!(codes(&Image::new().signed_by(&signer).judge(&set)), []);
    assert_eq!(
        codes(&Image::new().judge(&set)),
        [("signature/signed", "unsigned")]
    );
}

#[test]
fn a_child_that_names_no_platform_may_be_any_and_is_named_by_its_digest() {
    let signer = Signer::new();
    let nameless = [
        Value::Null,
        json!({ "os": "", "architecture": "" }),
        json!({ "os": "linux", "architecture": "" }),
        json!({ "os": "", "architecture": "s390x" }),
    ];
    for platform in nameless {
        let image = || Image::index(&[on("amd64"), child("any", platform.clone())]);
        let image = image().about(&digest("amd64")).signed_by(&signer);
        for platforms in ["all", "[linux/amd64]"] {
            let verdict = image.judge(&signed(&signer, platforms));
            assert_eq!(
                codes(&verdict),
                [("signature/signed", "unsigned")],
                "{platforms}"
            );
        }
        let image = image.about(&digest("any")).signed_by(&signer);
        assert_eq!(codes(&image.judge(&signed(&signer, "[linux/amd64]"))), []);
    }
    let image = Image::index(&[on("amd64"), child("any", Value::Null)]);
    let verdict = image
        .about(&digest("amd64"))
        .signed_by(&signer)
        .judge(&signed(&signer, "all"));
    assert_eq!(verdict.violations[0].platforms, [digest("any").to_string()]);
}

/// containerd takes these for one platform, so each may run where the other is wanted.
#[test]
fn no_spelling_of_a_platform_escapes_a_list() {
    let signer = Signer::new();
    for (listed, os, architecture, variant) in [
        ("linux/amd64", "Linux", "AMD64", ""),
        ("linux/amd64", "linux", "x86_64", ""),
        ("linux/amd64", "linux", "amd64", "v3"),
        ("linux/arm64", "linux", "arm64", "v8"),
        ("linux/arm64/v8", "linux", "aarch64", ""),
        ("linux/arm/v7", "linux", "arm", ""),
        ("linux/arm/v7", "linux", "armhf", ""),
        ("linux/arm/v6", "linux", "arm", "6"),
        ("linux/arm", "linux", "arm", "v5"),
        ("linux/386", "linux", "i386", ""),
        ("darwin/arm64", "macos", "arm64", ""),
    ] {
        let spelt = json!({ "os": os, "architecture": architecture, "variant": variant });
        let image = Image::index(&[on("s390x"), child("spelt", spelt)]);
        let image = image.about(&digest("s390x")).signed_by(&signer);
        let verdict = image.judge(&signed(&signer, &format!("[{listed}]")));
        assert_eq!(
            codes(&verdict),
            [("signature/signed", "unsigned")],
            "{listed} {architecture}/{variant}"
        );
    }
    let v6 = json!({ "os": "linux", "architecture": "arm", "variant": "v6" });
    let image = Image::index(&[child("v6", v6)]).signed_by(&signer);
    assert_eq!(
        codes(&image.judge(&signed(&signer, "[linux/arm/v7]"))),
        [("platforms", "no_platform")]
    );
}

/// containerd lets a node run these where the index has nothing better for it.
#[test]
fn a_child_that_a_listed_node_would_fall_back_to_does_not_escape_a_list() {
    let signer = Signer::new();
    let of = |platform: &str| {
        let words: Vec<_> = platform.split('/').collect();
        let variant = words.get(2).unwrap_or(&"");
        let parts = json!({ "os": words[0], "architecture": words[1], "variant": variant });
        child(platform, parts)
    };
    let judged = |listed: &str, good: &[&str], other: &str| {
        let children: Vec<_> = good.iter().chain([&other]).map(|name| of(name)).collect();
        let mut image = Image::index(&children);
        for name in good {
            image = image.about(&digest(name)).signed_by(&signer);
        }
        let verdict = image.judge(&signed(&signer, listed));
        codes(&verdict)
            .first()
            .map_or("admitted", |(_, code)| *code)
            .to_owned()
    };
    let both = "[linux/amd64, linux/arm64]";
    for (listed, good, other) in [
        (both, "linux/arm64", "linux/386"),
        (both, "linux/amd64", "linux/arm/v7"),
        (both, "linux/amd64", "linux/arm"),
        ("[linux/amd64, linux/s390x]", "linux/amd64/v3", "linux/386"),
        (
            "[linux/amd64/v3, linux/s390x]",
            "linux/s390x",
            "linux/amd64",
        ),
        (
            "[linux/amd64/v3, linux/s390x]",
            "linux/s390x",
            "linux/amd64/v2",
        ),
        ("[linux/arm/v7, linux/s390x]", "linux/s390x", "linux/arm/v6"),
        (
            "[linux/arm64/v9, linux/s390x]",
            "linux/s390x",
            "linux/arm64",
        ),
    ] {
        assert_eq!(
            judged(listed, &[good], other),
            "unsigned",
            "{listed} {other}"
        );
    }
    // Where there is something better, no listed node runs the other.
    for (listed, good, other) in [
        (both, ["linux/arm64", "linux/amd64"], "linux/386"),
        (both, ["linux/arm64/v8", "linux/amd64"], "linux/arm/v7"),
        (
            "[linux/arm/v7, linux/s390x]",
            ["linux/s390x", "linux/arm"],
            "linux/arm/v6",
        ),
        (
            "[linux/arm/v6, linux/s390x]",
            ["linux/s390x", "linux/s390x"],
            "linux/arm/v7",
        ),
        (both, ["linux/arm64", "linux/arm64"], "windows/386"),
    ] {
        assert_eq!(judged(listed, &good, other), "admitted", "{listed} {other}");
    }
}

#[test]
fn a_failed_summary_of_one_platform_denies_the_index_and_no_other_platform() {
    let gate = Signer::new();
    let rules = |platforms: &str| {
        load(policy(
            &[("gate", &gate)],
            &format!(
                "  platforms: {platforms}\n  rules:\n    - {{rule: verdict/vsa, params: {{verifiers: [\"https://verify.acme.example/gate\"]}}}}\n"
            ),
        ))
    };
    let image = two()
        .summarised_by(&gate, "PASSED")
        .about(&digest("arm64"))
        .summarised_by(&gate, "FAILED");
    let verdict = image.judge(&rules("all"));
    assert_eq!(codes(&verdict), [("verdict/vsa", "failed")]);
    assert_eq!(verdict.violations[0].platforms, ["linux/arm64"]);
    assert_eq!(codes(&image.judge(&rules("[linux/amd64]"))), []);
}

#[test]
fn evidence_of_two_platforms_is_not_added_up() {
    let (release, second) = (Signer::new(), Signer::new());
    let rest = "  rules:\n    - {rule: signature/signed, params: {threshold: 2}}\n";
    let set = load(policy(&[("release", &release), ("second", &second)], rest));
    let image = two()
        .about(&digest("amd64"))
        .signed_by(&release)
        .about(&digest("arm64"))
        .signed_by(&second);
    let verdict = image.judge(&set);
    assert_eq!(
        codes(&verdict),
        [("signature/signed", "threshold")],
        "the same of both"
    );
    let image = two()
        .signed_by(&release)
        .about(&digest("amd64"))
        .signed_by(&second);
    let verdict = image.judge(&set);
    assert_eq!(verdict.violations[0].platforms, ["linux/arm64"]);
}

#[test]
fn a_rule_sees_the_platform_that_an_entry_speaks_of() {
    let signer = Signer::new();
    let rego = "  rules:\n    - rego: |\n        package a\n        deny contains {\"code\": \"x\", \"msg\": sprintf(\"%v\", [\n          [s.platform | some s in input.evidence.signatures]])}\n";
    let set = load(policy(&[("release", &signer)], rego));
    let image = two()
        .signed_by(&signer)
        .about(&digest("arm64"))
        .signed_by(&signer);
    let verdict = image.judge(&set);
    assert_eq!(
        texts(&verdict),
        [
            r#"linux/amd64: [null]"#,
            r#"linux/arm64: [null, "linux/arm64"]"#
        ]
    );
}
