//! Who may ask: nobody is asked, Basic, or tokens of an [`Issuer`].
//!
//! Tokens are opaque and live as long as the issuer; expiry is played by revoking them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::json;

use crate::routes::error;

/// Hands out bearer tokens to one user; clones share what was issued.
#[derive(Clone)]
pub struct Issuer(Arc<Shared>);

struct Shared {
    user: String,
    password: String,
    anonymous_pull: bool,
    expires_in: u64,
    /// Scopes by token.
    issued: Mutex<HashMap<String, Vec<String>>>,
}

/// What a registry demands.
pub(crate) enum Demand {
    Nothing,
    Basic {
        user: String,
        password: String,
    },
    Token {
        issuer: Issuer,
        realm: String,
        scope: Option<String>,
    },
}

impl Issuer {
    /// Issues tokens for `user`, who proves itself by `password` or by that as an identity token.
    pub fn new(user: &str, password: &str) -> Self {
        Self::build(user, password, false, 300)
    }

    /// Also issues tokens that may pull to whom sends no credentials.
    pub fn with_anonymous_pull(user: &str, password: &str) -> Self {
        Self::build(user, password, true, 300)
    }

    fn build(user: &str, password: &str, anonymous_pull: bool, expires_in: u64) -> Self {
        let (user, password) = (user.to_owned(), password.to_owned());
        Self(Arc::new(Shared {
            user,
            password,
            anonymous_pull,
            expires_in,
            issued: Mutex::default(),
        }))
    }

    /// Forgets every token, as if all had expired.
    pub fn revoke_all(&self) {
        self.0.issued.lock().unwrap().clear();
    }

    /// The scopes for which tokens were issued, sorted.
    pub fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = self
            .0
            .issued
            .lock()
            .unwrap()
            .values()
            .flatten()
            .cloned()
            .collect();
        scopes.sort();
        scopes
    }

    /// The token endpoint: GET with Basic or nothing, POST with a refresh token.
    pub(crate) fn answer(
        &self,
        method: &Method,
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response {
        let form = if *method == Method::POST {
            body
        } else {
            query.as_bytes()
        };
        let mut scopes = Vec::new();
        let mut refresh_token = None;
        for (name, value) in url::form_urlencoded::parse(form) {
            match name.as_ref() {
                "scope" => scopes.extend(value.split(' ').map(str::to_owned)),
                "refresh_token" => refresh_token = Some(value.into_owned()),
                _ => {}
            }
        }
        let known = match (&refresh_token, basic(headers)) {
            (Some(token), _) => *token == self.0.password,
            (None, Some((user, password))) => user == self.0.user && password == self.0.password,
            (None, None) if self.0.anonymous_pull => {
                scopes = scopes
                    .iter()
                    .map(|scope| scope.replace("pull,push", "pull"))
                    .collect();
                true
            }
            (None, None) => false,
        };
        if !known {
            return error(
                StatusCode::UNAUTHORIZED,
                "UNAUTHORIZED",
                "unknown user or password",
            );
        }
        let token = {
            let mut issued = self.0.issued.lock().unwrap();
            let token = format!("token-{}", issued.len());
            issued.insert(token.clone(), scopes);
            token
        };
        let answer =
            json!({"token": token, "access_token": token, "expires_in": self.0.expires_in});
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(answer.to_string()))
            .unwrap()
    }

    fn allows(&self, headers: &HeaderMap, repository: Option<&str>, action: &str) -> bool {
        let Some(token) = bearer(headers) else {
            return false;
        };
        let issued = self.0.issued.lock().unwrap();
        let Some(scopes) = issued.get(token) else {
            return false;
        };
        let Some(repository) = repository else {
            return true;
        };
        let wanted = format!("repository:{repository}:");
        scopes.iter().any(|scope| {
            scope
                .strip_prefix(&wanted)
                .is_some_and(|actions| actions.split(',').any(|granted| granted == action))
        })
    }
}

impl Demand {
    /// The refusal of a request that does not prove enough.
    pub(crate) fn refuse(
        &self,
        headers: &HeaderMap,
        repository: Option<&str>,
        action: &str,
    ) -> Option<Response> {
        let challenge = match self {
            Self::Nothing => return None,
            Self::Basic { user, password } => {
                if basic(headers).is_some_and(|(given, proof)| given == *user && proof == *password)
                {
                    return None;
                }
                "Basic realm=\"testkit\"".to_owned()
            }
            Self::Token {
                issuer,
                realm,
                scope,
            } => {
                if issuer.allows(headers, repository, action) {
                    return None;
                }
                let own = repository.map(|name| {
                    let actions = if action == "pull" {
                        "pull"
                    } else {
                        "pull,push"
                    };
                    format!("repository:{name}:{actions}")
                });
                let mut challenge = format!("Bearer realm=\"{realm}\",service=\"testkit\"");
                if let Some(scope) = scope.clone().or(own) {
                    challenge.push_str(&format!(",scope=\"{scope}\""));
                }
                challenge
            }
        };
        let mut response = error(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "authentication required",
        );
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge.parse().unwrap());
        Some(response)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
