//! Every bound on what is read from outside, in one place.
//!
//! A limit refuses with a code of its own; nothing is ever truncated to fit, since whoever can add content could
//! then push the part that matters over the edge.

/// Bytes of one manifest or index.
pub const MANIFEST_BYTES: usize = 4 * MIB;
/// Bytes of one manifest that carries attachments, and of one page of a list of such; many are read at once.
pub const CARRIER_BYTES: usize = MIB;
/// Descriptors in any index, a referrers page or fallback tag included.
pub const INDEX_ENTRIES: usize = 1024;
/// Runnable children of an image index.
pub const INDEX_CHILDREN: usize = 32;
/// Attestation manifests of an image index.
pub const INDEX_ATTESTATIONS: usize = 64;
/// Layers of one manifest.
pub const MANIFEST_LAYERS: usize = 1024;
/// Layers of a manifest that carries signatures or attestations.
pub const SIGNATURE_LAYERS: usize = 64;
/// Referrers of one image, over all pages.
pub const REFERRERS: usize = 64;
/// Manifests attached to one image, and to what its index lists, together.
pub const ATTACHED_MANIFESTS: usize = 256;
/// Pages of one referrers list.
pub const REFERRER_PAGES: usize = 5;
/// Bytes of the configuration of an image, of which most are its history.
pub const IMAGE_CONFIG_BYTES: usize = MIB;
/// Bytes of one simple-signing payload.
pub const PAYLOAD_BYTES: usize = 64 * 1024;
/// Bytes of one bundle, envelope or statement.
pub const STATEMENT_BYTES: usize = 32 * MIB;
/// Bytes of all the things attached to one image together.
pub const ATTACHMENT_BYTES: usize = 64 * MIB;
/// What is attached to all images under review at once, beside one of them; more has to wait.
pub const ATTACHMENT_BYTES_AT_ONCE: usize = 128 * MIB;
/// Subjects of one statement.
pub const SUBJECTS: usize = 1024;
/// Digests of one subject.
pub const SUBJECT_DIGESTS: usize = 32;
/// Objects in one SBOM. The smallest take a hundred times their bytes once they are read.
pub const SBOM_OBJECTS: usize = 500_000;
/// Signatures of one DSSE envelope. Each costs a verification with every key.
pub const ENVELOPE_SIGNATURES: usize = 8;
/// Transparency log entries beside one signature.
pub const LOG_ENTRIES: usize = 32;
/// Bytes of one proof, certificate or signature as it is written in a bundle. Only what was signed may be large.
pub const PROOF_BYTES: usize = 256 * 1024;
/// Hashes of one inclusion proof; a tree has no more levels than its size has bits.
pub const PROOF_HASHES: usize = 64;
/// Lines of signatures below one checkpoint, those of witnesses included.
pub const CHECKPOINT_SIGNATURES: usize = 64;
/// Timestamps beside one signature.
pub const TIMESTAMPS: usize = 32;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES: usize = 64 * 1024;
/// Certificates of one chain: beside a signature, or of an authority.
pub const CERTIFICATES: usize = 32;
/// Signed certificate timestamps of one certificate. Each costs a verification.
pub const CERTIFICATE_TIMESTAMPS: usize = 16;
/// Bytes that a compiled pattern of signers may take.
pub const IDENTITY_PATTERN_BYTES: usize = 4 * MIB;
/// Bytes of one trust root.
pub const TRUST_ROOT_BYTES: usize = MIB;
/// Bytes of the snapshot or the targets of a TUF repository. Those of the public ones have a fiftieth of this.
pub const TUF_METADATA_BYTES: usize = MIB;
/// Bytes that are kept of a TUF repository.
pub const TUF_CACHE_BYTES: usize = 16 * MIB;
/// Files of an image layout on disk.
pub const LAYOUT_FILES: usize = 65_536;
/// Images of one workload.
pub const WORKLOAD_IMAGES: usize = 4096;
/// Redirects of one request.
pub const REDIRECTS: usize = 5;
/// Nesting at which a JSON document is refused.
pub const JSON_DEPTH: usize = 128;
/// Bytes of an image reference; the longest valid one is shorter (name 255, tag 128, digest 135).
pub const REFERENCE_BYTES: usize = 1024;
/// Bytes of a repository name, registry included.
pub const NAME_BYTES: usize = 255;
/// Bytes of a tag.
pub const TAG_BYTES: usize = 128;
/// Bytes of a repository pattern.
pub const PATTERN_BYTES: usize = 512;
/// Characters of outside text that are repeated in a message.
pub const EXCERPT_CHARS: usize = 200;

const MIB: usize = 1024 * 1024;
