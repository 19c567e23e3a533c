//! The headers that prove who asks.
//!
//! Marked as sensitive, so that nothing prints them; a token that would not stay within its header makes none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// The header that presents a user and a password.
pub(crate) fn basic(username: &str, password: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{username}:{password}"));
    secret(&format!("Basic {encoded}")).unwrap_or(HeaderValue::from_static("Basic"))
}

/// The header that presents a token, if the token fits into one.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let fits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        secret(&format!("Bearer {token}"))
    } else {
        None
    }
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presents_no_token_that_would_break_the_header() {
        assert!(bearer("abc.def-~+/=").is_some_and(|header| header.is_sensitive()));
        for token in ["", "a b", "a\nb", "a\r\nX-Evil: 1", "ä", "\u{0}"] {
            assert_eq!(bearer(token), None, "{token:?}");
        }
    }
}
