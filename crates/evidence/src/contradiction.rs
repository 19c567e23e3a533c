//! Whether provenance contradicts the certificate that it is signed with.
//!
//! Into the certificate of a workflow, the certificate authority wrote what it knows of the run. Where the provenance
//! speaks of the same thing, it must say the same; where only one of them speaks, nothing is compared. Refuses to guess:
//! only build types that define what their members mean take part.

mod told;

use std::borrow::Cow;

use countersign_image::excerpt;

use crate::provenance::repository::canonical;
use crate::rejection::{Reason, Refusal};
use crate::{Identity, Provenance};

/// What both a certificate and provenance may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Ref,
    Repository,
    RepositoryId,
    Revision,
    Run,
    /// Of a run that did the work, maybe not the run that signed.
    RunRepository,
    Runner,
    Signer,
    Trigger,
    /// The file that began the run, and its ref; another than the signer where that is a reusable workflow.
    Workflow,
}

/// The first thing of which `provenance` says something else than the certificate in `identity`; nothing for the holder of
/// a key.
pub(crate) fn between(identity: &Identity, provenance: &Provenance) -> Option<Refusal> {
    told::by(provenance).into_iter().find_map(|(topic, told)| {
        let certified = topic.certified(identity)?;
        if topic.is_same(&told, &certified) {
            return None;
        }
        let detail = format!(
            "it says that the {} is {}, and its certificate says {}",
            topic.name(),
            excerpt(&told),
            excerpt(&certified)
        );
        Some(Refusal::new(Reason::ProvenanceContradiction, detail))
    })
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Self::Ref => "source ref",
            Self::Repository => "source repository",
            Self::RepositoryId => "id of the source repository",
            Self::Revision => "source revision",
            Self::Run | Self::RunRepository => "run",
            Self::Runner => "runner environment",
            Self::Signer => "builder",
            Self::Trigger => "trigger",
            Self::Workflow => "workflow",
        }
    }

    /// What the certificate says. The older extensions, which only GitHub had, stand in for the newer ones.
    ///
    /// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
    fn certified(self, identity: &Identity) -> Option<Cow<'_, str>> {
        let Identity::Certificate { claims, .. } = identity else {
            return None;
        };
        let claim = |name: &str| claims.get(name).map(|value| Cow::Borrowed(value.as_str()));
        match self {
            Self::Ref => claim("sourceRepositoryRef").or_else(|| claim("githubWorkflowRef")),
            Self::Repository => claim("sourceRepositoryURI").or_else(|| {
                let repository = claim("githubWorkflowRepository")?;
                Some(Cow::Owned(format!("https://github.com/{repository}")))
            }),
            Self::RepositoryId => claim("sourceRepositoryIdentifier"),
            Self::Revision => {
                claim("sourceRepositoryDigest").or_else(|| claim("githubWorkflowSHA"))
            }
            Self::Run | Self::RunRepository => claim("runInvocationURI"),
            Self::Runner => claim("runnerEnvironment"),
            Self::Signer => claim("buildSignerURI").or_else(|| {
                let subject = identity.subject();
                (!claims.is_empty() && subject.contains(WORKFLOWS))
                    .then_some(Cow::Borrowed(subject))
            }),
            Self::Trigger => claim("buildTrigger").or_else(|| claim("githubWorkflowTrigger")),
            Self::Workflow => claim("buildConfigURI"),
        }
    }

    fn is_same(self, told: &str, certified: &str) -> bool {
        match self {
            Self::Repository => canonical(told) == canonical(certified),
            Self::Signer | Self::Workflow => {
                match (told.split_once(WORKFLOWS), certified.split_once(WORKFLOWS)) {
                    (Some((in_told, told)), Some((in_certified, certified))) => {
                        told == certified && canonical(in_told) == canonical(in_certified)
                    }
                    _ => told == certified,
                }
            }
            Self::Run | Self::RunRepository => match (Run::parse(told), Run::parse(certified)) {
                (Some(told), Some(certified)) => {
                    let differ =
                        |a: Option<&str>, b: Option<&str>| a.zip(b).is_some_and(|(a, b)| a != b);
                    let same_run =
                        told.id == certified.id && !differ(told.attempt, certified.attempt);
                    let (of, in_certificate) = (told.repository(), certified.repository());
                    !differ(of.as_deref(), in_certificate.as_deref())
                        && (self == Self::RunRepository || same_run)
                }
                // Not a run as GitHub names them: nothing to compare.
                _ => true,
            },
            Self::Ref | Self::RepositoryId | Self::Revision | Self::Runner | Self::Trigger => {
                told == certified
            }
        }
    }
}

/// A run of a workflow: `https://<host>/<repository>/actions/runs/<id>[/attempts/<n>]`, or `<id>-<n>`.
#[derive(Debug, PartialEq, Eq)]
struct Run<'a> {
    repository: Option<&'a str>,
    id: &'a str,
    attempt: Option<&'a str>,
}

impl<'a> Run<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (repository, id, attempt) = match text.split_once("/actions/runs/") {
            Some((repository, run)) => match run.split_once("/attempts/") {
                Some((id, attempt)) => (Some(repository), id, Some(attempt)),
                None => (Some(repository), run, None),
            },
            None => {
                let (id, attempt) = text.split_once('-')?;
                (None, id, Some(attempt))
            }
        };
        (number(id) && attempt.is_none_or(number)).then_some(Self {
            repository,
            id,
            attempt,
        })
    }

    fn repository(&self) -> Option<String> {
        self.repository.map(canonical)
    }
}

const WORKFLOWS: &str = "/.github/workflows/";

#[cfg(test)]
mod tests;
