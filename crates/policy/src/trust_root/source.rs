//! What has to be read before policies can be loaded, and what was read.
//!
//! Reads nothing: that is the caller's part. Whatever was not read stays a mistake of the document that names it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use countersign_image::excerpt;
use jiff::Timestamp;

use super::{Content, Definition};
use crate::fields::{Fields, Problems, name};
use crate::header::{Header, Kind};
use crate::set::is_part;
use crate::yaml::Node;
use crate::{SourceFile, yaml};

/// A trust root that a document names and does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRootSource {
    /// The name of the trust root.
    pub name: String,
    /// The file of the document, as the caller named it.
    pub document: String,
    /// Where the root is.
    pub location: TrustRootLocation,
}

impl TrustRootSource {
    /// `path` as the document means it: relative to its own folder.
    #[must_use]
    pub fn beside(&self, path: &str) -> PathBuf {
        Path::new(&self.document)
            .parent()
            .unwrap_or(Path::new(""))
            .join(path)
    }
}

/// Where the `trusted_root.json` of a trust root is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustRootLocation {
    /// A file.
    File(String),
    /// A target of a TUF repository.
    Tuf(TufLocation),
}

/// A target of a TUF repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TufLocation {
    /// The repository.
    pub repository: TufRepository,
    /// The file of the `root.json` that is trusted to begin with, if one is named.
    pub root: Option<String>,
    /// The name of the target.
    pub target: String,
}

impl TufLocation {
    /// Whether it is the trusted root of the repository at `url`, by the keys that are compiled in.
    pub(super) fn is_repository(&self, url: &str) -> bool {
        let here = match &self.repository {
            TufRepository::Url(written) => written.trim_end_matches('/') == url,
            TufRepository::Directory(_) => false,
        };
        here && self.root.is_none() && self.target == DEFAULT_TARGET
    }
}

/// Where a TUF repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TufRepository {
    /// In a folder.
    Directory(String),
    /// On a server.
    Url(String),
}

impl TrustRootLocation {
    /// Reads the value of `file` or `tuf`.
    pub(super) fn read(field: &str, node: &Node, problems: &mut Problems) -> Option<Self> {
        if field == "file" {
            let path = name(node, "file", problems)?;
            return Some(Self::File(path.to_owned()));
        }
        let known = ["url", "directory", "root", "target"];
        let fields = Fields::open(node, "tuf", &known, problems)?;
        let mut optional = |field: &str| match fields.get(field) {
            Some(node) => Some(Some(name(node, field, problems)?.to_owned())),
            None => Some(None),
        };
        let (root, target) = (optional("root")?, optional("target")?);
        let (field, node) = fields.exactly_one(&["url", "directory"], problems)?;
        let written = name(node, field, problems)?.to_owned();
        let repository = match field {
            "directory" => TufRepository::Directory(written),
            _ if written.starts_with("https://") || written.starts_with("http://") => {
                TufRepository::Url(written)
            }
            _ => {
                let message = format!("`{}` is no URL of a server", excerpt(&written));
                let hint = "begin it with `https://`, or name a folder with `directory`";
                problems.advise(node.at, "invalid_value", message, hint);
                return None;
            }
        };
        Some(Self::Tuf(TufLocation {
            repository,
            root,
            target: target.unwrap_or_else(|| DEFAULT_TARGET.to_owned()),
        }))
    }
}

/// The trust roots that `documents` name and do not hold. Mistakes are left for the load of the policies to tell.
#[must_use]
pub fn trust_root_sources(documents: &[SourceFile]) -> Vec<TrustRootSource> {
    let mut sources = Vec::new();
    for file in documents.iter().filter(|file| !is_part(file)) {
        let mut ignored = Problems::new(&file.path);
        for node in yaml::parse(file).unwrap_or_default() {
            let Some(header) = Header::read(&node, &mut ignored) else {
                continue;
            };
            if header.kind != Kind::TrustRoot {
                continue;
            }
            if let Some(definition) = Definition::read(header, &mut ignored)
                && let Content::External(location) = definition.content
            {
                sources.push(TrustRootSource {
                    name: header.name.to_owned(),
                    document: file.path.clone(),
                    location,
                });
            }
        }
    }
    sources
}

/// What is known of a root beside its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustRootFacts {
    /// When the TUF metadata that vouch for it expire; roots from elsewhere do not.
    pub expires: Option<Timestamp>,
    /// When it was last known to be current: when its TUF repository confirmed it, or its file was written.
    pub refreshed: Option<Timestamp>,
    /// The version of the TUF metadata that name it.
    pub version: Option<u64>,
}

/// What was read for the [`trust_root_sources`] of some documents, by name.
///
/// The default holds nothing, which is right for documents that need nothing read.
#[derive(Clone, Debug, Default)]
pub struct TrustRoots {
    read: BTreeMap<String, Result<(Vec<u8>, TrustRootFacts), String>>,
}

impl TrustRoots {
    /// Takes what was read for the trust root `name`.
    pub fn provide(&mut self, name: &str, json: impl Into<Vec<u8>>, facts: TrustRootFacts) {
        self.read.insert(name.to_owned(), Ok((json.into(), facts)));
    }

    /// Notes why the trust root `name` could not be read, to be told when the policies are loaded.
    pub fn unavailable(&mut self, name: &str, why: impl Display) {
        self.read.insert(name.to_owned(), Err(why.to_string()));
    }

    pub(super) fn get(&self, name: &str) -> Result<(&[u8], TrustRootFacts), &str> {
        match self.read.get(name) {
            Some(Ok((json, facts))) => Ok((json, *facts)),
            Some(Err(why)) => Err(why),
            None => Err("nobody has read it"),
        }
    }

    /// Everything that was read, for hashing.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.read
            .iter()
            .filter_map(|(name, read)| Some((name.as_str(), read.as_ref().ok()?.0.as_slice())))
    }
}

const DEFAULT_TARGET: &str = "trusted_root.json";
