//! Verdicts as SARIF 2.1.0, for code scanning: one result for each use of an image and each thing to say about it.
//!
//! Refuses no text: a file name becomes part of a URI, and nobody's words become a link.

use std::collections::BTreeMap;
use std::fmt::Write;

use countersign_policy::rule_summary;
use countersign_review::Remark;
use serde_json::{Value, json};

use super::{CheckOut, ReviewOut};

/// The log file.
pub(super) fn document(check: &CheckOut) -> Value {
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for review in &check.reviews {
        for image in &review.images {
            for remark in &image.remarks {
                rules.entry(remark.topic.as_str()).or_insert(Value::Null);
            }
            for (path, line) in image.uses() {
                let remarks = image.remarks.iter();
                results.extend(remarks.map(|remark| result(review, remark, path, line)));
            }
        }
    }
    let rules: Vec<Value> = rules.into_keys().map(rule).collect();
    let notifications: Vec<Value> = check
        .errors
        .iter()
        .map(|error| json!({"level": "error", "message": message(error)}))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": check.errors.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(id: &str) -> Value {
    let (title, description) = match rule_summary(id) {
        Some(rule) => (rule.title, rule.description),
        None => (id, "docs/reference/reason-codes.md explains the codes"),
    };
    json!({
        "id": id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": description},
        "help": {"text": description},
    })
}

fn result(review: &ReviewOut, remark: &Remark, path: &str, line: Option<u64>) -> Value {
    let mut text = remark.text.clone();
    if let Some(fix) = &remark.fix {
        _ = write!(text, "\nfix: {fix}");
    }
    let name = format!("{}: {path}", review.name);
    let mut location = json!({"logicalLocations": [{"fullyQualifiedName": name}]});
    if let Some((file, line)) = review.place(line) {
        location["physicalLocation"] = json!({"artifactLocation": {"uri": uri(file)}});
        if let Some(line) = line {
            location["physicalLocation"]["region"] = json!({"startLine": line});
        }
    }
    json!({
        "ruleId": remark.topic,
        "level": if remark.refuses { "error" } else { "warning" },
        "message": message(&text),
        "locations": [location],
    })
}

/// Source: SARIF 2.1.0, section 3.11.6: `[text](target)` in a message is a link, unless a backslash is before a bracket.
fn message(text: &str) -> Value {
    json!({"text": text.replace("](", "\\](")})
}

/// A path as a URI reference (RFC 3986): relative to the root of what is scanned, or of a file of this machine.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_part_of_a_uri_and_never_one_of_its_own() {
        for (path, expected) in [
            ("./shop/pod.yaml", "shop/pod.yaml"),
            ("/tmp/a b.yaml", "file:///tmp/a%20b.yaml"),
            ("javascript:x?y#z", "javascript%3Ax%3Fy%23z"),
            ("ü\n%", "%C3%BC%0A%25"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn nobodys_words_become_a_link() {
        let text = message("see [the docs](https://evil.example) [1]");
        assert_eq!(
            text,
            json!({"text": "see [the docs\\](https://evil.example) [1]"})
        );
    }
}
