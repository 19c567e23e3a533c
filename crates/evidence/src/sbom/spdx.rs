//! SPDX 2.2 and 2.3 as JSON.
//!
//! Refuses other versions, a document that is not `SPDXRef-DOCUMENT`, and a package without a name.

use std::collections::HashSet;

use countersign_image::excerpt;
use serde::Deserialize;

use super::{Package, Sbom, SbomKind, asserted, checksum_name, malformed, unsupported};
use crate::json;
use crate::rejection::Refusal;

pub(super) fn read(text: &str) -> Result<Sbom, Refusal> {
    let wire: Wire = json::object(text).map_err(malformed)?;
    let spec_version = match wire.spdx_version.strip_prefix("SPDX-") {
        Some(version @ ("2.2" | "2.3")) => version.to_owned(),
        Some(version) => {
            return Err(unsupported(&format!(
                "SPDX {} is not read; SPDX 2.2 and 2.3 are",
                excerpt(version)
            )));
        }
        None => return Err(malformed("spdxVersion is no SPDX version")),
    };
    if wire.id != DOCUMENT {
        return Err(malformed("its SPDXID is not SPDXRef-DOCUMENT"));
    }
    let packages = wire.packages.unwrap_or_default();
    let relationships = wire.relationships.unwrap_or_default();
    let root = root(
        &packages,
        &relationships,
        &wire.document_describes.unwrap_or_default(),
    );
    let creation = wire.creation_info;
    Ok(Sbom {
        kind: SbomKind::Spdx,
        spec_version,
        created: asserted(creation.created),
        creators: creation
            .creators
            .unwrap_or_default()
            .into_iter()
            .filter_map(Creator::text)
            .collect(),
        name: asserted(wire.name),
        namespace: asserted(wire.document_namespace),
        scope: "image",
        root,
        packages: packages.into_iter().map(Package::from).collect(),
        relationships: relationships.len(),
        dependencies: relationships
            .iter()
            .filter(|relationship| relationship.is_dependency())
            .count(),
    })
}

/// The one package that the document says it describes.
fn root(
    packages: &[WirePackage],
    relationships: &[Relationship],
    describes: &[String],
) -> Option<usize> {
    let stated = relationships
        .iter()
        .filter_map(|relationship| match relationship.kind.as_str() {
            "DESCRIBES" if relationship.element == DOCUMENT => Some(relationship.related.as_str()),
            "DESCRIBED_BY" if relationship.related == DOCUMENT => {
                Some(relationship.element.as_str())
            }
            _ => None,
        });
    let described: HashSet<&str> = stated.chain(describes.iter().map(String::as_str)).collect();
    let mut roots = packages
        .iter()
        .enumerate()
        .filter(|(_, package)| described.contains(package.id.as_str()));
    let (root, _) = roots.next()?;
    roots.next().is_none().then_some(root)
}

impl From<WirePackage> for Package {
    fn from(wire: WirePackage) -> Self {
        let mut licenses: Vec<String> = asserted(wire.license_concluded).into_iter().collect();
        licenses.extend(
            asserted(wire.license_declared).filter(|declared| !licenses.contains(declared)),
        );
        let mut package = Self {
            name: wire.name,
            version: asserted(wire.version_info),
            licenses,
            supplier: asserted(wire.supplier).map(party),
            originator: asserted(wire.originator).map(party),
            download_location: asserted(wire.download_location),
            ..Self::default()
        };
        for reference in wire.external_refs.unwrap_or_default() {
            match reference.kind.as_str() {
                "purl" => package.purl = package.purl.or(asserted(Some(reference.locator))),
                "cpe22Type" | "cpe23Type" => package.cpes.push(reference.locator),
                _ => {}
            }
        }
        for checksum in wire.checksums.unwrap_or_default() {
            package
                .checksums
                .insert(checksum_name(&checksum.algorithm), checksum.value);
        }
        package
    }
}

/// `Organization: Acme` is `Acme`, as CycloneDX has it.
fn party(text: String) -> String {
    let name = text
        .strip_prefix("Organization: ")
        .or_else(|| text.strip_prefix("Person: "));
    name.map(str::to_owned).unwrap_or(text)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    spdx_version: String,
    #[serde(rename = "SPDXID")]
    id: String,
    name: Option<String>,
    document_namespace: Option<String>,
    creation_info: CreationInfo,
    document_describes: Option<Vec<String>>,
    packages: Option<Vec<WirePackage>>,
    relationships: Option<Vec<Relationship>>,
}

#[derive(Deserialize)]
struct CreationInfo {
    created: Option<String>,
    creators: Option<Vec<Creator>>,
}

/// `"Person: Jo"`, or as some older tools write it, `{"Person": "Jo"}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Creator {
    Text(String),
    Object(std::collections::BTreeMap<String, String>),
}

impl Creator {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => asserted(Some(text)),
            Self::Object(parts) => parts
                .into_iter()
                .next()
                .map(|(kind, name)| format!("{kind}: {name}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePackage {
    #[serde(rename = "SPDXID")]
    id: String,
    // The aliases are the names of SPDX 2.1, which a few tools kept.
    #[serde(alias = "packageName")]
    name: String,
    #[serde(alias = "packageVersion")]
    version_info: Option<String>,
    #[serde(alias = "packageSupplier")]
    supplier: Option<String>,
    #[serde(alias = "packageOriginator")]
    originator: Option<String>,
    download_location: Option<String>,
    #[serde(alias = "packageLicenseConcluded")]
    license_concluded: Option<String>,
    #[serde(alias = "packageLicenseDeclared")]
    license_declared: Option<String>,
    checksums: Option<Vec<Checksum>>,
    external_refs: Option<Vec<ExternalRef>>,
}

#[derive(Deserialize)]
struct Checksum {
    algorithm: String,
    #[serde(rename = "checksumValue")]
    value: String,
}

#[derive(Deserialize)]
struct ExternalRef {
    #[serde(rename = "referenceType")]
    kind: String,
    #[serde(rename = "referenceLocator")]
    locator: String,
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(rename = "spdxElementId")]
    element: String,
    #[serde(rename = "relationshipType")]
    kind: String,
    #[serde(rename = "relatedSpdxElement")]
    related: String,
}

impl Relationship {
    fn is_dependency(&self) -> bool {
        self.kind == "DEPENDS_ON" || self.kind.ends_with("DEPENDENCY_OF")
    }
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
