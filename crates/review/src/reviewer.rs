//! Takes a workload through resolve, collect, verify and evaluate.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_evidence::{Content, Evidence};
use countersign_image::{
    Collected, Document, ImageSource, Needs, PinnedReference, Reference, ReferenceError, Resolved,
    SourceError,
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

        check_size(&resolved.image, &collected.content)?;

        let subject = Arc::new(Subject {
            reference: reference.clone(),
            image: resolved.image,
            collected,
            workload: WorkloadContext::new(task.workload, None, &task.request.namespace),
            uses: task.uses.iter().map(|image| (*image).clone()).collect(),
            request: task.request_context(),
            now: task.now,
        });
        let mut verdicts = Vec::with_capacity(matching.len());
        let mut facts = Facts::default();
        for found in matching {
            let (verdict, evidence) = self.judge_by(found.policy, &subject, task.deadline).await?;
            facts.learn(&evidence);
            verdicts.push(verdict);
        }
        Ok((verdicts, facts))
    }

    /// The verdict of one policy. Where its rules look at the container, each use counts: the first that is denied
    /// speaks for all.
    async fn judge_by(
        &self,
        policy: &Arc<Policy>,
        subject: &Arc<Subject>,
        deadline: Instant,
    ) -> Result<(Verdict, Arc<Evidence>), ReviewError> {
        let (of, about) = (Arc::clone(policy), Arc::clone(subject));
        let verify = move || {
            let Collected {
                content,
                attachments,
            } = &about.collected;
            of.verifier()
                .verify(&about.image, Some(content), attachments, about.now)
        };
        let evidence = Arc::new(self.run(deadline, verify).await?);
        let evaluate = |used| {
            let (policy, subject) = (Arc::clone(policy), Arc::clone(subject));
            let evidence = Arc::clone(&evidence);
            // A job of its own, so that a pod of many containers takes its turns like any other.
            self.run(deadline, move || {
                evaluate(&policy, &subject, &evidence, used)
            })
        };
        let mut verdict = evaluate(0).await?;
        if policy.reads_use() {
            for used in 1..subject.uses.len() {
                if !verdict.violations.is_empty() {
                    break;
                }
                let next = evaluate(used).await?;
                if !next.violations.is_empty() {
                    verdict = next;
                }
            }
        }
        Ok((verdict, evidence))
    }

    async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ReviewError> {
        timeout_at(deadline, self.workers.run(job))
            .await
            .map_err(|_| ReviewError::EvaluationTooSlow)?
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
    uses: Vec<ImageUse>,
    request: RequestContext,
    now: Timestamp,
}

/// The verdict of `policy` on the use of this number.
fn evaluate(policy: &Policy, subject: &Subject, evidence: &Evidence, used: usize) -> Verdict {
    let mut workload = subject.workload.clone();
    let mut reference = &subject.reference;
    if let Some(used) = subject.uses.get(used) {
        workload.container.clone_from(&used.container);
        workload.path.clone_from(&used.path);
        reference = used.reference.as_ref().unwrap_or(reference);
    }
    policy.evaluate(&Input::new(InputParts {
        reference,
        resolved: &subject.image,
        content: &subject.collected.content,
        evidence,
        workload: &workload,
        request: &subject.request,
        now: subject.now,
    }))
}

/// An index of more images than a rule is shown would hide all of them from it.
fn check_size(image: &PinnedReference, content: &Document) -> Result<(), SourceError> {
    let Document::Index(index) = content else {
        return Ok(());
    };
    let host = image.repository().registry();
    let counted = index.runnable().map(|_| ());
    counted.map_err(|error| SourceError::manifest(host, &image.to_string(), &error))
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
