//! Software bills of materials in one shape, whatever format wrote them.
//!
//! Judges nothing of what they list. Refuses a document that is not of the format that the statement's type names, and
//! reads none by halves.

mod cyclonedx;
mod spdx;
mod spdx3;
mod tag_value;

use std::borrow::Cow;

use countersign_image::{check_strict, excerpt, limits};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json;
use crate::predicate::{self, Family};
use crate::rejection::{Reason, Refusal};
use crate::statement::Carried;

/// What an SBOM says. What a producer left out, or answered with `NOASSERTION` or `NONE`, is left out of the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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
    /// What was looked at.
    pub scope: SbomScope,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SbomKind {
    /// CycloneDX JSON.
    CycloneDx,
    /// SPDX: 2.x as JSON or tag-value text, 3.0 as JSON-LD.
    Spdx,
}

/// What was looked at to write an SBOM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SbomScope {
    /// The files that the build was given.
    Context,
    /// The image.
    #[default]
    Image,
    /// What a build made on the way, and may have left out of the image.
    Stage,
}

/// A package that an SBOM lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
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
    /// Its hashes, each name (`sha256`, lower case) once, with the value.
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub checksums: Vec<(String, String)>,
}

/// A list, since nearly all packages have one, and a map takes ten times the room.
fn as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Reads a predicate that says to be an SBOM of `family`; nothing if it is a VEX document of the same format, which lists
/// vulnerabilities and no component.
pub(crate) fn read(
    family: Family,
    carried: Carried,
    predicate_type: &str,
    text: &str,
) -> Result<Option<Sbom>, Refusal> {
    check_objects(braces(text))?;
    let expected = match family {
        Family::CycloneDx => Kind::CycloneDx,
        _ => Kind::Spdx2,
    };
    // Large, and nearly always what it seems: looked at twice only if it does not read as that.
    let read = read_as(expected, predicate_type, text);
    let sbom = read.or_else(|refusal| match unwrap(family, text)? {
        (None, kind) if kind == expected => Err(refusal),
        (None, kind) => read_as(kind, predicate_type, text),
        (Some(inner), kind) => read_as(kind, predicate_type, &inner),
    })?;
    Ok(sbom.map(|sbom| Sbom {
        scope: scope(carried, &sbom),
        ..sbom
    }))
}

fn check_objects(count: usize) -> Result<(), Refusal> {
    if count > limits::SBOM_OBJECTS {
        let detail = format!("it has more than {} objects", limits::SBOM_OBJECTS);
        return Err(Refusal::new(Reason::TooMany, detail));
    }
    Ok(())
}

/// How many objects JSON can have at most.
fn braces(json: &str) -> usize {
    memchr::memchr_iter(b'{', json.as_bytes()).count()
}

fn read_as(kind: Kind, predicate_type: &str, text: &str) -> Result<Option<Sbom>, Refusal> {
    let of_cyclonedx = predicate::family(predicate_type) == Some(Family::CycloneDx);
    match kind {
        Kind::CycloneDx if of_cyclonedx => cyclonedx::read(text),
        Kind::Spdx2 if is_typed(predicate_type, "2") => spdx::read(text).map(Some),
        Kind::Spdx3 if is_typed(predicate_type, "3") => spdx3::read(text).map(Some),
        Kind::TagValue if is_typed(predicate_type, "2") => tag_value::read(text).map(Some),
        kind => Err(mismatch(kind, predicate_type)),
    }
}

/// Whether `predicate_type` leaves the version of SPDX open, or names one of `major`.
fn is_typed(predicate_type: &str, major: &str) -> bool {
    let version = predicate::version_of(predicate_type, predicate::SPDX);
    version.is_some_and(|version| {
        version.is_empty()
            || version
                .split('.')
                .next()
                .is_some_and(|first| first == major)
    })
}

fn neither() -> Refusal {
    malformed("it is neither SPDX nor CycloneDX")
}

