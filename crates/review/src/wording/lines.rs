//! The lines that denials are made of, whether a policy was asked or only a signer.

use countersign_evidence::{Reason, Rejection, predicate};
use countersign_image::excerpt_within;

/// `NAME: could not look`, to stand before the error.
#[must_use]
pub fn could_not_look(name: &str) -> String {
    format!("{name}: could not look")
}

/// The lines of what comes nearest, each with its label; the longest lists are cut, with a count of the rest.
pub fn nearest<I>(lines: I) -> impl Iterator<Item = String>
where
    I: IntoIterator<Item = String, IntoIter: ExactSizeIterator>,
{
    let lines = lines.into_iter();
    let more = lines.len().saturating_sub(LINES);
    let more = (more > 0).then(|| format!("and {more} more"));
    let lines = lines.take(LINES).chain(more);
    lines.map(|line| format!("{:<8} {}", "nearest", clean(&line)))
}

/// Something that is attached and not what is wanted: `WHAT DIGEST: WHY`, the digest cut short.
#[must_use]
pub fn miss(what: &str, digest: &str, why: &str) -> String {
    let digest = digest.get(..SHORT_DIGEST).unwrap_or(digest);
    format!("{what} {digest}: {why}")
}

/// Something that is attached and counts for nothing, as a miss.
#[must_use]
pub fn rejected(rejection: &Rejection) -> String {
    let what = match rejection.predicate_type.as_deref() {
        // Nothing else that nobody signed is ever attached without a type.
        None if rejection.reason == Reason::Unsigned => "SBOM".to_owned(),
        kind => what(kind),
    };
    miss(&what, &rejection.digest.to_string(), &why(rejection))
}

/// What an attached thing is, by its predicate type.
#[must_use]
pub fn what(predicate_type: Option<&str>) -> String {
    match predicate_type {
        None | Some(predicate::COSIGN_SIGN) => "signature".to_owned(),
        Some(kind) => format!("attestation {kind}"),
    }
}

/// Why something counts for nothing: the words, then the code.
#[must_use]
pub fn why(rejection: &Rejection) -> String {
    format!("{} ({})", rejection.detail, rejection.reason.code())
}

/// One line of bounded length. Rules quote what attackers wrote: no line breaks, no terminal escapes.
pub(super) fn clean(text: &str) -> String {
    excerpt_within(text, LINE_CHARACTERS)
}

/// What could not be looked at is not thereby unsigned.
pub const SAYS_NOTHING: &str = "this says nothing about what is attached to the image";
/// How many lines of one detail are shown; the count of the others is said.
pub(super) const LINES: usize = 5;
/// How long a line of a denial may be; the whole stands in the JSON of `countersign check`.
const LINE_CHARACTERS: usize = 1000;
/// The algorithm of a digest and enough of it to find the thing by.
const SHORT_DIGEST: usize = "sha256:".len() + 12;
