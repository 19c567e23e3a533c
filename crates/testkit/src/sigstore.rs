//! A Sigstore of one's own, in process: a certificate authority, certificate transparency logs, transparency logs of
//! both kinds and a timestamp authority, which sign whatever a test asks for.
//!
//! What it makes is right unless the test asks for something wrong by name. It has no clock: everything happens at
//! [`SIGNED_AT`], or when the test says.

mod body;
mod bundle;
mod certificate;
mod checkpoint;
mod ct;
mod der;
mod key;
mod leaf;
mod legacy;
mod log;
mod server;
mod signer;
mod signing;
#[cfg(test)]
mod tests;
mod tree;
mod trusted_root;
mod tsa;

use std::fmt::Write as _;
use std::sync::Arc;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use certificate::{CODE_SIGNING, Chain, ChainShape, TIME_STAMPING};
use ct::CtLog;
use leaf::Leaf;
use log::Log;
use tsa::Tsa;

pub use body::Entry;
pub use bundle::BundleFlaw;
pub use checkpoint::CheckpointFlaw;
pub use ct::Scts;
pub use key::{Algorithm, Key};
pub use leaf::{CertificateFlaw, San};
pub use log::LogFlaw;
pub use server::{Misdeed, Services};
pub use signer::Signer;
pub use signing::Signing;
pub use trusted_root::{Part, TrustedRoot};
pub use tsa::StampFlaw;

/// When things are signed, unless a test says otherwise: 2025-06-01T12:00:00Z.
pub const SIGNED_AT: Timestamp = Timestamp::constant(1_748_779_200, 0);

/// An instance of Sigstore. Clones are the same instance.
#[derive(Clone, Debug)]
pub struct Sigstore(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    name: String,
    shape: ChainShape,
    authority: Chain,
    twin: Option<Chain>,
    ct_logs: [CtLog; 2],
    rekor_1: Log,
    rekor_2: Log,
    tsa: Tsa,
}

/// From when until when, both included.
#[derive(Clone, Copy, Debug)]
struct Window(Timestamp, Timestamp);

impl Default for Sigstore {
    fn default() -> Self {
        Self::new()
    }
}

impl Sigstore {
    /// One where everything is as it should be. Each has keys of its own, under the same names.
    pub fn new() -> Self {
        Self::shaped().build()
    }

    /// One where some things are otherwise.
    pub fn shaped() -> Shape {
        Shape {
            name: "sigstore.example".to_owned(),
            authority: chain(CODE_SIGNING),
            twin: false,
            tsa: chain(TIME_STAMPING),
            tsa_valid: trusted_root::whole(),
        }
    }

    /// Somebody whom an issuer knows by this name: a URI, an email address or, without any sign of either, a user name.
    pub fn identity(&self, name: &str, issuer: &str) -> Signer {
        self.holder_of(Leaf {
            names: vec![San::of(name)],
            issuer: Some(issuer.to_owned()),
            claims: Vec::new(),
            scts: Scts::One,
            flaw: None,
        })
    }

    /// Somebody with a certificate that says nothing but a name, as authorities other than Fulcio issue it.
    pub fn holder(&self, name: &str) -> Signer {
        self.holder_of(Leaf {
            names: vec![San::of(name)],
            issuer: None,
            claims: Vec::new(),
            scts: Scts::None,
            flaw: None,
        })
    }

    fn holder_of(&self, leaf: Leaf) -> Signer {
        Signer::new(self, Key::generate(Algorithm::P256), Some(leaf))
    }

    /// Somebody with a key and no certificate.
    pub fn key(&self) -> Signer {
        Signer::new(self, Key::generate(Algorithm::P256), None)
    }

    /// What it publishes of itself, to be bent.
    pub fn trusted_root(&self) -> TrustedRoot {
        TrustedRoot::of(self)
    }

    /// What it publishes of itself.
    pub fn trusted_root_json(&self) -> String {
        self.trusted_root().json()
    }

