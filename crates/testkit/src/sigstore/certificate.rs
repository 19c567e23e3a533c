//! X.509 certificates of RFC 5280, and chains of authorities that issue them.

use aws_lc_rs::rand;

use super::key::{Algorithm, Key};
use super::{Window, der, sha256};

/// What a certificate says; its issuer's part is known when it is signed.
pub(super) struct Template {
    pub(super) subject: Vec<u8>,
    pub(super) valid: Window,
    pub(super) spki: Vec<u8>,
    pub(super) extensions: Vec<Vec<u8>>,
}

/// A certificate together with its private key, fit to issue others.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) key: Key,
    pub(super) name: Vec<u8>,
    pub(super) certificate: Vec<u8>,
    serial: [u8; 16],
}

/// An authority: the certificate that issues first, the root last.
#[derive(Clone, Debug)]
pub(super) struct Chain(pub(super) Vec<Link>);

/// How a chain is made.
#[derive(Clone, Debug)]
pub(super) struct ChainShape {
    pub(super) organization: String,
    pub(super) algorithm: Algorithm,
    /// What it issues certificates for: an extended key usage.
    pub(super) purpose: &'static str,
    pub(super) intermediates: usize,
    pub(super) intermediates_valid: Window,
    pub(super) root_valid: Window,
    /// Let each authority allow no other below itself, however many there are.
    pub(super) no_room_below: bool,
}

impl Template {
    /// Signed by `issuer` under a serial number.
    pub(super) fn certificate(&self, issuer: &Link, serial: [u8; 16]) -> Vec<u8> {
        let tbs = self.tbs(issuer, serial, &self.extensions);
        sign(&tbs, &issuer.key)
    }

    /// The part that is signed, with these extensions.
    pub(super) fn tbs(&self, issuer: &Link, serial: [u8; 16], extensions: &[Vec<u8>]) -> Vec<u8> {
        let Window(from, to) = self.valid;
        der::sequence([
            der::context(0, der::integer([2])),
            der::integer(serial),
            issuer.key.algorithm().der(),
            issuer.name.clone(),
            der::sequence([der::time(from), der::time(to)]),
            self.subject.clone(),
            self.spki.clone(),
            der::context(3, der::sequence(extensions.to_vec())),
        ])
    }
}

impl Chain {
    /// A chain of fresh keys.
    pub(super) fn new(shape: &ChainShape) -> Self {
        let mut links = vec![Link::root(shape)];
        for below in (0..shape.intermediates).rev() {
            let link = links[0].intermediate(shape, below);
            links.insert(0, link);
        }
        Self(links)
    }

    /// Who issues.
    pub(super) fn issuer(&self) -> &Link {
        &self.0[0]
    }

    /// A chain of another issuer with the very same name.
    pub(super) fn twin(&self, shape: &ChainShape) -> Self {
        let mut links = self.0.clone();
        links[0] = links[1].intermediate(shape, 0);
        Self(links)
    }

    /// DER of each, in order.
    pub(super) fn certificates(&self) -> Vec<Vec<u8>> {
        let links = self.0.iter();
        links.map(|link| link.certificate.clone()).collect()
    }
}

impl Link {
    fn root(shape: &ChainShape) -> Self {
        let key = Key::generate(shape.algorithm);
        let name = name(&shape.organization, "root");
        let serial = serial();
        let mut link = Self {
            key,
            name,
            certificate: Vec::new(),
            serial,
        };
        let room = shape.no_room_below.then_some(0);
        let template = authority(&link, shape.root_valid, room);
        link.certificate = template.certificate(&link, serial);
        link
    }

    /// An authority below this one, with room for `below` more.
    fn intermediate(&self, shape: &ChainShape, below: usize) -> Self {
        let key = Key::generate(shape.algorithm);
        let name = name(&shape.organization, &format!("intermediate {below}"));
        let room = if shape.no_room_below { 0 } else { below };
        let mut link = self.link(key, name);
        let mut template = authority(&link, shape.intermediates_valid, Some(room));
        template.extensions.push(authority_key(self));
        template.extensions.push(purpose(shape.purpose, false));
        link.certificate = template.certificate(self, link.serial);
        link
    }

    /// A certificate of this template for `key`, issued by this one.
    pub(super) fn issue(&self, key: &Key, template: &Template) -> Self {
        let mut link = self.link(key.clone(), template.subject.clone());
        link.certificate = template.certificate(self, link.serial);
        link
    }

    /// A key without a name, as certificates of signers have none, and without a certificate above it.
    pub(super) fn of_itself(key: &Key) -> Self {
        Self {
            key: key.clone(),
            name: der::sequence([]),
            certificate: Vec::new(),
            serial: serial(),
        }
    }

    fn link(&self, key: Key, name: Vec<u8>) -> Self {
        Self {
            key,
            name,
            certificate: Vec::new(),
            serial: serial(),
        }
    }

    /// Serial number, as DER.
    pub(super) fn serial(&self) -> Vec<u8> {
        der::integer(self.serial)
    }
}

fn authority(link: &Link, valid: Window, room: Option<usize>) -> Template {
    let room = room.map(|room| der::integer(room.to_be_bytes()));
    let constraints = der::sequence([der::boolean(true)].into_iter().chain(room));
    Template {
        subject: link.name.clone(),
        valid,
        spki: link.key.spki().to_vec(),
        extensions: vec![
            extension(BASIC_CONSTRAINTS, true, constraints),
            extension(KEY_USAGE, true, der::bits(1, [0x06])),
            subject_key(&link.key),
        ],
    }
}

/// `tbs` with the signature of `key` over it.
pub(super) fn sign(tbs: &[u8], key: &Key) -> Vec<u8> {
    let signature = der::bits(0, key.sign(tbs));
    der::sequence([tbs.to_vec(), key.algorithm().der(), signature])
}

/// A random serial number.
pub(super) fn serial() -> [u8; 16] {
    let mut serial = [0; 16];
    rand::fill(&mut serial).unwrap();
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

pub(super) fn name(organization: &str, common_name: &str) -> Vec<u8> {
    let part = |oid, text| der::set([der::sequence([der::oid(oid), der::utf8(text)])]);
    der::sequence([part("2.5.4.10", organization), part("2.5.4.3", common_name)])
}

pub(super) fn extension(oid: &str, critical: bool, value: Vec<u8>) -> Vec<u8> {
    let critical = critical.then(|| der::boolean(true));
    let parts = [der::oid(oid)].into_iter().chain(critical);
    der::sequence(parts.chain([der::octets(value)]))
}

/// Extended key usage.
pub(super) fn purpose(oid: &str, critical: bool) -> Vec<u8> {
    extension("2.5.29.37", critical, der::sequence([der::oid(oid)]))
}

pub(super) fn subject_key(key: &Key) -> Vec<u8> {
    extension("2.5.29.14", false, der::octets(key_identifier(key)))
}

pub(super) fn authority_key(issuer: &Link) -> Vec<u8> {
    let identifier = der::context_primitive(0, key_identifier(&issuer.key));
    extension("2.5.29.35", false, der::sequence([identifier]))
}

fn key_identifier(key: &Key) -> Vec<u8> {
    sha256(key.spki())[..20].to_vec()
}

pub(super) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(super) const KEY_USAGE: &str = "2.5.29.15";
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
