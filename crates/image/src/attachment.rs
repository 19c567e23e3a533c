//! Things attached to an image, as found: named by form and origin, not verified.
//!
//! Decides nothing about trust, and never goes by what a list says of an entry: only by the manifest that was fetched.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{Descriptor, Digest, Manifest, excerpt, media_type};

/// One thing attached to an image: a layer of a manifest that a tag or a referrers list led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is, by media type.
    pub form: Form,
    /// How it was found.
    pub origin: Origin,
    /// The manifest that carries it.
    pub manifest: Digest,
    /// Its descriptor there; absent when the manifest has no layer, or could not be read as a manifest.
    pub layer: Option<Descriptor>,
    /// The artifact type that the carrying manifest claims.
    pub artifact_type: Option<String>,
    /// Annotations of the carrying manifest.
    pub annotations: BTreeMap<String, String>,
    /// The content, length and digest checked; only of forms that can be verified.
    pub bytes: Option<Bytes>,
}

/// What an attachment is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// A Sigstore bundle.
    Bundle,
    /// A DSSE envelope whose signature material stands in the layer's annotations or in itself.
    Envelope,
    /// A carrying manifest that makes no sense; says why.
    Malformed(String),
    /// cosign's simple-signing payload.
    SimpleSigning,
    /// A bare in-toto statement, as BuildKit attaches it: signed by nobody, or through the index that lists it.
    Statement,
    /// An SBOM that nobody signed.
    UnsignedSbom,
    /// Something that Countersign does not verify; says what.
    Unsupported(String),
}

impl Form {
    /// The form of `layer`, which stands in `manifest`.
    ///
    /// Goes by the layer's media type: fallback indexes are known to carry wrong artifact types (sigstore/cosign#4641).
    #[must_use]
    pub fn of(manifest: &Manifest, layer: &Descriptor) -> Self {
        let essence = media_type::essence(&layer.media_type);
        // Clients that know no artifact type say it as the config's.
        let claimed = manifest
            .artifact_type
            .as_deref()
            .unwrap_or(&manifest.config.media_type);
        match essence.as_str() {
            bundle if bundle.starts_with(media_type::BUNDLE_PREFIX) => Self::Bundle,
            media_type::SIMPLE_SIGNING => Self::SimpleSigning,
            media_type::DSSE_ENVELOPE => Self::Envelope,
            media_type::IN_TOTO => Self::Statement,
            _ if is_notation(manifest) => Self::Unsupported("notation".to_owned()),
            sbom if media_type::is_sbom(sbom) || media_type::is_sbom(claimed) => Self::UnsignedSbom,
            _ => Self::Unsupported(excerpt(
                manifest
                    .artifact_type
                    .as_deref()
                    .unwrap_or(&layer.media_type),
            )),
        }
    }

    /// Whether the bytes are worth fetching: only what can be verified is.
    #[must_use]
    pub fn is_verifiable(&self) -> bool {
        matches!(
            self,
            Self::Bundle | Self::Envelope | Self::SimpleSigning | Self::Statement
        )
    }
}

/// The road by which an attachment was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// The tag `sha256-<hex>.att`.
    AttestationTag,
    /// The tag `sha256-<hex>`, for registries without the referrers API.
    FallbackTag,
    /// An attestation manifest that the image's own index lists.
    Index,
    /// The referrers API.
    Referrer,
    /// The tag `sha256-<hex>.sbom`.
    SbomTag,
    /// The tag `sha256-<hex>.sig`.
    SignatureTag,
}

fn is_notation(manifest: &Manifest) -> bool {
    manifest.artifact_type.as_deref() == Some(media_type::NOTATION)
        || manifest.config.media_type == media_type::NOTATION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(artifact_type: Option<&str>, layer_type: &str, form: &Form) {
        let layer = descriptor(layer_type);
        let manifest = Manifest {
            media_type: media_type::OCI_MANIFEST.to_owned(),
            artifact_type: artifact_type.map(str::to_owned),
            config: descriptor(media_type::OCI_EMPTY),
            layers: vec![layer.clone()],
            subject: None,
            annotations: BTreeMap::new(),
        };
        assert_eq!(Form::of(&manifest, &layer), *form);
    }

    fn descriptor(media_type: &str) -> Descriptor {
        Descriptor::new(media_type, Digest::of(b"{}"), 2)
    }

    #[test]
    fn form_goes_by_the_layer_whatever_the_artifact_type_says() {
        for artifact_type in [
            None,
            Some(media_type::OCI_EMPTY),
            Some("text/spdx+json"),
            Some(media_type::NOTATION),
            Some("application/vnd.dev.cosign.artifact.sig.v1+json"),
            Some("application/vnd.dev.cosign.artifact.att.v1+json"),
            Some(media_type::IN_TOTO),
            Some(media_type::DOCKER_ATTESTATION),
        ] {
            check(artifact_type, media_type::BUNDLE_V03, &Form::Bundle);
            check(
                artifact_type,
                "application/vnd.dev.sigstore.bundle+json;version=0.3",
                &Form::Bundle,
            );
            check(
                artifact_type,
                media_type::SIMPLE_SIGNING,
                &Form::SimpleSigning,
            );
            check(artifact_type, media_type::DSSE_ENVELOPE, &Form::Envelope);
            check(artifact_type, media_type::IN_TOTO, &Form::Statement);
        }
    }

    #[test]
    fn clients_before_artifact_types_say_them_as_the_type_of_the_config() {
        let sbom = "application/vnd.dev.cosign.artifact.sbom.v1+json";
        let layer = descriptor("application/octet-stream");
        let manifest = |config: &str| Manifest {
            media_type: media_type::OCI_MANIFEST.to_owned(),
            artifact_type: None,
            config: descriptor(config),
            layers: vec![layer.clone()],
            subject: None,
            annotations: BTreeMap::new(),
        };
        assert_eq!(Form::of(&manifest(sbom), &layer), Form::UnsignedSbom);
        let other = Form::of(&manifest(media_type::OCI_CONFIG), &layer);
        assert_eq!(
            other,
            Form::Unsupported("application/octet-stream".to_owned())
        );
    }

    #[test]
    fn a_bare_sbom_is_named_as_unsigned() {
        check(
            Some("application/vnd.dev.cosign.artifact.sbom.v1+json"),
            "application/octet-stream",
            &Form::UnsignedSbom,
        );
        check(None, "text/spdx+json", &Form::UnsignedSbom);
        check(
            None,
            "application/vnd.cyclonedx+json; version=1.6",
            &Form::UnsignedSbom,
        );
        check(
            Some("application/spdx+json"),
            "application/octet-stream",
            &Form::UnsignedSbom,
        );
    }

    #[test]
    fn what_is_not_verified_is_named_and_not_fetched() {
        check(
            Some(media_type::NOTATION),
            "application/jose+json",
            &Form::Unsupported("notation".to_owned()),
        );
        check(
            Some("example/scan"),
            "application/json",
            &Form::Unsupported("example/scan".to_owned()),
        );
        check(
            None,
            "application/json",
            &Form::Unsupported("application/json".to_owned()),
        );
        assert!(Form::Bundle.is_verifiable());
        assert!(
            !Form::UnsignedSbom.is_verifiable()
                && !Form::Unsupported(String::new()).is_verifiable()
        );
    }
}
