//! DER as it is written: just enough of X.690 for certificates and timestamp tokens.
//!
//! Written by hand, and not with the crates that verifiers read it with, so that both cannot share a mistake; and
//! because wrong things must be writable.

use jiff::Timestamp;

/// One value under a tag.
pub(super) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            der.push(0x80 | length.len() as u8);
            der.extend(length);
        }
    }
    der.extend_from_slice(content);
    der
}

pub(super) fn sequence(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    tlv(0x30, concat(parts))
}

/// A SET OF, in the order that DER demands.
pub(super) fn set(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    tlv(0x31, set_content(parts))
}

/// What stands inside a SET OF.
pub(super) fn set_content(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort();
    concat(parts)
}

/// A constructed value under the context tag `number`: explicit around one value, implicit around the content of one.
pub(super) fn context(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

/// A primitive value under the context tag `number`.
pub(super) fn context_primitive(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x80 | number, content)
}

pub(super) fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, [if value { 0xff } else { 0 }])
}

/// A number that is not negative, from its big-endian bytes.
pub(super) fn integer(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.as_ref().to_vec();
    while content.len() > 1 && content[0] == 0 {
        content.remove(0);
    }
    if content.first().is_none_or(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv(0x02, content)
}

/// Bits, of which the last byte has `unused` to spare.
pub(super) fn bits(unused: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x03, [&[unused], bytes.as_ref()].concat())
}

pub(super) fn octets(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x04, bytes)
}

pub(super) fn null() -> Vec<u8> {
    tlv(0x05, [])
}

/// An object identifier, from its dotted form.
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u64>().unwrap());
    let (first, second) = (arcs.next().unwrap(), arcs.next().unwrap());
    let content = std::iter::once(first * 40 + second).chain(arcs);
    tlv(0x06, content.flat_map(base_128).collect::<Vec<u8>>())
}

fn base_128(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    while value > 0x7f {
        value >>= 7;
        bytes.insert(0, 0x80 | (value & 0x7f) as u8);
    }
    bytes
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text)
}

/// A time of a certificate: RFC 5280 wants the short form until 2049.
pub(super) fn time(at: Timestamp) -> Vec<u8> {
    let long = at.strftime("%Y%m%d%H%M%SZ").to_string();
    match long.strip_prefix("20") {
        Some(short) if short < "50" => tlv(0x17, short),
        _ => tlv(0x18, long),
    }
}

pub(super) fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string())
}

/// An algorithm, without parameters.
pub(super) fn algorithm(dotted: &str) -> Vec<u8> {
    sequence([oid(dotted)])
}

fn concat(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_are_as_short_as_der_wants_them() {
        assert_eq!(octets([7; 3]), [4, 3, 7, 7, 7]);
        assert_eq!(octets([0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(octets([0; 0x1234])[..4], [4, 0x82, 0x12, 0x34]);
        assert_eq!(integer([0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer([]), [2, 1, 0]);
        assert_eq!(
            oid("1.2.840.113549"),
            [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]
        );
    }

    #[test]
    fn times_after_2049_are_written_long() {
        let early = time("2049-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(early, [&[0x17, 13][..], b"491231235959Z"].concat());
        let late = time("2050-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(late, [&[0x18, 15][..], b"20500101000000Z"].concat());
    }
}
