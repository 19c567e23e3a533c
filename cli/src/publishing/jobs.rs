//! What is signed about which image: every image found, every statement read, before anything is signed.
//!
//! Refuses an image that is not there, and an index of which a child is not there.

use countersign_image::{
    Descriptor, Digest, Document, Index, PinnedReference, Reference, Repository, SourceError,
};
use countersign_registry::Client;
use countersign_signing::lift::{self, Lifted};
use countersign_signing::{Claim, PredicateType, Target};

use crate::failure::Failure;
use crate::printer::Printer;

/// What is to be said about the images that are named.
pub(crate) enum Content {
    /// The same about each, and about each child of an index if asked for.
    Same { claim: Claim, recursive: bool },
    /// What BuildKit says of the children of an index.
    BuildKit {
        kind: Option<PredicateType>,
        builder_id: Option<String>,
    },
}

/// An image, how it was asked for, and what is said about it.
pub(crate) struct Job {
    pub(crate) reference: String,
    pub(crate) target: Target,
    pub(crate) claims: Vec<Claim>,
}

/// Finds every image, once: two references that name one digest are one image.
pub(crate) async fn find(
    client: &Client,
    references: &[Reference],
    storage: Option<&Repository>,
    content: &Content,
    printer: &Printer,
) -> Result<Vec<Job>, Failure> {
    let mut jobs: Vec<Job> = Vec::new();
    for reference in references {
        let place = Place {
            client,
            reference,
            storage,
        };
        let found = place.named().await?;
        if reference.digest().is_none() {
            let (written, digest) = (reference.as_written(), found.target.image.digest());
            printer.note(&format!("{written} is {digest}"));
        }
        let new = match content {
            Content::Same { claim, recursive } => place.same(found, claim, *recursive).await?,
            Content::BuildKit { kind, builder_id } => {
                place
                    .buildkit(&found, kind.as_ref(), builder_id.as_deref(), printer)
                    .await?
            }
        };
        for job in new {
            if jobs
                .iter()
                .all(|known| known.target.image != job.target.image)
            {
                jobs.push(job);
            }
        }
    }
    Ok(jobs)
}

/// A reference, and where what is signed about it is stored.
struct Place<'a> {
    client: &'a Client,
    reference: &'a Reference,
    storage: Option<&'a Repository>,
}

/// An image that is there.
struct Found {
    target: Target,
    index: Option<Index>,
}

impl Place<'_> {
    async fn same(
        &self,
        found: Found,
        claim: &Claim,
        recursive: bool,
    ) -> Result<Vec<Job>, Failure> {
        let mut jobs = vec![self.job(found.target, vec![claim.clone()])];
        if let Some(index) = found.index.filter(|_| recursive) {
            for child in runnable(&index)? {
                jobs.push(self.job(self.child(&child.digest).await?, vec![claim.clone()]));
            }
        }
        Ok(jobs)
    }

    async fn buildkit(
        &self,
        found: &Found,
        kind: Option<&PredicateType>,
        builder_id: Option<&str>,
        printer: &Printer,
    ) -> Result<Vec<Job>, Failure> {
        let image = &found.target.image;
        let lifted = match &found.index {
            Some(index) => {
                let repository = self.reference.repository();
                let lifted = lift::from_buildkit(self.client, repository, index, builder_id).await;
                lifted.map_err(|error| Failure::from(error).about(image))?
            }
            None => Vec::new(),
        };
        let is_wanted = |lifted: &Lifted| {
            kind.is_none_or(|kind| kind.accepts(lifted.predicate.predicate_type()))
        };
        let wanted: Vec<Lifted> = lifted.into_iter().filter(is_wanted).collect();
        if wanted.is_empty() {
            let of = kind.map_or_else(String::new, |kind| format!(" of type {kind}"));
            return Err(Failure::denied(format!(
                "{image}: BuildKit attached no attestation{of} to it"
            ))
            .coded("not_found")
            .hinted(
                "build with --provenance=true or --sbom=true, and name the index that it pushed",
            ));
        }
        let mut children: Vec<(Digest, Vec<Claim>)> = Vec::new();
        for Lifted {
            child,
            predicate,
            nameless,
        } in wanted
        {
            if nameless {
                printer.warning(&format!(
                    "the provenance of {} names no builder, which is worth SLSA level 1 at most; --builder-id names one",
                    child.digest
                ));
            }
            let claim = Claim::Attestation(predicate);
            match children
                .iter_mut()
                .find(|(known, _)| *known == child.digest)
            {
                Some((_, claims)) => claims.push(claim),
                None => children.push((child.digest, vec![claim])),
            }
        }
        let mut jobs = Vec::new();
        for (child, claims) in children {
            jobs.push(self.job(self.child(&child).await?, claims));
        }
        Ok(jobs)
    }

    fn job(&self, target: Target, claims: Vec<Claim>) -> Job {
        Job {
            reference: self.reference.as_written().to_owned(),
            target,
            claims,
        }
    }

    async fn named(&self) -> Result<Found, Failure> {
        let wanted = match (self.reference.digest(), self.reference.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or_default().to_owned(),
        };
        self.there(&wanted, self.reference.as_written()).await
    }

    async fn child(&self, digest: &Digest) -> Result<Target, Failure> {
        let image = PinnedReference::new(self.reference.repository().clone(), digest.clone());
        let found = self.there(&digest.to_string(), &image.to_string()).await?;
        Ok(found.target)
    }

    async fn there(&self, wanted: &str, written: &str) -> Result<Found, Failure> {
        let named = self.reference.repository();
        let Some((digest, content, bytes)) = self.client.manifest(named, wanted).await? else {
            let (host, reference) = (named.registry().to_owned(), written.to_owned());
            return Err(SourceError::ImageNotFound { host, reference }.into());
        };
        Ok(Found {
            target: Target {
                image: self.reference.pin(digest.clone()),
                descriptor: Descriptor::new(content.media_type(), digest, bytes.len() as u64),
                repository: self.storage.unwrap_or(named).clone(),
            },
            index: match content {
                Document::Index(index) => Some(index),
                Document::Manifest(_) => None,
            },
        })
    }
}

fn runnable(index: &Index) -> Result<Vec<&Descriptor>, Failure> {
    index.runnable().map_err(|error| {
        Failure::could_not_look(format!("the index cannot be walked: {error}")).coded(error.code())
    })
}
