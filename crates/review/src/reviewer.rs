//! Takes the images of a workload through their review, each distinct one once.
//!
//! Leaves none out: what could not be judged by the deadline is said to be so.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use countersign_image::{ImageSource, PinnedReference, Reference, ReferenceError, Resolved};
use countersign_policy::{Input, Policy, PolicySet, RequestContext};
use countersign_workload::{ImageUse, Workload};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::workers::Workers;
use crate::{Facts, Finding, ImageReview, Request, Review, ReviewError, Settings, Stance};

/// Reviews workloads by the policies in force.
pub struct Reviewer<S> {
    pub(crate) source: Arc<S>,
    policies: RwLock<Arc<PolicySet>>,
    settings: Settings,
    pub(crate) workers: Workers,
    pub(crate) observer: Option<Arc<Observer>>,
}

/// Sees what each policy judges: the input, and the platforms that it is about.
pub type Observer = dyn Fn(&Policy, &Input<'_>, &[String]) + Send + Sync;

/// An image field and the digest that its image has now, for pinning.
pub type PinnedUse = (ImageUse, Result<PinnedReference, ReviewError>);

impl<S: ImageSource + 'static> Reviewer<S> {
    /// A reviewer that asks `source` and judges by `policies`.
    ///
    /// # Errors
    ///
    /// The threads that evaluate could not be started.
    pub fn new(
        source: Arc<S>,
        policies: Arc<PolicySet>,
        settings: Settings,
    ) -> std::io::Result<Self> {
        let workers = Workers::start(settings.workers)?;
        Ok(Self {
            source,
            policies: RwLock::new(policies),
            settings,
            workers,
            observer: None,
        })
    }

    /// The same, with someone who looks on at every evaluation and decides nothing.
    #[must_use]
    pub fn observed(mut self, observer: Arc<Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The policies in force.
    #[must_use]
    pub fn policies(&self) -> Arc<PolicySet> {
        let policies = self.policies.read();
        Arc::clone(&policies.unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other policies in force, for every review that begins from now on.
    pub fn replace_policies(&self, policies: Arc<PolicySet>) {
        let mut in_force = self
            .policies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *in_force = policies;
    }

    /// Judges every image of `workload`, distinct ones at once, as of `now`, and answers by `deadline`.
    ///
    /// What could not be done by then is [`Finding::CouldNotLook`]; nothing is left out.
    pub async fn review(
        &self,
        workload: &Workload,
        request: &Request,
        now: Timestamp,
        deadline: Instant,
    ) -> Review {
        // One set for the whole workload, whatever is put in force meanwhile.
        let policies = self.policies();
        let distinct = distinct(&workload.images);
        let reviews = distinct.into_iter().map(|uses| {
            self.review_image(ImageTask {
                policies: &policies,
                uses,
                workload,
                request,
                now,
                deadline,
            })
        });
        // Boxed: the compiler cannot prove the closure general enough over its borrow otherwise.
        let images = stream::iter(reviews)
            .buffered(self.settings.concurrency.get())
            .boxed()
            .collect()
            .await;
        Review {
            images,
            namespace: request.namespace.name.clone(),
        }
    }

    /// The digest that each image has now. References that are pinned, or are none, are left out: there is nothing
    /// to pin. Distinct images are asked for once, at once, and by `deadline`.
    pub async fn resolve(&self, images: &[ImageUse], deadline: Instant) -> Vec<PinnedUse> {
        let tags: Vec<_> = images
            .iter()
            .filter(
                |image| matches!(&image.reference, Ok(reference) if reference.digest().is_none()),
            )
            .cloned()
            .collect();
        let asked = distinct(&tags).into_iter().map(|uses| async move {
            let mut pinned = Vec::new();
            if let Some(Ok(reference)) = uses.first().map(|image| &image.reference) {
                let answer = self
                    .resolve_one(reference, deadline)
                    .await
                    .map(|found| found.image);
                pinned.extend(uses.iter().map(|image| ((*image).clone(), answer.clone())));
            }
            pinned
        });
        let pinned: Vec<Vec<PinnedUse>> = stream::iter(asked)
            .buffered(self.settings.concurrency.get())
            .boxed()
            .collect()
            .await;
        pinned.into_iter().flatten().collect()
    }

    async fn review_image(&self, task: ImageTask<'_>) -> ImageReview {
        let mut review = ImageReview {
            image: task
                .uses
                .first()
                .map(|image| image.image.clone())
                .unwrap_or_default(),
            paths: task.uses.iter().map(|image| image.path.clone()).collect(),
            pinned: None,
            unpinned: None,
            finding: Finding::Unmatched(self.settings.unmatched),
            facts: Facts::default(),
            uncovered: None,
            undecided: Vec::new(),
        };
        let reference = match task.reference() {
            Ok(reference) => reference,
            Err(error) => {
                review.finding = Finding::Invalid(error);
                return review;
            }
        };
        let matching = task
            .policies
            .matching(reference.repository(), &task.request.namespace);
        // A policy of a namespace only adds to what others demand: it must not stand in for them.
        let covered = matching.iter().any(|found| !found.policy.is_namespaced());
        let refused = !covered && self.settings.unmatched == Stance::Deny;
        // Nobody asked about this image: no registry is asked either.
        if matching.is_empty() || refused {
            return review;
        }
        if !covered {
            review.uncovered = Some(self.settings.unmatched);
        }
        review.undecided = matching
            .iter()
            .filter_map(|found| found.undecided.clone())
            .collect();
        if reference.digest().is_none() {
            review.unpinned = Some(self.settings.unpinned);
        }
        let outcome = self
            .judge(&reference, &matching, &task, &mut review.pinned)
            .await;
        match outcome {
            Ok((verdicts, facts)) => {
                review.finding = Finding::Judged(verdicts);
                review.facts = facts;
            }
            Err(error) => {
                let policies = matching
                    .iter()
                    .map(|found| (found.policy.name().to_owned(), found.policy.mode()))
                    .collect();
                review.finding = Finding::CouldNotLook { error, policies };
            }
        }
        review
    }

    pub(crate) async fn resolve_one(
        &self,
        reference: &Reference,
        deadline: Instant,
    ) -> Result<Resolved, ReviewError> {
        Ok(timeout_at(deadline, self.source.resolve(reference))
            .await
            .map_err(|_| deadline_exceeded(reference))??)
    }
}

/// One distinct image of a workload under review.
pub(crate) struct ImageTask<'a> {
    pub(crate) policies: &'a PolicySet,
    pub(crate) uses: Vec<&'a ImageUse>,
    pub(crate) workload: &'a Workload,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
    pub(crate) deadline: Instant,
}

impl ImageTask<'_> {
    fn reference(&self) -> Result<Reference, ReferenceError> {
        match self.uses.first() {
            Some(image) => image.reference.clone(),
            None => "".parse(),
        }
    }

    pub(crate) fn request_context(&self) -> RequestContext {
        RequestContext {
            operation: self.request.operation.clone(),
            user: self.request.user.name.clone(),
            groups: self.request.user.groups.clone(),
            dry_run: self.request.dry_run,
        }
    }
}

/// The uses of a workload grouped by image, in order of first use. Two spellings of one reference are one image.
fn distinct(images: &[ImageUse]) -> Vec<Vec<&ImageUse>> {
    let mut groups: Vec<Vec<&ImageUse>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for image in images {
        let key = match &image.reference {
            Ok(reference) => reference.to_string(),
            Err(_) => image.image.clone(),
        };
        let group = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(uses) => uses.push(image),
            None => groups.push(vec![image]),
        }
    }
    groups
}

pub(crate) fn deadline_exceeded(reference: &Reference) -> ReviewError {
    ReviewError::DeadlineExceeded {
        host: reference.repository().registry().to_owned(),
    }
}
