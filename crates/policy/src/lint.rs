//! What Rego may be, checked before it is ever run.
//!
//! Refuses what would fail only on some inputs, what is not reproducible, what looks like a rule and decides nothing, and
//! what could replace our own data.

mod names;
mod reads;

use crate::SourceFile;
use crate::base::Base;
use crate::fields::{Problems, nearest};
use crate::module::{Head, HeadKind, Module};
use crate::recursion;
use crate::yaml::Position;

#[cfg(test)]
pub(crate) use names::FORBIDDEN;
pub(crate) use reads::{Reach, check_reads};

/// What a piece of Rego is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    /// A rule inside a policy.
    Inline,
    /// A rule in a file, by the folders that it stands in.
    Rule { category: &'a str, id: &'a str },
    /// Something for rules to import.
    Lib,
}

/// Checks the Rego `file` that begins at `origin`; `None` if something was reported.
pub(crate) fn check(
    file: &SourceFile,
    origin: Position,
    purpose: Purpose<'_>,
    base: &Base,
    problems: &mut Problems,
) -> Option<Module> {
    let before = problems.count();
    if file.text.len() > MAX_BYTES {
        let message = format!(
            "{} bytes of Rego, at most {MAX_BYTES} are allowed",
            file.text.len()
        );
        problems.report(origin, "rego_too_large", message);
        return None;
    }
    let module = match Module::parse(file) {
        Ok(module) => module,
        Err(error) => {
            let at = origin.within(error.at.line, error.at.column);
            problems.report(at, error.code, error.message);
            return None;
        }
    };
    if module.heads.len() > MAX_RULES {
        // A chain of rules takes stack at evaluation, and a stack that overflows takes the process.
        let message = format!(
            "{} rules in one package, at most {MAX_RULES} are allowed",
            module.heads.len()
        );
        problems.report(origin, "rego_too_large", message);
    }
    let mut linter = Linter {
        module: &module,
        origin,
        base,
        problems,
    };
    linter.check_package(purpose);
    if !matches!(purpose, Purpose::Lib) {
        linter.check_entries();
        linter.check_strays();
    }
    linter.check_shapes();
    let wrong = linter.check_functions();
    linter.check_data(&wrong);
    linter.check_recursion();
    (problems.count() == before).then_some(module)
}

struct Linter<'l> {
    module: &'l Module,
    origin: Position,
    base: &'l Base,
    problems: &'l mut Problems,
}

