//! What is attached to an image, fetched once for the commands that show or verify it.

use countersign_evidence::{Evidence, Format, Identity, Rejection, Verifier};
use countersign_image::{
    Attachment, Collected, Form, ImageSource, Needs, PinnedReference, Reference, Repository,
    excerpt,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Failure;

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

    /// Why one attached thing counts for nothing, if so.
    pub(crate) fn doubt(&self, verifier: &Verifier, attachment: &Attachment) -> Option<Rejection> {
        if attachment.form != Form::Statement {
            let evidence = self.verify(verifier, std::slice::from_ref(attachment));
            return evidence.rejected.into_iter().next();
        }
        // A bare statement counts by a signature that is attached beside it.
        let signed = self.collected.attachments.iter();
        let signed = signed.filter(|other| other.form != Form::Statement);
        let together: Vec<_> = signed.chain([attachment]).cloned().collect();
        let mut rejected = self.verify(verifier, &together).rejected.into_iter();
        let format = Format::BuildKit.as_str();
        rejected.rfind(|rejection| rejection.format == format)
    }
}

/// Resolves and collects.
pub(crate) async fn find(
    source: &impl ImageSource,
    reference: &Reference,
    needs: &Needs,
) -> Result<Found, Failure> {
    let about = |error| Failure::from(error).about(reference.as_written());
    let resolved = source.resolve(reference).await.map_err(about)?;
    let collected = source.collect(&resolved, needs).await.map_err(about)?;
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

/// A signer, in words.
pub(crate) fn by(identity: &Identity) -> String {
    match identity {
        Identity::Certificate {
            issuer: Some(issuer),
            subject,
            ..
        } => {
            format!("{} ({})", excerpt(subject), excerpt(issuer))
        }
        Identity::Certificate { subject, .. } => excerpt(subject),
        _ => format!("key {}", identity.subject()),
    }
}
