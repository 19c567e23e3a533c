//! How registries are reached: plain HTTP, private CAs, credentials and helpers, signatures in another repository.

use std::fs;
use std::path::Path;

use countersign_testkit::{Identity, Issuer, TestRegistry};

use super::Shell;

#[tokio::test]
async fn plain_http_is_for_the_named_host_only() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    let image = format!("{}/shop/api:1", shell.registry.host());
    let verify = [
        "verify",
        "--key",
        "release.pub",
        "--plain-http",
        "registry.invalid",
        &image,
    ];
    let ended = shell.exactly(verify, &[], "").await.is(3);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn what_names_no_host_is_refused_where_it_would_be_passed_over() {
    let shell = Shell::start().await;
    let url = format!("http://{}", shell.registry.host());
    for flags in [
        ["--plain-http", url.as_str()],
        ["--plain-http", "registry.example.com/shop"],
        ["--realm", "registry.example.com"],
        [
            "--realm",
            "registry.example.com=https://auth.example.com/token",
        ],
    ] {
        let image = format!("{}/shop/api:1", shell.registry.host());
        let words = ["resolve", &image].into_iter().chain(flags);
        let ended = shell.exactly(words, &[], "").await.is(2);
        assert!(ended.stderr.contains("expected "), "{}", ended.stderr);
    }
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn signatures_can_live_in_another_repository() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    let signatures = format!("{}/shop/signatures", shell.registry.host());
    let words = |words: &str| -> Vec<String> {
        let words = words
            .split(' ')
            .map(|word| word.replace("REGISTRY", shell.registry.host()));
        words
            .chain(["--plain-http".to_owned(), shell.registry.host().to_owned()])
            .collect()
    };
    let named = [("COSIGN_REPOSITORY", signatures.as_str())];
    shell
        .exactly(
            words("sign --key release.key REGISTRY/shop/api:1"),
            &named,
            "",
        )
        .await
        .is(0);
    shell
        .exactly(
            words("verify --key release.pub REGISTRY/shop/api:1"),
            &named,
            "",
        )
        .await
        .is(0);
    shell
        .run(&format!(
            "verify --key release.pub --signature-repository {signatures} REGISTRY/shop/api:1"
        ))
        .await
        .is(0);
    shell
        .run("verify --key release.pub REGISTRY/shop/api:1")
        .await
        .fails(1, "not_found");
}

#[tokio::test]
async fn credentials_come_from_dockers_configuration_and_its_helpers() {
    let issuer = Issuer::new("robot", "s3cret");
    let shell = Shell::with_keys(TestRegistry::builder().token_auth(&issuer)).await;
    shell.image("shop/api", "1", "one");
    let sign = "sign --key release.key REGISTRY/shop/api:1";
    shell.run(sign).await.fails(3, "unauthorized");

    // robot:s3cret
    shell.write(
        "docker/config.json",
        r#"{"auths": {"REGISTRY": {"auth": "cm9ib3Q6czNjcmV0"}}}"#,
    );
    shell.run(sign).await.is(0);

    shell.write(
        "docker/config.json",
        r#"{"credHelpers": {"REGISTRY": "test"}}"#,
    );
    let ended = shell.run(sign).await.is(3);
    assert!(
        ended.stderr.contains("docker-credential-test"),
        "{}",
        ended.stderr
    );

    let helper = "#!/bin/sh\nread server\necho \"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"robot\\\",\\\"Secret\\\":\\\"s3cret\\\"}\"\n";
    shell.write("docker-credential-test", helper);
    executable(&shell.path("docker-credential-test"));
    shell.run(sign).await.is(0);

    shell.write(
        "docker-credential-test",
        "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n",
    );
    shell.run(sign).await.fails(3, "unauthorized");
    shell.write(
        "docker-credential-test",
        "#!/bin/sh\necho s3cret >&2\necho s3cret\nexit 1\n",
    );
    let ended = shell.run(sign).await.is(3);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_private_ca_is_named_by_its_file() {
    let identity = Identity::new(&["127.0.0.1"]);
    let shell = Shell::new(TestRegistry::builder().tls(&identity)).await;
    let image = shell.image("shop/api", "1", "one");
    fs::write(shell.path("ca.crt"), identity.ca_pem()).unwrap();
    let tag = format!("{}/shop/api:1", shell.registry.host());
    shell
        .exactly(["resolve", &tag], &[], "")
        .await
        .fails(3, "tls_failed");
    let ended = shell
        .exactly(["resolve", "--registry-ca", "ca.crt", &tag], &[], "")
        .await
        .is(0);
    assert_eq!(ended.stdout, format!("{}\n", image.image));
    fs::write(shell.path("ca.crt"), "no certificate").unwrap();
    shell
        .exactly(["resolve", "--registry-ca", "ca.crt", &tag], &[], "")
        .await
        .fails(2, "ca_malformed");
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
