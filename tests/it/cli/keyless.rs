//! Signing without a key, as far as nobody has to answer: whose token is used, and what is refused before anybody is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_testkit::{RawServer, TestRegistry};
use serde_json::{Value, json};

use super::{Ended, Shell, snapshot};

const CONFIG: &str = "--signing-config signing.json";

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
