//! Timestamp tokens: CMS signed data (RFC 5652) around a `TSTInfo` (RFC 3161 §2.4.2).
//!
//! Refuses a token with none or several signers, one whose signed attributes are not of its content, and hashes that are
//! no longer safe. What is not needed to verify it, certificates and revocation lists included, is skipped.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use spki::AlgorithmIdentifierRef;
use spki::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use spki::der::{self, Decode as _, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged as _};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert};

use crate::hash::Hash;

/// A token, its signature not verified.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) time: Timestamp,
    /// The serial number of the signer's certificate, if that is how the signer is named.
    pub(super) serial: Option<&'a [u8]>,
    imprint: Imprint<'a>,
    /// The signed attributes as they were signed.
    signed: Vec<u8>,
    hash: Hash,
    signature: &'a [u8],
}

impl<'a> Token<'a> {
    /// Reads a `TimeStampResp`, or the token that stands in one.
    pub(super) fn parse(bytes: &'a [u8]) -> der::Result<Self> {
        let mut response = inside(AnyRef::from_der(bytes)?, Tag::Sequence)?;
        let content_info = if response.peek_tag()? == Tag::ObjectIdentifier {
            AnyRef::from_der(bytes)?
        } else {
            let mut status = inside(response.decode()?, Tag::Sequence)?;
            // Granted, and granted with modifications.
            if !matches!(status.decode::<u8>()?, 0 | 1) {
                return Err(refused());
            }
            response.decode()?
        };
        let mut content_info = inside(content_info, Tag::Sequence)?;
        expect(content_info.decode()?, SIGNED_DATA)?;
        let mut explicit = inside(content_info.decode()?, CONTEXT_0)?;
        Self::signed_data(explicit.decode()?)
    }

    fn signed_data(signed_data: AnyRef<'a>) -> der::Result<Self> {
        let mut fields = inside(signed_data, Tag::Sequence)?;
        let _version: u8 = fields.decode()?;
        let _digest_algorithms: AnyRef<'_> = fields.decode()?;
        let mut content = inside(fields.decode()?, Tag::Sequence)?;
        expect(content.decode()?, TST_INFO)?;
        let content = inside(content.decode()?, CONTEXT_0)?.decode::<OctetStringRef<'a>>()?;
        // Certificates [0] and revocation lists [1] may stand here.
        let mut signers: AnyRef<'a> = fields.decode()?;
        while matches!(signers.tag(), CONTEXT_0 | CONTEXT_1) {
            signers = fields.decode()?;
        }
        let mut signers = inside(signers, Tag::Set)?;
        let signer = Signer::read(signers.decode()?, content.as_bytes())?;
        if !signers.is_finished() || !fields.is_finished() {
            return Err(refused());
        }
        let (imprint, time) = tst_info(AnyRef::from_der(content.as_bytes())?)?;
        Ok(Self {
            time,
            serial: signer.serial,
            imprint,
            signed: signer.signed,
            hash: signer.hash,
            signature: signer.signature,
        })
    }

    /// Whether it is of `bytes`.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.imprint.hash.of(bytes).as_ref() == self.imprint.value
    }

    /// Whether the holder of `certificate` signed it.
    pub(super) fn is_signed_by(&self, certificate: &EndEntityCert<'_>) -> bool {
        // Those that do not go with the kind of the key refuse before they compute anything.
        ALL_VERIFICATION_ALGS
            .iter()
            .filter(|algorithm| signs_as(self.hash).contains(&algorithm.signature_alg_id()))
            .any(|algorithm| {
                certificate
                    .verify_signature(*algorithm, &self.signed, self.signature)
                    .is_ok()
            })
    }
}

#[derive(Debug)]
struct Imprint<'a> {
    hash: Hash,
    value: &'a [u8],
}

/// `TSTInfo`, as far as it is needed.
fn tst_info(info: AnyRef<'_>) -> der::Result<(Imprint<'_>, Timestamp)> {
    let mut fields = inside(info, Tag::Sequence)?;
    if fields.decode::<u8>()? != 1 {
        return Err(refused());
    }
    let _policy: AnyRef<'_> = fields.decode()?;
    let mut imprint = inside(fields.decode()?, Tag::Sequence)?;
    let imprint = Imprint {
        hash: hash_named(imprint.decode::<AlgorithmIdentifierRef<'_>>()?.oid)?,
        value: imprint.decode::<OctetStringRef<'_>>()?.as_bytes(),
    };
    let _serial: AnyRef<'_> = fields.decode()?;
    let time: AnyRef<'_> = fields.decode()?;
    if time.tag() != Tag::GeneralizedTime {
        return Err(refused());
    }
    let time = generalized_time(time.value()).ok_or_else(refused)?;
    Ok((imprint, time))
}

/// `YYYYMMDDhhmmss[.s…]Z`
fn generalized_time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14
        || !is_digits(whole)
        || !(1..=9).contains(&fraction.len())
        || !is_digits(fraction)
    {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<i8>().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let time = DateTime::new(
        year,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
        nanoseconds,
    );
    TimeZone::UTC.to_timestamp(time.ok()?).ok()
}

/// A `SignerInfo` over some content.
struct Signer<'a> {
    serial: Option<&'a [u8]>,
    signed: Vec<u8>,
    hash: Hash,
    signature: &'a [u8],
}

