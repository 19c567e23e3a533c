//! Which parts of the input a rule is given.
//!
//! Refuses names that the input does not have: a rule would silently see nothing there.

use std::collections::BTreeSet;

use countersign_image::{Needs, excerpt};
use serde_json::{Map, Value as Json};

use crate::fields::{Problems, text};
use crate::yaml::Node;

/// A set of paths into the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    paths: BTreeSet<String>,
    /// The sections that they name, each with the keys of it that a rule is given.
    parts: Vec<(&'static str, Vec<&'static str>)>,
}

impl Reads {
    fn new(paths: BTreeSet<String>) -> Self {
        let is_given = |section: &str, key: &str| {
            let is_named = NAMED.contains(&(section, key));
            (!is_named && paths.contains(section)) || paths.contains(&format!("{section}.{key}"))
        };
        let parts = SECTIONS.iter().map(|(section, keys)| {
            let keys = keys.iter().copied();
            (
                *section,
                keys.filter(|key| is_given(section, key)).collect(),
            )
        });
        let parts = parts
            .filter(|(section, keys): &(_, Vec<_>)| !keys.is_empty() || paths.contains(*section))
            .collect();
        Self { paths, parts }
    }

    /// The sections that a rule is given something of, each with the keys of that; one that is no object has none.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        let parts = self.parts.iter();
        parts.map(|(section, keys)| (*section, keys.as_slice()))
    }

    /// The whole input, but what has to be named.
    pub(crate) fn everything() -> Self {
        Self::new(
            SECTIONS
                .iter()
                .map(|(section, _)| (*section).to_owned())
                .collect(),
        )
    }

    /// The whole input.
    pub(crate) fn whole() -> Self {
        let Self { mut paths, .. } = Self::everything();
        paths.extend(
            NAMED
                .iter()
                .map(|(section, key)| format!("{section}.{key}")),
        );
        Self::new(paths)
    }

    /// Reads the names of parts in `custom.reads` of METADATA.
    pub(crate) fn read<'n>(
        items: impl IntoIterator<Item = &'n Node>,
        problems: &mut Problems,
    ) -> Self {
        let mut paths = BTreeSet::new();
        for item in items {
            let Some(path) = text(item, "an entry of reads", problems) else {
                continue;
            };
            if is_known(path) {
                paths.insert(path.to_owned());
            } else {
                let message = format!("the input has no part `{}`", excerpt(path));
                let known: Vec<String> = all_paths().collect();
                problems.unknown(
                    item.at,
                    "unknown_read",
                    message,
                    path,
                    known.iter().map(String::as_str),
                );
            }
        }
        Self::new(paths)
    }

    /// What rules of both are given together.
    pub(crate) fn with(self, other: &Self) -> Self {
        Self::new(self.paths.union(&other.paths).cloned().collect())
    }

    /// The part of a written `input` that a rule is given.
    pub(crate) fn part_of(&self, input: &Json) -> Json {
        let mut part = Map::new();
        for (section, keys) in SECTIONS {
            let Some(written) = input.get(section) else {
                continue;
            };
            let whole = self.paths.contains(*section);
            let fields = written.as_object().filter(|_| !whole);
            let own = fields.map(|fields| {
                let fields = fields.iter();
                fields
                    .filter(|(key, _)| keys.contains(&key.as_str()) && self.has(section, key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect::<Map<_, _>>()
            });
            match own {
                Some(own) if own.is_empty() => {}
                Some(own) => _ = part.insert((*section).to_owned(), own.into()),
                None if whole => _ = part.insert((*section).to_owned(), written.clone()),
                None => {}
            }
        }
        part.extend(
            input
                .get("apiVersion")
                .map(|version| ("apiVersion".to_owned(), version.clone())),
        );
        part.into()
    }

    /// The same without these paths.
    pub(crate) fn without<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Self {
        let mut rest = self.paths.clone();
        paths.for_each(|path| _ = rest.remove(path));
        Self::new(rest)
    }

    /// The paths, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Whether the rule is given `section.key`, alone or with the entire section.
    pub(crate) fn has(&self, section: &str, key: &str) -> bool {
        let mut parts = self.parts.iter();
        let part = parts.find(|(name, _)| *name == section);
        // What is no object is given whole.
        part.is_some_and(|(_, keys)| keys.is_empty() || keys.contains(&key))
    }

    /// Whether a rule that reads these is told something that only a registry knows, of an image that is named by its
    /// digest or not.
    pub(crate) fn beyond_the_name(&self, is_pinned: bool) -> bool {
        let keys = SECTIONS
            .iter()
            .flat_map(|(section, keys)| keys.iter().map(move |key| (*section, *key)));
        let mut read = keys.filter(|(section, key)| self.has(section, key));
        read.any(|(section, key)| match (section, key) {
            ("evidence", _) => true,
            ("image", "digest") => !is_pinned,
            ("image", key) => !["reference", "registry", "repository", "tag"].contains(&key),
            _ => false,
        })
    }

    /// Whether the rule is given all of this part: a section, one of its keys, or the whole input for no names.
    pub(crate) fn covers(&self, part: &[String]) -> bool {
        match part {
            [] => SECTIONS
                .iter()
                .all(|(section, _)| self.covers(&[(*section).to_owned()])),
            [section] if section == VERSION => true,
            [section] => {
                let found = SECTIONS.iter().find(|(name, _)| name == section);
                let keys = found.map_or(&[][..], |(_, keys)| keys);
                self.paths.contains(section)
                    || !keys.is_empty() && keys.iter().all(|key| self.has(section, key))
            }
            // What has no keys is one part, whatever is looked up in it.
            [section, key, ..] => self.has(section, key),
        }
    }

    /// Adds what must be collected for a rule that reads these.
    pub(crate) fn add_needs(&self, needs: &mut Needs) {
        needs.signatures |= self.has("evidence", "signatures");
        needs.attestations |= [
            "attestations",
            "provenance",
            "sboms",
            "verificationSummaries",
        ]
        .iter()
        .any(|list| self.has("evidence", list));
        needs.unsigned_sboms |= self.has("evidence", "sboms");
        needs.config |= self.has("image", "config");
    }
}

pub(crate) fn is_known(path: &str) -> bool {
    all_paths().any(|known| known == path)
}

pub(crate) fn all_paths() -> impl Iterator<Item = String> {
    SECTIONS.iter().flat_map(|(section, keys)| {
        let inner = keys.iter().map(move |key| format!("{section}.{key}"));
        std::iter::once((*section).to_owned()).chain(inner)
    })
}

/// What every rule is told.
const VERSION: &str = "apiVersion";

/// What costs requests of its own, and so is given only to rules that name it.
const NAMED: &[(&str, &str)] = &[("image", "config")];

/// The sections of the input with their keys.
pub(crate) const SECTIONS: &[(&str, &[&str])] = &[
    (
        "evidence",
        &[
            "attestations",
            "provenance",
            "rejected",
            "sboms",
            "signatures",
            "verificationSummaries",
        ],
    ),
    (
        "image",
        &[
            "annotations",
            "config",
            "digest",
            "mediaType",
            "platforms",
            "reference",
            "registry",
            "repository",
            "tag",
        ],
    ),
    ("now", &[]),
    ("request", &["dryRun", "operation", "user"]),
    (
        "workload",
        &[
            "annotations",
            "container",
            "kind",
            "labels",
            "name",
            "namespace",
            "namespaceLabels",
            "serviceAccount",
        ],
    ),
];
