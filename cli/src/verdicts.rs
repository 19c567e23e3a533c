//! Verdicts of `check` as they are written: the words of the webhook as text, the same facts as JSON.

use std::collections::BTreeSet;

use countersign_policy::Verdict;
use countersign_review::{Finding, ImageReview, Outcome, Review, ReviewError};
use serde::Serialize;

use crate::failure::{Failure, flag_hint};
use crate::printer::{Output, Printer};
use crate::status::ExitStatus;

/// Everything that one `check` found.
#[derive(Debug, Serialize)]
pub(crate) struct CheckOut {
    /// `admit`, `could_not_look`, `deny`, or `error` where a manifest could not be read.
    outcome: &'static str,
    /// Manifests that could not be read.
    errors: Vec<String>,
    /// What only a cluster knows.
    pub(crate) unknown: Vec<String>,
    /// Each thing that was judged.
    reviews: Vec<ReviewOut>,
}

impl CheckOut {
    /// A check that has judged nothing yet.
    pub(crate) fn new(failures: &[Failure]) -> Self {
        Self {
            outcome: Outcome::Admit.as_str(),
            errors: failures.iter().map(ToString::to_string).collect(),
            unknown: Vec::new(),
            reviews: Vec::new(),
        }
    }

    /// Adds what was found about one more thing.
    pub(crate) fn add(&mut self, review: ReviewOut) {
        self.reviews.push(review);
    }

    /// Writes the verdicts, and says which exit code follows.
    pub(crate) fn finish(
        mut self,
        output: Output,
        printer: &Printer,
    ) -> Result<ExitStatus, Failure> {
        let worst = self.worst();
        let mut status = status(worst);
        self.outcome = worst.as_str();
        if !self.errors.is_empty() {
            status = status.and(ExitStatus::Usage);
            self.outcome = "error";
        }
        match output {
            Output::Json => printer.json(&self)?,
            Output::Text => self.print(printer),
        }
        let hints: BTreeSet<_> = self
            .reviews
            .iter()
            .flat_map(|review| &review.hints)
            .collect();
        hints.into_iter().for_each(|hint| printer.hint(hint));
        Ok(status)
    }

    fn print(&self, printer: &Printer) {
        let mut warned = BTreeSet::new();
        for review in &self.reviews {
            for warning in &review.warnings {
                if warned.insert(warning) {
                    printer.warning(warning);
                }
            }
            printer.data(&format!(
                "{}: {}{}",
                review.verdict(),
                review.name,
                review.place()
            ));
            review
                .message
                .lines()
                .for_each(|line| printer.data(format!("  {line}").trim_end()));
        }
    }

    fn worst(&self) -> Outcome {
        self.reviews
            .iter()
            .map(|review| review.result)
            .max()
            .unwrap_or(Outcome::Admit)
    }
}

/// What was found about one manifest or image.
#[derive(Debug, Serialize)]
pub(crate) struct ReviewOut {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    outcome: &'static str,
    code: String,
    images: Vec<ImageOut>,
    warnings: Vec<String>,
    message: String,
    /// Flags that would let us look.
    #[serde(skip)]
    hints: Vec<String>,
    #[serde(skip)]
    result: Outcome,
}

impl ReviewOut {
    /// The review of what is called `name`.
    pub(crate) fn new(name: &str, file: Option<&str>, review: &Review) -> Self {
        Self {
            name: name.to_owned(),
            file: file.map(str::to_owned),
            outcome: review.outcome().as_str(),
            code: review.code(),
            images: review.images.iter().map(ImageOut::new).collect(),
            warnings: review.warnings(),
            message: review.message(),
            hints: review.images.iter().filter_map(hint).collect(),
            result: review.outcome(),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.result {
            Outcome::Admit => "admitted",
            Outcome::CouldNotLook => "could not look",
            Outcome::Deny => "denied",
        }
    }

    fn place(&self) -> String {
        self.file
            .as_ref()
            .map(|file| format!(" ({file})"))
            .unwrap_or_default()
    }
}

#[derive(Debug, Serialize)]
struct ImageOut {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    paths: Vec<String>,
    outcome: &'static str,
    codes: Vec<String>,
    verdicts: Vec<Verdict>,
}

impl ImageOut {
    fn new(image: &ImageReview) -> Self {
        let verdicts = match &image.finding {
            Finding::Judged(verdicts) => verdicts.clone(),
            _ => Vec::new(),
        };
        Self {
            image: image.image.clone(),
            digest: image
                .pinned
                .as_ref()
                .map(|pinned| pinned.digest().to_string()),
            paths: image.paths.clone(),
            outcome: image.outcome().as_str(),
            codes: image.codes(),
            verdicts,
        }
    }
}

fn hint(image: &ImageReview) -> Option<String> {
    match &image.finding {
        Finding::CouldNotLook {
            error: ReviewError::Source(error),
            ..
        } => flag_hint(error),
        _ => None,
    }
}

fn status(outcome: Outcome) -> ExitStatus {
    match outcome {
        Outcome::Admit => ExitStatus::Success,
        Outcome::CouldNotLook => ExitStatus::CouldNotLook,
        Outcome::Deny => ExitStatus::Denied,
    }
}
