//! OPA's own cases through our engine: which of them it does not support is written down, and that it is no more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use regorus::unstable::BUILTINS;
use serde::Deserialize;

use super::*;
use crate::lint::FORBIDDEN;

/// A case of the suite.
#[derive(Deserialize)]
struct Case {
    note: String,
    query: String,
    modules: Vec<String>,
    #[serde(default)]
    data: Json,
    input: Option<Json>,
    input_term: Option<String>,
    want_result: Option<Vec<Json>>,
    #[serde(default)]
    sort_bindings: bool,
}

impl Case {
    /// `None` if it comes out as wanted, else what came out.
    fn run(&self) -> Option<String> {
        if let Some(name) = self.missing() {
            return Some(format!("refused when it is loaded: there is no `{name}`"));
        }
        let found = catch_unwind(AssertUnwindSafe(|| self.evaluate()));
        match (found, &self.want_result) {
            (Err(_), _) => Some("a panic, which denies".to_owned()),
            (Ok(Err(_)), None) => None,
            (Ok(Err(error)), Some(_)) => Some(format!("an error, which denies: {}", error.message)),
            (Ok(Ok(_)), None) => Some("no error".to_owned()),
            (Ok(Ok(found)), Some(wanted)) => {
                let sorted = |values: &[Json]| self.sorted(values);
                let (found, wanted) = (sorted(&found), sorted(wanted));
                (found != wanted)
                    .then(|| format!("`{}` in place of `{}`", list(&found), list(&wanted)))
            }
        }
    }

    /// A function that it calls and that we do not have.
    fn missing(&self) -> Option<String> {
        let modules = self.modules.iter().filter_map(|text| {
            let path = String::new();
            let text = text.clone();
            Module::parse(&SourceFile { path, text }).ok()
        });
        let modules: Vec<Module> = modules.collect();
        let own: Vec<String> = modules.iter().flat_map(Module::functions).collect();
        let calls = modules.iter().flat_map(|module| {
            let calls = module.calls.iter().map(|call| call.path.as_str());
            calls.map(|call| (call, module.resolve(call)))
        });
        let known = |name: &str| BUILTINS.contains_key(name) || name == "print";
        let mut missing = calls.filter(|(name, full)| !known(name) && !own.contains(full));
        missing.next().map(|(name, _)| name.to_owned())
    }

    fn evaluate(&self) -> Result<Vec<Json>, RegoError> {
        let mut engine = new_engine();
        for (number, module) in self.modules.iter().enumerate() {
            let added = engine.add_policy(format!("{number}.rego"), module.clone());
            added.map_err(RegoError::new)?;
        }
        if self.data.is_object() {
            let data = engine.add_data(self.data.clone().into());
            data.map_err(RegoError::new)?;
        }
        if let Some(input) = &self.input {
            engine.set_input(input.clone().into());
        }
        if let Some(term) = &self.input_term {
            let results = Engine::new().eval_query(term.clone(), false);
            let results = results.map_err(RegoError::new)?;
            engine.set_input(results.result[0].expressions[0].value.clone());
        }
        let results = engine.eval_query(self.query.clone(), false);
        let results = results.map_err(RegoError::new)?.result.into_iter();
        Ok(results
            .map(|result| serde_json::to_value(&result.bindings).unwrap())
            .collect())
    }

    /// Sets have no order in JSON.
    fn sorted(&self, results: &[Json]) -> Vec<Json> {
        let mut results = results.to_vec();
        if self.sort_bindings {
            results.iter_mut().for_each(sort);
        }
        results.sort_by_key(Json::to_string);
        results
    }
}

fn sort(value: &mut Json) {
    match value {
        Json::Array(items) => {
            items.iter_mut().for_each(sort);
            items.sort_by_key(Json::to_string);
        }
        Json::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}

fn list(values: &[Json]) -> String {
    let text = serde_json::to_string(values).unwrap();
    text.replace('|', "\\|").replace('`', "'")
}

fn page(cases: &[Case]) -> String {
    let mut page = String::from(INTRODUCTION);
    let forbidden = |name: &str| FORBIDDEN.iter().any(|(builtin, _)| *builtin == name);
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in BUILTINS
        .keys()
        .filter(|name| !forbidden(name) && !name.starts_with("__"))
    {
        let family = name.split_once('.').map_or("", |(family, _)| family);
        families.entry(family).or_default().push(name);
    }
    families
        .entry("json")
        .or_default()
        .push("json.match_schema");
    families.entry("").or_default().push("print");
    for names in families.values_mut() {
        names.sort_unstable();
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "- {}", names.join(", "));
    }
    page.push_str(REFUSED);
    for (name, instead) in FORBIDDEN {
        let _ = writeln!(page, "| `{name}` | {instead} |");
    }
    let differing: Vec<(&Case, String)> = cases
        .iter()
        .filter_map(|case| Some((case, case.run()?)))
        .collect();
    let good = cases.len() - differing.len();
    let _ = write!(
        page,
        "\n## OPA's own cases\n\nOf {} cases of OPA's conformance suite, {good} come out as OPA has them. The others:\n\n\
         | case | what comes out here |\n|---|---|\n",
        cases.len()
    );
    for (case, found) in differing {
        let _ = writeln!(page, "| {} | {} |", case.note, found.replace('\n', " "));
    }
    page
}

#[test]
fn what_is_not_supported_of_opas_own_cases_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cases = fs::read_to_string(root.join("tests/fixtures/rego/compliance.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
    assert!(cases.len() > 60);
    let page = page(&cases);
    let path = root.join("docs/reference/rego.md");
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is asked to rewrite its files"
    )]
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, page,
        "docs/reference/rego.md: run the tests with UPDATE=1"
    );
}

const INTRODUCTION: &str = "# Rego in policies

Rules are written in Rego v1 as [OPA](https://www.openpolicyagent.org/docs/policy-language) has it, and evaluated by
[regorus](https://github.com/microsoft/regorus). A built-in that gets a value it cannot take is an error, and an error
denies; with OPA it is undefined unless it is asked to be strict. This page is written by the test that runs the cases.

## Built-ins

";

const REFUSED: &str = "
Refused when a policy is loaded, wherever the name stands:

| built-in | why, or what to use |
|---|---|
";
