//! What is to be said of an image one by one: what refuses it, and what should be known of it.
//!
//! The warnings of a review are those of its remarks that refuse nothing.

use countersign_policy::{Excepted, Mode, Verdict, Violation};

use super::{clean, headline, of_mode, unmatched, unpinned};
use crate::{Finding, ImageReview, Remark, Review, Stance};

/// What refuses the image, and what should be known of it.
pub(crate) fn remarks(image: &ImageReview) -> Vec<Remark> {
    let name = &image.image;
    let mut remarks = Vec::new();
    match &image.finding {
        Finding::CouldNotLook { error, policies } => {
            let modes = |wanted| policies.iter().filter(move |(_, mode)| *mode == wanted);
            if modes(Mode::Enforce).next().is_some() {
                remarks.push(Remark {
                    fix: error.hint(),
                    ..Remark::refusal(error.code(), headline(image))
                });
            }
            remarks.extend(modes(Mode::Warn).map(|(policy, _)| {
                let text = format!("{name}: policy {policy} could not look: {error}");
                Remark::warning(error.code(), text)
            }));
        }
        Finding::Invalid(error) => remarks.push(Remark {
            fix: error.hint().map(str::to_owned),
            ..Remark::refusal(error.code(), headline(image))
        }),
        Finding::Judged(verdicts) => judged(image, verdicts, &mut remarks),
        Finding::Unmatched(Stance::Deny) => {
            remarks.push(Remark::refusal("unmatched", headline(image)));
        }
        Finding::Unmatched(Stance::Warn) => {
            remarks.push(Remark::warning("unmatched", unmatched(image)));
        }
        Finding::Unmatched(Stance::Allow) => {}
    }
    if image.uncovered == Some(Stance::Warn) {
        remarks.push(Remark::warning("unmatched", unmatched(image)));
    }
    match image.unpinned {
        Some(Stance::Deny) => remarks.push(Remark::refusal("unpinned", unpinned(image))),
        Some(Stance::Warn)
            if image.pinned.is_some() || matches!(image.finding, Finding::Judged(_)) =>
        {
            remarks.push(Remark::warning("unpinned", unpinned(image)));
        }
        _ => {}
    }
    let undecided = image.undecided.iter();
    remarks.extend(
        undecided.map(|why| Remark::warning("selector_undecided", format!("{name}: {why}"))),
    );
    remarks
}

fn judged(image: &ImageReview, verdicts: &[Verdict], remarks: &mut Vec<Remark>) {
    let name = &image.image;
    for (policy, violation) in of_mode(verdicts, Mode::Enforce) {
        let message = clean(&violation.text());
        remarks.push(Remark {
            fix: violation.fix.as_deref().map(clean),
            ..Remark::refusal(
                &violation.rule,
                format!("{name}: not allowed by policy {policy}: {message}"),
            )
        });
    }
    for (policy, violation) in of_mode(verdicts, Mode::Warn) {
        let (message, rule) = (clean(&violation.text()), &violation.rule);
        remarks.push(Remark {
            fix: violation.fix.as_deref().map(clean),
            ..Remark::warning(rule, format!("{name}: policy {policy}: {message} ({rule})"))
        });
    }
    for (verdict, excepted) in image.excepted() {
        if verdict.mode != Mode::Audit {
            let text = set_aside(name, verdict, excepted);
            remarks.push(Remark::warning(&excepted.violation.rule, text));
        }
    }
    let heard = verdicts
        .iter()
        .filter(|verdict| verdict.mode != Mode::Audit);
    for warning in heard.flat_map(|verdict| &verdict.warnings) {
        remarks.push(Remark::warning(
            "warning",
            format!("{name}: {}", clean(warning)),
        ));
    }
}

pub(crate) fn warnings(review: &Review) -> Vec<String> {
    let remarks = review.images.iter().flat_map(ImageReview::remarks);
    remarks
        .filter(|remark| !remark.refuses)
        .map(|remark| remark.text)
        .collect()
}

/// `IMAGE: policy P: RULE:CODE is set aside by exception E until T, approved by A: why`.
fn set_aside(image: &str, verdict: &Verdict, excepted: &Excepted) -> String {
    let by: Vec<_> = excepted
        .exceptions
        .iter()
        .map(|exception| {
            let (name, expires) = (&exception.name, exception.expires);
            let (reason, approver) = (clean(&exception.reason), clean(&exception.approver));
            format!("exception {name} until {expires}, approved by {approver}: {reason}")
        })
        .collect();
    let Violation { rule, code, .. } = &excepted.violation;
    let policy = &verdict.policy;
    let by = by.join("; ");
    format!("{image}: policy {policy}: {rule}:{code} is set aside by {by}")
}
