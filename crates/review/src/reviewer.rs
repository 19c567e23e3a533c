//! Takes a workload through resolve, collect, verify and evaluate.

use std::sync::Arc;

use countersign_evidence::{Content, Evidence};
use countersign_image::{
    Collected, ImageSource, Needs, PinnedReference, Reference, ReferenceError, Resolved,
};
use countersign_policy::{
    Input, InputParts, Match, Policy, PolicySet, RequestContext, Verdict, WorkloadContext,
};
use countersign_workload::{ImageUse, Workload};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::workers::Workers;
use crate::{Facts, Finding, ImageReview, Request, Review, ReviewError, Settings};

/// Reviews workloads by the policies it was made with.
pub struct Reviewer<S> {
    source: Arc<S>,
    policies: Arc<PolicySet>,
    settings: Settings,
    workers: Workers,
}

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
            policies,
            settings,
            workers,
        })
    }

    /// The policies in force.
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.policies
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
        let distinct = distinct(&workload.images);
        let reviews = distinct.into_iter().map(|uses| {
            self.review_image(ImageTask {
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
            undecided: Vec::new(),
        };
        let reference = match task.reference() {
            Ok(reference) => reference,
            Err(error) => {
                review.finding = Finding::Invalid(error);
                return review;
            }
        };
        let matching = self
            .policies
            .matching(reference.repository(), &task.request.namespace);
        // Nobody asked about this image: no registry is asked either.
        if matching.is_empty() {
            return review;
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

    /// From a tag to verdicts: resolve once, collect once, then verify and evaluate for each policy.
    async fn judge(
        &self,
        reference: &Reference,
        matching: &[Match<'_>],
        task: &ImageTask<'_>,
        pinned: &mut Option<PinnedReference>,
    ) -> Result<(Vec<Verdict>, Facts), ReviewError> {
        let resolved = self.resolve_one(reference, task.deadline).await?;
        *pinned = Some(resolved.image.clone());
        let needs = matching
            .iter()
            .map(|found| found.policy.needs())
            .reduce(union)
            .unwrap_or_default();
        let collected = timeout_at(task.deadline, self.source.collect(&resolved, &needs))
            .await
            .map_err(|_| deadline_exceeded(reference))??;

        let subject = Arc::new(Subject {
            reference: reference.clone(),
            image: resolved.image,
            collected,
            workload: task.workload_context(),
            request: task.request_context(),
            now: task.now,
        });
        let mut verdicts = Vec::with_capacity(matching.len());
        let mut facts = Facts::default();
        for found in matching {
            let policy = Arc::clone(found.policy);
            let subject = Arc::clone(&subject);
            let judged = self.workers.run(move || evaluate(&policy, &subject));
            let (verdict, evidence) = timeout_at(task.deadline, judged)
                .await
                .map_err(|_| ReviewError::EvaluationTooSlow)??;
            facts.learn(&evidence);
            verdicts.push(verdict);
        }
        Ok((verdicts, facts))
    }

    async fn resolve_one(
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
struct ImageTask<'a> {
    uses: Vec<&'a ImageUse>,
    workload: &'a Workload,
    request: &'a Request,
    now: Timestamp,
    deadline: Instant,
}

impl ImageTask<'_> {
    fn reference(&self) -> Result<Reference, ReferenceError> {
        match self.uses.first() {
            Some(image) => image.reference.clone(),
            None => "".parse(),
        }
    }

    fn workload_context(&self) -> WorkloadContext {
        let (workload, namespace) = (self.workload, &self.request.namespace);
        let first = self.uses.first();
        WorkloadContext {
            kind: workload.kind.clone(),
            namespace: namespace
                .name
                .clone()
                .or_else(|| workload.namespace.clone()),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            annotations: workload.annotations.clone(),
            service_account: workload.service_account.clone(),
            namespace_labels: namespace.labels.clone(),
            container: first
                .map(|image| image.container.clone())
                .unwrap_or_default(),
            path: first.map(|image| image.path.clone()).unwrap_or_default(),
        }
    }

    fn request_context(&self) -> RequestContext {
        RequestContext {
            operation: self.request.operation.clone(),
            user: self.request.user.name.clone(),
            groups: self.request.user.groups.clone(),
            dry_run: self.request.dry_run,
        }
    }
}

/// What a policy judges: gathered once, the same for every policy.
struct Subject {
    reference: Reference,
    image: PinnedReference,
    collected: Collected,
    workload: WorkloadContext,
    request: RequestContext,
    now: Timestamp,
}

fn evaluate(policy: &Policy, subject: &Subject) -> (Verdict, Evidence) {
    let evidence = policy
        .verifier()
        .verify(&subject.image, &subject.collected.attachments);
    let input = Input::new(InputParts {
        reference: &subject.reference,
        resolved: &subject.image,
        content: &subject.collected.content,
        evidence: &evidence,
        workload: &subject.workload,
        request: &subject.request,
        now: subject.now,
    });
    (policy.evaluate(&input), evidence)
}

/// The uses of a workload grouped by image, in order of first use. Two spellings of one reference are one image.
fn distinct(images: &[ImageUse]) -> Vec<Vec<&ImageUse>> {
    let mut groups: Vec<(String, Vec<&ImageUse>)> = Vec::new();
    for image in images {
        let key = match &image.reference {
            Ok(reference) => reference.to_string(),
            Err(_) => image.image.clone(),
        };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, uses)) => uses.push(image),
            None => groups.push((key, vec![image])),
        }
    }
    groups.into_iter().map(|(_, uses)| uses).collect()
}

fn union(mut all: Needs, more: Needs) -> Needs {
    all.signatures |= more.signatures;
    all.attestations |= more.attestations;
    all.unsigned_sboms |= more.unsigned_sboms;
    for repository in more.repositories {
        if !all.repositories.contains(&repository) {
            all.repositories.push(repository);
        }
    }
    all
}

fn deadline_exceeded(reference: &Reference) -> ReviewError {
    ReviewError::DeadlineExceeded {
        host: reference.repository().registry().to_owned(),
    }
}

impl Facts {
    fn learn(&mut self, evidence: &Evidence) {
        for signature in &evidence.signatures {
            self.authorities
                .extend(signature.authorities().iter().cloned());
        }
        for statement in &evidence.statements {
            self.authorities
                .extend(statement.authorities().iter().cloned());
            if let Content::Provenance(provenance) = &statement.value().content {
                let source = provenance.source.as_ref();
                self.builder = self
                    .builder
                    .take()
                    .or_else(|| provenance.builder_id.clone());
                self.source = self
                    .source
                    .take()
                    .or_else(|| source.and_then(|source| source.uri.clone()));
                self.revision = self
                    .revision
                    .take()
                    .or_else(|| source.and_then(|source| source.digest.get("gitCommit").cloned()));
            }
        }
    }
}
