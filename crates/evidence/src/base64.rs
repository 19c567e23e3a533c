//! Base64 as it occurs in envelopes: standard or URL-safe, padded or not, one of them at a time.
//!
//! Refuses mixed alphabets, line breaks and trailing bits, so that one text has one meaning.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Decodes `text`; `None` when it is not base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    append_decoded(text, &mut bytes)?;
    Some(bytes)
}

/// Appends what `text` decodes to; `None` when it is not base64, and then `bytes` are of no use.
pub(crate) fn append_decoded(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let start = bytes.len();
    // What everybody writes, several times as fast; it is as strict.
    if base64_simd::STANDARD
        .decode_append(text.as_bytes(), bytes)
        .is_ok()
    {
        return Some(());
    }
    bytes.truncate(start);
    let standard = STANDARD_ENGINE.decode_vec(text, bytes);
    standard
        .or_else(|_| {
            bytes.truncate(start);
            URL_SAFE_ENGINE.decode_vec(text, bytes)
        })
        .ok()
}

/// How many bytes `text` decodes to, if it is base64.
pub(crate) fn decoded_len(text: &str) -> usize {
    text.trim_end_matches('=').len() / 4 * 3 + text.trim_end_matches('=').len() % 4 * 3 / 4
}

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL_SAFE_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

#[cfg(test)]
mod tests {
    use super::{decode, decoded_len};

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(decode(text), Some(vec![0xfb, 0xff]), "{text}");
            assert_eq!(decoded_len(text), 2, "{text}");
        }
        assert_eq!(decode(""), Some(vec![]));
    }

    #[test]
    fn anything_ambiguous_is_refused() {
        for text in [
            "+_8=", "+/9=", "+/8=\n", " +/8=", "+/8==", "!!!", "A", "AAAA=AAA",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
