//! SPDX 2.2 and 2.3 as tag-value text, as cosign's `--type spdx` signs it.
//!
//! Refuses a line that is neither a tag nor a comment, a tag twice that may stand once, a `<text>` without end, and what
//! [`super::spdx`] refuses. Reads the
//! document and its packages; files, snippets and what else has a tag of its own begins a part that is left out.

use std::borrow::Cow;

use countersign_image::{Fields, excerpt};

use super::spdx::{Document, Listed, Relationship};
use super::{Package, Sbom, asserted, checksum_name, malformed};
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
                        name: value.into_owned(),
                        ..Package::default()
                    },
                    ..Listed::default()
                });
            }
            "FileName" | "SnippetSPDXID" | "LicenseID" => part = Part::Other,
            // These may stand anywhere.
            "Relationship" => document.relationships.push(Fields(relationship(&value)?)),
            _ => match (part, document.packages.last_mut()) {
                (Part::Document, _) => describe(&mut document, tag, value)?,
                (Part::Package, Some(listed)) => describe_package(listed, tag, value)?,
                _ => {}
            },
        }
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
fn next<'a>(rest: &mut &'a str) -> Result<Option<(&'a str, Cow<'a, str>)>, Refusal> {
    loop {
        if rest.is_empty() {
            return Ok(None);
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            *rest = after;
            continue;
        }
        let Some((tag, value)) = line.split_once(':') else {
            return Err(malformed(format!("no tag: \"{}\"", excerpt(line))));
        };
        let value = value.trim_start();
        let Some(start) = value.strip_prefix("<text>") else {
            *rest = after;
            return Ok(Some((tag, Cow::Borrowed(value))));
        };
        if let Some(value) = start.strip_suffix("</text>") {
            *rest = after;
            return Ok(Some((tag, Cow::Borrowed(value))));
        }
        let Some((more, after)) = after.split_once("</text>") else {
            return Err(malformed("a <text> has no end"));
        };
        *rest = after;
        return Ok(Some((tag, Cow::Owned(format!("{start}\n{more}")))));
    }
}

fn describe(document: &mut Document<'_>, tag: &str, value: Cow<'_, str>) -> Result<(), Refusal> {
    let place = match tag {
        "SPDXVersion" => &mut document.version,
        "SPDXID" => &mut document.id,
        "DocumentName" => document.name.get_or_insert_default(),
        "DocumentNamespace" => document.namespace.get_or_insert_default(),
        "Created" => document.created.get_or_insert_default(),
        "Creator" => {
            document.creators.extend(asserted(Some(value.into_owned())));
            return Ok(());
        }
        _ => return Ok(()),
    };
    fill(place, tag, value)
}

fn describe_package<'a>(
    listed: &mut Listed<'a>,
    tag: &str,
    value: Cow<'a, str>,
) -> Result<(), Refusal> {
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
            let (algorithm, hex) = value.split_once(':').ok_or_else(|| broken(tag, &value))?;
            let name = checksum_name(algorithm.trim());
            package.checksums.push((name, hex.trim().to_owned()));
            return Ok(());
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace();
            let (Some(_), Some(kind), Some(locator)) = (words.next(), words.next(), words.next())
            else {
                return Err(broken(tag, &value));
            };
            package.refer(kind, locator.to_owned());
            return Ok(());
        }
        _ => return Ok(()),
    };
    fill(place.get_or_insert_default(), tag, value)
}

/// Puts `value` where nothing is yet: readers take the first or the last of a tag that stands twice.
fn fill(place: &mut String, tag: &str, value: Cow<'_, str>) -> Result<(), Refusal> {
    if !place.is_empty() {
        return Err(malformed(format!("{tag} stands twice")));
    }
    *place = value.into_owned();
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
