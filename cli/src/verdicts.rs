//! Verdicts of `check`: the words of the webhook for people, the same facts for programs, each format in a file.

mod github;
mod junit;
mod sarif;
mod summary;

use std::collections::BTreeSet;
use std::path::PathBuf;

use countersign_image::excerpt;
use countersign_policy::Verdict;
use countersign_review::{Finding, ImageReview, Outcome, Remark, Review, ReviewError};
use serde::Serialize;

use crate::failure::{Failure, flag_hint};
use crate::manifests::Origin;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// How verdicts are written.
#[derive(Debug, clap::Args)]
pub(crate) struct VerdictArgs {
    /// How to write the verdicts
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// Add a table of images and verdicts, in Markdown: to stderr, or to the end of a file, such as
    /// --summary="$GITHUB_STEP_SUMMARY"
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    summary: Option<Option<PathBuf>>,
}

/// The formats of verdicts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document with all that is known
    Json,
    /// JUnit XML: a test case for each use of an image
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions, at the line of the image
    Github,
}

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
        args: &VerdictArgs,
        printer: &Printer,
    ) -> Result<ExitStatus, Failure> {
        let worst = self.worst();
        let mut status = status(worst);
        self.outcome = worst.as_str();
        if !self.errors.is_empty() {
            status = status.and(ExitStatus::Usage);
            self.outcome = "error";
        }
        match args.output {
            Format::Text => self.print(printer),
            Format::Json => printer.json(&self)?,
            Format::Junit => printer.bytes(junit::document(&self).as_bytes()),
            Format::Sarif => printer.json(&sarif::document(&self))?,
            Format::Github => printer.bytes(github::commands(&self).as_bytes()),
        }
        let reviews = self.reviews.iter();
        let hints: BTreeSet<_> = reviews.flat_map(|review| &review.hints).collect();
        hints.into_iter().for_each(|hint| printer.hint(hint));
        if let Some(file) = &args.summary
            && let Err(failure) = summary::write(&self, file.as_deref(), printer)
        {
            status = status.and(printer.failure(&failure));
        }
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
            let place = match &review.origin {
                Some(origin) => format!(" ({origin})"),
                None => String::new(),
            };
            let verdict = in_words(review.result);
            printer.data(&format!("{verdict}: {}{place}", review.name));
            let lines = review.message.lines();
            lines.for_each(|line| printer.data(format!("  {line}").trim_end()));
        }
    }

    fn worst(&self) -> Outcome {
        let outcomes = self.reviews.iter().map(|review| review.result);
        outcomes.max().unwrap_or(Outcome::Admit)
    }
}

/// What was found about one manifest or image.
#[derive(Debug, Serialize)]
pub(crate) struct ReviewOut {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
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
    #[serde(skip)]
    origin: Option<Origin>,
}

impl ReviewOut {
    /// The review of what is called `name`, and stands at `origin` if in a manifest.
    pub(crate) fn new(name: &str, origin: Option<&Origin>, review: &Review) -> Self {
        let images = review.images.iter();
        Self {
            name: name.to_owned(),
            file: origin.map(|origin| origin.file.clone()),
            template: origin.and_then(|origin| origin.template.clone()),
            outcome: review.outcome().as_str(),
            code: review.code(),
            images: images
                .map(|image| ImageOut::new(image, review, origin))
                .collect(),
            warnings: review.warnings(),
            message: review.message(),
            hints: review.images.iter().filter_map(hint).collect(),
            result: review.outcome(),
            origin: origin.cloned(),
        }
    }

    /// The file that a reader can open and the line in it. Of what a tool made from a template, that template and no
    /// line: the lines are those of what the tool printed.
    fn place(&self, line: Option<u64>) -> Option<(&str, Option<u64>)> {
        match (&self.template, &self.file) {
            (Some(template), _) => Some((template, None)),
            (None, Some(file)) => Some((file, line)),
            (None, None) => None,
        }
    }
}

#[derive(Debug, Serialize)]
struct ImageOut {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    paths: Vec<String>,
    /// The line of each path in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<u64>,
    outcome: &'static str,
    codes: Vec<String>,
    verdicts: Vec<Verdict>,
    #[serde(skip)]
    remarks: Vec<Remark>,
    /// The denial, as if the workload had no other image.
    #[serde(skip)]
    message: String,
    #[serde(skip)]
    result: Outcome,
}

impl ImageOut {
    fn new(image: &ImageReview, review: &Review, origin: Option<&Origin>) -> Self {
        let verdicts = match &image.finding {
            Finding::Judged(verdicts) => verdicts.clone(),
            _ => Vec::new(),
        };
        let alone = Review {
            images: vec![image.clone()],
            namespace: review.namespace.clone(),
        };
        let pinned = image.pinned.as_ref();
        let lines = origin.map(|origin| image.paths.iter().map(|path| origin.line(path)));
        Self {
            image: image.image.clone(),
            digest: pinned.map(|pinned| pinned.digest().to_string()),
            paths: image.paths.clone(),
            lines: lines.map(Iterator::collect).unwrap_or_default(),
            outcome: image.outcome().as_str(),
            codes: image.codes(),
            verdicts,
            remarks: image.remarks(),
            message: alone.message(),
            result: image.outcome(),
        }
    }

    /// Every field that uses the image, with its line where it is known.
    fn uses(&self) -> impl Iterator<Item = (&str, Option<u64>)> {
        let paths = self.paths.iter().enumerate();
        paths.map(|(index, path)| (path.as_str(), self.lines.get(index).copied()))
    }

    /// As it is written, for people.
    fn name(&self) -> String {
        excerpt(&self.image)
    }
}

fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Admit => "admitted",
        Outcome::CouldNotLook => "could not look",
        Outcome::Deny => "denied",
    }
}

/// The flag that would help, where an image could not be looked at.
pub(crate) fn hint(image: &ImageReview) -> Option<String> {
    match &image.finding {
        Finding::CouldNotLook {
            error: ReviewError::Source(error),
            ..
        } => flag_hint(error),
        _ => None,
    }
}

/// The exit code that follows.
pub(crate) fn status(outcome: Outcome) -> ExitStatus {
    match outcome {
        Outcome::Admit => ExitStatus::Success,
        Outcome::CouldNotLook => ExitStatus::CouldNotLook,
        Outcome::Deny => ExitStatus::Denied,
    }
}