impl<'a> Signer<'a> {
    fn read(signer: AnyRef<'a>, content: &[u8]) -> der::Result<Self> {
        let mut fields = inside(signer, Tag::Sequence)?;
        let _version: u8 = fields.decode()?;
        let name: AnyRef<'a> = fields.decode()?;
        let serial = match name.tag() {
            Tag::Sequence => {
                let mut issuer_and_serial = inside(name, Tag::Sequence)?;
                let _issuer: AnyRef<'_> = issuer_and_serial.decode()?;
                Some(issuer_and_serial.decode::<AnyRef<'a>>()?.value())
            }
            _ => None,
        };
        let digest = hash_named(fields.decode::<AlgorithmIdentifierRef<'_>>()?.oid)?;
        let attributes = fields.tlv_bytes()?;
        check_attributes(AnyRef::from_der(attributes)?, digest, content)?;
        // RFC 5652 §5.4: signed as a set, stored with an implicit tag.
        let mut signed = attributes.to_vec();
        if let Some(tag) = signed.first_mut() {
            *tag = SET_OF;
        }
        let algorithm = fields.decode::<AlgorithmIdentifierRef<'_>>()?.oid;
        Ok(Self {
            serial,
            signed,
            hash: hash_of_signature(algorithm, digest)?,
            signature: fields.decode::<OctetStringRef<'a>>()?.as_bytes(),
        })
    }
}

/// Checks that the attributes name the content's type and hash, once each.
fn check_attributes(attributes: AnyRef<'_>, digest: Hash, content: &[u8]) -> der::Result<()> {
    let mut attributes = inside(attributes, CONTEXT_0)?;
    let (mut types, mut digests) = (0, 0);
    while !attributes.is_finished() {
        let mut attribute = inside(attributes.decode()?, Tag::Sequence)?;
        let name: ObjectIdentifier = attribute.decode()?;
        let mut values = inside(attribute.decode()?, Tag::Set)?;
        match name {
            CONTENT_TYPE => {
                expect(values.decode()?, TST_INFO)?;
                types += 1;
            }
            MESSAGE_DIGEST => {
                let value = values.decode::<OctetStringRef<'_>>()?;
                if value.as_bytes() != digest.of(content).as_ref() {
                    return Err(refused());
                }
                digests += 1;
            }
            _ => continue,
        }
        if !values.is_finished() {
            return Err(refused());
        }
    }
    if (types, digests) == (1, 1) {
        Ok(())
    } else {
        Err(refused())
    }
}

fn hash_named(oid: ObjectIdentifier) -> der::Result<Hash> {
    match oid {
        ID_SHA256 => Ok(Hash::Sha256),
        ID_SHA384 => Ok(Hash::Sha384),
        ID_SHA512 => Ok(Hash::Sha512),
        _ => Err(refused()),
    }
}

/// The hash that a signature algorithm names; some name only the kind of the key.
fn hash_of_signature(oid: ObjectIdentifier, digest: Hash) -> der::Result<Hash> {
    match oid {
        ECDSA_SHA256 | RSA_SHA256 => Ok(Hash::Sha256),
        ECDSA_SHA384 | RSA_SHA384 => Ok(Hash::Sha384),
        ECDSA_SHA512 | RSA_SHA512 => Ok(Hash::Sha512),
        RSA => Ok(digest),
        _ => Err(refused()),
    }
}

/// The signature algorithms with a hash.
fn signs_as(hash: Hash) -> [AlgorithmIdentifier; 2] {
    match hash {
        Hash::Sha256 => [alg_id::ECDSA_SHA256, alg_id::RSA_PKCS1_SHA256],
        Hash::Sha384 => [alg_id::ECDSA_SHA384, alg_id::RSA_PKCS1_SHA384],
        Hash::Sha512 => [alg_id::ECDSA_SHA512, alg_id::RSA_PKCS1_SHA512],
    }
}

/// The content of `value`, which must have this tag.
fn inside(value: AnyRef<'_>, tag: Tag) -> der::Result<SliceReader<'_>> {
    value.tag().assert_eq(tag)?;
    SliceReader::new(value.value())
}

fn expect(found: ObjectIdentifier, wanted: ObjectIdentifier) -> der::Result<()> {
    if found == wanted {
        Ok(())
    } else {
        Err(refused())
    }
}

fn refused() -> der::Error {
    ErrorKind::Failed.into()
}

const CONTEXT_0: Tag = context(TagNumber::N0);
const CONTEXT_1: Tag = context(TagNumber::N1);
const SET_OF: u8 = 0x31;

const fn context(number: TagNumber) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number,
    }
}

const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
const ID_SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const ID_SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const ID_SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");
const ECDSA_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");
const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = oid("1.2.840.113549.1.1.13");

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}
