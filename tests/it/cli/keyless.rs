//! Signing without a key: whose token is used, what is refused before anybody is asked, and what services make of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_testkit::sigstore::{Misdeed, Scts, Services, Sigstore, StampFlaw};
use countersign_testkit::{RawServer, TestRegistry};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Ended, Shell, snapshot};
use crate::world::SBOM;

pub(super) const CONFIG: &str = "--signing-config signing.json";
pub(super) const ROOT: &str = "--trusted-root root.json";
pub(super) const SUBJECT: &str =
    "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
pub(super) const ISSUER: &str = "https://token.actions.githubusercontent.com";

#[tokio::test]
async fn without_a_key_and_a_token_nobody_signs_and_what_was_tried_is_said() {
    let shell = shell().await;
    let ended = shell.run("sign REGISTRY/shop/api:1").await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    no --key is named: signing with an identity, which becomes public (services of Sigstore's public instance, as of 2026-10-23)
    error: nobody signs: there is neither a key nor an identity token (token_missing)
      --key, --identity-token and --oidc-interactive are not given
      SIGSTORE_ID_TOKEN is not set
      this is no job of GitHub Actions, Buildkite or GitLab
    hint: name a key with --key, or a token with --identity-token; a person can use --oidc-interactive
    "#);
    for (variable, advice) in [
        ("GITHUB_ACTIONS", "permissions: {id-token: write}"),
        (
            "GITLAB_CI",
            "id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}",
        ),
    ] {
        let ended = in_ci(&shell, &[(variable, "true")]).await;
        ended.fails(2, "token_missing");
        assert!(ended.stderr.contains(advice), "{}", ended.stderr);
    }
    nothing_was_asked(&shell);
}

#[tokio::test]
async fn a_token_is_looked_for_in_its_order_and_an_expired_one_is_used_by_nobody() {
    let shell = shell().await;
    let expired = token(1_600_000_000);
    let answer = json!({"value": expired}).to_string();
    let length = answer.len();
    let server = RawServer::start(
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"),
        false,
    )
    .await;
    let agent = shell.path("buildkite-agent");
    fs::write(
        &agent,
        format!(
            "#!/bin/sh\n[ \"$*\" = 'oidc request-token --audience sigstore' ] && echo {expired}\n"
        ),
    )
    .unwrap();
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).unwrap();
    let url = format!("http://{}/token?x=1&audience=other", server.host());

    let mut environment = vec![("BUILDKITE", "true")];
    from(&shell, &environment, "Buildkite").await;
    environment.extend([
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret"),
    ]);
    from(&shell, &environment, "GitHub Actions").await;
    assert_eq!(server.log().lines(), ["GET /token?x=1&audience=sigstore"]);
    assert!(server.log().saw_credentials());
    environment.push(("SIGSTORE_ID_TOKEN", &expired));
    from(&shell, &environment, "SIGSTORE_ID_TOKEN").await;

    fs::write(shell.path("token"), format!("{expired}\n")).unwrap();
    for given in ["token", &expired] {
        let ended = shell
            .run(&format!(
                "sign {CONFIG} --identity-token {given} REGISTRY/shop/api:1"
            ))
            .await;
        ended.fails(2, "token_expired");
        assert!(!ended.stderr.contains(&expired), "{}", ended.stderr);
    }
    nothing_was_asked(&shell);
}

#[tokio::test]
async fn a_helper_that_fails_and_a_service_that_refuses_are_told_apart_from_no_token() {
    let shell = shell().await;
    let ended = in_ci(&shell, &[("BUILDKITE", "true")]).await;
    ended.fails(3, "token_missing");
    let refusing = RawServer::start("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", false).await;
    let url = format!("http://{}/token", refusing.host());
    for (url, status, code) in [
        (url.as_str(), 3, "service_refused"),
        ("http://token.example/", 2, "service_insecure"),
        ("no url", 2, "service_insecure"),
    ] {
        let environment = [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hush-hush"),
        ];
        let ended = in_ci(&shell, &environment).await;
        ended.fails(status, code);
        assert!(!ended.stderr.contains("hush-hush"), "{}", ended.stderr);
    }
    nothing_was_asked(&shell);
}

#[tokio::test]
async fn what_is_no_token_is_not_repeated() {
    let shell = shell().await;
    let nearly = format!("{}.x", token(1_600_000_000));
    let ended = shell
        .run(&format!(
            "sign --identity-token {nearly} REGISTRY/shop/api:1"
        ))
        .await;
    ended.fails(2, "token_malformed");
    assert!(!ended.stderr.contains(&nearly), "{}", ended.stderr);
    shell
        .run("sign --oidc-interactive REGISTRY/shop/api:1")
        .await
        .fails(2, "token_missing");
    nothing_was_asked(&shell);
}

