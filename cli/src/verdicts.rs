//! Verdicts of `check` as they are written: the words of the webhook as text, the same facts as JSON.

use countersign_policy::Verdict;
use countersign_review::{Finding, ImageReview, Outcome, Review};
use serde::Serialize;

use crate::printer::Printer;
use crate::status::ExitStatus;

/// Everything that one `check` found.
#[derive(Debug, Serialize)]
pub(crate) struct CheckOut {
    /// `admit`, `deny` or `could_not_look`.
    outcome: &'static str,
    /// What only a cluster knows.
    pub(crate) unknown: Vec<String>,
    /// Each thing that was judged.
    reviews: Vec<ReviewOut>,
}

impl CheckOut {
    /// A check that has judged nothing yet.
    pub(crate) fn new(unknown: Vec<String>) -> Self {
        Self {
            outcome: Outcome::Admit.as_str(),
            unknown,
            reviews: Vec::new(),
        }
    }

    /// Adds what was found about one more thing.
    pub(crate) fn add(&mut self, review: ReviewOut) {
        self.reviews.push(review);
        self.outcome = self.worst().as_str();
    }

    /// The exit code that follows.
    pub(crate) fn status(&self) -> ExitStatus {
        status(self.worst())
    }

    /// Writes the verdicts for people.
    pub(crate) fn print(&self, printer: &Printer) {
        for review in &self.reviews {
            review
                .warnings
                .iter()
                .for_each(|warning| printer.warning(warning));
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

fn status(outcome: Outcome) -> ExitStatus {
    match outcome {
        Outcome::Admit => ExitStatus::Success,
        Outcome::CouldNotLook => ExitStatus::CouldNotLook,
        Outcome::Deny => ExitStatus::Denied,
    }
}
