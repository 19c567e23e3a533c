//! Identity tokens that a CI system has for its jobs: GitHub Actions, Buildkite, GitLab, or whoever sets a variable.
//!
//! Prints no token and nothing that a helper wrote.

use std::env;
use std::process::Stdio;
use std::time::Duration;

use countersign_registry::ServiceClient;
use countersign_signing::actions_token;
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::failure::{Failure, plain};

/// A token and where it is from, from the first that has one.
pub(crate) async fn token(
    client: &ServiceClient,
) -> Result<(Zeroizing<String>, &'static str), Failure> {
    if let Some(token) = variable(VARIABLE) {
        return Ok((Zeroizing::new(token), VARIABLE));
    }
    let request = (variable(ACTIONS_URL), variable(ACTIONS_TOKEN));
    if let (Some(url), Some(secret)) = request {
        let secret = Zeroizing::new(secret);
        let token = actions_token(client, &url, &secret).await;
        let token = token.map_err(|error| Failure::from(error).about(ACTIONS))?;
        return Ok((token, ACTIONS));
    }
    if is_true("BUILDKITE") {
        return Ok((buildkite().await?, "Buildkite"));
    }
    Err(nothing())
}

fn nothing() -> Failure {
    let of_ci = if is_true("GITHUB_ACTIONS") {
        "GitHub Actions: the job gives none without `permissions: {id-token: write}`".to_owned()
    } else if is_true("GITLAB_CI") {
        format!("GitLab: the job gives none without `id_tokens: {{{VARIABLE}: {{aud: sigstore}}}}`")
    } else {
        "this is no job of GitHub Actions, Buildkite or GitLab".to_owned()
    };
    Failure::usage("nobody signs: there is neither a key nor an identity token")
        .coded("token_missing")
        .detailed([
            "--key, --identity-token and --oidc-interactive are not given".to_owned(),
            format!("{VARIABLE} is not set"),
            of_ci,
        ])
        .hinted("name a key with --key, or a token with --identity-token; a person can use --oidc-interactive")
}

/// Asks `buildkite-agent`, as Buildkite's documentation of OIDC has it.
async fn buildkite() -> Result<Zeroizing<String>, Failure> {
    let failed = |why: &str| {
        Failure::could_not_look(format!("buildkite-agent gives no identity token: {why}"))
            .coded("token_missing")
            .hinted("does `buildkite-agent oidc request-token --audience sigstore` print one?")
    };
    let child = Command::new("buildkite-agent")
        .args(["oidc", "request-token", "--audience", "sigstore"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, child)
        .await
        .map_err(|_| failed("it does not answer"))?
        .map_err(|error| failed(&plain(&error)))?;
    let text = Zeroizing::new(output.stdout);
    match std::str::from_utf8(&text) {
        Ok(token) if output.status.success() => Ok(Zeroizing::new(token.trim().to_owned())),
        _ => Err(failed("it failed")),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_true(name: &str) -> bool {
    variable(name).is_some_and(|value| value == "true" || value == "1")
}

const VARIABLE: &str = "SIGSTORE_ID_TOKEN";
const ACTIONS: &str = "GitHub Actions";
const ACTIONS_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const ACTIONS_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const PATIENCE: Duration = Duration::from_secs(30);