#[tokio::test]
async fn a_signing_config_that_cannot_be_used_is_refused_first() {
    let shell = shell().await;
    for (change, code) in [
        (json!({"mediaType": "x"}), "signing_config_version"),
        (
            json!({"caUrls": [service("http://ca.example")]}),
            "signing_config_insecure",
        ),
        (json!({"caUrls": []}), "signing_config_none_usable"),
        (
            json!({"tsaConfig": {"selector": "EXACT", "count": 2}}),
            "signing_config_too_few",
        ),
        (json!({"caUrls": {}}), "signing_config_malformed"),
    ] {
        let mut config = config();
        config
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        shell.write("signing.json", &config.to_string());
        shell
            .run(&format!("sign {CONFIG} REGISTRY/shop/api:1"))
            .await
            .fails(2, code);
    }
    nothing_was_asked(&shell);
}

#[tokio::test]
async fn words_that_promise_no_upload_are_taken_for_a_key_alone() {
    let shell = shell().await;
    for arguments in [
        "--tlog-upload=false",
        "--use-signing-config=false",
        "--key release.key --tlog-upload=false --signing-config signing.json",
        "--key release.key --tlog-upload=true",
        "--key release.key --identity-token token",
        "--key release.key --oidc-interactive",
        "--identity-token token --oidc-interactive",
    ] {
        shell
            .run(&format!("sign {arguments} REGISTRY/shop/api:1"))
            .await
            .is(2);
    }
    shell
        .run(&format!(
            "sign --key release.key --format legacy {CONFIG} REGISTRY/shop/api:1"
        ))
        .await
        .fails(2, "legacy_witnessed");
    nothing_was_asked(&shell);
    shell
        .run("sign --key release.key --tlog-upload=false --use-signing-config=false REGISTRY/shop/api:1")
        .await
        .is(0);
}

#[tokio::test]
async fn services_that_the_trust_root_does_not_know_are_not_asked() {
    let shell = shell().await;
    // GitHub's instance has no log.
    let ended = shell
        .run(&format!(
            "sign --key release.key {CONFIG} --trusted-root github REGISTRY/shop/api:1"
        ))
        .await;
    ended.fails(2, "trust_root_too_few_logs");
    assert!(
        ended
            .stderr
            .contains("is --trusted-root that of the services"),
        "{}",
        ended.stderr
    );
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn an_identity_signs_and_attests_and_is_verified_as_itself_and_as_nobody_else() {
    let (shell, services) = with_services().await;
    shell.write("sbom.json", SBOM);
    for version in [1, 2] {
        let image = format!("REGISTRY/shop/v{version}:1");
        shell.image(&format!("shop/v{version}"), "1", "one");
        shell.write(
            "signing.json",
            &services.signing_config(version).to_string(),
        );
        let token = services.token(SUBJECT, ISSUER);
        let keyless = format!("{CONFIG} {ROOT} --identity-token {token}");
        let ended = shell.run(&format!("sign {keyless} {image}")).await.is(0);
        let said = format!("signed as {SUBJECT} ({ISSUER})");
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        let attest = format!("attest {keyless} --type spdxjson --predicate sbom.json {image}");
        shell.run(&attest).await.is(0);

        let verify = format!("verify {ROOT} --certificate-oidc-issuer {ISSUER}");
        for kind in ["", "--type spdxjson"] {
            let as_itself = format!("{verify} {kind} --certificate-identity {SUBJECT} {image}");
            shell.run(&as_itself).await.is(0);
            let as_other = format!("{verify} {kind} --certificate-identity {SUBJECT}x {image}");
            shell.run(&as_other).await.fails(1, "identity_mismatch");
        }
    }
}

#[tokio::test]
async fn the_token_of_a_ci_job_is_as_good_as_one_that_is_given() {
    let (shell, services) = with_services().await;
    let token = services.token(SUBJECT, ISSUER);
    let host = shell.registry.host();
    let image = format!("{host}/shop/api:1");
    let words = [
        "sign",
        "--signing-config",
        "signing.json",
        "--trusted-root",
        "root.json",
        "--plain-http",
        host,
        &image,
    ];
    shell
        .exactly(words, &[("SIGSTORE_ID_TOKEN", &token)], "")
        .await
        .is(0);
    assert_eq!(services.log().count("POST /api/v2/signingCert"), 1);
}

#[tokio::test]
async fn many_images_are_signed_with_one_certificate() {
    let (shell, services) = with_services().await;
    shell
        .registry
        .push_index("shop/web", "1", &["linux/amd64", "linux/arm64"], "two");
    let token = services.token(SUBJECT, ISSUER);
    let sign = format!(
        "sign {CONFIG} {ROOT} --identity-token {token} -r REGISTRY/shop/api:1 REGISTRY/shop/web:1"
    );
    let ended = shell.run(&sign).await.is(0);
    assert_eq!(ended.stdout.lines().count(), 4);
    assert_eq!(services.log().count("POST /api/v2/signingCert"), 1);
    assert_eq!(services.log().count("POST /api/v2/log/entries"), 4);
}

#[tokio::test]
async fn a_key_with_a_signing_config_proves_what_a_verifier_may_demand() {
    let (shell, _services) = with_services().await;
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let demanding = format!("verify --key release.pub {ROOT} REGISTRY/shop/api:1");
    shell.run(&demanding).await.fails(1, "log_missing");
    shell
        .run(&format!(
            "sign --key release.key {CONFIG} {ROOT} REGISTRY/shop/api:1"
        ))
        .await
        .is(0);
    shell.run(&demanding).await.is(0);
}

#[tokio::test]
async fn a_service_that_fails_is_named_and_nothing_is_pushed() {
    let fails =
        |status| Misdeed::Answers(status, HeaderMap::new(), b"{\"message\": \"no\"}".to_vec());
    for (path, misdeed, exit, code) in [
        (
            "/api/v2/signingCert",
            fails(StatusCode::UNAUTHORIZED),
            2,
            "service_refused",
        ),
        (
            "/api/v2/signingCert",
            fails(StatusCode::BAD_GATEWAY),
            3,
            "service_refused",
        ),
        (
            "/api/v2/signingCert",
            Misdeed::Promises(Scts::None),
            2,
            "sct_missing",
        ),
        (
            "/api/v1/timestamp",
            Misdeed::Stamps(StampFlaw::Forged),
            2,
            "timestamp_invalid",
        ),
        (
            "/api/v2/log/entries",
            fails(StatusCode::BAD_GATEWAY),
            3,
            "service_refused",
        ),
    ] {
        let (shell, services) = with_services().await;
        services.misbehave(path, misdeed);
        let token = services.token(SUBJECT, ISSUER);
        let sign = format!("sign {CONFIG} {ROOT} --identity-token {token} REGISTRY/shop/api:1");
        let ended = shell.run(&sign).await;
        ended.fails(exit, code);
        assert!(!ended.stderr.contains(&token), "{}", ended.stderr);
        assert_eq!(shell.registry.log().count("PUT *"), 0);
    }
}

/// A shell with keys, an image, and a Sigstore that would sign it.
async fn with_services() -> (Shell, Services) {
    let shell = shell().await;
    let services = services(&shell).await;
    (shell, services)
}

/// A Sigstore, whose services and root the files of this shell name.
pub(super) async fn services(shell: &Shell) -> Services {
    let sigstore = Sigstore::new();
    let services = sigstore.serve(clock).await;
    shell.write("signing.json", &services.signing_config(2).to_string());
    shell.write("root.json", &sigstore.trusted_root_json());
    services
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary under test reads the same clock"
)]
fn clock() -> Timestamp {
    Timestamp::now()
}

