//! Tokens: asking a token service for one, and reading its answer.
//!
//! The service is whoever the registry says it is. It gets credentials only where it is known to be the registry's,
//! and is asked for nothing but the repository at hand.

use countersign_image::{SourceError, parse_strict};
use http::{HeaderValue, Method};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::address::Kind;
use crate::call::{Answer, Call, Content};
use crate::credentials::Credential;
use crate::destination;
use crate::proof::{basic, bearer};
use crate::transport::{Route, Transport};

/// A token, as it is presented.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    pub(crate) expires: Instant,
    /// The service that was asked without the credentials that we have, because it is not known as the registry's.
    pub(crate) withheld_from: Option<String>,
}

/// Where a token is asked for.
#[derive(Debug)]
pub(crate) struct Service<'a> {
    pub(crate) realm: &'a Url,
    pub(crate) name: Option<&'a str>,
    /// The kind of the address of the registry that named it.
    pub(crate) named_by: Kind,
}

impl Service<'_> {
    /// Asks for a token that allows `call`.
    pub(crate) async fn token(
        &self,
        transport: &Transport,
        call: &Call<'_>,
        credential: Option<&Credential>,
    ) -> Result<Token, SourceError> {
        let settings = transport.settings();
        if destination::objection(&call.url, self.named_by, self.realm, &settings.plain_http)
            .is_some()
        {
            return Err(self.refused(call));
        }
        let is_known = self.is_known_to(call, &settings.realm_pairs);
        let shown = credential.filter(|_| is_known);
        let withheld_from =
            (credential.is_some() && !is_known).then(|| destination::shown(self.realm));
        let answer = self.ask(transport, call, shown).await?;
        if answer.location().is_some() {
            return Err(self.refused(call));
        }
        if matches!(answer.status.as_u16(), 401 | 403) {
            return Err(match withheld_from {
                Some(_) => self.refused(call),
                None => unauthorized(call, credential),
            });
        }
        let answer = answer.success(&self.question(call))?;
        let (token, life) = parse(&answer.body).ok_or_else(|| self.malformed(call))?;
        let header = bearer(&token).ok_or_else(|| self.malformed(call))?;
        Ok(Token {
            header,
            expires: Instant::now() + life,
            withheld_from,
        })
    }

    /// Whether the service may see the credentials of the registry.
    fn is_known_to(&self, call: &Call<'_>, pairs: &[(String, String)]) -> bool {
        let (registry, service) = (
            call.repository.api_host(),
            destination::authority(self.realm),
        );
        let mut named = pairs
            .iter()
            .map(|(registry, service)| (registry.as_str(), service.as_str()));
        destination::same_origin(&call.url, self.realm)
            || KNOWN_SERVICES.contains(&(registry, service.as_str()))
            || named.any(|(of, named)| {
                (of == registry || of == call.repository.registry()) && named == service
            })
    }

    async fn ask(
        &self,
        transport: &Transport,
        call: &Call<'_>,
        credential: Option<&Credential>,
    ) -> Result<Answer, SourceError> {
        let route = if destination::same_origin(&call.url, self.realm) {
            Route::Ours
        } else {
            Route::LedBy(self.named_by)
        };
        let get = self.question(call);
        let asked = match credential {
            Some(Credential::IdentityToken(token)) => {
                let answer = transport
                    .ask(route, &self.exchange(call, token), None)
                    .await;
                if answer
                    .as_ref()
                    .is_ok_and(|answer| matches!(answer.status.as_u16(), 404 | 405))
                {
                    // A service without OAuth2. Docker marks such a token by this for a user.
                    transport
                        .ask(route, &get, Some(&basic("<token>", token)))
                        .await
                } else {
                    answer
                }
            }
            Some(Credential::Basic { username, password }) => {
                transport
                    .ask(route, &get, Some(&basic(username, password)))
                    .await
            }
            _ => transport.ask(route, &get, None).await,
        };
        asked.map_err(|error| match error {
            SourceError::RedirectRefused { .. } => self.refused(call),
            error => error,
        })
    }

    /// Source: distribution `docs/content/spec/auth/token.md`.
    fn question<'a>(&self, call: &Call<'a>) -> Call<'a> {
        let mut url = self.realm.clone();
        if let Some(name) = self.name {
            url.query_pairs_mut().append_pair("service", name);
        }
        url.query_pairs_mut().append_pair("scope", &call.scope());
        let what = format!("a token for {}", call.repository.path());
        Call::get(call.repository, url, what, TOKEN_BYTES)
    }

    /// Source: distribution `docs/content/spec/auth/oauth.md`.
    fn exchange<'a>(&self, call: &Call<'a>, refresh_token: &str) -> Call<'a> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("service", self.name.unwrap_or_default())
            .append_pair("client_id", "countersign")
            .append_pair("scope", &call.scope())
            .append_pair("refresh_token", refresh_token);
        let content = Content {
            media_type: "application/x-www-form-urlencoded".to_owned(),
            bytes: form.finish().into(),
        };
        Call {
            method: Method::POST,
            url: self.realm.clone(),
            content: Some(content),
            ..self.question(call)
        }
    }

    fn refused(&self, call: &Call<'_>) -> SourceError {
        SourceError::RealmRefused {
            host: call.registry(),
            realm: destination::shown(self.realm),
        }
    }

    fn malformed(&self, call: &Call<'_>) -> SourceError {
        SourceError::MalformedResponse {
            host: destination::authority(self.realm),
            what: format!("a token for {}", call.repository.path()),
            detail: "the answer holds no token that could be presented".to_owned(),
        }
    }
}

