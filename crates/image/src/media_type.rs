//! Media types that Countersign reads or writes.
//!
//! Decides nothing by them alone: what a thing is, is settled by its content.

/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image manifest, which also carries artifacts.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// What to accept when a manifest is asked for. Without the indexes some registries quietly serve one platform's child.
pub const ACCEPT_MANIFESTS: &[&str] = &[OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/// Config of an OCI image.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Config of a Docker image.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// The two bytes `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Sigstore bundle v0.3, as layer and as artifact type.
pub const BUNDLE_V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What the media type of every version of the Sigstore bundle begins with.
pub const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";
/// cosign's simple-signing payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// DSSE envelope.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// in-toto statement: payload type of envelopes, and layer type of BuildKit's unsigned statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// Artifact type of BuildKit's attestation manifests, where they say one.
pub const DOCKER_ATTESTATION: &str = "application/vnd.docker.attestation.manifest.v1+json";
/// Artifact type of Notary Project signatures, which are recognised and not verified.
pub const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// A media type without parameters and in lower case: `Application/JSON; charset=utf-8` is `application/json`.
#[must_use]
pub fn essence(media_type: &str) -> String {
    let (name, _) = media_type.split_once(';').unwrap_or((media_type, ""));
    name.trim().to_ascii_lowercase()
}

/// Whether content of this type is an SBOM document.
#[must_use]
pub fn is_sbom(media_type: &str) -> bool {
    let essence = essence(media_type);
    SBOM_TYPES.contains(&essence.as_str())
}

const SBOM_TYPES: &[&str] = &[
    "application/spdx+json",
    "application/vnd.cyclonedx",
    "application/vnd.cyclonedx+json",
    "application/vnd.cyclonedx+xml",
    "application/vnd.dev.cosign.artifact.sbom.v1+json",
    "application/vnd.syft+json",
    "spdx+json",
    "text/spdx",
    "text/spdx+json",
    "text/spdx+xml",
];
