//! What a review found, image by image, and the verdict that follows.
//!
//! Only this file knows the failure stance: what could not be looked at is refused, unless every policy that covers
//! the image merely warns or audits.

use std::collections::{BTreeMap, BTreeSet};

use countersign_image::{PinnedReference, ReferenceError};
use countersign_policy::{Excepted, Mode, Verdict};

use crate::{ReviewError, Stance, wording};

/// The verdict of a review.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// Every image may run.
    Admit,
    /// Some image could not be judged, and nothing worse was found.
    CouldNotLook,
    /// We looked, and some image is not allowed.
    Deny,
}

impl Outcome {
    /// `admit`, `could_not_look` or `deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::CouldNotLook => "could_not_look",
            Self::Deny => "deny",
        }
    }
}

/// What was found about the images of one workload.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// Each distinct image once, in the order in which the workload names them.
    pub images: Vec<ImageReview>,
    /// The namespace that the workload is to run in, where it is known.
    pub namespace: Option<String>,
}

/// What was found about one image.
#[derive(Clone, Debug)]
pub struct ImageReview {
    /// The image as the workload first writes it.
    pub image: String,
    /// The field paths that use it.
    pub paths: Vec<String>,
    /// The digest that was judged.
    pub pinned: Option<PinnedReference>,
    /// The stance that a tag in place of a digest met; absent when a digest was written.
    pub unpinned: Option<Stance>,
    /// What followed.
    pub finding: Finding,
    /// What is known of the image from verified evidence.
    pub facts: Facts,
    /// The stance that was met where policies of one namespace cover the image and no other does.
    pub uncovered: Option<Stance>,
    /// Selectors that could not be decided and so counted as matching.
    pub undecided: Vec<String>,
}

/// What followed for one image.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// The image could not be judged. `enforced` is false when every policy that covers it only warns or audits.
    CouldNotLook {
        /// Why not.
        error: ReviewError,
        /// The policies that cover it, with their modes.
        policies: Vec<(String, Mode)>,
    },
    /// The image is no image reference.
    Invalid(ReferenceError),
    /// Policies judged it, each with its verdict.
    Judged(Vec<Verdict>),
    /// No policy covers it.
    Unmatched(Stance),
}

/// What verified evidence says of an image, for logs and audit.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The authorities that vouched for something.
    pub authorities: BTreeSet<String>,
    /// The builder that verified provenance names.
    pub builder: Option<String>,
    /// The commit that verified provenance names.
    pub revision: Option<String>,
    /// The source repository that verified provenance names.
    pub source: Option<String>,
}

impl Review {
    /// The worst outcome of its images. A workload without images is admitted.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.images
            .iter()
            .map(ImageReview::outcome)
            .max()
            .unwrap_or(Outcome::Admit)
    }

    /// The stable code of the outcome: `admitted`, or the code of the first image that has the worst outcome.
    #[must_use]
    pub fn code(&self) -> String {
        let outcome = self.outcome();
        self.images
            .iter()
            .find(|image| outcome != Outcome::Admit && image.outcome() == outcome)
            .and_then(|image| image.codes().into_iter().next())
            .unwrap_or_else(|| "admitted".to_owned())
    }

    /// Why the workload is refused, as text for people: a short first line, then the detail. Empty when admitted.
    #[must_use]
    pub fn message(&self) -> String {
        wording::denial(self)
    }

    /// One line for each thing that does not refuse the workload but should be known.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        wording::warnings(self)
    }

    /// Keys and values for the audit log of the API server. Keys hold no `/` (admission.k8s.io/v1).
    #[must_use]
    pub fn audit_annotations(&self) -> BTreeMap<String, String> {
        wording::audit_annotations(self)
    }
}

/// One thing about an image, for whoever tells them one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Whether it refuses the image; else it should be known.
    pub refuses: bool,
    /// The rule that it is about, or a stable code where it is about none.
    pub topic: String,
    /// In one line, which names the image.
    pub text: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Remark {
    pub(crate) fn refusal(topic: &str, text: String) -> Self {
        Self {
            refuses: true,
            ..Self::warning(topic, text)
        }
    }

    pub(crate) fn warning(topic: &str, text: String) -> Self {
        Self {
            refuses: false,
            topic: topic.to_owned(),
            text,
            fix: None,
        }
    }
}

impl ImageReview {
    /// Everything that refuses the image, and everything else that should be known, one by one.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        wording::remarks(self)
    }

    /// What follows for this image alone.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.unpinned == Some(Stance::Deny) {
            return Outcome::Deny;
        }
        match &self.finding {
            Finding::CouldNotLook { policies, .. } => {
                let enforced = policies.iter().any(|(_, mode)| *mode == Mode::Enforce);
                if enforced {
                    Outcome::CouldNotLook
                } else {
                    Outcome::Admit
                }
            }
            Finding::Invalid(_) | Finding::Unmatched(Stance::Deny) => Outcome::Deny,
            Finding::Judged(verdicts) => {
                let denied = verdicts
                    .iter()
                    .any(|verdict| verdict.mode == Mode::Enforce && !verdict.violations.is_empty());
                if denied {
                    Outcome::Deny
                } else {
                    Outcome::Admit
                }
            }
            Finding::Unmatched(Stance::Allow | Stance::Warn) => Outcome::Admit,
        }
    }

    /// The stable codes of what was found wrong, the ones that refuse first: `signature/signed:unsigned`,
    /// `registry_unreachable`, `unmatched`, …
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        match &self.finding {
            Finding::CouldNotLook { error, .. } => codes.push(error.code().to_owned()),
            Finding::Invalid(error) => codes.push(error.code().to_owned()),
            Finding::Judged(verdicts) => {
                let mut verdicts: Vec<_> = verdicts.iter().collect();
                verdicts.sort_by_key(|verdict| verdict.mode != Mode::Enforce);
                for violation in verdicts.iter().flat_map(|verdict| &verdict.violations) {
                    codes.push(format!("{}:{}", violation.rule, violation.code));
                }
            }
            Finding::Unmatched(Stance::Allow) => {}
            Finding::Unmatched(Stance::Deny | Stance::Warn) => codes.push("unmatched".to_owned()),
        }
        if self.uncovered == Some(Stance::Warn) {
            codes.push("unmatched".to_owned());
        }
        if matches!(self.unpinned, Some(Stance::Deny | Stance::Warn)) {
            codes.push("unpinned".to_owned());
        }
        codes
    }

    /// What exceptions set aside, each with the verdict that it belongs to.
    pub fn excepted(&self) -> impl Iterator<Item = (&Verdict, &Excepted)> {
        let verdicts = match &self.finding {
            Finding::Judged(verdicts) => verdicts.as_slice(),
            _ => &[],
        };
        let pairs = verdicts.iter().map(|verdict| (verdict, &verdict.excepted));
        pairs.flat_map(|(verdict, all)| all.iter().map(move |excepted| (verdict, excepted)))
    }

    /// The policies that cover the image.
    #[must_use]
    pub fn policies(&self) -> Vec<&str> {
        match &self.finding {
            Finding::CouldNotLook { policies, .. } => {
                policies.iter().map(|(name, _)| name.as_str()).collect()
            }
            Finding::Judged(verdicts) => verdicts
                .iter()
                .map(|verdict| verdict.policy.as_str())
                .collect(),
            Finding::Invalid(_) | Finding::Unmatched(_) => Vec::new(),
        }
    }
}