impl Linter<'_> {
    /// A place of the module, as a place of the file that it stands in.
    fn at(&self, at: Position) -> Position {
        self.origin.within(at.line, at.column)
    }

    fn check_package(&mut self, purpose: Purpose<'_>) {
        let at = self.at(self.module.package_at);
        let package = self.module.package.join(".");
        let root = self.module.package.first().map(String::as_str);
        let root = root.unwrap_or_default();
        match purpose {
            Purpose::Rule { category, id } => {
                let wanted = format!("rules.{category}.{id}");
                if package != wanted {
                    let message = format!(
                        "the package is `{package}`, and that of this folder is `{wanted}`"
                    );
                    let hint = format!("write `package {wanted}`");
                    self.problems.advise(at, "rego_package", message, hint);
                }
            }
            Purpose::Lib if root != "lib" => {
                let message = format!("the package is `{package}`, and the folder is `lib`");
                let hint = "write `package lib.NAME`";
                self.problems.advise(at, "rego_package", message, hint);
            }
            Purpose::Inline if RESERVED.contains(&root) => {
                let message = format!("the package `{root}` is ours");
                let hint = format!("choose a name other than {}", RESERVED.join(", "));
                self.problems.advise(at, "rego_package", message, hint);
            }
            Purpose::Lib | Purpose::Inline => {}
        }
        if !self.module.package.iter().all(|name| is_identifier(name)) {
            let message = "the components of a package name must be plain identifiers";
            self.problems.report(at, "rego_package", message);
        }
    }

    /// What is evaluated must be a set.
    fn check_entries(&mut self) {
        for head in &self.module.heads {
            let root = head.name.split('.').next().unwrap_or_default();
            let at = self.at(head.at);
            let is_set = head.kind == HeadKind::Set && head.name == root;
            if ENTRIES.contains(&root) && !is_set {
                let message = format!("`{root}` must be a set");
                let hint =
                    format!("write `{root} contains {{\"code\": …, \"msg\": …}} if {{ … }}`");
                self.problems.advise(at, "rego_deny_shape", message, hint);
            }
        }
    }

    /// What looks as if it were evaluated, and is not.
    fn check_strays(&mut self) {
        let denies = self.module.heads.iter().any(|head| head.name == "deny");
        if !denies {
            let stray = self
                .module
                .heads
                .iter()
                .find(|head| self.misspelt(head).is_some());
            let hint = match stray {
                Some(head) => format!("did you mean `deny` by `{}`?", head.name),
                None => "write `deny contains {\"code\": …, \"msg\": …} if { … }`".to_owned(),
            };
            let at = self.at(self.module.package_at);
            let message = "the package has no `deny`: it could never deny anything";
            return self.problems.advise(at, "rego_no_deny", message, hint);
        }
        for head in &self.module.heads {
            let at = self.at(head.at);
            if head.kind == HeadKind::Default && head.name == "allow" {
                let message = "`default allow` decides nothing: what nothing denies is admitted";
                let hint = "say what must not be with `deny contains …`, and leave `allow` out";
                self.problems
                    .advise(at, "rego_default_allow", message, hint);
            } else if let Some(meant) = self.misspelt(head) {
                let message = format!("`{}` decides nothing, and no rule looks at it", head.name);
                let hint = format!("did you mean `{meant}`?");
                self.problems
                    .advise(at, "rego_misspelt_entry", message, hint);
            }
        }
    }

    /// The entry point that a set was meant for, if nothing else looks at it.
    fn misspelt(&self, head: &Head) -> Option<&'static str> {
        if head.kind != HeadKind::Set || ENTRIES.contains(&head.name.as_str()) {
            return None;
        }
        let lower = head.name.to_lowercase();
        let synonym = SYNONYMS.iter().find(|(name, _)| *name == lower);
        let meant = match synonym {
            Some((_, meant)) => Some(*meant),
            None => nearest(&lower, ENTRIES),
        };
        let name = self.module.full_name(&head.name);
        let is_used = self.module.links.iter().any(|link| link.reaches(&name));
        meant.filter(|_| !is_used)
    }

    /// One name must be one kind of thing.
    fn check_shapes(&mut self) {
        for (index, head) in self.module.heads.iter().enumerate() {
            let before = self.module.heads.iter().take(index);
            let mut others = before.filter(|other| other.name == head.name);
            if let Some(other) = others.find(|other| !head.kind.goes_with(other.kind)) {
                let message = format!(
                    "`{}` is {}, and on line {} it is {}",
                    head.name,
                    head.kind.in_words(),
                    self.at(other.at).line,
                    other.kind.in_words()
                );
                self.problems
                    .report(self.at(head.at), "rego_conflict", message);
            }
        }
    }

    fn check_recursion(&mut self) {
        let Some(cycle) = recursion::cycle(&self.module.links) else {
            return;
        };
        let names: Vec<String> = cycle.names.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("recursion: {}", names.join(" looks at "));
        self.problems
            .report(self.at(cycle.at), "rego_recursion", message);
    }
}

impl HeadKind {
    fn goes_with(self, other: Self) -> bool {
        // A default may be that of a value or of a function.
        self == other
            || match (self, other) {
                (Self::Default, kind) | (kind, Self::Default) => kind != Self::Set,
                _ => false,
            }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::Default => "a default",
            Self::Function => "a function",
            Self::Set => "a set",
        }
    }
}

/// Whether `name` needs no quotes in a Rego path.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What is evaluated of a rule.
const ENTRIES: &[&str] = &["deny", "warn"];
/// What other tools, and other moods, call these.
const SYNONYMS: &[(&str, &str)] = &[
    ("denial", "deny"),
    ("denials", "deny"),
    ("denied", "deny"),
    ("denies", "deny"),
    ("reject", "deny"),
    ("violation", "deny"),
    ("violations", "deny"),
    ("warned", "warn"),
    ("warning", "warn"),
    ("warnings", "warn"),
];
/// Roots under which our own data and rules stand: a data document would replace rules of the same path.
const RESERVED: &[&str] = &["builders", "lib", "params", "rules"];
const MAX_BYTES: usize = 64 * 1024;
const MAX_RULES: usize = 200;
