//! Which manifests of a layout say that they belong to another one, listed or not.

use countersign_image::{Descriptor, Digest, Document, limits};

use super::LayoutError;
use super::files::Files;

/// A manifest that says it belongs to another one. A claim, as all of this is: bytes are checked when they are used.
#[derive(Clone, Debug)]
pub(super) struct Referrer {
    pub(super) subject: Digest,
    pub(super) descriptor: Descriptor,
}

/// Every such manifest among the blobs, in order of digest.
pub(super) fn scan(files: &Files) -> Result<Vec<Referrer>, LayoutError> {
    let mut referrers = Vec::new();
    for digest in files.json_blobs(limits::CARRIER_BYTES)? {
        let Some(bytes) = files.unchecked(&digest, limits::CARRIER_BYTES)? else {
            continue;
        };
        referrers.extend(referrer(digest, &bytes));
    }
    Ok(referrers)
}

fn referrer(digest: Digest, bytes: &[u8]) -> Option<Referrer> {
    // Most blobs are no manifests, and large ones take long to parse.
    if !bytes.windows(KEY.len()).any(|part| part == KEY) {
        return None;
    }
    let document = Document::parse(bytes, None).ok()?;
    let subject = document.subject()?.digest.clone();
    let descriptor = Descriptor::new(document.media_type(), digest, bytes.len() as u64);
    Some(Referrer {
        subject,
        descriptor,
    })
}

const KEY: &[u8] = b"\"subject\"";
