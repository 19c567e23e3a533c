//! Which platforms of an index a policy demands evidence for, and what may speak for each.
//!
//! Refuses to leave out a child that might run on a platform that is listed: one that names no platform counts as every
//! one.

use std::sync::Arc;

use countersign_evidence::Evidence;
use countersign_image::{Descriptor, Digest, Platform, excerpt};

use crate::fields::{Problems, list, text};
use crate::yaml::{Node, Value};

/// The platforms that a policy demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Platforms {
    #[default]
    All,
    Listed(Vec<Platform>),
}

/// One body of evidence, and the platforms that are judged by it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What may speak for them.
    pub evidence: Arc<Evidence>,
    /// The platforms by name, or the digests of children that name none; empty for an image without platforms.
    pub platforms: Vec<String>,
}

impl Platforms {
    /// Reads `spec.platforms`.
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(&node.value, Value::Text(text) if text == "all") {
            return Some(Self::All);
        }
        let hint = "write `all`, or a list such as `[linux/amd64, linux/arm/v7]`";
        let Value::List(items) = &node.value else {
            let message = format!("platforms is {}, wanted `all` or a list", node.kind());
            problems.advise(node.at, "invalid_value", message, hint);
            return None;
        };
        if items.is_empty() {
            let message = "the policy demands nothing of any platform";
            problems.advise(node.at, "no_platforms", message, hint);
        }
        let mut platforms = Vec::with_capacity(items.len());
        for item in list(node, "platforms", problems)? {
            let written = text(item, "a platform", problems)?;
            let Some(platform) = parse(written) else {
                let message = format!("`{}` is no platform", excerpt(written));
                problems.advise(item.at, "invalid_value", message, hint);
                continue;
            };
            // Without a variant, any will do: more is demanded that way, not less.
            let variant = platform.variant.is_some();
            platforms.push(Platform {
                variant: normal(&platform).variant.filter(|_| variant),
                ..normal(&platform)
            });
        }
        Some(Self::Listed(platforms))
    }

    /// What each of `children` is judged by. Those of which nothing is known but what covers the image as a whole
    /// share one scope.
    pub(crate) fn scopes(&self, children: &[Descriptor], evidence: &Arc<Evidence>) -> Vec<Scope> {
        if children.is_empty() && *self == Self::All {
            let evidence = Arc::new(evidence.covering(None));
            let platforms = Vec::new();
            return vec![Scope {
                evidence,
                platforms,
            }];
        }
        let mut scopes: Vec<(Option<&Digest>, Scope)> = Vec::new();
        for child in self.selected(children) {
            let own = speaks_of(evidence, &child.digest).then_some(&child.digest);
            let name = name(child);
            match scopes.iter_mut().find(|(known, _)| *known == own) {
                Some((_, scope)) => scope.platforms.push(name),
                None => {
                    let evidence = Arc::new(evidence.covering(own));
                    let platforms = vec![name];
                    scopes.push((
                        own,
                        Scope {
                            evidence,
                            platforms,
                        },
                    ));
                }
            }
        }
        scopes.into_iter().map(|(_, scope)| scope).collect()
    }

    /// The children that nodes of these platforms could run: those of a listed one, and where the index has none that is
    /// just that, those that such a node falls back to.
    fn selected<'c>(&self, children: &'c [Descriptor]) -> Vec<&'c Descriptor> {
        let Self::Listed(listed) = self else {
            return children.iter().collect();
        };
        let platforms: Vec<_> = children.iter().map(known).collect();
        let is_listed = |platform: &Option<Platform>| match platform {
            Some(platform) => listed.iter().any(|wanted| is_of(platform, wanted)),
            // Container runtimes read what is missing here from the image, or take it for the node's own.
            None => true,
        };
        if !platforms.iter().any(is_listed) {
            return Vec::new();
        }
        let lacking = listed
            .iter()
            .filter(|wanted| !platforms.iter().flatten().any(|found| found == *wanted));
        let lacking: Vec<_> = lacking.collect();
        let is_second_best = |platform: &Option<Platform>| {
            let platform = platform.as_ref();
            platform.is_some_and(|found| lacking.iter().any(|wanted| falls_back(wanted, found)))
        };
        children
            .iter()
            .zip(&platforms)
            .filter(|(_, platform)| is_listed(platform) || is_second_best(platform))
            .map(|(child, _)| child)
            .collect()
    }
}

