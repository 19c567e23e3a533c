//! Whom a certificate names: its subject alternative names and its common name.
//!
//! Refuses names with control characters, which exist to be mistaken for others.

use x509_cert::TbsCertificate;
use x509_cert::der::asn1::{ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// One name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A workload: a URI.
    Uri(String),
    /// A person or a service account: an rfc822Name.
    Email(String),
    /// A user name of an issuer of its own: Fulcio's otherName.
    User(String),
    /// A host: a dNSName.
    Dns(String),
    /// A name of another kind.
    Other,
}

pub(super) fn alternative_names(tbs: &TbsCertificate) -> Result<Vec<Name>, String> {
    let extension = tbs
        .get::<SubjectAltName>()
        .map_err(|error| format!("its subject does not read: {error}"))?;
    let Some((_, names)) = extension else {
        return Ok(Vec::new());
    };
    names.0.iter().map(name).collect()
}

fn name(name: &GeneralName) -> Result<Name, String> {
    Ok(match name {
        GeneralName::UniformResourceIdentifier(uri) => Name::Uri(text(uri.as_str())?),
        GeneralName::Rfc822Name(email) => Name::Email(text(email.as_str())?),
        GeneralName::DnsName(host) => Name::Dns(text(host.as_str())?),
        GeneralName::OtherName(other) if other.type_id == USER_NAME => {
            let user = Utf8StringRef::try_from(&other.value)
                .map_err(|error| format!("its user name does not read: {error}"))?;
            Name::User(text(user.as_str())?)
        }
        _ => Name::Other,
    })
}

/// The common name of the subject, if it has exactly one.
pub(super) fn common_name(tbs: &TbsCertificate) -> Result<Option<String>, String> {
    let mut names = tbs
        .subject
        .0
        .iter()
        .flat_map(|part| part.0.iter())
        .filter(|attribute| attribute.oid == COMMON_NAME);
    let (Some(name), None) = (names.next(), names.next()) else {
        return Ok(None);
    };
    let value = &name.value;
    let read = Utf8StringRef::try_from(value)
        .map(|text| text.as_str())
        .or_else(|_| PrintableStringRef::try_from(value).map(|text| text.as_str()))
        .or_else(|_| TeletexStringRef::try_from(value).map(|text| text.as_str()));
    read.ok().map(text).transpose()
}

/// `text`, if it is one that can be compared and shown.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("it has an empty name, or one with control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Fulcio docs/oid-info.md: OtherName SAN.
const USER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
