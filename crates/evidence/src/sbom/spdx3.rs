//! SPDX 3.0 as JSON-LD (<https://spdx.github.io/spdx-spec/v3.0.1/serializations/>).
//!
//! Refuses other contexts than that of SPDX 3.0, a graph without exactly one document, an
//! element twice, and a package without a name.
//! Elements are told apart by `type`; those that an SBOM of packages does not need are left out.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use countersign_image::{Fields, excerpt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Package, Sbom, SbomKind, SbomScope, asserted, checksum_name, malformed, one_of_each,
    unsupported,
};
use crate::json;
use crate::rejection::Refusal;

pub(super) fn read(text: &str) -> Result<Sbom, Refusal> {
    let wire: Wire<'_> = json::object(text).map_err(malformed)?;
    check_context(wire.context.only())?;
    Graph::of(&wire.graph)?.read()
}

fn check_context(context: Option<&str>) -> Result<(), Refusal> {
    let version = context
        .and_then(|context| context.strip_prefix("https://spdx.org/rdf/"))
        .and_then(|rest| rest.strip_suffix("/spdx-context.jsonld"));
    match version {
        Some("3.0" | "3.0.0" | "3.0.1") => Ok(()),
        Some(version) => Err(unsupported(&format!(
            "SPDX {} is not read; SPDX 2.2, 2.3 and 3.0 are",
            excerpt(version)
        ))),
        None => Err(malformed("its @context is not that of SPDX 3.0")),
    }
}

/// The elements, and where each stands by its name.
struct Graph<'a> {
    elements: &'a [Fields<Element<'a>>],
    by_id: HashMap<&'a str, &'a Element<'a>>,
}

