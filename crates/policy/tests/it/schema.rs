//! The shape of the input is written down, and nothing changes it in passing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_image::Digest;
use countersign_policy::{WorkloadContext, input_schema};
use serde_json::{Value, json};

use crate::support::{Image, Signer, load, policy};

const PAGE: &str = "docs/reference/input.md";
const BEGIN: &str =
    "<!-- generated from the types: UPDATE=1 cargo test -p countersign-policy schema -->\n";
const END: &str = "<!-- end -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

#[track_caller]
fn is_up_to_date(path: &str, text: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is asked to rewrite its files"
    )]
    let update = env::var_os("UPDATE").is_some();
    if update {
        fs::write(root().join(path), text).unwrap();
    }
    assert_eq!(
        read(path),
        text,
        "{path} is out of date: run the tests with UPDATE=1"
    );
}

#[test]
fn the_schema_is_that_of_the_types() {
    let mut text = serde_json::to_string_pretty(&input_schema()).unwrap();
    text.push('\n');
    is_up_to_date("docs/reference/input.schema.json", &text);
}

#[test]
fn the_page_tells_every_field() {
    let page = read(PAGE);
    let mut parts = page.split(BEGIN);
    let mut rewritten = parts.next().unwrap().to_owned();
    let tables = tables();
    let found: Vec<&str> = parts.collect();
    assert_eq!(found.len(), tables.len(), "{PAGE}: parts to generate");
    for (part, table) in found.iter().zip(&tables) {
        let (_, rest) = part.split_once(END).unwrap();
        let _ = write!(rewritten, "{BEGIN}{table}{END}{rest}");
    }
    is_up_to_date(PAGE, &rewritten);
}

#[test]
fn a_change_of_shape_is_recorded_on_the_page() {
    let mut shape = input_schema();
    strip(&mut shape);
    let shape = Digest::of(shape.to_string().as_bytes());
    let fingerprint = &shape.hex()[..12];
    let page = read(PAGE);
    let (_, changes) = page.split_once("\n## Changes of its shape\n").unwrap();
    let last = changes.lines().rfind(|line| line.starts_with("| `"));
    let last = last.unwrap();
    assert!(
        last.contains(&format!("| `{fingerprint}` |")),
        "the input is not what rules were written for: if what they read is still there and means the same, add a row \
         with `{fingerprint}` to \"Changes of its shape\" in {PAGE}; if not, raise the version.\nThe last row: {last}"
    );
    let version = input_schema()["properties"]["apiVersion"]["const"].clone();
    let version = version.as_str().unwrap().to_owned();
    assert!(last.starts_with(&format!("| `{version}` |")), "{last}");
}

#[test]
fn the_input_of_every_fixture_is_of_that_shape() {
    let signer = Signer::new();
    let set = load(policy(
        &[("release", &signer)],
        "  rules: [{rego: \"package a\\ndeny contains 1 if input.x\"}]\n",
    ));
    let mut read = 0;
    for folder in ["provenance", "provenance/gcb", "sbom", "buildkit", "dsse"] {
        let folder = root().join("tests/fixtures").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
            for (kind, predicate) in predicates(&text) {
                let image = Image::new().attested(&signer, &kind, &predicate);
                // It is checked where it is made.
                let input = image.input(&set, &WorkloadContext::default());
                let lists = ["provenance", "sboms", "verificationSummaries"];
                let entries = |list: &&str| input["evidence"][*list].as_array().unwrap().len();
                read += lists.iter().map(entries).sum::<usize>();
            }
        }
    }
    assert!(read >= 10, "only {read} were read");
}

#[test]
fn what_is_of_another_shape_is_seen() {
    let schema = input_schema();
    let signer = Signer::new();
    let set = load(policy(
        &[("release", &signer)],
        "  rules: [{rego: \"package a\\ndeny contains 1 if input.x\"}]\n",
    ));
    let image = Image::new()
        .signed_by(&signer)
        .described_by(&signer, &["api"]);
    let good = image.input(&set, &WorkloadContext::default());
    assert_eq!(mismatches(&schema, &good, ""), [] as [&str; 0]);
    for (pointer, value) in [
        ("/image/digest", json!(1)),
        ("/image/other", json!("")),
        ("/apiVersion", json!("countersign.dev/input/v2")),
        ("/evidence/signatures/0/authorities", json!("release")),
        ("/evidence/signatures/0/logged", json!(null)),
        ("/evidence/signatures/0/identity/kind", json!("person")),
        ("/evidence/sboms/0/packages/0/checksums", json!([])),
        ("/evidence/sboms/0/root", json!(0.5)),
    ] {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[key] = value;
        assert_ne!(mismatches(&schema, &bad, ""), [] as [&str; 0], "{pointer}");
    }
    let mut bad = good.clone();
    bad["image"].as_object_mut().unwrap().remove("registry");
    assert_eq!(mismatches(&schema, &bad, ""), ["/image lacks registry"]);
}

