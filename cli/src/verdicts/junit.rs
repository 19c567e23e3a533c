//! Verdicts as JUnit XML: one test case for each use of an image.
//!
//! Leaves out nothing that could not be read: it is an error among the cases.

use super::{CheckOut, ImageOut, ReviewOut};
use crate::junit::{self, Case, Kind, Problem, Suite};
use countersign_review::Outcome;

/// The document.
pub(super) fn document(check: &CheckOut) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    for review in &check.reviews {
        let name = review.file.as_deref().unwrap_or("command line");
        let cases = review.images.iter().flat_map(|image| cases(review, image));
        match suites.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.extend(cases),
            None => suites.push(Suite {
                name: name.to_owned(),
                cases: cases.collect(),
            }),
        }
    }
    if !check.errors.is_empty() {
        suites.push(Suite {
            name: "what could not be read".to_owned(),
            cases: check.errors.iter().map(|error| unread(error)).collect(),
        });
    }
    junit::render("countersign check", &suites)
}

fn cases<'a>(review: &'a ReviewOut, image: &'a ImageOut) -> impl Iterator<Item = Case> {
    image.uses().map(|(path, line)| {
        let place = review.place(line);
        let warnings = image.remarks.iter().filter(|remark| !remark.refuses);
        let warnings: Vec<_> = warnings.map(|remark| remark.text.as_str()).collect();
        Case {
            class: review.name.clone(),
            name: format!("{path}: {}", image.name()),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.and_then(|(_, line)| line),
            problem: problem(image),
            output: warnings.join("\n"),
        }
    })
}

fn problem(image: &ImageOut) -> Option<Problem> {
    let kind = match image.result {
        Outcome::Admit => return None,
        Outcome::CouldNotLook => Kind::Error,
        Outcome::Deny => Kind::Failure,
    };
    Some(Problem {
        kind,
        code: image.codes.first().cloned().unwrap_or_default(),
        summary: image.message.lines().next().unwrap_or_default().to_owned(),
        detail: image.message.clone(),
    })
}

fn unread(error: &str) -> Case {
    Case {
        class: "manifest".to_owned(),
        name: error.to_owned(),
        problem: Some(Problem {
            kind: Kind::Error,
            code: "manifest".to_owned(),
            summary: error.to_owned(),
            detail: error.to_owned(),
        }),
        ..Case::default()
    }
}
