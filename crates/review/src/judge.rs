//! One image under review: gathered once, then verified and judged by each policy that covers it.
//!
//! A policy judges every body of evidence that its platforms have, and all must satisfy it. Nothing is judged of an
//! image that could not be gathered whole.

use std::sync::Arc;

use countersign_evidence::{Content, Evidence};
use countersign_image::{
    Collected, Descriptor, Document, ImageSource, Needs, PinnedReference, Reference, SourceError,
};
use countersign_policy::{
    Exceptions, Gathered, Input, InputParts, Match, Policy, RequestContext, Scope, Verdict,
    WorkloadContext,
};
use countersign_workload::ImageUse;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::reviewer::{ImageTask, Observer, Reviewer, deadline_exceeded};
use crate::{Facts, ReviewError};

/// What a policy judges: the same for every policy.
struct Subject {
    reference: Reference,
    /// `None` where no policy looks at the image itself.
    gathered: Option<Gathering>,
    workload: WorkloadContext,
    uses: Vec<ImageUse>,
    request: RequestContext,
    now: Timestamp,
}

/// What was read of the image, once.
struct Gathering {
    image: PinnedReference,
    collected: Collected,
    /// The images of an index that a node could run; `None` for a single manifest.
    children: Option<Vec<Descriptor>>,
}

