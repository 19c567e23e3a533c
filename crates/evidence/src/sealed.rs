//! A signed thing whose payload cannot be read before a key has verified it.
//!
//! Hands out the very bytes that were verified, and no copy of them that could have been decoded another way.

use crate::Identity;
use crate::evidence::Voucher;
use crate::verifier::TrustedKey;

/// A signed thing, not verified.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// The bytes that were signed; the payload is their tail.
    message: Vec<u8>,
    payload_start: usize,
    signatures: Vec<Vec<u8>>,
    /// What it says about its signer: helps to word a rejection, and decides nothing.
    pub(crate) claim: SignerClaim,
}

/// What a signed thing says about its signer, outside of what is signed.
#[derive(Debug)]
pub(crate) enum SignerClaim {
    /// That a certificate belongs to it.
    Certificate,
    /// That a key of this name signed it.
    Key { hint: String },
    /// Nothing.
    Nothing,
}

/// A payload, and everybody who signed it among those that are trusted: at least one.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    pub(crate) payload: &'a [u8],
    pub(crate) vouchers: Vec<Voucher>,
}

impl Sealed {
    pub(crate) fn new(
        message: Vec<u8>,
        payload_start: usize,
        signatures: Vec<Vec<u8>>,
        claim: SignerClaim,
    ) -> Self {
        Self {
            message,
            payload_start,
            signatures,
            claim,
        }
    }

    /// The payload, if one of `keys` signed it.
    pub(crate) fn open(&self, keys: &[TrustedKey]) -> Option<Opened<'_>> {
        let signed = |key: &&TrustedKey| {
            self.signatures
                .iter()
                .any(|signature| key.key.verify(&self.message, signature).is_ok())
        };
        let vouchers: Vec<_> = keys.iter().filter(signed).map(voucher).collect();
        let payload = self.message.get(self.payload_start..)?;
        (!vouchers.is_empty()).then_some(Opened { payload, vouchers })
    }
}

fn voucher(key: &TrustedKey) -> Voucher {
    let fingerprint = key.key.fingerprint().to_owned();
    Voucher {
        identity: Identity::Key { fingerprint },
        authorities: key.authorities.clone(),
        times: Vec::new(),
        logged: false,
    }
}
