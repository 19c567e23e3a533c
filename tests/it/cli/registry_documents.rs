//! What `Registry` documents make of one registry: the table of the reference, row by row.

use std::collections::BTreeMap;
use std::fs;

use countersign_testkit::{Identity, TestRegistry};

use super::Shell;
use crate::docs::table;

const POLICY: &str = "---
apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: production}
spec:
  images: {include: ['**']}
  authorities: [{name: release, key: {pem: KEY}}]
  rules: [{rule: signature/signed}]
";
const OTHER: &str = "127.0.0.1:1";

/// The specs of the documents by name.
fn specs() -> BTreeMap<String, String> {
    let rows = table("| name | `spec` of the `Registry` |").into_iter();
    rows.map(|row| {
        let [name, spec] = row.try_into().unwrap();
        (name.replace('`', ""), spec.replace('`', ""))
    })
    .collect()
}

/// One row: whether that is what `check` says, and no request without TLS is made that no document allows.
async fn row(names: &str, speaks: &str, outcome: &str, code: &str) {
    let (identity, stranger) = (Identity::new(&["127.0.0.1"]), Identity::new(&["127.0.0.1"]));
    let builder = match speaks {
        "TLS" => TestRegistry::builder().tls(&identity),
        _ => TestRegistry::builder(),
    };
    let shell = Shell::with_keys(builder).await;
    shell.image("shop/api", "1", "one");
    let key = fs::read_to_string(shell.path("release.pub")).unwrap();
    let mut text = POLICY.replace("KEY", &format!("{key:?}"));
    let specs = specs();
    for name in names.split(", ").filter(|name| *name != "–") {
        let name = name.replace('`', "");
        let spec = specs[&name]
            .replace("HOST", &format!("'{}'", shell.registry.host()))
            .replace("OTHER", &format!("'{OTHER}'"))
            .replace("CA", &format!("{:?}", identity.ca_pem()))
            .replace("STRANGER", &format!("{:?}", stranger.ca_pem()));
        text += &format!(
            "---\napiVersion: countersign.dev/v1alpha1\nkind: Registry\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
        );
    }
    fs::create_dir(shell.path("policies")).unwrap();
    fs::write(shell.path("policies/all.yaml"), text).unwrap();
    fs::write(shell.path("policies/ca.pem"), identity.ca_pem()).unwrap();
    let image = format!("{}/shop/api:1", shell.registry.host());
    let check = "check --unpinned allow --policies policies --output json";
    let words = check.split(' ').chain([image.as_str()]);
    let ended = shell.exactly(words, &[], "").await;
    let (exit, outcome) = match outcome {
        "denied" => (1, "deny"),
        "could not look" => (3, "could_not_look"),
        other => panic!("{other}"),
    };
    let ended = ended.is(exit);
    let found = &ended.json()["reviews"][0]["images"][0];
    let wanted = serde_json::json!([code.replace('`', "")]);
    assert_eq!(found["codes"], wanted, "{names}, {speaks}: {found:#}");
    assert_eq!(found["outcome"], outcome, "{found:#}");
    let asked = !shell.registry.log().lines().is_empty();
    assert_eq!(asked, outcome == "deny", "{names}, {speaks}");
}

#[tokio::test]
async fn every_row_of_the_table_of_registries_is_what_check_says() {
    let rows = table("| documents | the registry speaks | outcome | code |");
    assert!(rows.len() >= 10);
    for cells in rows {
        let [names, speaks, outcome, code] = cells.try_into().unwrap();
        row(&names, &speaks, &outcome, &code).await;
    }
}