/// That nobody is let in by what we have.
pub(crate) fn unauthorized(call: &Call<'_>, credential: Option<&Credential>) -> SourceError {
    let detail = match credential {
        Some(_) => "it refuses those that it was given",
        None => "none are known for it",
    };
    let (host, repository) = (call.registry(), call.repository.path().to_owned());
    SourceError::Unauthorized {
        host,
        repository,
        detail: detail.to_owned(),
    }
}

fn parse(body: &[u8]) -> Option<(String, Duration)> {
    #[derive(Deserialize)]
    struct Wire {
        token: Option<String>,
        access_token: Option<String>,
        expires_in: Option<f64>,
    }
    let wire: Wire = parse_strict(body).ok()?;
    let token = wire
        .token
        .filter(|token| !token.is_empty())
        .or(wire.access_token)?;
    let life = wire
        .expires_in
        .unwrap_or(DEFAULT_LIFE)
        .clamp(0.0, LONGEST_LIFE);
    // Not used to its last moment: the registry's clock may be ahead of ours.
    Some((token, Duration::from_secs_f64(life * 0.9)))
}

/// Registries whose token service is another host: Docker Hub's and GitLab's.
const KNOWN_SERVICES: &[(&str, &str)] = &[
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];
/// Source: distribution `token.md`: "if omitted, this defaults to 60 seconds".
const DEFAULT_LIFE: f64 = 60.0;
const LONGEST_LIFE: f64 = 3600.0;
/// Tokens of several kilobytes exist; headers do not carry more.
const TOKEN_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_either_name_of_a_token_and_bounds_its_life() {
        for (body, expected) in [
            (r#"{"token":"t"}"#, Some(("t", 54))),
            (r#"{"access_token":"a","expires_in":100}"#, Some(("a", 90))),
            (
                r#"{"token":"t","access_token":"a","expires_in":0}"#,
                Some(("t", 0)),
            ),
            (
                r#"{"token":"","access_token":"a","expires_in":-5}"#,
                Some(("a", 0)),
            ),
            (r#"{"token":"t","expires_in":1e18}"#, Some(("t", 3240))),
            (r#"{"expires_in":60}"#, None),
            ("<html>", None),
            ("", None),
        ] {
            let parsed = parse(body.as_bytes());
            let parsed = parsed
                .as_ref()
                .map(|(token, life)| (token.as_str(), life.as_secs()));
            assert_eq!(parsed, expected, "{body}");
        }
    }

    #[test]
    fn only_known_services_see_credentials() {
        let pairs = [("r.example:5000".to_owned(), "tokens.example".to_owned())];
        for (image, realm, known) in [
            ("nginx", "https://auth.docker.io/token", true),
            ("nginx", "https://auth.docker.io.evil.test/token", false),
            ("nginx", "https://auth.docker.io:444/token", false),
            (
                "registry.gitlab.com/a/b",
                "https://gitlab.com/jwt/auth",
                true,
            ),
            (
                "registry.gitlab.com/a/b",
                "https://auth.docker.io/token",
                false,
            ),
            ("r.example:5000/a", "https://r.example:5000/token", true),
            ("r.example:5000/a", "https://r.example/token", false),
            ("r.example:5000/a", "https://tokens.example/token", true),
            ("r.example/a", "https://tokens.example/token", false),
        ] {
            let repository: countersign_image::Repository = image.parse().unwrap();
            let url = format!("https://{}/v2/", repository.api_host())
                .parse()
                .unwrap();
            let call = Call::get(&repository, url, String::new(), 0);
            let realm = realm.parse().unwrap();
            let service = Service {
                realm: &realm,
                name: None,
                named_by: Kind::Public,
            };
            assert_eq!(service.is_known_to(&call, &pairs), known, "{image} {realm}");
        }
    }
}
