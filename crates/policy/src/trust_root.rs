//! Trust roots as documents: given in place, or by a file or a TUF repository that somebody else reads.
//!
//! Refuses a root that is missing, empty or unreadable: it would verify nothing. Opens no file itself.

mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_evidence::TrustRoot;
use countersign_image::excerpt;

pub use self::source::{
    TrustRootFacts, TrustRootLocation, TrustRootSource, TrustRoots, TufLocation, TufRepository,
    trust_root_sources,
};
use crate::fields::{Fields, Problems, text};
use crate::header::Header;
use crate::yaml::{Node, Position, Value};

/// A trust root that authorities may name.
#[derive(Clone, Debug)]
pub struct NamedTrustRoot {
    /// The root, which knows its name.
    pub root: Arc<TrustRoot>,
    /// Where it is from.
    pub origin: TrustRootOrigin,
    /// What is known of how fresh it is; nothing unless whoever read it told.
    pub facts: TrustRootFacts,
}

/// Where a trust root is from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustRootOrigin {
    /// It is compiled in.
    BuiltIn,
    /// It stands in its document.
    Inline,
    /// It was read from elsewhere.
    Read(TrustRootLocation),
}

/// The trust roots of all documents, each with whatever could be made of it.
#[derive(Debug, Default)]
pub(crate) struct KnownRoots {
    roots: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    /// `None` if it was reported as wrong.
    root: Option<NamedTrustRoot>,
    stands: String,
}

impl KnownRoots {
    /// Takes the document of `header`, and says what is wrong with it.
    pub(crate) fn add(&mut self, header: Header<'_>, read: &TrustRoots, problems: &mut Problems) {
        let root = Definition::read(header, problems)
            .and_then(|definition| definition.load(header.name, read, problems));
        if BUILT_IN.contains(&header.name) {
            let message = format!("the trust root `{}` is built in", header.name);
            let hint =
                "choose another name: policies that name this one mean the one that is built in";
            problems.advise(header.name_at, "duplicate_name", message, hint);
        } else if let Some(first) = self.roots.get(header.name) {
            let message = format!(
                "the trust root `{}` is defined already in {}",
                header.name, first.stands
            );
            problems.report(header.name_at, "duplicate_name", message);
        } else {
            let stands = problems.place(header.name_at);
            self.roots
                .insert(header.name.to_owned(), Known { root, stands });
        }
    }

    /// The root that `node` names; a name that nobody defined is a mistake.
    pub(crate) fn find(&self, node: &Node, problems: &mut Problems) -> Option<Arc<TrustRoot>> {
        let name = text(node, "the name of a trust root", problems)?;
        if let Some(known) = self.roots.get(name) {
            return known.root.as_ref().map(|known| Arc::clone(&known.root));
        }
        let built_in = TrustRoot::built_in(name);
        if built_in.is_none() {
            let message = format!("there is no trust root `{}`", excerpt(name));
            let known = self.roots.keys().map(String::as_str).chain(BUILT_IN);
            problems.unknown(node.at, "unknown_trust_root", message, name, known);
        }
        built_in
    }

    /// The built-in root that the root `name` is, or is a newer copy of: one whose TUF repository is the public one of
    /// that instance, with the keys that are compiled in for it.
    pub(crate) fn instance<'a>(&self, name: &'a str) -> &'a str {
        let root = self.roots.get(name).and_then(|known| known.root.as_ref());
        let Some(TrustRootOrigin::Read(TrustRootLocation::Tuf(tuf))) =
            root.map(|root| &root.origin)
        else {
            return name;
        };
        let public = PUBLIC_REPOSITORIES
            .iter()
            .find(|(_, url)| tuf.is_repository(url));
        public.map_or(name, |(instance, _)| instance)
    }

    /// The roots of documents, in order of name.
    pub(crate) fn into_roots(self) -> impl Iterator<Item = NamedTrustRoot> {
        self.roots.into_values().filter_map(|known| known.root)
    }
}

/// A `TrustRoot` as written.
struct Definition<'n> {
    content: Content<'n>,
    at: Position,
    /// Distinct certificate logs that must have seen a certificate.
    scts: usize,
}

enum Content<'n> {
    Inline(&'n Node),
    External(TrustRootLocation),
}

impl<'n> Definition<'n> {
    fn read(header: Header<'n>, problems: &mut Problems) -> Option<Self> {
        let known = ["trustedRoot", "file", "tuf", "requireSct"];
        let spec = Fields::open(header.spec, "spec", &known, problems)?;
        let scts = match spec.get("requireSct").map(|node| (node, &node.value)) {
            // Unless it is waived: a certificate that no log has seen may be one that nobody knows of.
            None | Some((_, Value::Bool(true))) => 1,
            Some((_, Value::Bool(false))) => 0,
            Some((node, _)) => {
                let message = format!("requireSct is {}, wanted a boolean", node.kind());
                problems.report(node.at, "wrong_type", message);
                return None;
            }
        };
        let (field, node) = spec.exactly_one(&["trustedRoot", "file", "tuf"], problems)?;
        let content = match field {
            "trustedRoot" => Content::Inline(node),
            field => Content::External(TrustRootLocation::read(field, node, problems)?),
        };
        let at = node.at;
        Some(Self { content, at, scts })
    }

    /// Parses the root, from the document or from what was read for it.
    fn load(
        self,
        name: &str,
        read: &TrustRoots,
        problems: &mut Problems,
    ) -> Option<NamedTrustRoot> {
        let (json, origin, facts) = match self.content {
            Content::Inline(node) => {
                let json = node.to_json().to_string().into_bytes();
                (json, TrustRootOrigin::Inline, TrustRootFacts::default())
            }
            Content::External(location) => match read.get(name) {
                Ok((json, facts)) => (json.to_vec(), TrustRootOrigin::Read(location), facts),
                Err(why) => {
                    let message = format!("the trust root `{name}` could not be read: {why}");
                    problems.report(self.at, "trust_root_unavailable", message);
                    return None;
                }
            },
        };
        let root = match TrustRoot::from_json(name, &json, self.scts) {
            Ok(root) => root,
            Err(error) => {
                let message = format!("the trust root `{name}` cannot be used: {error}");
                problems.with_hint(self.at, error.code(), message, error.hint());
                return None;
            }
        };
        // Every certificate would be refused, for there is no log that it could be in.
        let issues = !root.summary().certificate_authorities.is_empty();
        if issues && root.ct_log_count() < self.scts {
            let message = format!("the trust root `{name}` has no certificate log");
            let hint = "add ctlogs, or write `requireSct: false` for an instance without them";
            problems.advise(self.at, "trust_root_no_certificate_log", message, hint);
            return None;
        }
        Some(NamedTrustRoot {
            root: Arc::new(root),
            origin,
            facts,
        })
    }
}

/// The roots that are compiled in.
pub(crate) const BUILT_IN: [&str; 2] = [PUBLIC_GOOD, GITHUB];
/// Sigstore's public instance.
pub(crate) const PUBLIC_GOOD: &str = "public-good";
/// GitHub's own instance, for private repositories.
pub(crate) const GITHUB: &str = "github";
/// Their TUF repositories.
const PUBLIC_REPOSITORIES: [(&str, &str); 2] = [
    (PUBLIC_GOOD, "https://tuf-repo-cdn.sigstore.dev"),
    (GITHUB, "https://tuf-repo.github.com"),
];
