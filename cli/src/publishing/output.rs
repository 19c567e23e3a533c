//! What was signed, as it is written down.

use std::fs;
use std::path::Path;

use countersign_signing::{Claim, Published, Target};
use serde::Serialize;

use super::jobs::Job;
use crate::failure::Failure;
use crate::printer::{Output, Printer};

/// An image about which something was signed.
#[derive(Serialize)]
pub(super) struct SignedOut {
    reference: String,
    image: String,
    digest: String,
    stored: Vec<StoredOut>,
}

/// Something signed, and where it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredOut {
    format: &'static str,
    predicate_type: String,
    repository: String,
    manifest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

impl SignedOut {
    pub(super) fn new(job: &Job, stored: Vec<StoredOut>) -> Self {
        let image = &job.target.image;
        Self {
            reference: job.reference.clone(),
            image: image.to_string(),
            digest: image.digest().to_string(),
            stored,
        }
    }
}

impl StoredOut {
    pub(super) fn new(target: &Target, claim: &Claim, published: &Published) -> Self {
        Self {
            format: published.storage.as_str(),
            predicate_type: claim.predicate_type().to_owned(),
            repository: target.repository.to_string(),
            manifest: published.manifest.to_string(),
            tag: published.tag.clone(),
        }
    }
}

/// Says what was signed.
pub(super) fn write(
    signed: &[SignedOut],
    output: Output,
    printer: &Printer,
) -> Result<(), Failure> {
    match output {
        Output::Json => printer.json(&signed),
        Output::Text => {
            signed.iter().for_each(|signed| printer.data(&signed.image));
            Ok(())
        }
    }
}

/// Writes down the images, one a line.
pub(super) fn write_digests(path: &Path, signed: &[SignedOut]) -> Result<(), Failure> {
    let lines: String = signed
        .iter()
        .map(|signed| format!("{}\n", signed.image))
        .collect();
    fs::write(path, lines).map_err(|error| Failure::unwritable(path, &error))
}
