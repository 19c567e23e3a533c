//! What a log entry says was signed, by whom: Rekor's `hashedrekord`, `dsse` and `intoto`.
//!
//! Refuses kinds and versions that it does not know, since it cannot tell what they commit to.

mod v1;
mod v2;

use countersign_image::excerpt;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Logged, SignerKey, mismatch};
use crate::json;
use crate::rejection::{Reason, Refusal};

/// The body of an entry, by kind and version.
#[derive(Debug)]
pub(super) enum Body {
    Dsse(v1::Dsse),
    HashedRekord(v1::HashedRekord),
    HashedRekordV2(v2::HashedRekord),
    Intoto(v1::Intoto),
    IntotoV2(v1::IntotoV2),
}

impl Body {
    /// Reads a body; `kind` is what stands beside it and must be the same.
    pub(super) fn parse(body: &[u8], kind: Option<&(String, String)>) -> Result<Self, Refusal> {
        let header: Header<'_> = json::strict_object(body).map_err(unreadable)?;
        if kind
            .is_some_and(|(kind, version)| *kind != header.kind || *version != header.api_version)
        {
            return Err(mismatch(format!(
                "the log entry is a {} {}, and is said to be another",
                excerpt(&header.kind),
                excerpt(&header.api_version)
            )));
        }
        let spec = header.spec.get();
        match (header.kind.as_str(), header.api_version.as_str()) {
            ("dsse", "0.0.1") => read(spec).map(Self::Dsse),
            ("hashedrekord", "0.0.1") => read(spec).map(Self::HashedRekord),
            ("hashedrekord", "0.0.2") => read(spec).map(Self::HashedRekordV2),
            ("intoto", "0.0.1") => read(spec).map(Self::Intoto),
            ("intoto", "0.0.2") => read(spec).map(Self::IntotoV2),
            (kind, version) => Err(Refusal::new(
                Reason::UnsupportedFormat,
                format!(
                    "log entries of kind {} {} are not read",
                    excerpt(kind),
                    excerpt(version)
                ),
            )),
        }
    }

    /// Checks that the body is about this signature of `what` by `signer`, as far as its kind goes.
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        match self {
            Self::Dsse(body) => body.commits_to(what, signature, signer),
            Self::HashedRekord(body) => body.commits_to(what, signature, signer),
            Self::HashedRekordV2(body) => body.commits_to(what, signature, signer),
            Self::Intoto(body) => body.commits_to(what, signer),
            Self::IntotoV2(body) => body.commits_to(what, signature, signer),
        }
    }

    /// Whether the rules of Rekor v2 hold: no promise, and everything about the tree from the checkpoint.
    pub(super) fn is_v2(&self) -> bool {
        matches!(self, Self::HashedRekordV2(_))
    }
}

fn read<'a, T: Deserialize<'a>>(spec: &'a str) -> Result<T, Refusal> {
    json::object(spec).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    mismatch(format!("the body of the log entry does not read: {error}"))
}

fn check_signature(logged: Option<Vec<u8>>, signature: &[u8]) -> Result<(), Refusal> {
    if logged.is_some_and(|logged| logged == signature) {
        Ok(())
    } else {
        Err(another("signature"))
    }
}

/// What each kind says when it is about something else.
fn another(what: &str) -> Refusal {
    mismatch(format!("the log entry is of another {what}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    api_version: String,
    kind: String,
    #[serde(borrow)]
    spec: &'a RawValue,
}