/// What a child says that it runs on, if it says it.
fn known(child: &Descriptor) -> Option<Platform> {
    let platform = child.platform.as_ref();
    let platform = platform.filter(|known| !known.os.is_empty() && !known.architecture.is_empty());
    platform.map(normal)
}

fn is_of(platform: &Platform, wanted: &Platform) -> bool {
    wanted.os == platform.os
        && wanted.architecture == platform.architecture
        && (wanted.variant.is_none() || wanted.variant == platform.variant)
}

/// Whether a node of `wanted` runs what is for `found`, where there is nothing better (containerd's `platforms.Only`).
fn falls_back(wanted: &Platform, found: &Platform) -> bool {
    let architectures = (wanted.architecture.as_str(), found.architecture.as_str());
    wanted.os == found.os
        && match architectures {
            ("amd64", "386") | ("arm64", "arm") => true,
            (wanted_one, found_one) => wanted_one == found_one && found.variant < wanted.variant,
        }
}

/// The names of the listed platforms.
impl std::fmt::Display for Platforms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Listed(listed) => {
                let names: Vec<String> = listed.iter().map(Platform::to_string).collect();
                formatter.write_str(&names.join(", "))
            }
        }
    }
}

fn speaks_of(evidence: &Evidence, child: &Digest) -> bool {
    let signed = evidence.signatures.iter();
    let stated = evidence.statements.iter();
    signed
        .map(|one| one.subject())
        .any(|subject| subject == child)
        || stated
            .map(|one| one.subject())
            .any(|subject| subject == child)
}

fn name(child: &Descriptor) -> String {
    match &child.platform {
        Some(platform) => excerpt(&platform.to_string()),
        None => child.digest.to_string(),
    }
}

fn parse(written: &str) -> Option<Platform> {
    let is_word = |word: &&str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        !word.is_empty() && word.chars().all(plain)
    };
    let words: Vec<&str> = written.split('/').collect();
    if !words.iter().all(is_word) {
        return None;
    }
    let (os, architecture, variant) = match words.as_slice() {
        [os, architecture] => (os, architecture, None),
        [os, architecture, variant] => (os, architecture, Some((*variant).to_owned())),
        _ => return None,
    };
    Some(Platform {
        os: (*os).to_owned(),
        architecture: (*architecture).to_owned(),
        variant,
    })
}

/// One spelling for what nodes take to be the same, as containerd's `platforms` package has it: a child that is spelt
/// another way must not escape a list.
fn normal(platform: &Platform) -> Platform {
    let lower = |text: &str| text.to_ascii_lowercase();
    let os = match lower(&platform.os).as_str() {
        "macos" => "darwin".to_owned(),
        os => os.to_owned(),
    };
    let variant = platform.variant.as_deref().map(lower).unwrap_or_default();
    let (architecture, variant) = match (lower(&platform.architecture).as_str(), variant.as_str()) {
        ("amd64" | "x86_64" | "x86-64", "v1") => ("amd64".to_owned(), ""),
        ("x86_64" | "x86-64", variant) => ("amd64".to_owned(), variant),
        ("arm64" | "aarch64", "8" | "v8") => ("arm64".to_owned(), ""),
        ("aarch64", variant) => ("arm64".to_owned(), variant),
        ("i386", _) => ("386".to_owned(), ""),
        ("armhf", _) => ("arm".to_owned(), "v7"),
        ("armel", _) => ("arm".to_owned(), "v6"),
        ("arm", "" | "7") => ("arm".to_owned(), "v7"),
        ("arm", "5") => ("arm".to_owned(), "v5"),
        ("arm", "6") => ("arm".to_owned(), "v6"),
        ("arm", "8") => ("arm".to_owned(), "v8"),
        (architecture, variant) => (architecture.to_owned(), variant),
    };
    let variant = (!variant.is_empty()).then(|| variant.to_owned());
    Platform {
        os,
        architecture,
        variant,
    }
}

#[cfg(test)]
mod tests;
