//! Software bills of materials in one shape, whatever format wrote them.
//!
//! Judges nothing of what they list. Refuses a document that is not of the format that the statement's type names, and
//! reads none by halves.

mod cyclonedx;
mod spdx;

use std::borrow::Cow;
use std::collections::BTreeMap;

use countersign_image::{check_strict, excerpt};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json;
use crate::predicate::{self, Family};
use crate::rejection::{Reason, Refusal};

/// What an SBOM says. What a producer left out, or answered with `NOASSERTION` or `NONE`, is left out of the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sbom {
    /// The format.
    pub kind: SbomKind,
    /// The version of the format: `2.3`, `1.6`.
    pub spec_version: String,
    /// When it was made, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who and what made it, in SPDX's words: `Tool: syft-1.0`, `Organization: …`, `Person: …`.
    pub creators: Vec<String>,
    /// The name of the document, or of what it describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The identity of the document: SPDX `documentNamespace`, CycloneDX `serialNumber`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What was looked at; always `image` here.
    pub scope: &'static str,
    /// Where in `packages` the thing stands that the document describes; `null` if it is not exactly one.
    pub root: Option<usize>,
    /// The packages, nested ones too, the described root included.
    pub packages: Vec<Package>,
    /// How many relationships it states.
    pub relationships: usize,
    /// How many of them say that one thing depends on another.
    pub dependencies: usize,
}

/// The format of an SBOM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SbomKind {
    /// CycloneDX JSON.
    CycloneDx,
    /// SPDX 2.x JSON.
    Spdx,
}

/// A package that an SBOM lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Its CPE names.
    pub cpes: Vec<String>,
    /// Its licences: identifiers, expressions or names.
    pub licenses: Vec<String>,
    /// Who distributes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// Its hashes, by lower-case name (`sha256`).
    pub checksums: BTreeMap<String, String>,
}

/// Reads a predicate that says to be an SBOM of `family`.
pub(crate) fn read(
    family: Family,
    predicate_type: &str,
    predicate: &RawValue,
) -> Result<Sbom, Refusal> {
    let (text, kind) = unwrap(predicate.get())?;
    match (family, kind) {
        (Family::Spdx, Kind::Spdx2)
            if predicate::version_of(predicate_type, predicate::SPDX).is_some_and(is_spdx2) =>
        {
            spdx::read(&text)
        }
        (Family::CycloneDx, Kind::CycloneDx) => cyclonedx::read(&text),
        (_, Kind::Spdx3) => Err(unsupported(
            "SPDX 3 is not read yet; attest the SPDX 2.3 or CycloneDX form",
        )),
        (_, Kind::Syft) => Err(Refusal::new(
            Reason::SbomMalformed,
            "it is Syft's own format; write SPDX or CycloneDX (syft -o spdx-json)",
        )),
        (_, Kind::Unknown) => Err(Refusal::new(
            Reason::SbomMalformed,
            "it is neither SPDX nor CycloneDX",
        )),
        (_, found) => {
            let found = if found == Kind::CycloneDx {
                "CycloneDX"
            } else {
                "SPDX 2"
            };
            let detail = format!(
                "the content is {found}, but its type is {}",
                excerpt(predicate_type)
            );
            Err(Refusal::new(Reason::PredicateMismatch, detail))
        }
    }
}

/// The document inside the wrappers of older cosign versions (`{"Data": …}`, as text or as JSON, or bare text), and
/// its format.
fn unwrap(predicate: &str) -> Result<(Cow<'_, str>, Kind), Refusal> {
    let mut document = Cow::Borrowed(predicate);
    if !predicate.starts_with('"') {
        let shape: Shape<'_> = json::object(predicate).map_err(malformed)?;
        match (shape.kind(), shape.data) {
            (Kind::Unknown, Some(data)) => document = Cow::Borrowed(data.get()),
            (kind, _) => return Ok((document, kind)),
        }
    }
    if document.starts_with('"') {
        let text: String = serde_json::from_str(&document).map_err(malformed)?;
        if !text.trim_start().starts_with('{') {
            return Err(unsupported(
                "it is text (SPDX tag-value, or XML); attest the JSON form",
            ));
        }
        // What stood in a string was not looked into when the statement was checked.
        check_strict(text.as_bytes()).map_err(malformed)?;
        document = Cow::Owned(text);
    }
    let kind = json::object::<Shape<'_>>(&document)
        .map_err(malformed)?
        .kind();
    Ok((document, kind))
}

/// The members by which formats are told apart.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(rename = "spdxVersion")]
    spdx_version: Option<IgnoredAny>,
    #[serde(rename = "bomFormat")]
    bom_format: Option<IgnoredAny>,
    #[serde(rename = "@context")]
    context: Option<IgnoredAny>,
    #[serde(rename = "@graph")]
    graph: Option<IgnoredAny>,
    #[serde(borrow, rename = "Data")]
    data: Option<&'a RawValue>,
    artifacts: Option<IgnoredAny>,
    descriptor: Option<IgnoredAny>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    CycloneDx,
    Spdx2,
    Spdx3,
    Syft,
    Unknown,
}

impl Shape<'_> {
    fn kind(&self) -> Kind {
        match (&self.spdx_version, &self.bom_format) {
            (Some(_), None) => Kind::Spdx2,
            (None, Some(_)) => Kind::CycloneDx,
            (None, None) if self.context.is_some() && self.graph.is_some() => Kind::Spdx3,
            (None, None) if self.artifacts.is_some() && self.descriptor.is_some() => Kind::Syft,
            // Both at once is as good as neither: two readers would see two documents.
            _ => Kind::Unknown,
        }
    }
}

fn is_spdx2(version: &str) -> bool {
    version.is_empty() || version == "2" || version.starts_with("2.")
}

/// What is asserted: not empty and none of SPDX's two ways to say nothing.
fn asserted(text: Option<String>) -> Option<String> {
    text.filter(|text| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE"))
}

/// One name per hash algorithm: SPDX has `SHA256`, CycloneDX `SHA-256`.
fn checksum_name(algorithm: &str) -> String {
    let name = algorithm.to_ascii_lowercase();
    name.strip_prefix("sha-")
        .map_or_else(|| name.clone(), |bits| format!("sha{bits}"))
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        Reason::SbomMalformed,
        format!("it does not read as an SBOM: {error}"),
    )
}

fn unsupported(detail: &str) -> Refusal {
    Refusal::new(Reason::UnsupportedFormat, detail)
}

#[cfg(test)]
mod tests;
