//! The certificates that Fulcio issues: an identity for some minutes, in Fulcio's own extensions.
//!
//! The profile is that of fulcio's `docs/certificate-specification.md` and `docs/oid-info.md`.

use super::certificate::{
    BASIC_CONSTRAINTS, CODE_SIGNING, KEY_USAGE, Link, Template, authority_key, extension, purpose,
    serial, sign, subject_key,
};
use super::ct::{CtLog, Precertificate, Scts};
use super::key::{Algorithm, Key};
use super::{Window, der};

/// A name of the signer, as certificates carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San {
    /// An email address.
    Email(String),
    /// A URI.
    Uri(String),
    /// A user name, in Fulcio's form of otherName.
    Username(String),
    /// A host name, which Fulcio does not issue.
    Dns(String),
}

/// What is wrong with a signing certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFlaw {
    /// It may issue certificates.
    IsAuthority,
    /// It is not for signing code, but for timestamps.
    NotForCode,
    /// It says nothing of what it is for.
    NoPurpose,
    /// It has no issuer claim at all.
    IssuerMissing,
    /// It names the issuer in the old extension only. Nothing wrong, but how old certificates are.
    IssuerInOldExtensionOnly,
    /// It names this other issuer in the old extension.
    IssuerContradicts(String),
    /// It has the new issuer extension twice, the second time with this value.
    IssuerTwice(String),
    /// Its new issuer extension holds bare text.
    IssuerNotDer,
    /// Another holder of a signing certificate issued it.
    IssuedByLeaf,
    /// An authority of the same names issued it, with other keys.
    IssuedByStranger,
    /// Its own key issued it.
    SelfSigned,
    /// The issuer's signature was changed by one bit.
    Altered,
}

/// What goes into a signing certificate.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) names: Vec<San>,
    /// Who vouches for the holder; only Fulcio says so.
    pub(super) issuer: Option<String>,
    /// Fulcio's extensions, by their number in its arc.
    pub(super) claims: Vec<(u8, String)>,
    pub(super) scts: Scts,
    pub(super) flaw: Option<CertificateFlaw>,
}

impl Leaf {
    /// Issued by `issuer` for `key`.
    pub(super) fn issue(
        &self,
        issuer: &Link,
        logs: &[CtLog; 2],
        key: &Key,
        valid: Window,
    ) -> Vec<u8> {
        let template = Template {
            subject: der::sequence([]),
            valid,
            spki: key.spki().to_vec(),
            extensions: self.extensions(issuer, key),
        };
        let serial = serial();
        let tbs = template.tbs(issuer, serial, &template.extensions);
        let precertificate = Precertificate {
            tbs: &tbs,
            issuer_spki: issuer.key.spki(),
        };
        let scts = self.scts.extension(logs, &precertificate, valid.0);
        let extensions: Vec<_> = template.extensions.iter().cloned().chain(scts).collect();
        let certificate = sign(&template.tbs(issuer, serial, &extensions), &issuer.key);
        match self.flaw {
            Some(CertificateFlaw::Altered) => altered(certificate),
            _ => certificate,
        }
    }

    /// Somebody who holds a signing certificate, and could sign others with it.
    pub(super) fn as_issuer(&self, issuer: &Link, valid: Window) -> Link {
        let key = Key::generate(Algorithm::P256);
        let template = Template {
            subject: der::sequence([]),
            valid,
            spki: key.spki().to_vec(),
            extensions: self.extensions(issuer, &key),
        };
        issuer.issue(&key, &template)
    }