    /// The certificates of its authority as PEM, that which issues first and the root last.
    pub fn authority_pem(&self) -> String {
        let certificates = self.0.authority.certificates();
        let pem = |der: &Vec<u8>| key::pem("CERTIFICATE", der);
        certificates.iter().map(pem).collect()
    }

    fn log(&self, entry: Entry) -> &Log {
        match entry {
            Entry::V2 => &self.0.rekor_2,
            _ => &self.0.rekor_1,
        }
    }
}

/// How an instance is made.
#[derive(Clone, Debug)]
pub struct Shape {
    name: String,
    authority: ChainShape,
    twin: bool,
    tsa: ChainShape,
    tsa_valid: Window,
}

impl Shape {
    /// Its host and organization, `sigstore.example` if nobody says otherwise.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// What kind of keys its certificate authority has.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.authority.algorithm = algorithm;
        self
    }

    /// How many certificates stand between the root and those of signers: 1 if nobody says otherwise.
    #[must_use]
    pub fn intermediates(mut self, count: usize) -> Self {
        self.authority.intermediates = count;
        self
    }

    /// From when until when the intermediates are valid.
    #[must_use]
    pub fn intermediates_valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.authority.intermediates_valid = Window(from, to);
        self
    }

    /// From when until when the root is valid.
    #[must_use]
    pub fn root_valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.authority.root_valid = Window(from, to);
        self
    }

    /// Has each authority say that none stands below it, though some do.
    #[must_use]
    pub fn path_length_exceeded(mut self) -> Self {
        self.authority.no_room_below = true;
        self.authority.intermediates = self.authority.intermediates.max(2);
        self
    }

    /// Puts another issuer beside the one that issues: same name, other key.
    #[must_use]
    pub fn twin_issuer(mut self) -> Self {
        self.twin = true;
        self
    }

    /// What kind of keys its timestamp authority has.
    #[must_use]
    pub fn tsa_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.tsa.algorithm = algorithm;
        self
    }

    /// From when until when the timestamp authority's own certificate is valid.
    #[must_use]
    pub fn tsa_valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.tsa_valid = Window(from, to);
        self
    }

    /// How many certificates stand between the root and the timestamp authority: 0 if nobody says otherwise.
    #[must_use]
    pub fn tsa_intermediates(mut self, count: usize) -> Self {
        self.tsa.intermediates = count;
        self
    }

    /// The instance.
    pub fn build(self) -> Sigstore {
        let Self {
            name,
            authority: mut shape,
            mut tsa,
            ..
        } = self;
        shape.organization.clone_from(&name);
        tsa.organization.clone_from(&name);
        let authority = Chain::new(&shape);
        let ct_log = |number| CtLog::new(format!("https://ct{number}.{name}"));
        Sigstore(Arc::new(Parts {
            twin: self.twin.then(|| authority.twin(&shape)),
            authority,
            shape,
            ct_logs: [ct_log(1), ct_log(2)],
            rekor_1: Log::v1(&format!("rekor.{name}")),
            rekor_2: Log::v2(&format!("log2025.rekor.{name}")),
            tsa: Tsa::new(&tsa, self.tsa_valid),
            name,
        }))
    }
}

fn chain(purpose: &'static str) -> ChainShape {
    ChainShape {
        organization: String::new(),
        algorithm: Algorithm::P256,
        purpose,
        intermediates: usize::from(purpose == CODE_SIGNING),
        intermediates_valid: trusted_root::whole(),
        root_valid: trusted_root::whole(),
        no_room_below: false,
    }
}

impl Window {
    /// As long as Fulcio's certificates live, around a time.
    fn around(at: Timestamp) -> Self {
        let seconds = SignedDuration::from_secs;
        Self(at - seconds(5), at + seconds(595))
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let mut text = String::new();
    for byte in bytes.as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes.as_ref());
    digest.as_ref().try_into().unwrap()
}
