//! What is attached to an image, fetched once for the commands that show or verify it.

use countersign_evidence::{Authority, Evidence, Rejection, Signers, Transparency, Verifier};
use countersign_image::{
    Attachment, Collected, ImageSource, Needs, PinnedReference, Reference, Repository,
};
use countersign_registry::Client;
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Failure;
use crate::keys;

/// An image and everything attached to it that was asked for.
#[derive(Debug)]
pub(crate) struct Found {
    /// The image.
    pub(crate) image: PinnedReference,
    /// What it is, and what is attached.
    pub(crate) collected: Collected,
}

impl Found {
    /// What `verifier` says, now, of some of what is attached.
    pub(crate) fn verify(&self, verifier: &Verifier, attachments: &[Attachment]) -> Evidence {
        let content = Some(&self.collected.content);
        verifier.verify(&self.image, content, attachments, Timestamp::now())
    }
}

/// Resolves and collects.
pub(crate) async fn find(
    client: &Client,
    reference: &Reference,
    needs: &Needs,
) -> Result<Found, Failure> {
    let about = |error| Failure::from(error).about(reference.as_written());
    let resolved = client.resolve(reference).await.map_err(about)?;
    let collected = client.collect(&resolved, needs).await.map_err(about)?;
    Ok(Found {
        image: resolved.image,
        collected,
    })
}

/// Everything that can be attached.
pub(crate) fn everything(repository: Option<&Repository>) -> Needs {
    let repositories = repository.into_iter().cloned().collect();
    Needs {
        signatures: true,
        attestations: true,
        unsigned_sboms: true,
        repositories,
    }
}

/// A verifier that believes the one key that is named on the command line.
pub(crate) fn verifier(key: &str) -> Result<Verifier, Failure> {
    let keys = vec![keys::read_public(key)?];
    let authority = Authority {
        name: key.to_owned(),
        signers: Signers::Keys(keys),
        trust_root: None,
        transparency: Transparency::NONE,
    };
    Verifier::new(vec![authority])
        .map_err(|error| Failure::usage(error.to_string()).coded(error.code()))
}

/// Something attached that counts for nothing, as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectionOut {
    /// Why, as a stable code.
    pub(crate) reason: &'static str,
    /// Why, in words.
    pub(crate) detail: String,
    format: String,
    digest: String,
    /// What it claims to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predicate_type: Option<String>,
}

impl From<&Rejection> for RejectionOut {
    fn from(rejection: &Rejection) -> Self {
        Self {
            reason: rejection.reason.code(),
            detail: rejection.detail.clone(),
            format: rejection.format.clone(),
            digest: rejection.digest.to_string(),
            predicate_type: rejection.predicate_type.clone(),
        }
    }
}

impl std::fmt::Display for RejectionOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            reason,
            detail,
            format,
            digest,
            ..
        } = self;
        let kind = self.predicate_type.as_deref().unwrap_or("of unknown type");
        write!(f, "{format} {digest}, {kind}: {detail} ({reason})")
    }
}
