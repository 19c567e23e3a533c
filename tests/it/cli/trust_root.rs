//! `trust-root`, and `check` by a trust root from a TUF repository.

use std::fs;

use countersign_image::media_type;
use countersign_testkit::sigstore::{Entry, Part};
use countersign_testkit::{Layer, Sigstore, TufRepository, TufServer};
use serde_json::json;

use super::checking::{CHECK, POD};
use super::{Ended, Shell, UNSET};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// A shell, and a repository with the trust root of a Sigstore, whose `root.json` lies there.
async fn lab() -> (Shell, Sigstore, TufRepository, TufServer) {
    let shell = Shell::start().await;
    let sigstore = Sigstore::new();
    let content = sigstore.trusted_root_json();
    let mut repository = TufRepository::new("trusted_root.json", content.as_bytes());
    repository.outlive_everybody();
    fs::write(shell.path("root.json"), repository.root()).unwrap();
    let server = repository.serve().await;
    (shell, sigstore, repository, server)
}

async fn update(shell: &Shell, server: &TufServer, more: &str) -> Ended {
    let (url, host) = (server.url(), server.host());
    let words = format!("trust-root update lab --mirror {url} --plain-http {host} {more}");
    shell.run(&words).await
}

#[tokio::test]
async fn the_roots_that_are_built_in_are_shown_with_their_age() {
    let shell = Shell::start().await;
    let shown = shell.run("trust-root show").await.is(0).stdout;
    for needle in [
        "public-good (built in, as of 20",
        "github (built in, as of 20",
        " days old)",
        "certificate authorities",
        "https://fulcio.sigstore.dev",
        "https://rekor.sigstore.dev",
        "timestamp authorities",
        "2021-03-07 to 2022-12-31  ended",
        "that 1 of the certificate logs has seen it",
        "no certificate log need have seen it",
    ] {
        assert!(shown.contains(needle), "no {needle:?} in\n{shown}");
    }
    let shown = shell
        .run("trust-root show github -o json")
        .await
        .is(0)
        .json();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["name"], "github");
    assert_eq!(shown[0]["origin"], "builtIn");
    assert_eq!(shown[0]["scts"], 0);
    assert!(shown[0]["ageDays"].is_i64(), "{shown:#}");
    assert!(shown[0]["certificateAuthorities"][0]["validity"]["start"].is_string());
}

#[tokio::test]
async fn a_file_is_shown_if_it_is_a_trust_root() {
    let shell = Shell::start().await;
    let sigstore = Sigstore::new();
    fs::write(shell.path("lab.json"), sigstore.trusted_root_json()).unwrap();
    let shown = shell
        .run("trust-root show lab.json -o json")
        .await
        .is(0)
        .json();
    assert_eq!(shown[0]["origin"], "file");
    assert_eq!(shown[0]["certificateLogs"].as_array().unwrap().len(), 2);

    let without = sigstore.trusted_root().without(Part::CtLogs).json();
    fs::write(shell.path("without.json"), without).unwrap();
    let shown = shell.run("trust-root show without.json").await.is(0).stdout;
    assert!(shown.contains("policies need requireSct: false"), "{shown}");

    shell.write("else.json", "{}");
    shell
        .run("trust-root show else.json")
        .await
        .fails(2, "trust_root_media_type");
    shell
        .run("trust-root show nothing.json")
        .await
        .fails(2, "file_unreadable");
}

#[tokio::test]
async fn the_newest_root_of_a_repository_is_written_and_nothing_else_ever() {
    let (shell, sigstore, mut repository, server) = lab().await;
    let written = update(&shell, &server, "--root root.json").await.is(0);
    assert_eq!(written.stdout, sigstore.trusted_root_json());
    assert!(
        written.stderr.contains("good until 2999-01-01T00:00:00Z"),
        "{}",
        written.stderr
    );

    let newer = Sigstore::new().trusted_root_json();
    repository.rotate();
    let old = repository.copy();
    repository.put("trusted_root.json", newer.as_bytes());
    let into_file = "--root root.json --output-file lab.json";
    let written = update(&shell, &server, into_file).await.is(0);
    assert_eq!(written.stdout, "");
    assert!(
        written.stderr.contains("under root 3"),
        "{}",
        written.stderr
    );
    let kept = || fs::read_to_string(shell.path("lab.json")).unwrap();
    assert_eq!(kept(), newer);

    repository.restore(old);
    update(&shell, &server, into_file)
        .await
        .fails(3, "tuf_rollback");
    repository.put("trusted_root.json", b"{}");
    update(&shell, &server, into_file)
        .await
        .fails(3, "trust_root_media_type");
    drop(server);
    assert_eq!(kept(), newer);
    let files = fs::read_dir(shell.folder.path()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".cache", "docker", "lab.json", "root.json"]);
}