    fn extensions(&self, issuer: &Link, key: &Key) -> Vec<Vec<u8>> {
        use CertificateFlaw as Flaw;
        let mut extensions = vec![extension(KEY_USAGE, true, der::bits(7, [0x80]))];
        match self.flaw {
            Some(Flaw::NotForCode) => {
                extensions.push(purpose(super::certificate::TIME_STAMPING, false))
            }
            Some(Flaw::NoPurpose) => {}
            _ => extensions.push(purpose(CODE_SIGNING, false)),
        }
        if self.flaw == Some(Flaw::IsAuthority) {
            let constraints = der::sequence([der::boolean(true)]);
            extensions.push(extension(BASIC_CONSTRAINTS, true, constraints));
        }
        extensions.extend([subject_key(key), authority_key(issuer)]);
        if !self.names.is_empty() {
            let names = der::sequence(self.names.iter().map(San::der));
            extensions.push(extension("2.5.29.17", true, names));
        }
        extensions.extend(self.issuer_claims());
        extensions.extend(
            self.claims
                .iter()
                .map(|(number, value)| claim(*number, value)),
        );
        extensions
    }

    fn issuer_claims(&self) -> Vec<Vec<u8>> {
        use CertificateFlaw as Flaw;
        let Some(issuer) = &self.issuer else {
            return vec![];
        };
        let (old, new) = (claim(1, issuer), claim(8, issuer));
        match &self.flaw {
            Some(Flaw::IssuerMissing) => vec![],
            Some(Flaw::IssuerInOldExtensionOnly) => vec![old],
            Some(Flaw::IssuerContradicts(other)) => vec![claim(1, other), new],
            Some(Flaw::IssuerTwice(other)) => vec![old, new, claim(8, other)],
            Some(Flaw::IssuerNotDer) => {
                let bare = extension(&format!("{FULCIO}.8"), false, issuer.clone().into_bytes());
                vec![bare]
            }
            _ => vec![old, new],
        }
    }
}

impl San {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Email(email) => der::context_primitive(1, email),
            Self::Dns(host) => der::context_primitive(2, host),
            Self::Uri(uri) => der::context_primitive(6, uri),
            Self::Username(name) => {
                let value = der::context(0, der::utf8(name));
                der::context(0, [der::oid(&format!("{FULCIO}.7")), value].concat())
            }
        }
    }

    /// As Fulcio would issue it: by the look of the name.
    pub(super) fn of(name: &str) -> Self {
        if name.contains("://") {
            Self::Uri(name.to_owned())
        } else if name.contains('@') {
            Self::Email(name.to_owned())
        } else {
            Self::Username(name.to_owned())
        }
    }
}

/// The number of a claim, by its name in sigstore-go's JSON.
pub(super) fn claim_number(name: &str) -> u8 {
    let position = CLAIMS.iter().position(|(_, known)| *known == name);
    let position = position.unwrap_or_else(|| panic!("no Fulcio extension is named {name}"));
    CLAIMS[position].0
}

fn claim(number: u8, value: &str) -> Vec<u8> {
    // Up to 6 the value stands bare in the extension; RFC 5280 wants DER there, and later ones comply.
    let value = match number {
        ..7 => value.as_bytes().to_vec(),
        _ => der::utf8(value),
    };
    extension(&format!("{FULCIO}.{number}"), false, value)
}

/// Its tail is the issuer's signature.
fn altered(mut certificate: Vec<u8>) -> Vec<u8> {
    *certificate.last_mut().unwrap() ^= 1;
    certificate
}

const FULCIO: &str = "1.3.6.1.4.1.57264.1";

const CLAIMS: [(u8, &str); 21] = [
    (2, "githubWorkflowTrigger"),
    (3, "githubWorkflowSHA"),
    (4, "githubWorkflowName"),
    (5, "githubWorkflowRepository"),
    (6, "githubWorkflowRef"),
    (9, "buildSignerURI"),
    (10, "buildSignerDigest"),
    (11, "runnerEnvironment"),
    (12, "sourceRepositoryURI"),
    (13, "sourceRepositoryDigest"),
    (14, "sourceRepositoryRef"),
    (15, "sourceRepositoryIdentifier"),
    (16, "sourceRepositoryOwnerURI"),
    (17, "sourceRepositoryOwnerIdentifier"),
    (18, "buildConfigURI"),
    (19, "buildConfigDigest"),
    (20, "buildTrigger"),
    (21, "runInvocationURI"),
    (22, "sourceRepositoryVisibilityAtSigning"),
    (23, "deploymentEnvironment"),
    (24, "tokenSubject"),
];
