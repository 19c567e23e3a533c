//! Who signs: an identity with certificates that live for minutes, or a key.

use jiff::Timestamp;

use super::body::{Content, Credential, CredentialForm};
use super::certificate::{Chain, Link};
use super::leaf::{Leaf, claim_number};
use super::{CertificateFlaw, Key, San, Scts, Signing, Sigstore, Window};

/// Somebody who signs.
#[derive(Clone, Debug)]
pub struct Signer {
    pub(super) sigstore: Sigstore,
    pub(super) key: Key,
    leaf: Option<Leaf>,
    valid: Option<Window>,
}

/// A certificate and those above it, the root last.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) certificate: Vec<u8>,
    pub(super) above: Vec<Vec<u8>>,
}

impl Signer {
    pub(super) fn new(sigstore: &Sigstore, key: Key, leaf: Option<Leaf>) -> Self {
        Self {
            sigstore: sigstore.clone(),
            key,
            leaf,
            valid: None,
        }
    }

    /// With another key.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// With one more Fulcio extension, named as in sigstore-go's JSON.
    #[must_use]
    pub fn claim(mut self, name: &str, value: &str) -> Self {
        let claim = (claim_number(name), value.to_owned());
        self.leaf_mut().claims.push(claim);
        self
    }

    /// Under these names instead: none, several, or of any kind.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = San>) -> Self {
        self.leaf_mut().names = names.into_iter().collect();
        self
    }

    /// With a certificate that these logs promised to publish.
    #[must_use]
    pub fn scts(mut self, scts: Scts) -> Self {
        self.leaf_mut().scts = scts;
        self
    }

    /// With a certificate that is valid just then, and not around the time of the signature.
    #[must_use]
    pub fn valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.valid = Some(Window(from, to));
        self
    }

    /// With something wrong about the certificate.
    #[must_use]
    pub fn but(mut self, flaw: CertificateFlaw) -> Self {
        self.leaf_mut().flaw = Some(flaw);
        self
    }

    /// A signature of an in-toto statement, in a DSSE envelope.
    pub fn statement(&self, statement: impl AsRef<[u8]>) -> Signing {
        self.envelope(statement, IN_TOTO)
    }

    /// A signature of any payload, in a DSSE envelope.
    pub fn envelope(&self, payload: impl AsRef<[u8]>, payload_type: &str) -> Signing {
        let content = Content {
            payload: payload.as_ref().to_vec(),
            payload_type: Some(payload_type.to_owned()),
        };
        Signing::new(self, content)
    }

    /// A signature of these bytes as they are: a simple-signing payload, or any artifact.
    pub fn payload(&self, bytes: impl AsRef<[u8]>) -> Signing {
        let content = Content {
            payload: bytes.as_ref().to_vec(),
            payload_type: None,
        };
        Signing::new(self, content)
    }

    /// A certificate of this signer, as issued at a time, as DER.
    pub fn certificate(&self, at: Timestamp) -> Vec<u8> {
        self.issue(at)
            .expect("a signer with a key has no certificate")
            .certificate
    }

    /// The public key as PEM.
    pub fn public_key_pem(&self) -> String {
        self.key.public_key_pem()
    }

    /// A certificate as of a time, unless a key is all there is.
    pub(super) fn issue(&self, at: Timestamp) -> Option<Issued> {
        let leaf = self.leaf.as_ref()?;
        let parts = &self.sigstore.0;
        let valid = self.valid.unwrap_or_else(|| Window::around(at));
        let chain = match leaf.flaw {
            Some(CertificateFlaw::IssuedByStranger) => Chain::new(&parts.shape),
            Some(CertificateFlaw::IssuedByLeaf) => {
                let issuer = leaf.as_issuer(parts.authority.issuer(), valid);
                let links = [issuer].into_iter().chain(parts.authority.0.clone());
                Chain(links.collect())
            }
            Some(CertificateFlaw::SelfSigned) => Chain(vec![Link::of_itself(&self.key)]),
            _ => parts.authority.clone(),
        };
        let certificate = leaf.issue(chain.issuer(), &parts.ct_logs, &self.key, valid);
        let above = match leaf.flaw {
            Some(CertificateFlaw::SelfSigned) => vec![certificate.clone()],
            _ => chain.certificates(),
        };
        Some(Issued { certificate, above })
    }

    /// How logs know this signer.
    pub(super) fn credential(&self, issued: Option<&Issued>) -> Credential {
        Credential {
            algorithm: self.key.algorithm(),
            form: match issued {
                Some(issued) => CredentialForm::Certificate(issued.certificate.clone()),
                None => CredentialForm::Key(self.key.spki().to_vec()),
            },
        }
    }

    /// Somebody else of the same instance, with the same kind of credential.
    pub(super) fn somebody_else(&self) -> Self {
        let mut other = self.clone().with_key(Key::generate(self.key.algorithm()));
        if let Some(leaf) = &mut other.leaf {
            leaf.names = vec![San::Email("somebody@else.example".to_owned())];
        }
        other
    }

    fn leaf_mut(&mut self) -> &mut Leaf {
        self.leaf
            .as_mut()
            .expect("a signer with a key has no certificate")
    }
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