#[tokio::test]
async fn a_repository_that_is_named_wrongly_is_the_command_lines_fault_and_one_that_fails_is_not() {
    let (shell, _, repository, server) = lab().await;
    repository.write(&shell.path("copy"));
    let copy = "trust-root update lab --root root.json --mirror copy";
    shell.run(copy).await.is(0);
    shell
        .run("trust-root update lab")
        .await
        .fails(2, "tuf_unknown");
    update(&shell, &server, "").await.fails(2, "tuf_unknown");
    let unnamed = format!(
        "trust-root update lab --root root.json --mirror {}",
        server.url()
    );
    shell.run(&unnamed).await.fails(2, "tuf_location");
    shell.write("else.json", "{}");
    update(&shell, &server, "--root else.json")
        .await
        .fails(2, "tuf_malformed");
    update(&shell, &server, "--root gone.json")
        .await
        .fails(2, "file_unreadable");
    let elsewhere = "--root root.json --target signing_config.v0.2.json";
    update(&shell, &server, elsewhere)
        .await
        .fails(3, "tuf_target_missing");
    // A public repository is known, and its keys did not sign this.
    let mirror = "trust-root update public-good --mirror copy";
    shell.run(mirror).await.fails(3, "tuf_untrusted");
    let gone = server.host().to_owned();
    drop(server);
    let gone = format!(
        "trust-root update lab --root root.json --mirror http://{gone} --plain-http {gone}"
    );
    shell.run(&gone).await.fails(3, "tuf_unreachable");
    shell
        .run(&copy.replace("copy", "gone"))
        .await
        .fails(3, "tuf_unreadable");
}

#[tokio::test]
async fn check_judges_by_the_newest_root_and_for_a_while_by_the_last_one() {
    let (shell, sigstore, repository, server) = lab().await;
    let image = shell.image("shop/api", "1", "one");
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": image.digest().hex()}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    });
    let signer = sigstore.identity(WORKFLOW, ISSUER);
    let bundle = signer
        .statement(statement.to_string())
        .log(Entry::V1)
        .bundle();
    let layer = Layer::new(media_type::BUNDLE_V03, bundle);
    shell
        .registry
        .push_referrer(&image, media_type::BUNDLE_V03, &[layer]);
    let trust_root = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": "lab"},
        "spec": {"tuf": {"url": server.url(), "root": "../root.json"}},
    });
    let keyless =
        json!({"trustRoot": "lab", "identities": [{"issuer": ISSUER, "subject": WORKFLOW}]});
    let policy = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "production"},
        "spec": {
            "images": {"include": ["REGISTRY/shop/**"]},
            "authorities": [{"name": "ci", "keyless": keyless}],
            "rules": [{"rule": "signature/signed", "params": {"authorities": ["ci"], "threshold": 1}}],
        },
    });
    fs::create_dir(shell.path("policies")).unwrap();
    shell.write("policies/lab.yaml", &trust_root.to_string());
    shell.write("policies/production.yaml", &policy.to_string());
    shell.write("pod.yaml", POD);
    let check = format!("{CHECK} -f pod.yaml --plain-http {}", server.host());
    shell.run(&check).await.is(0);

    repository.restore([].into());
    let stale = shell.run(&check).await.is(0);
    assert!(
        stale
            .stderr
            .contains("warning: the trust root lab could not be refreshed"),
        "{}",
        stale.stderr
    );
    assert!(stale.stderr.contains("(tuf_missing)"), "{}", stale.stderr);

    // Whoever has nothing to fall back on cannot look.
    let words = check
        .split_whitespace()
        .chain(["--plain-http", shell.registry.host()]);
    let without = shell
        .exactly(words, &[("HOME", UNSET), ("XDG_CACHE_HOME", UNSET)], "")
        .await;
    without.fails(3, "tuf_missing");
    assert_eq!(without.stdout, "");
}
