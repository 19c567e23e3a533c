//! An OpenID provider on a loopback port, shaped like the one of GitHub Actions: RS256, and what a workflow is in claims.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, Uri, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::sigstore::{Algorithm, Key};

/// Says who somebody is to whoever believes it. It stops when it is dropped.
pub struct IdentityProvider {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    /// Its address, which is also its name.
    issuer: String,
    key: Key,
    clock: fn() -> Timestamp,
}

impl IdentityProvider {
    /// Serves discovery, keys, and tokens to jobs. Tokens are made at the time that `clock` shows then.
    pub async fn serve(clock: fn() -> Timestamp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            key: Key::generate(Algorithm::Rsa2048),
            clock,
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, server }
    }

    /// What tokens name as their issuer: the URL of this provider.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// A token for a job of a workflow, as `acme/app/.github/workflows/release.yml@refs/heads/main`.
    pub fn token(&self, workflow: &str) -> String {
        self.shared.token(workflow, AUDIENCE)
    }

    /// What a job of [`Self::JOB`] is given to ask for a token: `ACTIONS_ID_TOKEN_REQUEST_URL` and `…_TOKEN`.
    pub fn request(&self) -> [(&'static str, String); 2] {
        let url = format!("{}/token?api-version=2.0", self.shared.issuer);
        [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET.to_owned()),
        ]
    }

    /// The workflow whose jobs may ask.
    pub const JOB: &'static str = "acme/app/.github/workflows/release.yml@refs/heads/main";
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn token(&self, workflow: &str, audience: &str) -> String {
        let header = json!({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            part(&header),
            part(&self.claims(workflow, audience))
        );
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of GitHub's tokens, as its documentation of OpenID Connect lists them.
    fn claims(&self, workflow: &str, audience: &str) -> Value {
        let (path, reference) = workflow.split_once('@').unwrap();
        let repository = path.split("/.github/").next().unwrap();
        let (owner, _) = repository.split_once('/').unwrap();
        let now = (self.clock)().as_second();
        json!({
            "iss": self.issuer, "aud": audience, "iat": now, "nbf": now - 5, "exp": now + 600,
            "sub": format!("repo:{repository}:ref:{reference}"),
            "job_workflow_ref": workflow, "job_workflow_sha": "a".repeat(40),
            "workflow": "release", "workflow_ref": workflow, "workflow_sha": "b".repeat(40),
            "sha": "b".repeat(40), "ref": reference, "event_name": "push",
            "repository": repository, "repository_id": "1",
            "repository_owner": owner, "repository_owner_id": "2", "repository_visibility": "public",
            "runner_environment": "github-hosted", "run_id": "7", "run_attempt": "1",
        })
    }

    fn discovery(&self) -> Value {
        let below = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "jwks_uri": below("/keys"),
            "authorization_endpoint": below("/auth"),
            "token_endpoint": below("/token"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    fn keys(&self) -> Value {
        // The end of such a key in DER: the modulus, then the exponent as INTEGER of three bytes.
        let spki = self.key.spki();
        let (head, exponent) = spki.split_at(spki.len() - 3);
        let modulus = &head[head.len() - 2 - MODULUS..head.len() - 2];
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": part(modulus), "e": part(exponent),
        }]})
    }

    /// What a job is answered that asks for a token.
    fn job(&self, query: &str, headers: &HeaderMap) -> Option<Value> {
        let allowed = format!("Bearer {SECRET}");
        if headers.get(header::AUTHORIZATION)?.to_str().ok()? != allowed {
            return None;
        }
        let audience = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("audience="))?;
        Some(json!({"value": self.token(IdentityProvider::JOB, audience)}))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let page = match uri.path() {
        "/.well-known/openid-configuration" => shared.discovery(),
        "/keys" => shared.keys(),
        "/token" => match shared.job(uri.query().unwrap_or_default(), &headers) {
            Some(page) => page,
            None => return StatusCode::UNAUTHORIZED.into_response(),
        },
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, page.to_string()).into_response()
}

const AUDIENCE: &str = "sigstore";
const KEY_ID: &str = "1";
const MODULUS: usize = 256;
const SECRET: &str = "of-the-job";

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    #[tokio::test]
    async fn tokens_verify_by_the_keys_that_it_publishes() {
        let provider = IdentityProvider::serve(|| Timestamp::UNIX_EPOCH).await;
        let keys = provider.shared.keys();
        let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
        let key = RsaPublicKeyComponents {
            n: bytes(&keys["keys"][0]["n"]),
            e: bytes(&keys["keys"][0]["e"]),
        };
        let token = provider.token(IdentityProvider::JOB);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
            .unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1);
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        assert_eq!(claims["iss"], provider.issuer());
        assert_eq!(claims["repository"], "acme/app");
        assert_eq!(claims["exp"], 600);
    }

    #[tokio::test]
    async fn a_job_is_given_a_token_only_for_its_secret() {
        let provider = IdentityProvider::serve(|| Timestamp::UNIX_EPOCH).await;
        let mut headers = HeaderMap::new();
        let ask = |headers: &HeaderMap| provider.shared.job("a=b&audience=sigstore", headers);
        assert_eq!(ask(&headers), None);
        headers.insert(header::AUTHORIZATION, "Bearer guess".parse().unwrap());
        assert_eq!(ask(&headers), None);
        let [_, (_, secret)] = provider.request();
        headers.insert(
            header::AUTHORIZATION,
            format!("Bearer {secret}").parse().unwrap(),
        );
        assert!(ask(&headers).is_some());
    }
}
