//! YAML as a tree that knows the line of each of its nodes, and the templates that tools name in its comments.
//!
//! Judges nothing: what a manifest has to be is said elsewhere.

use std::fmt;

use countersign_image::excerpt;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// A value and its line, counted from one.
#[derive(Debug)]
pub(crate) struct Node {
    line: u64,
    value: Tree,
}

#[derive(Debug)]
enum Tree {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Where it begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The same without lines.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            Tree::Scalar(value) => value.clone(),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }

    /// The line of the node at `path`, as `spec.containers[0].image`, or of the last node on the way to it.
    pub(crate) fn line_of(&self, path: &str) -> u64 {
        let mut node = self;
        for step in path.split(['.', '[']) {
            let found = match (&node.value, step.strip_suffix(']')) {
                (Tree::List(items), Some(index)) => {
                    index.parse().ok().and_then(|index: usize| items.get(index))
                }
                (Tree::Map(entries), None) => entries
                    .iter()
                    .find(|(key, _)| key == step)
                    .map(|(_, value)| value),
                _ => None,
            };
            match found {
                Some(found) => node = found,
                None => break,
            }
        }
        node.line
    }
}

/// The template that Helm names in a comment above the document that begins on `line`: `# Source: chart/templates/a.yaml`.
pub(crate) fn template(lines: &[&str], line: u64) -> Option<String> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let comments = lines
        .get(..before)?
        .iter()
        .rev()
        .take_while(|line| line.is_empty() || line.starts_with('#'));
    comments
        .filter_map(|comment| comment.strip_prefix("# Source: "))
        .map(|path| excerpt(path.trim()))
        .next()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self {
            line: spanned.referenced.line(),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELM: &str = "---\n# Source: shop/templates/a.yaml\n# Made for the shop.\n\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: one\n    - {name: b,\n       image: two}\n---\n# Source: shop/templates/empty.yaml\n---\nkind: Pod\n";

    fn documents(text: &str) -> Vec<Node> {
        serde_saphyr::from_multiple(text).unwrap()
    }

    #[test]
    fn every_node_knows_its_line_and_a_missing_one_that_of_the_way_to_it() {
        let pod = &documents(HELM)[0];
        for (path, line) in [
            ("spec.containers[0].image", 10),
            ("spec.containers[1].image", 12),
            ("spec.containers[1].absent", 11),
            ("spec.containers[7].image", 9),
            ("spec.volumes[0].image.reference", 8),
            ("kind[0].image", 6),
            ("", 5),
        ] {
            assert_eq!(pod.line_of(path), line, "{path}");
        }
        assert_eq!(pod.to_json()["spec"]["containers"][1]["image"], "two");
    }

    #[test]
    fn the_template_of_a_document_is_the_one_that_is_named_above_it() {
        let lines: Vec<_> = documents(HELM)
            .iter()
            .filter(|node| !node.to_json().is_null())
            .map(Node::line)
            .collect();
        let named: Vec<_> = lines
            .iter()
            .map(|line| template(&HELM.lines().collect::<Vec<_>>(), *line))
            .collect();
        assert_eq!(named, [Some("shop/templates/a.yaml".to_owned()), None]);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(serde_saphyr::from_multiple::<Node>("a: 1\na: 2\n").is_err());
    }
}
