//! SPDX 2.2 and 2.3 as tag-value text, as cosign's `--type spdx` signs it.
//!
//! Refuses a line that is neither a tag nor a comment, a tag twice that may stand once, a `<text>` without end or with
//! something behind it, and what [`super::spdx`] refuses. Reads the document and its packages; files, snippets and what
//! else has a tag of its own begins a part that is left out.

use std::borrow::Cow;

use countersign_image::{Fields, excerpt};

use super::spdx::{Document, Listed, Relationship};
use super::{Package, Sbom, asserted, check_objects, checksum_name, malformed};
use crate::rejection::Refusal;

pub(super) fn read(text: &str) -> Result<Sbom, Refusal> {
    let mut document = Document::default();
    let mut part = Part::Document;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while let Some((tag, value)) = next(&mut rest)? {
        match tag {
            "PackageName" => {
                part = Part::Package;
                document.packages.push(Listed {
                    package: Package {
                        name: value.to_owned(),
                        ..Package::default()
                    },
                    ..Listed::default()
                });
            }
            "FileName" | "SnippetSPDXID" | "LicenseID" => part = Part::Other,
            // These may stand anywhere.
            "Relationship" => document.relationships.push(Fields(relationship(value)?)),
            _ => match (part, document.packages.last_mut()) {
                (Part::Document, _) => describe(&mut document, tag, value)?,
                (Part::Package, Some(listed)) => describe_package(listed, tag, value)?,
                _ => {}
            },
        }
        check_objects(document.packages.len() + document.relationships.len())?;
    }
    if let Some(listed) = document.packages.iter().find(|listed| listed.id.is_empty()) {
        let name = excerpt(&listed.package.name);
        return Err(malformed(format!("the package {name} has no SPDXID")));
    }
    document.assemble()
}

/// Which part of the text a tag belongs to.
#[derive(Clone, Copy)]
enum Part {
    Document,
    Other,
    Package,
}

/// The next tag and its value, and `rest` what comes after.
fn next<'a>(rest: &mut &'a str) -> Result<Option<(&'a str, &'a str)>, Refusal> {
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(None);
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if line.starts_with('#') {
            *rest = after;
            continue;
        }
        let is_tag = |tag: &str| tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let Some((tag, value)) = line.split_once(':').filter(|(tag, _)| is_tag(tag)) else {
            return Err(malformed(format!("no tag: \"{}\"", excerpt(line.trim()))));
        };
        // One in `<text>` may have several lines.
        let whole = rest.get(tag.len() + 1..).unwrap_or_default();
        let whole = whole.trim_start_matches([' ', '\t']);
        let Some(text) = whole.strip_prefix("<text>") else {
            *rest = after;
            return Ok(Some((tag, value.trim())));
        };
        let Some((text, behind)) = text.split_once("</text>") else {
            return Err(malformed("a <text> has no end"));
        };
        // Others read on to the last end in the line, or take what stands there for a line.
        let (behind, after) = behind.split_once('\n').unwrap_or((behind, ""));
        if !behind.trim().is_empty() {
            return Err(malformed("something stands behind a </text>"));
        }
        *rest = after;
        return Ok(Some((tag, text)));
    }
}

fn describe(document: &mut Document<'_>, tag: &str, value: &str) -> Result<(), Refusal> {
    let place = match tag {
        "SPDXVersion" => &mut document.version,
        "SPDXID" => &mut document.id,
        "DocumentName" => document.name.get_or_insert_default(),
        "DocumentNamespace" => document.namespace.get_or_insert_default(),
        "Created" => document.created.get_or_insert_default(),
        "Creator" => {
            document.creators.extend(asserted(Some(value.to_owned())));
            return Ok(());
        }
        _ => return Ok(()),
    };
    fill(place, tag, value)
}

fn describe_package(listed: &mut Listed<'_>, tag: &str, value: &str) -> Result<(), Refusal> {
    let package = &mut listed.package;
    let place = match tag {
        "SPDXID" => return fill(listed.id.to_mut(), tag, value),
        "PackageVersion" => &mut package.version,
        "PackageSupplier" => &mut package.supplier,
        "PackageOriginator" => &mut package.originator,
        "PackageDownloadLocation" => &mut package.download_location,
        "PackageLicenseConcluded" => &mut listed.concluded,
        "PackageLicenseDeclared" => &mut listed.declared,
        "PackageChecksum" => {
            let (algorithm, hex) = value.split_once(':').ok_or_else(|| broken(tag, value))?;
            let name = checksum_name(algorithm.trim());
            package.checksums.push((name, hex.trim().to_owned()));
            return Ok(());
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace();
            let (Some(_), Some(kind), Some(locator)) = (words.next(), words.next(), words.next())
            else {
                return Err(broken(tag, value));
            };
            package.refer(kind, locator.to_owned());
            return Ok(());
        }
        _ => return Ok(()),
    };
    fill(place.get_or_insert_default(), tag, value)
}

/// Puts `value` where nothing is yet: readers take the first or the last of a tag that stands twice.
fn fill(place: &mut String, tag: &str, value: &str) -> Result<(), Refusal> {
    if !place.is_empty() {
        return Err(malformed(format!("{tag} stands twice")));
    }
    value.clone_into(place);
    Ok(())
}

fn relationship<'a>(value: &str) -> Result<Relationship<'a>, Refusal> {
    let mut words = value.split_whitespace();
    let (Some(element), Some(kind), Some(related), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(broken("Relationship", value));
    };
    let owned = |text: &str| Cow::Owned(text.to_owned());
    Ok(Relationship {
        element: owned(element),
        kind: owned(kind),
        related: owned(related),
    })
}

fn broken(tag: &str, value: &str) -> Refusal {
    malformed(format!("{tag} is \"{}\"", excerpt(value)))
}
