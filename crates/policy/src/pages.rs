//! The page of each rule, written from its METADATA, and the overview of all of them.
//!
//! Adds nothing of its own to a page: what it should say belongs into the rule.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::library::{Library, LibraryRule, files, with_shipped_lib};
use crate::module::Module;
use crate::schema::Property;
use crate::yaml::{self, Node};
use crate::{LoadErrors, SourceFile};

/// The pages of the shipped rules, with paths relative to the repository.
///
/// # Errors
///
/// A library that does not load.
pub fn rule_pages() -> Result<Vec<SourceFile>, LoadErrors> {
    let library = Library::shipped()?;
    let mut pages = pages(library, &files());
    pages.push(SourceFile {
        path: "README.md".to_owned(),
        text: index(library)?,
    });
    for page in &mut pages {
        page.path = format!("docs/rules/{}", page.path);
    }
    Ok(pages)
}

/// The pages of the rules among `files`, as `<category>/<id>.md`, and an overview, `README.md`.
///
/// # Errors
///
/// A rule that cannot be used.
pub fn pages_of(files: &[SourceFile]) -> Result<Vec<SourceFile>, LoadErrors> {
    let library = Library::load(&with_shipped_lib(files))?;
    let mut pages = pages(&library, files);
    let mut index =
        "<!-- Generated from the METADATA of the rules. -->\n# Rules\n\n| rule | holds when |\n|---|---|\n".to_owned();
    for (id, rule) in library.rules() {
        _ = writeln!(index, "| [{id}]({id}.md) | {} |", rule.metadata.title);
    }
    pages.push(SourceFile {
        path: "README.md".to_owned(),
        text: index,
    });
    Ok(pages)
}

fn pages(library: &Library, files: &[SourceFile]) -> Vec<SourceFile> {
    let pages = library.rules().map(|(id, rule)| {
        let tests = rule.file.path.replace(".rego", "_test.rego");
        let tests = files.iter().find(|file| file.path == tests);
        SourceFile {
            path: format!("{id}.md"),
            text: page(id, rule) + &tests.map(examples).unwrap_or_default(),
        }
    });
    pages.collect()
}

/// What the tests of a rule say about it: each in words, and the first denial as it is written.
fn examples(file: &SourceFile) -> String {
    let Ok(module) = Module::parse(file) else {
        return String::new();
    };
    let mut names: Vec<&str> = Vec::new();
    for head in &module.heads {
        if let Some(name) = head.name.strip_prefix("test_")
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let mut text = "\n## As its tests have it\n\n".to_owned();
    for name in &names {
        _ = writeln!(text, "- {}", name.replace('_', " "));
    }
    let denial = module
        .heads
        .iter()
        .find(|head| head.name.starts_with("test_denies"));
    if let Some(head) = denial {
        _ = write!(text, "\n```rego\n{}```\n", rule_at(file, head.at.line));
    }
    text
}

/// The text of the rule that begins on `line`: up to the bracket that closes it, or that line.
fn rule_at(file: &SourceFile, line: u32) -> String {
    let first = usize::try_from(line).unwrap_or_default().saturating_sub(1);
    let mut text = String::new();
    for line in file.text.lines().skip(first) {
        text.push_str(line);
        text.push('\n');
        let is_open = text.trim_end().ends_with('{') || text.lines().count() > 1;
        if !is_open || line == "}" {
            break;
        }
    }
    text
}

/// The overview: the rules by category, and the sets.
fn index(library: &Library) -> Result<String, LoadErrors> {
    let mut index =
        format!("<!-- Generated: the tables from METADATA and the sets. -->\n{INTRODUCTION}");
    let mut last = "";
    for (id, rule) in library.rules() {
        let category = id.split('/').next().unwrap_or_default();
        if category != last {
            let about = CATEGORIES.iter().find(|(name, _)| *name == category);
            let about = about.map(|(_, about)| format!("{about}\n\n"));
            let about = about.unwrap_or_default();
            _ = write!(
                index,
                "\n## {category}\n\n{about}| rule | holds when |\n|---|---|\n"
            );
            last = category;
        }
        _ = writeln!(index, "| [{id}]({id}.md) | {} |", rule.metadata.title);
    }
    index.push_str(SETS);
    for file in files() {
        let name = file.path.strip_prefix("sets/");
        let Some(name) = name.and_then(|name| name.strip_suffix(".yaml")) else {
            continue;
        };
        for set in yaml::parse(&file)? {
            let set = set.to_json();
            let title = set["title"].as_str().unwrap_or_default();
            _ = writeln!(index, "| `{name}` | {title} | {} |", members(&set["rules"]));
        }
    }
    Ok(index)
}

/// The rules among the entries of a set, alternatives in parentheses.
fn members(entries: &Json) -> String {
    let entries = entries.as_array().into_iter().flatten();
    let names = entries.map(|entry| match (&entry["rule"], &entry["anyOf"]) {
        (Json::String(id), _) => format!("[{id}]({id}.md)"),
        (_, alternatives) => format!("one of ({})", members(alternatives)),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn page(id: &str, rule: &LibraryRule) -> String {
    let metadata = &rule.metadata;
    let mut page = format!(
        "<!-- Generated from the METADATA of {} and its tests. -->\n# {id}\n\n",
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
    if !metadata.codes.is_empty() {
        page.push_str("\n## Denials\n\n| code | meaning |\n|---|---|\n");
    }
    for (code, meaning) in &metadata.codes {
        _ = writeln!(page, "| `{code}` | {meaning} |");
    }
    let reads: Vec<String> = metadata
        .reads
        .paths()
        .map(
            |path| match metadata.conditional.iter().find(|(part, _)| part == path) {
                Some((_, param)) => format!("`input.{path}` with `{param}`"),
                None => format!("`input.{path}`"),
            },
        )
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

const INTRODUCTION: &str = include_str!("pages/introduction.md");

/// What the rules of a category are about.
const CATEGORIES: &[(&str, &str)] = &[
    (
        "attestation",
        "Statements of any type, for what no other category knows.",
    ),
    (
        "git",
        "What Git knew of the sources. The labels that docker buildx writes count only where a parameter lets them.",
    ),
    (
        "image",
        "The image itself, whoever vouches for it: its name, its platforms, what its configuration says.",
    ),
    (
        "provenance",
        "How the image was built, from what and by whom, as SLSA provenance tells it.",
    ),
    (
        "sbom",
        "What is in the image, as SPDX and CycloneDX list it.",
    ),
    (
        "signature",
        "Who signed the image, when, and what they added.",
    ),
    ("verdict", "What other verifiers said of the image."),
    (
        "vulnerability",
        "What scanners found in the image, and what is known of it.",
    ),
];

const SETS: &str = "
## Sets

An entry `ruleSet: NAME` stands for [all entries of a set](../reference/policies.md#sets-of-rules). An entry `rule: NAME`
after it takes the place of that rule in the set, with parameters of its own.

| set | holds when | rules |
|---|---|---|
";
