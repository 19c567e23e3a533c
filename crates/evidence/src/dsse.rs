//! DSSE envelopes (<https://github.com/secure-systems-lab/dsse>).
//!
//! Refuses a payload type other than in-toto's before anything is verified, and never goes by `keyid`.

use std::borrow::Cow;

use countersign_image::{Fields, limits, media_type};
use serde::Deserialize;

use crate::base64;
use crate::json::{Bounded, Text};
use crate::material::Material;
use crate::rejection::{Reason, Refusal};
use crate::sealed::Sealed;

/// The bytes that a DSSE signature is made over.
///
/// ```
/// let message = countersign_evidence::dsse_pae("http://example.com/HelloWorld", b"hello world");
/// assert_eq!(message, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
/// ```
#[must_use]
pub fn dsse_pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    [header(payload_type, body.len()).as_bytes(), body].concat()
}

fn header(payload_type: &str, length: usize) -> String {
    format!("DSSEv1 {} {payload_type} {length} ", payload_type.len())
}

/// An envelope as stored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    payload_type: String,
    #[serde(borrow)]
    signatures: Bounded<Fields<EnvelopeSignature<'a>>, { limits::ENVELOPE_SIGNATURES }>,
}

#[derive(Deserialize)]
struct EnvelopeSignature<'a> {
    #[serde(borrow)]
    sig: Text<'a>,
}

impl Envelope<'_> {
    pub(crate) fn signatures(&self) -> usize {
        self.signatures.0.len()
    }

    /// The envelope as a sealed in-toto statement.
    pub(crate) fn seal(self, material: Material) -> Result<Sealed, Refusal> {
        if self.signatures() == 0 {
            return Err(Refusal::malformed("the envelope has no signature"));
        }
        if self.payload_type != media_type::IN_TOTO {
            let found = countersign_image::excerpt(&self.payload_type);
            let detail = format!(
                "it holds {found}, and no in-toto statement ({})",
                media_type::IN_TOTO
            );
            return Err(Refusal::new(Reason::PayloadTypeMismatch, detail));
        }
        // One that is garbage must not hide a good one beside it.
        let signatures: Vec<_> = self
            .signatures
            .0
            .iter()
            .filter_map(|Fields(signature)| {
                base64::decode(signature.sig.as_str()).filter(|bytes| !bytes.is_empty())
            })
            .collect();
        if signatures.is_empty() {
            return Err(Refusal::malformed(
                "the signature in the envelope is empty or not base64",
            ));
        }
        // Decoded in place: there is one copy of what may be large.
        let length = base64::decoded_len(&self.payload);
        let mut message = header(&self.payload_type, length).into_bytes();
        let payload_start = message.len();
        // The decoder works in whole groups, and grows the buffer twofold where the last one does not fit.
        message.reserve_exact(length + 3);
        base64::append_decoded(&self.payload, &mut message)
            .filter(|()| message.len() == payload_start + length)
            .ok_or_else(|| Refusal::malformed("the payload of the envelope is not base64"))?;
        Ok(Sealed::envelope(
            message,
            payload_start,
            self.payload_type,
            signatures,
            material,
        ))
    }
}
