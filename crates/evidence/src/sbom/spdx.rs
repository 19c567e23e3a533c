//! SPDX 2.2 and 2.3: the documents as JSON, and what they have in common with those in tag-value text.
//!
//! Refuses other versions, a document that is not `SPDXRef-DOCUMENT`, and a package without a name.

use std::borrow::Cow;
use std::collections::HashSet;

use countersign_image::{Fields, excerpt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Package, Sbom, SbomKind, SbomScope, asserted, checksum_name, malformed, neither, one_of_each,
    unsupported,
};
use crate::json;
use crate::rejection::Refusal;

pub(super) fn read(text: &str) -> Result<Sbom, Refusal> {
    let wire: Wire<'_> = json::object(text).map_err(malformed)?;
    // Two readers would see two documents.
    if wire.bom_format.is_some() || wire.graph.is_some() {
        return Err(neither());
    }
    let Fields(creation) = wire.creation_info;
    let packages = wire.packages.unwrap_or_default();
    Document {
        version: wire.spdx_version,
        id: wire.id,
        name: wire.name,
        namespace: wire.document_namespace,
        created: creation.created,
        creators: creation
            .creators
            .unwrap_or_default()
            .into_iter()
            .filter_map(Creator::text)
            .collect(),
        describes: wire.document_describes.unwrap_or_default(),
        packages: packages.into_iter().map(WirePackage::listed).collect(),
        relationships: wire.relationships.unwrap_or_default(),
    }
    .assemble()
}

/// A document, however it was written.
#[derive(Default)]
pub(super) struct Document<'a> {
    pub(super) version: String,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) created: Option<String>,
    pub(super) creators: Vec<String>,
    pub(super) describes: Vec<Cow<'a, str>>,
    pub(super) packages: Vec<Listed<'a>>,
    pub(super) relationships: Vec<Fields<Relationship<'a>>>,
}

/// A package by the name that it has in its document.
#[derive(Default)]
pub(super) struct Listed<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) package: Package,
    pub(super) concluded: Option<String>,
    pub(super) declared: Option<String>,
}

impl Document<'_> {
    pub(super) fn assemble(self) -> Result<Sbom, Refusal> {
        let spec_version = match self.version.strip_prefix("SPDX-") {
            Some(version @ ("2.2" | "2.3")) => version.to_owned(),
            Some(version) => {
                return Err(unsupported(&format!(
                    "SPDX {} is not read; SPDX 2.2, 2.3 and 3.0 are",
                    excerpt(version)
                )));
            }
            None => return Err(malformed("spdxVersion is no SPDX version")),
        };
        if self.id != DOCUMENT {
            return Err(malformed("its SPDXID is not SPDXRef-DOCUMENT"));
        }
        Ok(Sbom {
            kind: SbomKind::Spdx,
            spec_version,
            created: asserted(self.created),
            creators: self.creators,
            name: asserted(self.name),
            namespace: asserted(self.namespace),
            scope: SbomScope::Image,
            root: root(&self.packages, &self.relationships, &self.describes),
            packages: self.packages.into_iter().map(Package::from).collect(),
            relationships: self.relationships.len(),
            dependencies: self
                .relationships
                .iter()
                .filter(|Fields(relationship)| relationship.is_dependency())
                .count(),
        })
    }
}

/// The one package that the document says it describes.
fn root(
    packages: &[Listed<'_>],
    relationships: &[Fields<Relationship<'_>>],
    describes: &[Cow<'_, str>],
) -> Option<usize> {
    let stated =
        relationships
            .iter()
            .filter_map(|Fields(relationship)| match relationship.kind.as_ref() {
                "DESCRIBES" if relationship.element == DOCUMENT => {
                    Some(relationship.related.as_ref())
                }
                "DESCRIBED_BY" if relationship.related == DOCUMENT => {
                    Some(relationship.element.as_ref())
                }
                _ => None,
            });
    let described: HashSet<&str> = stated
        .chain(describes.iter().map(|id| id.as_ref()))
        .collect();
    let mut roots = packages
        .iter()
        .enumerate()
        .filter(|(_, listed)| described.contains(listed.id.as_ref()));
    let (root, _) = roots.next()?;
    roots.next().is_none().then_some(root)
}

impl From<Listed<'_>> for Package {
    fn from(listed: Listed<'_>) -> Self {
        let mut licenses: Vec<String> = asserted(listed.concluded).into_iter().collect();
        licenses.extend(asserted(listed.declared).filter(|declared| !licenses.contains(declared)));
        let package = listed.package;
        Self {
            version: asserted(package.version),
            licenses,
            supplier: asserted(package.supplier).map(party),
            originator: asserted(package.originator).map(party),
            download_location: asserted(package.download_location),
            checksums: one_of_each(package.checksums),
            ..package
        }
    }
}

impl Package {
    /// Takes over what `externalRefs` name: a package URL or a CPE.
    pub(super) fn refer(&mut self, kind: &str, locator: String) {
        match kind {
            "purl" if self.purl.is_none() => self.purl = asserted(Some(locator)),
            "cpe22Type" | "cpe23Type" => self.cpes.push(locator),
            _ => {}
        }
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
struct Wire<'a> {
    spdx_version: String,
    #[serde(rename = "SPDXID")]
    id: String,
    name: Option<String>,
    document_namespace: Option<String>,
    creation_info: Fields<CreationInfo>,
    #[serde(borrow)]
    document_describes: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    packages: Option<Vec<Fields<WirePackage<'a>>>>,
    #[serde(borrow)]
    relationships: Option<Vec<Fields<Relationship<'a>>>>,
    bom_format: Option<IgnoredAny>,
    #[serde(rename = "@graph")]
    graph: Option<IgnoredAny>,
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
struct WirePackage<'a> {
    #[serde(rename = "SPDXID", borrow)]
    id: Cow<'a, str>,
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
    #[serde(borrow)]
    checksums: Option<Vec<Fields<Checksum<'a>>>>,
    #[serde(borrow)]
    external_refs: Option<Vec<Fields<ExternalRef<'a>>>>,
}

impl<'a> WirePackage<'a> {
    fn listed(Fields(wire): Fields<Self>) -> Listed<'a> {
        let mut package = Package {
            name: wire.name,
            version: wire.version_info,
            supplier: wire.supplier,
            originator: wire.originator,
            download_location: wire.download_location,
            ..Package::default()
        };
        for Fields(reference) in wire.external_refs.unwrap_or_default() {
            package.refer(&reference.kind, reference.locator);
        }
        for Fields(checksum) in wire.checksums.unwrap_or_default() {
            let name = checksum_name(&checksum.algorithm);
            package.checksums.push((name, checksum.value));
        }
        Listed {
            id: wire.id,
            package,
            concluded: wire.license_concluded,
            declared: wire.license_declared,
        }
    }
}

#[derive(Deserialize)]
struct Checksum<'a> {
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(rename = "checksumValue")]
    value: String,
}

#[derive(Deserialize)]
struct ExternalRef<'a> {
    #[serde(rename = "referenceType", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "referenceLocator")]
    locator: String,
}

#[derive(Deserialize)]
pub(super) struct Relationship<'a> {
    #[serde(rename = "spdxElementId", borrow)]
    pub(super) element: Cow<'a, str>,
    #[serde(rename = "relationshipType", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(rename = "relatedSpdxElement", borrow)]
    pub(super) related: Cow<'a, str>,
}

impl Relationship<'_> {
    fn is_dependency(&self) -> bool {
        self.kind == "DEPENDS_ON" || self.kind.ends_with("DEPENDENCY_OF")
    }
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
