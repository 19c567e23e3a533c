//! OIDC identity tokens: what has to be known of one before it is sent to a certificate authority.
//!
//! Verifies nothing: the certificate authority does. Refuses what is no token and one that has expired. Never prints one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_image::{Fields, excerpt, parse_strict};
use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

/// An identity token, as it claims to be. It is wiped when it is dropped.
#[derive(Clone)]
pub struct IdentityToken {
    text: Zeroizing<String>,
    issuer: String,
    subject: String,
    expires: Timestamp,
}

impl IdentityToken {
    /// Reads a token that is used `now`.
    ///
    /// # Errors
    ///
    /// When it is none, or has expired.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, TokenError> {
        let text = text.trim();
        if !Self::looks_like_one(text) {
            return Err(malformed("it does not have three parts"));
        }
        let payload = text.split('.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD
            .decode(payload.trim_end_matches('='))
            .map_err(|_| malformed("its claims are not base64"))?;
        let Fields(claims): Fields<Claims> =
            parse_strict(&payload).map_err(|error| malformed(&error.to_string()))?;
        let expires = Timestamp::from_second(claims.expires)
            .map_err(|_| malformed("its time of expiry is no time"))?;
        if expires <= now {
            return Err(TokenError::Expired { expires });
        }
        let email = claims.email.filter(|email| !email.is_empty());
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            issuer: claims.issuer,
            subject: email.unwrap_or(claims.subject),
            expires,
        })
    }

    /// Whether `text` has the shape of a token: three parts of URL-safe base64.
    #[must_use]
    pub fn looks_like_one(text: &str) -> bool {
        let is_part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte))
        };
        text.len() <= LONGEST && text.split('.').count() == 3 && text.split('.').all(is_part)
    }

    /// Who issued it, as it says.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it expires.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// What its holder signs to prove that the key is theirs: Fulcio takes the email address, else the subject
    /// (sigstore/fulcio `pkg/challenges`).
    pub(crate) fn challenge(&self) -> &[u8] {
        self.subject.as_bytes()
    }

    /// The token itself.
    pub(crate) fn secret(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IdentityToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Why a token cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its time is over.
    #[error("the identity token expired at {expires}")]
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// It does not read as one.
    #[error("it is no identity token: {detail}")]
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
}

impl TokenError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "token_expired",
            Self::Malformed { .. } => "token_malformed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Expired { .. } => {
                "such tokens live for minutes: get a new one right before signing"
            }
            Self::Malformed { .. } => {
                "an OIDC identity token (a JWT) for the audience sigstore is meant"
            }
        }
    }
}

fn malformed(detail: &str) -> TokenError {
    TokenError::Malformed {
        detail: excerpt(detail),
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "iss")]
    issuer: String,
    #[serde(rename = "sub")]
    subject: String,
    #[serde(rename = "exp")]
    expires: i64,
    email: Option<String>,
}

/// GitHub's are 1.5 KB; nobody's are longer than the headers that mostly carry them.
const LONGEST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-20T08:00:00Z";

    #[test]
    fn the_claims_are_read_and_the_token_is_never_shown() {
        let text =
            token(&json!({"iss": "https://issuer", "sub": "repo:a/b", "exp": 1_800_000_000}));
        let token = parse(&format!(" {text}\n")).unwrap();
        assert_eq!(token.issuer(), "https://issuer");
        assert_eq!(token.challenge(), b"repo:a/b");
        assert_eq!(token.secret(), text);
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn a_person_is_challenged_by_email_address() {
        let claims =
            |email: &str| json!({"iss": "i", "sub": "s", "exp": 1_800_000_000, "email": email});
        let challenge = |email| parse(&token(&claims(email))).unwrap().challenge().to_vec();
        assert_eq!(challenge("ada@acme.example"), b"ada@acme.example");
        assert_eq!(challenge(""), b"s");
    }

    #[test]
    fn an_expired_token_is_refused_to_the_second() {
        let now: Timestamp = NOW.parse().unwrap();
        for (seconds, code) in [
            (0, Some("token_expired")),
            (-600, Some("token_expired")),
            (1, None),
        ] {
            let claims = json!({"iss": "i", "sub": "s", "exp": now.as_second() + seconds});
            assert_eq!(
                parse(&token(&claims)).err().map(|error| error.code()),
                code,
                "{seconds}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token(&json!({"iss": "i", "sub": "s", "exp": 1_800_000_000}));
        for text in [
            String::new(),
            "token.txt".to_owned(),
            "./a/b.jwt".to_owned(),
            format!("{good}.x"),
            good.replacen('.', "", 1),
            good.replace('.', ".."),
            token(&json!({"iss": "i", "exp": 1_800_000_000})),
            token(&json!({"iss": "i", "sub": "s"})),
            token(&json!({"iss": "i", "sub": "s", "exp": "soon"})),
            token(&json!(["i", "s", 1_800_000_000])),
            format!(
                "a.{}.c",
                URL_SAFE_NO_PAD
                    .encode(b"{\"iss\":\"i\",\"iss\":\"j\",\"sub\":\"s\",\"exp\":1800000000}")
            ),
            "x".repeat(LONGEST + 1),
        ] {
            assert_eq!(
                parse(&text).unwrap_err().code(),
                "token_malformed",
                "{text}"
            );
        }
    }

    fn parse(text: &str) -> Result<IdentityToken, TokenError> {
        IdentityToken::parse(text, NOW.parse().unwrap())
    }

    fn token(claims: &serde_json::Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }
}
