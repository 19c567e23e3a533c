//! The page of each rule, written from its METADATA.
//!
//! Adds nothing of its own: what a page should say belongs into the rule.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::library::{Library, LibraryRule};
use crate::schema::Property;
use crate::yaml::Node;
use crate::{LoadErrors, SourceFile};

/// The pages of the shipped rules, with paths relative to the repository.
///
/// # Errors
///
/// A library that does not load.
pub fn rule_pages() -> Result<Vec<SourceFile>, LoadErrors> {
    let library = Library::shipped()?;
    let mut index = "<!-- Generated from the METADATA of the rules. -->\n# Rules\n\n| rule | holds when |\n|---|---|\n".to_owned();
    let mut pages = Vec::new();
    for (id, rule) in library.rules() {
        _ = writeln!(index, "| [{id}]({id}.md) | {} |", rule.metadata.title);
        pages.push(SourceFile {
            path: format!("docs/rules/{id}.md"),
            text: page(id, rule),
        });
    }
    pages.push(SourceFile {
        path: "docs/rules/README.md".to_owned(),
        text: index,
    });
    Ok(pages)
}

fn page(id: &str, rule: &LibraryRule) -> String {
    let metadata = &rule.metadata;
    let mut page = format!(
        "<!-- Generated from the METADATA of policies/{}. -->\n# {id}\n\n",
        rule.file.path
    );
    _ = writeln!(
        page,
        "{}.\n\n{}",
        metadata.title,
        metadata.description.trim()
    );
    let example = metadata
        .example
        .as_ref()
        .map(|example| flow(&Node::to_json(example)));
    let params = example
        .map(|example| format!(", params: {example}"))
        .unwrap_or_default();
    _ = writeln!(page, "\n```yaml\nrules:\n  - {{ rule: {id}{params} }}\n```");
    let properties = metadata.params.properties();
    if !properties.is_empty() {
        page.push_str(
            "\n## Parameters\n\n| name | value | default | meaning |\n|---|---|---|---|\n",
        );
        properties
            .iter()
            .for_each(|property| page.push_str(&row(property)));
    }
    page.push_str("\n## Denials\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in &metadata.codes {
        _ = writeln!(page, "| `{code}` | {meaning} |");
    }
    let reads: Vec<String> = metadata
        .reads
        .paths()
        .map(|path| format!("`input.{path}`"))
        .collect();
    _ = writeln!(page, "\n## Reads\n\n{}", reads.join(", "));
    page
}

fn row(property: &Property) -> String {
    let schema = &property.schema;
    let default = match (&schema.default, property.required) {
        (Some(default), _) => format!("`{}`", flow(default)),
        (None, true) => "required".to_owned(),
        (None, false) => "–".to_owned(),
    };
    let meaning = schema.description.as_deref().unwrap_or_default();
    format!(
        "| `{}` | {} | {default} | {meaning} |\n",
        property.name,
        schema.kind()
    )
}

/// A value in YAML's flow style.
fn flow(value: &Json) -> String {
    match value {
        Json::Array(items) => format!(
            "[{}]",
            items.iter().map(flow).collect::<Vec<_>>().join(", ")
        ),
        Json::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}: {}", flow(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Json::String(text) if text.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
            text.clone()
        }
        other => other.to_string(),
    }
}
