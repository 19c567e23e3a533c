//! Policy documents: from YAML to what they say.
//!
//! Refuses fields and features that it does not know, and collects every mistake before it gives up.

use countersign_image::{RepositoryPattern, excerpt};
use serde_json::Value as Json;

use crate::Mode;
use crate::authority::{self, AuthorityEntry};
use crate::builders;
use crate::entry::{self, RuleEntry};
use crate::fields::{Fields, Problems, list, text};
use crate::header::Header;
use crate::platforms::Platforms;
use crate::selector::Selector;
use crate::trust_root::KnownRoots;
use crate::yaml::{Node, Position, Value};

/// A `ClusterImagePolicy` or `ImagePolicy` as written.
#[derive(Debug)]
pub(crate) struct Definition<'n> {
    /// With the namespace before it, where there is one.
    pub(crate) name: String,
    pub(crate) name_at: Position,
    pub(crate) namespaced: bool,
    pub(crate) include: Vec<RepositoryPattern>,
    pub(crate) exclude: Vec<RepositoryPattern>,
    pub(crate) selector: Selector,
    pub(crate) mode: Mode,
    pub(crate) authorities: Vec<AuthorityEntry>,
    /// The builder table in force.
    pub(crate) builders: Json,
    pub(crate) platforms: Platforms,
    pub(crate) rules: Vec<RuleEntry<'n>>,
}

/// Reads the `spec` of a policy; `None` if it is none, and says why.
pub(crate) fn read<'n>(
    header: Header<'n>,
    trust_roots: &KnownRoots,
    problems: &mut Problems,
) -> Option<Definition<'n>> {
    let known = [
        "images",
        "mode",
        "authorities",
        "builders",
        "platforms",
        "rules",
        "namespaceSelector",
    ];
    let namespaced = header.namespace.is_some();
    let known = if namespaced { &known[..6] } else { &known[..] };
    let spec = Fields::open(header.spec, "spec", known, problems)?;
    if let (true, Some(rules)) = (namespaced, spec.get("rules")) {
        refuse_rego(rules, problems);
    }
    let (include, exclude) = images(&spec, problems);
    let authorities = authority::read_all(&spec, trust_roots, problems);
    let builders = builders::read_all(&spec, &authorities, trust_roots, problems);
    Some(Definition {
        name: match header.namespace {
            Some(namespace) => format!("{namespace}/{}", header.name),
            None => header.name.to_owned(),
        },
        name_at: header.name_at,
        namespaced,
        include,
        exclude,
        selector: match (header.namespace, spec.get("namespaceSelector")) {
            (Some(namespace), _) => Selector::of(namespace),
            (None, Some(node)) => Selector::read(node, problems),
            (None, None) => Selector::default(),
        },
        mode: spec
            .get("mode")
            .and_then(|node| mode(node, problems))
            .unwrap_or_default(),
        authorities,
        builders,
        platforms: spec
            .get("platforms")
            .and_then(|node| Platforms::read(node, problems))
            .unwrap_or_default(),
        rules: entry::read_all(&spec, problems),
    })
}

/// Refuses Rego among rules: whoever may write policies of one namespace may not run code in the webhook.
fn refuse_rego(node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| refuse_rego(item, problems)),
        Value::Map(entries) => {
            for entry in entries {
                if entry.key == "rego" {
                    let message = "a policy of a namespace has no Rego of its own";
                    let hint = "use rules of the library with parameters, or a ClusterImagePolicy";
                    problems.advise(entry.value.at, "unsupported_feature", message, hint);
                }
                if entry.key == "anyOf" {
                    refuse_rego(&entry.value, problems);
                }
            }
        }
        _ => {}
    }
}

fn images(
    spec: &Fields<'_>,
    problems: &mut Problems,
) -> (Vec<RepositoryPattern>, Vec<RepositoryPattern>) {
    let Some(node) = spec.require("images", problems) else {
        return Default::default();
    };
    let Some(images) = Fields::open(node, "images", &["include", "exclude"], problems) else {
        return Default::default();
    };
    let before = problems.count();
    let include = patterns(images.get("include"), problems);
    if include.is_empty() && problems.count() == before {
        let hint = "name repositories, such as `registry.example.com/shop/**`, or `**` for all";
        problems.advise(
            images.key("include"),
            "no_images",
            "the policy covers no image",
            hint,
        );
    }
    (include, patterns(images.get("exclude"), problems))
}

fn patterns(node: Option<&Node>, problems: &mut Problems) -> Vec<RepositoryPattern> {
    let Some(items) = node.and_then(|node| list(node, "the list of patterns", problems)) else {
        return Vec::new();
    };
    let mut patterns = Vec::with_capacity(items.len());
    for item in items {
        let Some(written) = text(item, "a pattern", problems) else {
            continue;
        };
        match written.parse::<RepositoryPattern>() {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                problems.with_hint(item.at, error.code(), error.to_string(), error.hint())
            }
        }
    }
    patterns
}

fn mode(node: &Node, problems: &mut Problems) -> Option<Mode> {
    let written = text(node, "mode", problems)?;
    let known = [Mode::Enforce, Mode::Warn, Mode::Audit];
    let mode = known.into_iter().find(|mode| mode.as_str() == written);
    if mode.is_none() {
        let message = format!("unknown mode `{}`", excerpt(written));
        problems.unknown(
            node.at,
            "invalid_value",
            message,
            written,
            known.map(Mode::as_str),
        );
    }
    mode
}
