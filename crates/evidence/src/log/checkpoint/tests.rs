use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

use super::*;
use crate::PublicKey;
use crate::testing::{Signer, fixture, trust_root};
use crate::trust_root::Validity;

const ROOT: &str = "60ll7idWI1jYRZzxc+jKflYoW+4jWxgZaGR15ASsWt4=";

fn text_fixture(name: &str) -> String {
    String::from_utf8(fixture(&format!("checkpoints/{name}.txt"))).unwrap()
}

#[test]
fn texts_that_are_no_checkpoint_are_refused() {
    for (name, why) in [
        (
            "error_header_body_separator",
            "no empty line stands before its signatures",
        ),
        (
            "error_no_newline_after_signature",
            "its last line does not end",
        ),
        ("error_not_a_number", "the size of its tree is no number"),
        (
            "error_signature_length_insufficient",
            "a line of it is no signature",
        ),
    ] {
        assert_eq!(Note::parse(&text_fixture(name)), Err(why), "{name}");
    }
    let good = text_fixture("valid_multi_sig");
    let note = Note::parse(&good).unwrap();
    assert_eq!(note.origin, "rekor.sigstore.dev - 2605736670972794746");
    assert_eq!(note.tree.size, 37_795_272);
    let names: Vec<_> = note.lines.iter().map(|line| line.name).collect();
    assert_eq!(names, ["rekor.sigstore.dev", "bob.loblaw.dev"]);
}

#[test]
fn a_checkpoint_is_written_in_one_way() {
    let line = "\u{2014} log.example AAAAAAE=";
    let good = format!("log.example\n7\n{ROOT}\nmore\n\n{line}\n{line}\n");
    assert!(Note::parse(&good).is_ok());
    assert!(Note::parse(&good.replace("more\n", "")).is_ok());
    assert!(Note::parse(&good.replace("\n7\n", "\n18446744073709551615\n")).is_ok());
    for (from, to) in [
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n+7\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n 7\n"),
        ("\n7\n", "\n7\r\n"),
        ("\n7\n", "\n18446744073709551616\n"),
        ("\n7\n", "\n\n"),
        ("log.example\n7", "\n7"),
        (ROOT, "AAAA"),
        (ROOT, ""),
        (line, "- log.example AAAAAAE="),
        (line, "\u{2014} log.example  AAAAAAE="),
        (line, "\u{2014} log.example"),
        (line, "\u{2014}  AAAAAAE="),
        (line, "\u{2014} log.example AAAAAA=="),
        (line, "\u{2014} log.example AAAAAAE= "),
        (line, "\u{2014} log.example AAAAAAE=\r"),
        (line, ""),
        ("AAE=\n", "AAE="),
    ] {
        let bad = good.replace(from, to);
        // Both lines are replaced: the last newline goes with the second.
        assert!(Note::parse(&bad).is_err(), "{bad:?}");
    }
    for bad in [
        "",
        "\n",
        "\n\n",
        "\n\n\n",
        "a\n\n",
        "\u{2014}",
        "a\n1\n\n\n",
    ] {
        assert!(Note::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn signatures_without_end_are_refused() {
    let lines = |count: usize| "\u{2014} witness.example AAAAAAE=\n".repeat(count);
    let with = |count| format!("log.example\n7\n{ROOT}\n\n{}", lines(count));
    assert!(Note::parse(&with(limits::CHECKPOINT_SIGNATURES)).is_ok());
    for count in [limits::CHECKPOINT_SIGNATURES + 1, 100_000] {
        assert_eq!(Note::parse(&with(count)), Err("it has too many signatures"));
    }
}

/// A log of Rekor v2 with a key of its own.
fn log(key: PublicKey) -> TrustedLog {
    TrustedLog {
        id: [0; 32],
        key,
        valid: Validity::default(),
        origin: "log.example".to_owned(),
    }
}

/// A checkpoint of `origin`, signed as `name` under `hint`.
fn signed(signer: &Signer, origin: &str, name: &str, hint: [u8; 4]) -> String {
    let text = format!("{origin}\n7\n{ROOT}\n");
    let signature = signer.sign(text.as_bytes());
    let line = STANDARD.encode([hint.as_slice(), &signature].concat());
    format!("{text}\n\u{2014} witness.example AAAAAAE=\n\u{2014} {name} {line}\n")
}

#[test]
fn the_log_itself_must_have_signed_under_its_own_name_and_key() {
    let signer = Signer::new();
    let log = log(signer.public());
    let hint = key_hint(true, "log.example", &log);
    let tree = verify(
        &signed(&signer, "log.example", "log.example", hint),
        true,
        &log,
    );
    assert_eq!(tree.unwrap().size, 7);
    for (who, checkpoint) in [
        (
            "no log",
            signed(&signer, "other.example", "log.example", hint),
        ),
        (
            "another log of that key",
            signed(&signer, "other.example", "other.example", hint),
        ),
        (
            "another name",
            signed(&signer, "log.example", "other.example", hint),
        ),
        (
            "another hint",
            signed(&signer, "log.example", "log.example", [0; 4]),
        ),
        (
            "another key",
            signed(&Signer::new(), "log.example", "log.example", hint),
        ),
        (
            "v1",
            signed(&signer, "log.example - 1", "log.example", hint),
        ),
    ] {
        let refusal = verify(&checkpoint, true, &log).unwrap_err();
        assert_eq!(refusal.reason.code(), "log_checkpoint_invalid", "{who}");
    }
    let changed = signed(&signer, "log.example", "log.example", hint).replace("\n7\n", "\n8\n");
    assert!(verify(&changed, true, &log).is_err());
}

#[test]
fn a_log_of_version_1_signs_as_the_host_before_the_id_of_its_tree() {
    let signer = Signer::new();
    let log = log(signer.public());
    let hint = key_hint(false, "", &log);
    let with = |origin: &str, name: &str| {
        verify(&signed(&signer, origin, name, hint), false, &log).is_ok()
    };
    assert!(with("rekor.example - 1193050959916656506", "rekor.example"));
    assert!(!with(
        "rekor.example - 1193050959916656506",
        "other.example"
    ));
}

#[test]
fn a_bad_line_of_the_log_does_not_hide_a_good_one() {
    let signer = Signer::new();
    let log = log(signer.public());
    let hint = key_hint(true, "log.example", &log);
    let good = signed(&signer, "log.example", "log.example", hint);
    let bad = STANDARD.encode([hint.as_slice(), b"bad"].concat());
    let both = good.replace(
        "\u{2014} witness.example AAAAAAE=",
        &format!("\u{2014} log.example {bad}"),
    );
    assert!(verify(&both, true, &log).is_ok());
}

#[test]
fn hints_are_those_of_the_public_logs() {
    for root in ["public-good", "staging"] {
        let root = trust_root(root);
        let [v1, v2] = root.logs() else {
            panic!("one of each version")
        };
        assert_eq!(key_hint(false, "", v1), v1.id[..4]);
        assert_eq!(key_hint(true, &v2.origin, v2), v2.id[..4]);
    }
}