impl<'a> Graph<'a> {
    fn of(elements: &'a [Fields<Element<'a>>]) -> Result<Self, Refusal> {
        let mut by_id = HashMap::new();
        for Fields(element) in elements {
            if let Some(id) = element.id()
                && !element.is_relationship()
                && by_id.insert(id, element).is_some()
            {
                return Err(malformed(format!("{} stands twice", excerpt(id))));
            }
        }
        Ok(Self { elements, by_id })
    }

    fn read(&self) -> Result<Sbom, Refusal> {
        let mut documents = self.of_type("SpdxDocument");
        let (Some(document), None) = (documents.next(), documents.next()) else {
            return Err(malformed("it has not exactly one SpdxDocument"));
        };
        let creation = self
            .creation_of(document)
            .ok_or_else(|| malformed("its SpdxDocument has no CreationInfo"))?;
        let described = self.described(document);
        let (ids, packages) = self.packages()?;
        let mut roots = ids
            .iter()
            .enumerate()
            .filter(|(_, id)| described.contains(*id));
        let root = roots.next().map(|(root, _)| root);
        let root = root.filter(|_| roots.next().is_none());
        let edges = |element: &Element<'_>| element.to.ids().count();
        let relationships = || self.elements.iter().map(|Fields(element)| element);
        Ok(Sbom {
            kind: SbomKind::Spdx,
            spec_version: creation
                .spec_version
                .as_deref()
                .ok_or_else(|| malformed("its CreationInfo has no specVersion"))?
                .to_owned(),
            created: asserted(creation.created.as_deref().map(str::to_owned)),
            creators: self.creators(creation),
            name: asserted(document.name()),
            namespace: asserted(document.id().map(str::to_owned)),
            scope: SbomScope::Image,
            root,
            packages,
            relationships: relationships()
                .filter(|element| element.is_relationship())
                .map(edges)
                .sum(),
            dependencies: relationships()
                .filter(|element| element.is_dependency())
                .map(edges)
                .sum(),
        })
    }

    fn creation_of(&self, document: &'a Element<'a>) -> Option<&'a Element<'a>> {
        let creation = match document.creation_info.as_ref()? {
            CreationInfo::Id(id) => *self.by_id.get(id.as_ref())?,
            CreationInfo::Inline(creation) => creation.as_ref(),
        };
        (creation.kind == "CreationInfo").then_some(creation)
    }

    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = &'a Element<'a>> {
        let elements = self.elements.iter().map(|Fields(element)| element);
        elements.filter(move |element| element.kind == kind)
    }

    /// What the document says it is about: directly, or by way of the SBOM in it.
    fn described(&self, document: &'a Element<'a>) -> HashSet<&'a str> {
        let mut described = HashSet::new();
        for id in document.root_element.ids() {
            match self.by_id.get(id) {
                Some(sbom) if sbom.kind == "software_Sbom" => {
                    described.extend(sbom.root_element.ids());
                }
                _ => {
                    described.insert(id);
                }
            }
        }
        described
    }

    fn creators(&self, creation: &Element<'_>) -> Vec<String> {
        let by = creation
            .created_by
            .ids()
            .chain(creation.created_using.ids());
        by.filter_map(|id| {
            let agent = self.by_id.get(id)?;
            let kind = match agent.kind.as_ref() {
                "Organization" => "Organization",
                "Person" => "Person",
                _ => "Tool",
            };
            Some(format!("{kind}: {}", asserted(agent.name())?))
        })
        .collect()
    }

    fn packages(&self) -> Result<(Vec<&'a str>, Vec<Package>), Refusal> {
        let licenses = self.licenses();
        let mut ids = Vec::new();
        let mut packages = Vec::new();
        for Fields(element) in self.elements {
            if !PACKAGES.contains(&element.kind.as_ref()) {
                continue;
            }
            let id = element.id().unwrap_or_default();
            ids.push(id);
            packages.push(self.package(element, licenses.get(id))?);
        }
        Ok((ids, packages))
    }

    fn package(
        &self,
        element: &Element<'_>,
        licenses: Option<&Vec<String>>,
    ) -> Result<Package, Refusal> {
        let text = |text: &Option<Cow<'_, str>>| asserted(text.as_deref().map(str::to_owned));
        let party = |id: Option<&str>| {
            let agent = self.by_id.get(id?)?;
            asserted(agent.name())
        };
        let mut package = Package {
            name: element
                .name()
                .ok_or_else(|| malformed("a package has no name"))?,
            version: text(&element.version),
            purl: text(&element.purl),
            licenses: licenses.cloned().unwrap_or_default(),
            supplier: party(element.supplied_by.as_ref().and_then(Reference::get)),
            originator: element.originated_by.ids().find_map(|id| party(Some(id))),
            download_location: text(&element.download_location),
            ..Package::default()
        };
        for Fields(identifier) in element.identifiers.iter().flatten() {
            let value = || identifier.value.clone();
            match identifier.kind.as_ref() {
                "cpe22" | "cpe23" => package.cpes.push(value().into_owned()),
                "packageUrl" if package.purl.is_none() => {
                    package.purl = asserted(Some(value().into_owned()));
                }
                _ => {}
            }
        }
        for Fields(hash) in element.verified_using.iter().flatten() {
            if let (Some(algorithm), Some(value)) = (&hash.algorithm, &hash.value) {
                let value = value.clone().into_owned();
                package.checksums.push((checksum_name(algorithm), value));
            }
        }
        package.checksums = one_of_each(package.checksums);
        Ok(package)
    }

    /// The licences of each package: what was concluded, then what was declared.
    fn licenses(&self) -> HashMap<&'a str, Vec<String>> {
        let mut licenses: HashMap<&str, Vec<String>> = HashMap::new();
        let mut seen = HashSet::new();
        for kind in ["hasConcludedLicense", "hasDeclaredLicense"] {
            for Fields(element) in self.elements {
                if element.relationship.as_deref() != Some(kind) {
                    continue;
                }
                let Some(package) = element.from.as_ref().and_then(Reference::get) else {
                    continue;
                };
                let of = licenses.entry(package).or_default();
                for license in element.to.ids().filter_map(|id| self.license(id)) {
                    if seen.insert((package, license.clone())) {
                        of.push(license);
                    }
                }
            }
        }
        licenses
    }

    fn license(&self, id: &str) -> Option<String> {
        match self.by_id.get(id) {
            Some(element) => {
                let expression = element.expression.as_deref().map(str::to_owned);
                asserted(expression.or_else(|| element.name()))
            }
            None => id.strip_prefix(LISTED_LICENSES).map(str::to_owned),
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "@context", borrow)]
    context: Context<'a>,
    #[serde(rename = "@graph", borrow)]
    graph: Vec<Fields<Element<'a>>>,
}

