//! What travels beside a signature.
//!
//! Decides nothing: it is parsed and bounded, and nothing of it is verified.

use crate::log::Entry;

/// The proofs that came with a signature.
#[derive(Debug, Default)]
pub(crate) struct Material {
    pub(crate) signer: SignerClaim,
    pub(crate) entries: Vec<Entry>,
    /// RFC 3161 responses or tokens, in DER.
    pub(crate) timestamps: Vec<Vec<u8>>,
    /// Whether a log's promise of inclusion will do without a proof: in the forms that have no more than that.
    pub(crate) promise_suffices: bool,
}

/// What a signed thing says about its signer, outside of what is signed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum SignerClaim {
    /// That a certificate belongs to it; all in DER, and the intermediates for building a path and no more.
    Certificate {
        leaf: Vec<u8>,
        intermediates: Vec<Vec<u8>>,
    },
    /// That a key of this name signed it.
    Key { hint: String },
    /// Nothing.
    #[default]
    Nothing,
}
