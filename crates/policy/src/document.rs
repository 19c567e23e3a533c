//! Policy documents: from YAML to what they say.
//!
//! Refuses fields, kinds and features that it does not know, and collects every mistake before it gives up.

use countersign_image::{RepositoryPattern, excerpt};

use crate::Mode;
use crate::authority::{self, AuthorityEntry, Builder};
use crate::entry::{self, RuleEntry};
use crate::fields::{Fields, Problems, list, name, text};
use crate::selector::Selector;
use crate::yaml::{Node, Position, Value};

/// A `ClusterImagePolicy` as written.
#[derive(Debug)]
pub(crate) struct Definition<'n> {
    pub(crate) name: &'n str,
    pub(crate) name_at: Position,
    pub(crate) include: Vec<RepositoryPattern>,
    pub(crate) exclude: Vec<RepositoryPattern>,
    pub(crate) selector: Selector,
    pub(crate) mode: Mode,
    pub(crate) authorities: Vec<AuthorityEntry>,
    pub(crate) builders: Vec<Builder>,
    pub(crate) rules: Vec<RuleEntry<'n>>,
}

/// Reads one document; `None` if it is no policy, and says why.
pub(crate) fn read<'n>(document: &'n Node, problems: &mut Problems) -> Option<Definition<'n>> {
    let fields = Fields::open(
        document,
        "the document",
        &["apiVersion", "kind", "metadata", "spec"],
        problems,
    )?;
    check_kind(&fields, problems)?;
    let metadata = fields.require("metadata", problems);
    let metadata = metadata.and_then(|node| {
        Fields::open(
            node,
            "metadata",
            &["name", "labels", "annotations"],
            problems,
        )
    });
    let name_node = metadata.and_then(|metadata| metadata.require("name", problems));
    let policy_name = name_node.and_then(|node| policy_name(node, problems));
    let known = [
        "images",
        "namespaceSelector",
        "mode",
        "authorities",
        "builders",
        "platforms",
        "rules",
    ];
    let spec = Fields::open(fields.require("spec", problems)?, "spec", &known, problems)?;
    let (include, exclude) = images(&spec, problems);
    let authorities = authority::read_all(&spec, problems);
    let builders = authority::read_builders(&spec, &authorities, problems);
    if let Some(node) = spec.get("platforms") {
        check_platforms(node, problems);
    }
    Some(Definition {
        name: policy_name.unwrap_or_default(),
        name_at: name_node.map_or(document.at, |node| node.at),
        include,
        exclude,
        selector: spec
            .get("namespaceSelector")
            .map(|node| Selector::read(node, problems))
            .unwrap_or_default(),
        mode: spec
            .get("mode")
            .and_then(|node| mode(node, problems))
            .unwrap_or_default(),
        authorities,
        builders,
        rules: entry::read_all(&spec, problems),
    })
}

fn check_kind(fields: &Fields<'_>, problems: &mut Problems) -> Option<()> {
    let version_node = fields.require("apiVersion", problems)?;
    let version = text(version_node, "apiVersion", problems)?;
    if version != API_VERSION {
        let message = format!("unknown apiVersion `{}`", excerpt(version));
        problems.unknown(
            version_node.at,
            "unknown_api_version",
            message,
            version,
            [API_VERSION],
        );
        return None;
    }
    let kind_node = fields.require("kind", problems)?;
    let kind = text(kind_node, "kind", problems)?;
    if kind == KIND {
        return Some(());
    }
    if LATER_KINDS.contains(&kind) {
        let message = format!("documents of kind {kind} are not supported yet");
        problems.advise(
            kind_node.at,
            "unsupported_kind",
            message,
            format!("supported: {KIND}"),
        );
    } else {
        let message = format!("unknown kind `{}`", excerpt(kind));
        let known = std::iter::once(KIND).chain(LATER_KINDS.iter().copied());
        problems.unknown(kind_node.at, "unknown_kind", message, kind, known);
    }
    None
}

fn policy_name<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    let written = name(node, "metadata.name", problems)?;
    let is_label = |part: &str| {
        let edge =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        edge(part.chars().next())
            && edge(part.chars().last())
            && part.chars().all(|letter| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
            })
    };
    if written.len() > 253 || !written.split('.').all(is_label) {
        let message = format!("`{}` is no name for a policy", excerpt(written));
        problems.advise(
            node.at,
            "invalid_name",
            message,
            "use lower-case letters, digits, `-` and `.`",
        );
        return None;
    }
    Some(written)
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

/// A list would promise what nobody holds: the index itself is judged, and with it all of its platforms.
fn check_platforms(node: &Node, problems: &mut Problems) {
    if !matches!(&node.value, Value::Text(text) if text == "all") {
        problems.advise(
            node.at,
            "unsupported_feature",
            "platforms other than `all` are not supported yet",
            "write `all`, or leave it out: a signature of the index speaks for all of them",
        );
    }
}

const API_VERSION: &str = "countersign.dev/v1alpha1";
const KIND: &str = "ClusterImagePolicy";
/// Kinds that have their place in the API and are not read yet.
const LATER_KINDS: &[&str] = &["ImageException", "ImagePolicy", "Registry", "TrustRoot"];