/// A shell with keys, an image and a signing config whose services nobody would answer at.
async fn shell() -> Shell {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.write("signing.json", &config().to_string());
    shell
}

async fn in_ci(shell: &Shell, environment: &[(&str, &str)]) -> Ended {
    let host = shell.registry.host();
    let image = format!("{host}/shop/api:1");
    let words = [
        "sign",
        "--signing-config",
        "signing.json",
        "--plain-http",
        host,
        &image,
    ];
    shell.exactly(words, environment, "").await
}

async fn from(shell: &Shell, environment: &[(&str, &str)], origin: &str) {
    let ended = in_ci(shell, environment).await;
    ended.fails(2, "token_expired");
    let said = format!("error: {origin}: the identity token expired at 2020-09-13T12:26:40Z");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
}

fn nothing_was_asked(shell: &Shell) {
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

fn token(expires: i64) -> String {
    let claims = json!({"iss": "https://issuer.example", "sub": "me", "exp": expires});
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn config() -> Value {
    let any = json!({"selector": "ANY"});
    json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("http://127.0.0.1:1")],
        "rekorTlogUrls": [service("http://127.0.0.1:1")],
        "tsaUrls": [service("http://127.0.0.1:1")],
        "rekorTlogConfig": any,
        "tsaConfig": any,
    })
}

fn service(url: &str) -> Value {
    json!({"url": url, "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "x"})
}

// What would not be looked at must not be asked for.
#[tokio::test]
async fn a_claim_about_a_certificate_is_refused_beside_a_key_and_without_an_identity() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    for claim in [
        "claim runnerEnvironment=github-hosted",
        "github-workflow-trigger push",
        "github-workflow-sha 0f",
        "github-workflow-name release",
        "github-workflow-repository acme/app",
        "github-workflow-ref refs/heads/main",
    ] {
        let command = format!("--certificate-{claim} REGISTRY/shop/api:1");
        let ended = shell
            .run(&format!("verify --key release.pub {command}"))
            .await;
        assert_eq!(ended.code, 2, "{claim}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("cannot be used with"),
            "{}",
            ended.stderr
        );
        let ended = shell.run(&format!("inspect {command}")).await;
        assert_eq!(ended.code, 2, "{claim}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("add --certificate-identity"),
            "{}",
            ended.stderr
        );
    }
}
