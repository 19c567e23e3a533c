//! What a registry demands in `WWW-Authenticate`.
//!
//! Text of whoever runs the registry: read as such, and its scope not at all.

use http::{HeaderMap, header};
use url::Url;

/// A demand that we know how to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A user and a password, for the registry itself.
    Basic,
    /// A token of the service at `realm`.
    Bearer {
        realm: Realm,
        service: Option<String>,
    },
}

/// Where tokens are to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Realm {
    At(Url),
    /// No URL.
    Nonsense(String),
}

impl Challenge {
    /// The challenge of an answer. Where there are several, tokens are preferred: they show the password to fewer.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut basic = None;
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let Ok(challenges) = http_auth::parse_challenges(value.to_str().unwrap_or_default())
            else {
                continue;
            };
            for challenge in challenges {
                if challenge.scheme.eq_ignore_ascii_case("bearer") {
                    if let Some(bearer) = bearer(&challenge) {
                        return Some(bearer);
                    }
                } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                }
            }
        }
        basic
    }
}

fn bearer(challenge: &http_auth::ChallengeRef<'_>) -> Option<Challenge> {
    let parameter = |wanted: &str| {
        let mut parameters = challenge.params.iter();
        parameters
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.to_unescaped())
    };
    let realm = parameter("realm")?;
    let realm = realm.parse().map_or(Realm::Nonsense(realm), Realm::At);
    Some(Challenge::Bearer {
        realm,
        service: parameter("service"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<Challenge>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, value.parse().unwrap());
        }
        assert_eq!(Challenge::of(&headers), expected, "{values:?}");
    }

    #[test]
    fn reads_what_registries_write() {
        let bearer = |realm: &str, service: Option<&str>| {
            let realm = Realm::At(realm.parse().unwrap());
            Some(Challenge::Bearer {
                realm,
                service: service.map(str::to_owned),
            })
        };
        let docker = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#;
        check(
            &[docker],
            bearer("https://auth.docker.io/token", Some("registry.docker.io")),
        );
        check(
            &[r#"bearer Realm="https://a.example/t?x=1""#],
            bearer("https://a.example/t?x=1", None),
        );
        check(
            &["Basic realm=\"x\"", docker],
            bearer("https://auth.docker.io/token", Some("registry.docker.io")),
        );
        check(&["Basic realm=\"x\""], Some(Challenge::Basic));
        check(
            &[r#"Bearer realm="not a url""#],
            Some(Challenge::Bearer {
                realm: Realm::Nonsense("not a url".to_owned()),
                service: None,
            }),
        );
    }

    #[test]
    fn makes_nothing_of_nonsense() {
        for value in [
            "",
            "Bearer",
            "Negotiate",
            "Bearer service=\"no realm\"",
            "\"",
            "Digest realm=\"x\", nonce=\"y\"",
            "Bearer realm=\"unclosed",
        ] {
            check(&[value], None);
        }
        check(&[], None);
    }
}