/// The one context, some write it as a list: another beside it could give the names another meaning.
#[derive(Deserialize)]
#[serde(untagged)]
enum Context<'a> {
    One(#[serde(borrow)] Cow<'a, str>),
    List(#[serde(borrow)] Vec<Cow<'a, str>>),
}

impl Context<'_> {
    fn only(&self) -> Option<&str> {
        match self {
            Self::One(context) => Some(context),
            Self::List(contexts) => match contexts.as_slice() {
                [context] => Some(context),
                _ => None,
            },
        }
    }
}

/// Any element: each type has some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    spdx_id: Option<Cow<'a, str>>,
    #[serde(rename = "@id", borrow)]
    blank_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    creation_info: Option<CreationInfo<'a>>,
    // CreationInfo
    #[serde(borrow)]
    spec_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    created_by: References<'a>,
    #[serde(borrow, default)]
    created_using: References<'a>,
    // SpdxDocument and software_Sbom
    #[serde(borrow, default)]
    root_element: References<'a>,
    // software_Package
    #[serde(rename = "software_packageVersion", borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(rename = "software_packageUrl", borrow)]
    purl: Option<Cow<'a, str>>,
    #[serde(rename = "software_downloadLocation", borrow)]
    download_location: Option<Cow<'a, str>>,
    #[serde(borrow)]
    supplied_by: Option<Reference<'a>>,
    #[serde(borrow, default)]
    originated_by: References<'a>,
    #[serde(rename = "externalIdentifier", borrow)]
    identifiers: Option<Vec<Fields<Identifier<'a>>>>,
    #[serde(borrow)]
    verified_using: Option<Vec<Fields<Hash<'a>>>>,
    // Relationship
    #[serde(borrow)]
    from: Option<Reference<'a>>,
    #[serde(borrow, default)]
    to: References<'a>,
    #[serde(rename = "relationshipType", borrow)]
    relationship: Option<Cow<'a, str>>,
    // simplelicensing_LicenseExpression
    #[serde(rename = "simplelicensing_licenseExpression", borrow)]
    expression: Option<Cow<'a, str>>,
}

impl Element<'_> {
    fn id(&self) -> Option<&str> {
        self.spdx_id.as_deref().or(self.blank_id.as_deref())
    }

    fn name(&self) -> Option<String> {
        self.name.as_deref().map(str::to_owned)
    }

    fn is_relationship(&self) -> bool {
        self.kind.ends_with("Relationship")
    }

    fn is_dependency(&self) -> bool {
        self.is_relationship()
            && self
                .relationship
                .as_deref()
                .is_some_and(|kind| DEPENDENCIES.contains(&kind))
    }
}

/// The name of an element of that type, or it itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum CreationInfo<'a> {
    Id(#[serde(borrow)] Cow<'a, str>),
    Inline(#[serde(borrow)] Box<Element<'a>>),
}

/// The name of another element; one that stands there itself has no name to go by.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference<'a> {
    Id(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}

impl Reference<'_> {
    fn get(&self) -> Option<&str> {
        match self {
            Self::Id(id) => Some(id),
            Self::Other(_) => None,
        }
    }
}

/// Names of other elements.
#[derive(Default, Deserialize)]
struct References<'a>(#[serde(borrow)] Option<Vec<Reference<'a>>>);

impl References<'_> {
    fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().filter_map(Reference::get)
    }
}

#[derive(Deserialize)]
struct Identifier<'a> {
    #[serde(rename = "externalIdentifierType", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "identifier", borrow)]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Hash<'a> {
    #[serde(borrow)]
    algorithm: Option<Cow<'a, str>>,
    #[serde(rename = "hashValue", borrow)]
    value: Option<Cow<'a, str>>,
}

const PACKAGES: &[&str] = &["software_Package", "ai_AIPackage", "dataset_DatasetPackage"];
const DEPENDENCIES: &[&str] = &[
    "dependsOn",
    "hasOptionalDependency",
    "hasProvidedDependency",
];
const LISTED_LICENSES: &str = "https://spdx.org/licenses/";
