//! CycloneDX 1.4 to 1.7 as JSON.
//!
//! Refuses other versions and a component without a name. Flattens nested components; files are no packages. A document
//! that lists vulnerabilities and no component is a VEX, and no SBOM.

use countersign_image::{Fields, excerpt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Package, Sbom, SbomKind, SbomScope, asserted, checksum_name, malformed, neither, one_of_each,
    unsupported,
};
use crate::json;
use crate::rejection::Refusal;

/// Nothing if it is no SBOM but a VEX.
pub(super) fn read(text: &str) -> Result<Option<Sbom>, Refusal> {
    let wire: Wire = json::object(text).map_err(malformed)?;
    // Two readers would see two documents.
    if wire.spdx_version.is_some() || wire.graph.is_some() {
        return Err(neither());
    }
    if wire.bom_format != "CycloneDX" {
        return Err(malformed("bomFormat is not CycloneDX"));
    }
    if !VERSIONS.contains(&wire.spec_version.as_str()) {
        let version = excerpt(&wire.spec_version);
        return Err(unsupported(&format!(
            "CycloneDX {version} is not read; CycloneDX 1.4 to 1.7 are"
        )));
    }
    let components = wire.components.unwrap_or_default();
    if components.is_empty() && wire.vulnerabilities.is_some() {
        return Ok(None);
    }
    let Fields(metadata) = wire.metadata.unwrap_or_default();
    let creators = metadata.creators();
    let name = metadata
        .component
        .as_ref()
        .and_then(|Fields(component)| asserted(Some(component.name.clone())));
    let (root, packages) = flatten(metadata.component, components);
    let edges = wire.dependencies.unwrap_or_default();
    let edges = edges
        .iter()
        .filter_map(|Fields(dependency)| dependency.depends_on.as_ref())
        .map(Vec::len)
        .sum();
    Ok(Some(Sbom {
        kind: SbomKind::CycloneDx,
        spec_version: wire.spec_version,
        created: asserted(metadata.timestamp),
        creators,
        name,
        namespace: asserted(wire.serial_number),
        scope: SbomScope::Image,
        root,
        packages,
        relationships: edges,
        dependencies: edges,
    }))
}

/// All components in document order, the described one first unless it is listed itself.
fn flatten(
    described: Option<Fields<Component>>,
    components: Vec<Fields<Component>>,
) -> (Option<usize>, Vec<Package>) {
    let mut packages = Vec::with_capacity(components.len());
    let mut root = None;
    let mut described = described;
    let nested = match &mut described {
        Some(Fields(component)) => component.components.take().unwrap_or_default(),
        None => Vec::new(),
    };
    let mut pending = vec![components.into_iter(), nested.into_iter()];
    while let Some(siblings) = pending.last_mut() {
        let Some(Fields(mut component)) = siblings.next() else {
            pending.pop();
            continue;
        };
        pending.extend(component.components.take().map(Vec::into_iter));
        if component.kind == "file" {
            continue;
        }
        if root.is_none()
            && described
                .as_ref()
                .is_some_and(|Fields(described)| described.is_same_as(&component))
        {
            root = Some(packages.len());
        }
        packages.push(Package::from(component));
    }
    if let (None, Some(Fields(component))) = (root, described) {
        packages.insert(0, Package::from(component));
        root = Some(0);
    }
    (root, packages)
}

impl From<Component> for Package {
    fn from(component: Component) -> Self {
        let references = component.external_references.unwrap_or_default();
        let distribution = references
            .into_iter()
            .find(|Fields(reference)| reference.kind == "distribution");
        let hashes = component.hashes.unwrap_or_default().into_iter();
        let hashes = hashes.map(|Fields(hash)| (checksum_name(&hash.alg), hash.content));
        Self {
            name: component.name,
            version: asserted(component.version),
            purl: asserted(component.purl),
            cpes: asserted(component.cpe).into_iter().collect(),
            licenses: component
                .licenses
                .unwrap_or_default()
                .into_iter()
                .filter_map(License::text)
                .collect(),
            supplier: component
                .supplier
                .and_then(|Fields(supplier)| asserted(supplier.name)),
            originator: asserted(component.publisher)
                .or(asserted(component.author))
                .or_else(|| {
                    component
                        .authors
                        .into_iter()
                        .flatten()
                        .find_map(|Fields(author)| asserted(author.name))
                }),
            download_location: distribution.and_then(|Fields(reference)| asserted(reference.url)),
            checksums: one_of_each(hashes.collect()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    bom_format: String,
    spec_version: String,
    serial_number: Option<String>,
    metadata: Option<Fields<Metadata>>,
    components: Option<Vec<Fields<Component>>>,
    dependencies: Option<Vec<Fields<Dependency>>>,
    vulnerabilities: Option<IgnoredAny>,
    spdx_version: Option<IgnoredAny>,
    #[serde(rename = "@graph")]
    graph: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    timestamp: Option<String>,
    component: Option<Fields<Component>>,
    tools: Option<Tools>,
    authors: Option<Vec<Fields<Party>>>,
    supplier: Option<Fields<Party>>,
    #[serde(alias = "manufacture")]
    manufacturer: Option<Fields<Party>>,
}

impl Metadata {
    fn creators(&self) -> Vec<String> {
        let tools = match &self.tools {
            None => &[],
            Some(Tools::List(tools)) => tools.as_slice(),
            Some(Tools::Components { components }) => components.as_deref().unwrap_or_default(),
        };
        let tools = tools.iter().filter_map(|Fields(tool)| {
            let name = asserted(tool.name.clone())?;
            let version = asserted(tool.version.clone())
                .map(|version| format!("-{version}"))
                .unwrap_or_default();
            Some(format!("Tool: {name}{version}"))
        });
        let named = |kind: &'static str| {
            move |Fields(party): &Fields<Party>| {
                asserted(party.name.clone()).map(|name| format!("{kind}: {name}"))
            }
        };
        let authors = self.authors.iter().flatten().filter_map(named("Person"));
        let organizations = self
            .manufacturer
            .iter()
            .chain(&self.supplier)
            .filter_map(named("Organization"));
        tools.chain(authors).chain(organizations).collect()
    }
}

/// A list until 1.4, an object from 1.5 on; both are still written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Fields<Tool>>),
    Components {
        components: Option<Vec<Fields<Tool>>>,
    },
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Party {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "bom-ref")]
    bom_ref: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    cpe: Option<String>,
    supplier: Option<Fields<Party>>,
    publisher: Option<String>,
    author: Option<String>,
    authors: Option<Vec<Fields<Party>>>,
    licenses: Option<Vec<Fields<License>>>,
    hashes: Option<Vec<Fields<Hash>>>,
    external_references: Option<Vec<Fields<ExternalReference>>>,
    components: Option<Vec<Fields<Self>>>,
}

impl Component {
    fn is_same_as(&self, other: &Self) -> bool {
        (self.bom_ref.is_some() && self.bom_ref == other.bom_ref)
            || (self.purl.is_some() && self.purl == other.purl)
    }
}

#[derive(Deserialize)]
struct License {
    license: Option<Fields<LicenseName>>,
    expression: Option<String>,
}

impl License {
    fn text(Fields(license): Fields<Self>) -> Option<String> {
        let named = license
            .license
            .and_then(|Fields(license)| asserted(license.id).or(asserted(license.name)));
        named.or(asserted(license.expression))
    }
}

#[derive(Deserialize)]
struct LicenseName {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct ExternalReference {
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    depends_on: Option<Vec<String>>,
}

const VERSIONS: &[&str] = &["1.4", "1.5", "1.6", "1.7"];
