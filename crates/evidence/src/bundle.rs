//! Sigstore bundles (protobuf-specs `sigstore_bundle.proto`), versions 0.1 to 0.3.
//!
//! Refuses a bundle without a media type, one with two answers to one question, and what each version forbids. The media
//! type is signed by nobody: so what a bundle may leave out depends on where it was found, too.

mod wire;

use std::collections::VecDeque;

use countersign_image::{excerpt, limits, media_type};

use crate::base64;
use crate::json::{self, Text};
use crate::log::Entry;
use crate::material::{Material, SignerClaim};
use crate::rejection::{Reason, Refusal};
use crate::sealed::{Detached, Sealed};
use wire::{Bundle, VerificationMaterial};

/// A bundle file: a signed statement, or the signature of something that lies beside it.
#[derive(Debug)]
pub(crate) enum BundleFile {
    /// A statement in a DSSE envelope.
    Statement(Sealed),
    /// A signature of an artifact.
    Artifact(Detached),
}

/// The statement in the bundle `bytes`, which is attached to an image: sealed.
///
/// Only version 0.3 is attached to images, and the older ones would prove less.
pub(crate) fn seal(bytes: &[u8]) -> Result<Sealed, Refusal> {
    match read(bytes, Version::attached)? {
        BundleFile::Statement(sealed) => Ok(sealed),
        BundleFile::Artifact(_) => Err(Refusal::new(
            Reason::UnsupportedFormat,
            "the bundle signs a blob (messageSignature) and not a statement about an image",
        )),
    }
}

/// The bundle file `bytes`, of any version.
pub(crate) fn read_file(bytes: &[u8]) -> Result<BundleFile, Refusal> {
    read(bytes, Version::of)
}

fn read(
    bytes: &[u8],
    version: impl FnOnce(Option<&str>) -> Result<Version, Refusal>,
) -> Result<BundleFile, Refusal> {
    if bytes.len() > limits::STATEMENT_BYTES {
        let detail = format!(
            "the bundle has {} bytes, at most {} are read",
            bytes.len(),
            limits::STATEMENT_BYTES
        );
        return Err(Refusal::new(Reason::TooMany, detail));
    }
    let bundle: Bundle<'_> = json::bounded_object(bytes, "Sigstore bundle")?;
    let version = version(bundle.media_type.as_ref().map(Text::as_str))?;
    let material = bundle
        .verification_material
        .ok_or_else(|| Refusal::malformed("the bundle has no verificationMaterial"))?;
    let material = material.0.read(version)?;
    match (bundle.dsse_envelope, bundle.message_signature) {
        (Some(envelope), None) => {
            let count = envelope.0.signatures();
            if count != 1 {
                return Err(Refusal::malformed(format!(
                    "the bundle has {count} signatures, where it must have one"
                )));
            }
            envelope.0.seal(material).map(BundleFile::Statement)
        }
        (None, Some(message)) => {
            let signature = base64::decode(message.0.signature.as_str())
                .filter(|signature| !signature.is_empty())
                .ok_or_else(|| {
                    Refusal::malformed("the signature in the bundle is empty or not base64")
                })?;
            Ok(BundleFile::Artifact(Detached {
                signature,
                material,
            }))
        }
        _ => Err(Refusal::malformed(
            "the bundle must hold either a dsseEnvelope or a messageSignature",
        )),
    }
}

/// The versions, which differ in what a bundle must and may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V01,
    V02,
    V03,
}

impl Version {
    fn of(found: Option<&str>) -> Result<Self, Refusal> {
        match found {
            Some("application/vnd.dev.sigstore.bundle+json;version=0.1") => Ok(Self::V01),
            Some("application/vnd.dev.sigstore.bundle+json;version=0.2") => Ok(Self::V02),
            Some(
                media_type::BUNDLE_V03 | "application/vnd.dev.sigstore.bundle+json;version=0.3",
            ) => Ok(Self::V03),
            // Elsewhere a missing media type means 0.1, which demands least: so nobody may leave it out.
            None => Err(Refusal::malformed("the bundle has no mediaType")),
            Some(other) => Err(unread(other, "; those of versions 0.1 to 0.3 are")),
        }
    }

    fn attached(found: Option<&str>) -> Result<Self, Refusal> {
        match Self::of(found)? {
            Self::V03 => Ok(Self::V03),
            _ => Err(unread(
                found.unwrap_or_default(),
                " where they are attached to an image; those of version 0.3 are",
            )),
        }
    }
}

fn unread(media_type: &str, where_and_which: &str) -> Refusal {
    let media_type = excerpt(media_type);
    Refusal::new(
        Reason::UnsupportedFormat,
        format!("bundles of media type {media_type} are not read{where_and_which}"),
    )
}

impl VerificationMaterial<'_> {
    fn read(self, version: Version) -> Result<Material, Refusal> {
        let signer = match (
            self.public_key,
            self.certificate,
            self.x509_certificate_chain,
        ) {
            (Some(key), None, None) => key
                .0
                .hint
                .map(|hint| hint.0.into_owned())
                .filter(|hint| !hint.is_empty())
                .map_or(SignerClaim::Nothing, |hint| SignerClaim::Key { hint }),
            (None, Some(certificate), None) => SignerClaim::Certificate {
                leaf: certificate.0.der()?,
                intermediates: Vec::new(),
            },
            (None, None, Some(_)) if version >= Version::V03 => {
                return Err(Refusal::malformed(
                    "the bundle has a chain, where version 0.3 has one certificate",
                ));
            }
            (None, None, Some(chain)) => {
                let chain = chain.0.certificates.unwrap_or_default().0;
                let ders = chain.iter().map(|certificate| certificate.0.der());
                let mut ders: VecDeque<_> = ders.collect::<Result<_, _>>()?;
                let leaf = ders
                    .pop_front()
                    .ok_or_else(|| Refusal::malformed("the certificate chain is empty"))?;
                // Old bundles bring their root, which is as little trusted as the rest: none is an end of a path.
                SignerClaim::Certificate {
                    leaf,
                    intermediates: ders.into(),
                }
            }
            _ => {
                return Err(Refusal::malformed(
                    "the bundle must name either a key or a certificate",
                ));
            }
        };
        let entries: Vec<Entry> = self
            .tlog_entries
            .unwrap_or_default()
            .0
            .into_iter()
            .map(|entry| entry.0.try_into())
            .collect::<Result<_, _>>()?;
        refuse_duplicates(&entries)?;
        let timestamps = self
            .timestamp_verification_data
            .and_then(|data| data.0.rfc3161_timestamps)
            .unwrap_or_default()
            .0
            .into_iter()
            .map(|timestamp| timestamp.0.der())
            .collect::<Result<_, _>>()?;
        Ok(Material {
            signer,
            entries,
            timestamps,
            promise_suffices: version == Version::V01,
        })
    }
}

/// One entry must not count twice (CVE-2026-49834).
fn refuse_duplicates(entries: &[Entry]) -> Result<(), Refusal> {
    let twice = entries.iter().enumerate().any(|(at, entry)| {
        entries
            .iter()
            .skip(at + 1)
            .any(|other| other.is_same(entry))
    });
    if twice {
        return Err(Refusal::malformed("the bundle has one log entry twice"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