impl<S: ImageSource + 'static> Reviewer<S> {
    /// From a tag to verdicts: resolve once, collect once, then verify and evaluate for each policy. No registry is asked
    /// where no policy looks further than the name of the image.
    pub(crate) async fn judge(
        &self,
        reference: &Reference,
        matching: &[Match<'_>],
        task: &ImageTask<'_>,
        pinned: &mut Option<PinnedReference>,
    ) -> Result<(Vec<Verdict>, Facts), ReviewError> {
        *pinned = reference
            .digest()
            .map(|digest| reference.pin(digest.clone()));
        let looking = matching
            .iter()
            .any(|found| found.policy.looks_at(reference));
        let gathered = match looking {
            true => Some(
                self.gather(reference, matching, task.deadline, pinned)
                    .await?,
            ),
            false => None,
        };
        let subject = Arc::new(Subject {
            reference: reference.clone(),
            gathered,
            workload: WorkloadContext::new(task.workload, None, &task.request.namespace),
            uses: task.uses.iter().map(|image| (*image).clone()).collect(),
            request: task.request_context(),
            now: task.now,
        });
        let exceptions = task.policies.exceptions(
            reference.repository(),
            pinned.as_ref().map(PinnedReference::digest),
            &task.request.namespace,
            task.now,
        );
        let mut verdicts = Vec::with_capacity(matching.len());
        let mut facts = Facts::default();
        for found in matching {
            let (verdict, evidence) = self
                .judge_by(found.policy, &subject, &exceptions, task.deadline)
                .await?;
            evidence.iter().for_each(|evidence| facts.learn(evidence));
            verdicts.push(verdict);
        }
        Ok((verdicts, facts))
    }

    /// Everything that some policy looks at.
    async fn gather(
        &self,
        reference: &Reference,
        matching: &[Match<'_>],
        deadline: Instant,
        pinned: &mut Option<PinnedReference>,
    ) -> Result<Gathering, ReviewError> {
        let resolved = self.resolve_one(reference, deadline).await?;
        *pinned = Some(resolved.image.clone());
        let needs = matching
            .iter()
            .map(|found| found.policy.needs())
            .reduce(union)
            .unwrap_or_default();
        let collected = timeout_at(deadline, self.source.collect(&resolved, &needs))
            .await
            .map_err(|_| deadline_exceeded(reference))??;
        Ok(Gathering {
            children: children(&resolved.image, &collected.content)?,
            image: resolved.image,
            collected,
        })
    }

    /// The verdict of one policy. Where its rules look at the container, each use counts: the first that is denied
    /// speaks for all.
    async fn judge_by(
        &self,
        policy: &Arc<Policy>,
        subject: &Arc<Subject>,
        exceptions: &Exceptions<'_>,
        deadline: Instant,
    ) -> Result<(Verdict, Option<Arc<Evidence>>), ReviewError> {
        let (of, about) = (Arc::clone(policy), Arc::clone(subject));
        let verify = move || {
            let gathered = about.gathered.as_ref()?;
            let Collected {
                content,
                attachments,
                ..
            } = &gathered.collected;
            let verifier = of.verifier();
            let evidence =
                Arc::new(verifier.verify(&gathered.image, Some(content), attachments, about.now));
            let scopes = of.scopes(gathered.children.as_deref(), &evidence);
            Some((evidence, scopes))
        };
        let (evidence, scopes) = self.run(deadline, verify).await?.unzip();
        let judge_use = |used| {
            self.judge_use(
                policy,
                subject,
                scopes.as_deref(),
                exceptions,
                used,
                deadline,
            )
        };
        let mut verdict = judge_use(0).await?;
        if policy.reads_use() {
            for used in 1..subject.uses.len() {
                if !verdict.violations.is_empty() {
                    break;
                }
                let next = judge_use(used).await?;
                if next.violations.is_empty() {
                    verdict.learn_exceptions(next);
                } else {
                    verdict = next;
                }
            }
        }
        Ok((verdict, evidence))
    }

    /// The verdict of one policy on one use of the image: on all of its platforms, where anything is known of them.
    async fn judge_use(
        &self,
        policy: &Arc<Policy>,
        subject: &Arc<Subject>,
        scopes: Option<&[Scope]>,
        exceptions: &Exceptions<'_>,
        used: usize,
        deadline: Instant,
    ) -> Result<Verdict, ReviewError> {
        // A job of its own for each, so that a pod of many containers, or an index of many platforms, takes its turns like
        // any other.
        let judge = async |scope: Option<Scope>| {
            let (policy, subject) = (Arc::clone(policy), Arc::clone(subject));
            let observer = self.observer.clone();
            let evaluate =
                move || evaluate(&policy, &subject, scope.as_ref(), used, observer.as_deref());
            let mut verdict = self.run(deadline, evaluate).await?;
            exceptions.apply(&mut verdict);
            Ok(verdict)
        };
        let Some(scopes) = scopes else {
            return judge(None).await;
        };
        let mut judged = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let verdict = judge(Some(scope.clone())).await?;
            judged.push((scope.clone(), verdict));
        }
        Ok(policy.combine(judged))
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
}

/// The verdict of `policy` on the use of this number, by this evidence.
fn evaluate(
    policy: &Policy,
    subject: &Subject,
    scope: Option<&Scope>,
    used: usize,
    observer: Option<&Observer>,
) -> Verdict {
    let mut workload = subject.workload.clone();
    let mut reference = &subject.reference;
    if let Some(used) = subject.uses.get(used) {
        workload.container.clone_from(&used.container);
        workload.path.clone_from(&used.path);
        reference = used.reference.as_ref().unwrap_or(reference);
    }
    let gathered = subject.gathered.as_ref().zip(scope);
    let input = Input::new(InputParts {
        reference,
        gathered: gathered.map(|(gathered, scope)| Gathered {
            resolved: &gathered.image,
            content: &gathered.collected.content,
            configs: gathered.collected.configs.as_ref(),
            evidence: &scope.evidence,
        }),
        workload: &workload,
        request: &subject.request,
        now: subject.now,
    });
    if let Some(observe) = observer {
        let platforms = scope.map(|scope| scope.platforms.as_slice());
        observe(policy, &input, platforms.unwrap_or_default());
    }
    policy.evaluate(&input)
}

/// The images of an index that a node could run. More than are looked at would hide some of them.
fn children(
    image: &PinnedReference,
    content: &Document,
) -> Result<Option<Vec<Descriptor>>, SourceError> {
    let Document::Index(index) = content else {
        return Ok(None);
    };
    let host = image.repository().registry();
    let runnable = index.runnable();
    let runnable =
        runnable.map_err(|error| SourceError::manifest(host, &image.to_string(), &error))?;
    Ok(Some(runnable.into_iter().cloned().collect()))
}

fn union(mut all: Needs, more: Needs) -> Needs {
    all.signatures |= more.signatures;
    all.attestations |= more.attestations;
    all.unsigned_sboms |= more.unsigned_sboms;
    all.config |= more.config;
    for repository in more.repositories {
        if !all.repositories.contains(&repository) {
            all.repositories.push(repository);
        }
    }
    all
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