fn mismatch(found: Kind, predicate_type: &str) -> Refusal {
    let found = match found {
        Kind::CycloneDx => "CycloneDX",
        Kind::Spdx2 | Kind::TagValue => "SPDX 2",
        Kind::Spdx3 => "SPDX 3",
        Kind::Syft => "Syft's own format (write it with `syft -o spdx-json`)",
        Kind::Unknown => return neither(),
    };
    let detail = format!(
        "the content is {found}, but its type is {}",
        excerpt(predicate_type)
    );
    Refusal::new(Reason::PredicateMismatch, detail)
}

/// What BuildKit had looked at, as far as it says: the SBOM of the last stage is named `sbom`, that of the context
/// `sbom-context`, that of a stage `sbom-<stage>`.
///
/// https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
///
/// Others use such names too (`sbom-sha256:…`), so the name means this only where BuildKit, or the scanner that it runs
/// unless told otherwise, wrote the document. What another scanner names otherwise counts as the image's.
fn scope(carried: Carried, sbom: &Sbom) -> SbomScope {
    let Some((name, scan)) = sbom
        .name
        .as_deref()
        .and_then(|name| Some((name, name.strip_prefix("sbom-")?)))
    else {
        return SbomScope::Image;
    };
    let by_buildkit = carried == Carried::Bare
        || sbom
            .creators
            .iter()
            .any(|creator| creator.starts_with("Tool: buildkit-"))
        || sbom.namespace.as_deref().is_some_and(|namespace| {
            namespace.starts_with(&format!("https://anchore.com/syft/dir/{name}-"))
        });
    match scan {
        "context" if by_buildkit => SbomScope::Context,
        stage if by_buildkit && is_stage(stage) => SbomScope::Stage,
        _ => SbomScope::Image,
    }
}

/// Whether a Dockerfile may name a stage so.
fn is_stage(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// The document inside the wrappers of older cosign versions (`{"Data": …}`, as text or as JSON, or bare text), nothing
/// if there is no wrapper; and its format.
fn unwrap(family: Family, predicate: &str) -> Result<(Option<Cow<'_, str>>, Kind), Refusal> {
    let mut document = None;
    if !predicate.starts_with('"') {
        let shape: Shape<'_> = json::object(predicate).map_err(malformed)?;
        match (shape.kind(), shape.data) {
            (Kind::Unknown, Some(data)) => document = Some(Cow::Borrowed(data.get())),
            (kind, _) => return Ok((None, kind)),
        }
    }
    let mut document = document.unwrap_or(Cow::Borrowed(predicate));
    if document.starts_with('"') {
        let text: String = serde_json::from_str(&document).map_err(malformed)?;
        match text.trim_start().chars().next() {
            Some('{') => {}
            Some('<') => return Err(unsupported("it is XML; attest the JSON form")),
            _ if family == Family::Spdx => return Ok((Some(Cow::Owned(text)), Kind::TagValue)),
            _ => return Err(malformed("it is text, and not JSON")),
        }
        // What stood in a string was not looked into when the statement was checked.
        check_objects(braces(&text))?;
        check_strict(text.as_bytes()).map_err(malformed)?;
        document = Cow::Owned(text);
    }
    let kind = json::object::<Shape<'_>>(&document)
        .map_err(malformed)?
        .kind();
    Ok((Some(document), kind))
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
    TagValue,
    Unknown,
}

impl Shape<'_> {
    fn kind(&self) -> Kind {
        let spdx3 = self.context.is_some() && self.graph.is_some();
        match (&self.spdx_version, &self.bom_format, spdx3) {
            (Some(_), None, false) => Kind::Spdx2,
            (None, Some(_), false) => Kind::CycloneDx,
            (None, None, true) => Kind::Spdx3,
            (None, None, false) if self.artifacts.is_some() && self.descriptor.is_some() => {
                Kind::Syft
            }
            // Two at once is as good as none: two readers would see two documents.
            _ => Kind::Unknown,
        }
    }
}

/// What is asserted: not empty and none of SPDX's two ways to say nothing.
fn asserted(text: Option<String>) -> Option<String> {
    text.filter(|text| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE"))
}

/// Of several hashes by one algorithm the last counts.
fn one_of_each(mut checksums: Vec<(String, String)>) -> Vec<(String, String)> {
    checksums.reverse();
    checksums.sort_by(|(one, _), (other, _)| one.cmp(other));
    checksums.dedup_by(|(one, _), (other, _)| one == other);
    checksums
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
