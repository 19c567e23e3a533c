//! The names that Rego uses: functions, and what stands in `data`.
//!
//! Refuses those that there are none of, for they would be undefined on every input, and those that decide by more than
//! the input.

use regorus::unstable::BUILTINS;

use super::Linter;
use crate::json_schema;
use crate::references::Root;
use crate::yaml::Position;

impl Linter<'_> {
    /// Every function must be there and be one for policies. Returns where it is not so.
    pub(super) fn check_functions(&mut self) -> Vec<Position> {
        let mut wrong = Vec::new();
        for name in &self.module.names {
            let Some((_, instead)) = forbidden(&name.path) else {
                continue;
            };
            wrong.push(name.at);
            let message = format!("the built-in `{}` is not allowed in policies", name.path);
            let at = self.at(name.at);
            self.problems
                .advise(at, "rego_forbidden", message, *instead);
        }
        let own: Vec<String> = self.module.functions().collect();
        for call in &self.module.calls {
            if self.is_known(&call.path, &own) || forbidden(&call.path).is_some() {
                continue;
            }
            wrong.push(call.at);
            let message = format!("there is no function `{}`", call.path);
            let imported = self.base.functions.iter().map(String::as_str);
            let (name, known): (_, Vec<&str>) = match self.module.resolve(&call.path) {
                full if full.starts_with("data.lib.") => (full, imported.collect()),
                _ => {
                    let built_in = BUILTINS.keys().chain(ADDED).copied();
                    (call.path.clone(), built_in.chain(imported).collect())
                }
            };
            self.problems.unknown_quietly(
                self.at(call.at),
                "rego_unknown_function",
                message,
                &name,
                known.into_iter(),
            );
        }
        wrong
    }

    fn is_known(&self, call: &str, own: &[String]) -> bool {
        if ADDED.contains(&call) || BUILTINS.contains_key(call) {
            return true;
        }
        let full = self.module.resolve(call);
        own.contains(&full) || self.base.functions.contains(&full)
    }

    /// Everything that is named of `data` must be there; what is `wrong` was told.
    pub(super) fn check_data(&mut self, wrong: &[Position]) {
        let own = self.module.heads.iter();
        let own: Vec<String> = own.map(|head| self.module.full_name(&head.name)).collect();
        let names = || {
            let names = own.iter().map(String::as_str);
            names.chain(self.base.reach.names())
        };
        for reference in &self.module.references {
            let first = reference.path.first().map(String::as_str);
            let is_given = first.is_some_and(|name| DATA.contains(&name));
            if reference.root != Root::Data || is_given || wrong.contains(&reference.at) {
                continue;
            }
            let at = self.at(reference.at);
            if first.is_none() {
                let message = "`data` as a whole is not to be had";
                let hint = "name what is wanted of it, such as `data.params`";
                self.problems.advise(at, "rego_unknown_data", message, hint);
                continue;
            }
            let full = format!("data.{}", reference.path.join("."));
            if names().any(|name| within(&full, name)) {
                continue;
            }
            if names().any(|name| within(name, &full)) {
                // Once a module was read as a whole, the engine loses what its functions import (regorus 0.14.1).
                let message = format!("`{full}` as a whole is not to be had");
                let hint = "name one of its rules, written out";
                self.problems.advise(at, "rego_unknown_data", message, hint);
            } else {
                let message = format!("there is nothing at `{full}`");
                let known: Vec<&str> = names().chain(["data.params", "data.builders"]).collect();
                self.problems.unknown_quietly(
                    at,
                    "rego_unknown_data",
                    message,
                    &full,
                    known.into_iter(),
                );
            }
        }
    }
}

/// Whether `inner` is `outer` or something in it.
fn within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn forbidden(name: &str) -> Option<&'static (&'static str, &'static str)> {
    FORBIDDEN.iter().find(|(builtin, _)| *builtin == name)
}

/// Functions that are there beside the engine's.
const ADDED: &[&str] = &[json_schema::BUILTIN, "print"];
/// What every rule is given beside the modules that it imports.
const DATA: &[&str] = &["builders", "params"];

/// Built-ins whose result depends on more than the input or that no limit holds, and what to use instead.
pub(crate) const FORBIDDEN: &[(&str, &str)] = &[
    (
        "http.send",
        "a policy judges what was gathered for it and fetches nothing",
    ),
    (
        "net.lookup_ip_addr",
        "a policy judges what was gathered for it and fetches nothing",
    ),
    ("numbers.range", "it takes whatever memory it is asked for"),
    (
        "numbers.range_step",
        "it takes whatever memory it is asked for",
    ),
    ("opa.runtime", "the environment is no part of a decision"),
    ("rand.intn", "a decision must come out the same each time"),
    ("time.now_ns", "use `time.parse_rfc3339_ns(input.now)`"),
    (
        "uuid.rfc4122",
        "a decision must come out the same each time",
    ),
];