/// What about `value` is not as `schema` has it. Knows the keywords that the generator writes, and no others.
pub(crate) fn mismatches(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(schema) = schema.as_object() else {
        assert_eq!(schema, &json!(true));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "default" => {}
            "type" if is_of_type(wanted, value) => {}
            "enum" if wanted.as_array().unwrap().contains(value) => {}
            "const" if wanted == value => {}
            "minimum" if value.as_f64() >= wanted.as_f64() || value.is_null() => {}
            "type" | "enum" | "const" | "minimum" => {
                found.push(format!("{at} is {value}, not {wanted}"))
            }
            "anyOf" | "oneOf" => {
                let mut each = wanted.as_array().unwrap().iter();
                if !each.any(|one| mismatches(one, value, at).is_empty()) {
                    found.push(format!("{at} is none of those it may be"));
                }
            }
            "required" => {
                let names = wanted.as_array().unwrap().iter().filter_map(Value::as_str);
                let missing = names.filter(|name| value.is_object() && value.get(name).is_none());
                found.extend(missing.map(|name| format!("{at} lacks {name}")));
            }
            "properties" => {
                for (name, inner) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        found.extend(mismatches(inner, value, &format!("{at}/{name}")));
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    if wanted == &json!(false) {
                        found.push(format!("{at} has {name}"));
                    } else {
                        found.extend(mismatches(wanted, value, &format!("{at}/{name}")));
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(mismatches(wanted, value, &format!("{at}/{index}")));
                }
            }
            other => panic!("{at}: the keyword {other} is not checked"),
        }
    }
    found
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not checked"),
    };
    match wanted {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

/// The statements in a fixture, and documents that can be the predicate of one.
fn predicates(text: &str) -> Vec<(String, Value)> {
    let documents: Vec<Value> = match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
    };
    documents.into_iter().filter_map(predicate).collect()
}

fn predicate(document: Value) -> Option<(String, Value)> {
    if let Some(payload) = document["payload"].as_str() {
        let payload = STANDARD.decode(payload).ok()?;
        return predicate(serde_json::from_slice(&payload).ok()?);
    }
    let kind = if document.get("spdxVersion").is_some() {
        "https://spdx.dev/Document"
    } else if document.get("bomFormat").is_some() {
        "https://cyclonedx.org/bom"
    } else {
        let kind = document["predicateType"].as_str()?.to_owned();
        return Some((kind, document["predicate"].clone()));
    };
    Some((kind.to_owned(), document))
}

/// Leaves what rules depend on: descriptions say it better over time.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_text = |value: &Value| value.is_string();
            if fields.get("description").is_some_and(is_text) {
                fields.remove("description");
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The tables of the page, in its order: what is no evidence, what stands in every entry, and each list.
fn tables() -> Vec<String> {
    let schema = input_schema();
    let mut sections = String::from(HEADER);
    for (name, section) in schema["properties"].as_object().unwrap() {
        if name != "evidence" {
            rows(name, section, "", &[], &mut sections);
        }
    }
    let lists = schema["properties"]["evidence"]["properties"]
        .as_object()
        .unwrap();
    let common = &lists["signatures"]["items"];
    let names: Vec<&str> = common["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| *name != "annotations")
        .collect();
    let mut entry = String::from(HEADER);
    fields("", common, &["annotations"], &mut entry);
    let mut each = String::from(HEADER);
    for (name, list) in lists {
        let path = format!("{name}[]");
        let _ = writeln!(each, "| **`{name}`** | list | {} |", text(list));
        let common: &[&str] = if name == "rejected" { &[] } else { &names };
        fields(&path, &list["items"], common, &mut each);
    }
    vec![sections, entry, each]
}

fn fields(path: &str, schema: &Value, without: &[&str], table: &mut String) {
    let required = schema["required"].as_array();
    let alternatives = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| schema[*key].as_array());
    for alternative in alternatives.into_iter().flatten() {
        fields(path, alternative, without, table);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if without.contains(&name.as_str()) {
            continue;
        }
        let known = required.is_some_and(|names| names.contains(&json!(name)));
        let note = if known { "" } else { ", if known" };
        let dot = if path.is_empty() { "" } else { "." };
        rows(&format!("{path}{dot}{name}"), inner, note, &[], table);
    }
}

fn rows(path: &str, schema: &Value, note: &str, without: &[&str], table: &mut String) {
    let _ = writeln!(
        table,
        "| `{path}` | {}{note} | {} |",
        kind(schema),
        text(schema)
    );
    let (inner, path) = match schema.get("items") {
        Some(items) => (items, format!("{path}[]")),
        None => (schema, path.to_owned()),
    };
    fields(&path, inner, without, table);
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> String {
    let of = |name: &str| match name {
        "string" => match schema["const"].as_str() {
            Some(text) => format!("`{text}`"),
            None => "text".to_owned(),
        },
        "boolean" => "true or false".to_owned(),
        "integer" => "number".to_owned(),
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema["properties"].is_object() => "object".to_owned(),
        "object" => format!("object: text to {}", kind(&schema["additionalProperties"])),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) if schema["enum"].is_array() => {
            assert_eq!(name, "string");
            let names = schema["enum"].as_array().unwrap().iter();
            let names: Vec<String> = names
                .map(|name| format!("`{}`", name.as_str().unwrap()))
                .collect();
            names.join(" or ")
        }
        Value::String(name) => of(name),
        Value::Array(names) => {
            let names: Vec<String> = names.iter().filter_map(Value::as_str).map(of).collect();
            names.join(" or ")
        }
        _ if schema["oneOf"].is_array() && schema["oneOf"][0]["const"].is_string() => {
            let names = schema["oneOf"].as_array().unwrap().iter();
            let names: Vec<String> = names.map(kind).collect();
            names.join(" or ")
        }
        _ if schema["oneOf"].is_array() => "object".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn text(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
        .replace('|', "\\|")
}

const HEADER: &str = "| path | what | content |\n|---|---|---|\n";
