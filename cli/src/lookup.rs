//! What is attached to an image, fetched once for the commands that show or verify it.

use countersign_evidence::{Evidence, Format, Identity, Reason, Rejection, Verified, Verifier};
use countersign_image::{
    Attachment, Collected, Form, ImageSource, Needs, PinnedReference, Reference, Repository,
    excerpt,
};
use countersign_review::wording;
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
        self.judge(verifier, attachment).err()
    }

    /// Who vouches for one attached thing, or why it counts for nothing.
    pub(crate) fn judge(
        &self,
        verifier: &Verifier,
        attachment: &Attachment,
    ) -> Result<Vec<SignerOut>, Rejection> {
        let is_bare = attachment.form == Form::Statement;
        let evidence = self.evidence_of(verifier, attachment);
        let of_it = |format: &str| (format == Format::BuildKit.as_str()) == is_bare;
        let mut rejected = evidence.rejected.into_iter();
        if let Some(rejection) = rejected.rfind(|rejection| of_it(&rejection.format)) {
            return Err(rejection);
        }
        let signatures = evidence.signatures.iter();
        let signatures = signatures.filter(|found| of_it(found.format().as_str()));
        let statements = evidence.statements.iter();
        let statements = statements.filter(|found| of_it(found.format().as_str()));
        Ok(signatures
            .map(SignerOut::new)
            .chain(statements.map(SignerOut::new))
            .collect())
    }

    fn evidence_of(&self, verifier: &Verifier, attachment: &Attachment) -> Evidence {
        if attachment.form != Form::Statement {
            return self.verify(verifier, std::slice::from_ref(attachment));
        }
        // A bare statement counts by a signature that is attached beside it.
        let signed = self.collected.attachments.iter();
        let signed = signed.filter(|other| other.form != Form::Statement);
        let together: Vec<_> = signed.chain([attachment]).cloned().collect();
        self.verify(verifier, &together)
    }
}

/// Resolves and collects.
pub(crate) async fn find(
    source: &impl ImageSource,
    reference: &Reference,
    needs: &Needs,
) -> Result<Found, Failure> {
    let about = |error| {
        let failure = Failure::from(error).about(wording::could_not_look(reference.as_written()));
        failure.detailed([wording::SAYS_NOTHING.to_owned()])
    };
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
        config: false,
        repositories,
    }
}

/// Something attached that counts for nothing, as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectionOut {
    /// Why, as a stable code.
    reason: &'static str,
    /// Why, in words.
    pub(crate) detail: String,
    format: String,
    digest: String,
    /// What it claims to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predicate_type: Option<String>,
    /// The same for people.
    #[serde(skip)]
    pub(crate) line: String,
    #[serde(skip)]
    pub(crate) cause: Reason,
}

impl From<&Rejection> for RejectionOut {
    fn from(rejection: &Rejection) -> Self {
        Self {
            reason: rejection.reason.code(),
            detail: rejection.detail.clone(),
            format: rejection.format.clone(),
            digest: rejection.digest.to_string(),
            predicate_type: rejection.predicate_type.clone(),
            line: wording::rejected(rejection),
            cause: rejection.reason,
        }
    }
}

/// Who signed something, and what is known of when.
#[derive(Debug, Serialize)]
pub(crate) struct SignerOut {
    identity: Identity,
    /// When it existed, by the word of logs and timestamp authorities.
    times: Vec<String>,
    /// Whether a trusted log holds it.
    logged: bool,
}

impl SignerOut {
    /// Of something verified.
    pub(crate) fn new<T>(signed: &Verified<T>) -> Self {
        Self {
            identity: signed.identity().clone(),
            times: signed.times().iter().map(ToString::to_string).collect(),
            logged: signed.logged(),
        }
    }

    /// In words: by whom, at what time, whether in a log.
    pub(crate) fn in_words(&self) -> String {
        let time = self.times.first();
        let time = time.map_or_else(String::new, |time| format!(", at {time}"));
        let logged = if self.logged { ", in a log" } else { "" };
        format!("by {}{time}{logged}", by(&self.identity))
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
