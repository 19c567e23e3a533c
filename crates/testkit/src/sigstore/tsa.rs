//! Timestamp authorities: the tokens of RFC 3161, which are CMS (RFC 5652) around a time and a hash.

use jiff::Timestamp;

use super::certificate::{
    Chain, ChainShape, KEY_USAGE, Link, TIME_STAMPING, Template, authority_key, extension, name,
    purpose, subject_key,
};
use super::key::Key;
use super::{Window, der, sha256};

/// What is wrong with a timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampFlaw {
    /// It is of other bytes.
    OtherImprint,
    /// The authority refused.
    Refused,
    /// Its signature is another key's.
    Forged,
    /// The time was changed after it was signed.
    TimeAltered(Timestamp),
    /// It signs no attributes, which RFC 3161 wants.
    NoAttributes,
    /// It names the authority's certificate and is signed with a key that another certificate of the same root
    /// holds, while the authority's certificate stands first in the bag.
    Impersonated,
    /// A certificate of the same root that is not for timestamps signed it.
    WrongPurpose,
    /// Nothing wrong: certificates that have nothing to do with it stand before the authority's.
    StrangersInTheBag,
}

/// How a timestamp is made.
#[derive(Clone, Debug, Default)]
pub(super) struct Stamp {
    pub(super) flaw: Option<StampFlaw>,
    /// Without the certificate of the authority.
    pub(super) bare: bool,
}

/// An authority.
#[derive(Debug)]
pub(super) struct Tsa {
    authorities: Chain,
    signer: Link,
    /// Of the same root, not for timestamps.
    other: Link,
}

impl Tsa {
    /// A fresh one, whose own certificate is valid for a while.
    pub(super) fn new(shape: &ChainShape, valid: Window) -> Self {
        let authorities = Chain::new(shape);
        let issuer = authorities.issuer();
        let certificate = |common_name: &str, purpose: Vec<u8>| {
            let key = Key::generate(shape.algorithm);
            let template = Template {
                subject: name(&shape.organization, common_name),
                valid,
                spki: key.spki().to_vec(),
                extensions: vec![
                    extension(KEY_USAGE, true, der::bits(7, [0x80])),
                    purpose,
                    subject_key(&key),
                    authority_key(issuer),
                ],
            };
            issuer.issue(&key, &template)
        };
        let signer = certificate("timestamps", purpose(TIME_STAMPING, true));
        let other = certificate("code", purpose(super::certificate::CODE_SIGNING, true));
        Self {
            authorities,
            signer,
            other,
        }
    }

    /// Its certificate and those above it.
    pub(super) fn certificates(&self) -> Vec<Vec<u8>> {
        let own = [self.signer.certificate.clone()].into_iter();
        own.chain(self.authorities.certificates()).collect()
    }

    /// A response for the hash of these bytes.
    pub(super) fn stamp(&self, bytes: &[u8], at: Timestamp, how: &Stamp) -> Vec<u8> {
        self.stamp_hash(sha256(bytes), at, how)
    }

    /// A response for this SHA-256.
    pub(super) fn stamp_hash(&self, hash: [u8; 32], at: Timestamp, how: &Stamp) -> Vec<u8> {
        use StampFlaw as Flaw;
        if how.flaw == Some(Flaw::Refused) {
            return der::sequence([der::sequence([der::integer([2])])]);
        }
        let hash = match how.flaw {
            Some(Flaw::OtherImprint) => sha256(b"something else"),
            _ => hash,
        };
        let info = info(hash, at);
        let signer = self.signer_info(&info, at, how);
        let info = match how.flaw {
            Some(Flaw::TimeAltered(time)) => self::info(hash, time),
            _ => info,
        };
        let content = der::context(0, der::octets(info));
        let certificates = self.bag(how).map(|bag| der::context(0, bag));
        let signed = [
            der::integer([3]),
            der::set([der::algorithm(self.signer.key.algorithm().hash())]),
            der::sequence([der::oid(TST_INFO), content]),
        ];
        let signed = der::sequence(
            signed
                .into_iter()
                .chain(certificates)
                .chain([der::set([signer])]),
        );
        let token = der::sequence([der::oid("1.2.840.113549.1.7.2"), der::context(0, signed)]);
        der::sequence([der::sequence([der::integer([0])]), token])
    }

    /// The certificates that travel with a token.
    fn bag(&self, how: &Stamp) -> Option<Vec<u8>> {
        let own = &self.signer.certificate;
        let other = &self.other.certificate;
        match &how.flaw {
            // In the order of the attack and not of DER: the first one is what a careless reader takes.
            Some(StampFlaw::Impersonated) => Some([&own[..], other].concat()),
            Some(StampFlaw::StrangersInTheBag) => {
                Some(der::set_content([other.clone(), own.clone()]))
            }
            Some(StampFlaw::WrongPurpose) => Some(other.clone()),
            _ if how.bare => None,
            _ => Some(own.clone()),
        }
    }

    fn signer_info(&self, info: &[u8], at: Timestamp, how: &Stamp) -> Vec<u8> {
        use StampFlaw as Flaw;
        let (named, key) = match how.flaw {
            Some(Flaw::Forged) => (&self.signer, Key::generate(self.signer.key.algorithm())),
            Some(Flaw::Impersonated) => (&self.signer, self.other.key.clone()),
            Some(Flaw::WrongPurpose) => (&self.other, self.other.key.clone()),
            _ => (&self.signer, self.signer.key.clone()),
        };
        let issuer = self.authorities.issuer().name.clone();
        let head = [
            der::integer([1]),
            der::sequence([issuer, named.serial()]),
            der::algorithm(key.algorithm().hash()),
        ];
        let attributes = attributes(info, at, named);
        // What is signed is the set; what is sent has its tag replaced.
        let signature = match how.flaw {
            Some(Flaw::NoAttributes) => key.sign(info),
            _ => key.sign(&der::tlv(0x31, &attributes)),
        };
        let attributes = match how.flaw {
            Some(Flaw::NoAttributes) => None,
            _ => Some(der::context(0, attributes)),
        };
        let tail = [key.algorithm().der(), der::octets(signature)];
        der::sequence(head.into_iter().chain(attributes).chain(tail))
    }
}

/// TSTInfo.
fn info(hash: [u8; 32], at: Timestamp) -> Vec<u8> {
    let imprint = der::sequence([der::algorithm(SHA_256), der::octets(hash)]);
    der::sequence([
        der::integer([1]),
        der::oid("1.3.6.1.4.1.57264.2"),
        imprint,
        der::integer(super::certificate::serial()),
        der::generalized_time(at),
        der::sequence([der::integer([1])]),
        der::integer(super::certificate::serial()),
    ])
}

/// The signed attributes, as they stand in their set.
fn attributes(info: &[u8], at: Timestamp, signer: &Link) -> Vec<u8> {
    let attribute = |oid, value| der::sequence([der::oid(oid), der::set([value])]);
    let (_, digest) = signer.key.algorithm().digest(info);
    // SigningCertificateV2 (RFC 5816), with its default hash.
    let identifier = der::sequence([der::octets(sha256(&signer.certificate))]);
    der::set_content([
        attribute("1.2.840.113549.1.9.3", der::oid(TST_INFO)),
        attribute("1.2.840.113549.1.9.4", der::octets(digest)),
        attribute("1.2.840.113549.1.9.5", der::time(at)),
        attribute(
            "1.2.840.113549.1.9.16.2.47",
            der::sequence([der::sequence([identifier])]),
        ),
    ])
}

const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
