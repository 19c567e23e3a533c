//! What Rego inside a policy may be, checked before it is ever run.
//!
//! Refuses what would fail only on some inputs, what is not reproducible, and what could replace our own data.

use regorus::unstable::BUILTINS;

use crate::SourceFile;
use crate::fields::Problems;
use crate::json_schema;
use crate::module::{HeadKind, Module};
use crate::recursion;
use crate::rego::Base;
use crate::yaml::Position;

/// Checks the Rego `text` that begins at `origin`; `None` if something was reported.
pub(crate) fn check(
    file: &SourceFile,
    origin: Position,
    base: &Base,
    problems: &mut Problems,
) -> Option<Module> {
    let before = problems.count();
    if file.text.len() > MAX_BYTES {
        let message = format!(
            "inline Rego of {} bytes, at most {MAX_BYTES} are allowed",
            file.text.len()
        );
        problems.report(origin, "rego_too_large", message);
        return None;
    }
    if let Some(line) = too_deep(&file.text) {
        // The parser tries every reading of nested brackets: its time doubles with each level.
        let message = format!("brackets are nested more than {MAX_NESTING} deep");
        problems.report(origin.within(line, 1), "rego_too_deep", message);
        return None;
    }
    let module = match Module::parse(file) {
        Ok(module) => module,
        Err(error) => {
            problems.report(
                origin.within(error.at.line, error.at.column),
                "rego_syntax",
                error.message,
            );
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
    check_package(&module, origin, problems);
    check_deny(&module, origin, problems);
    check_names(&module, origin, base, problems);
    check_recursion(&module, origin, problems);
    (problems.count() == before).then_some(module)
}

fn check_package(module: &Module, origin: Position, problems: &mut Problems) {
    let at = origin.within(module.package_at.line, module.package_at.column);
    let root = module
        .package
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    if RESERVED.contains(&root) {
        problems.advise(
            at,
            "rego_package",
            format!("the package `{root}` is ours"),
            format!("choose a name other than {}", RESERVED.join(", ")),
        );
    }
    if !module
        .package
        .iter()
        .all(|component| is_identifier(component))
    {
        problems.report(
            at,
            "rego_package",
            "the components of a package name must be plain identifiers",
        );
    }
}

fn check_deny(module: &Module, origin: Position, problems: &mut Problems) {
    for head in &module.heads {
        let root = head.name.split('.').next().unwrap_or_default();
        let is_entry = root == "deny" || root == "warn";
        if is_entry && (head.kind != HeadKind::Set || head.name != root) {
            problems.advise(
                origin.within(head.at.line, head.at.column),
                "rego_deny_shape",
                format!("`{root}` must be a set"),
                format!("write `{root} contains {{\"code\": …, \"msg\": …}} if {{ … }}`"),
            );
        }
    }
    if !module.heads.iter().any(|head| head.name == "deny") {
        problems.advise(
            origin.within(module.package_at.line, module.package_at.column),
            "rego_no_deny",
            "the package has no `deny`: it could never deny anything",
            "write `deny contains {\"code\": …, \"msg\": …} if { … }`",
        );
    }
}

fn check_names(module: &Module, origin: Position, base: &Base, problems: &mut Problems) {
    for name in &module.names {
        let Some((_, instead)) = FORBIDDEN.iter().find(|(builtin, _)| *builtin == name.path) else {
            continue;
        };
        let at = origin.within(name.at.line, name.at.column);
        let message = format!("the built-in `{}` is not allowed in policies", name.path);
        problems.advise(at, "rego_forbidden", message, *instead);
    }
    let own: Vec<String> = module.functions().collect();
    for call in &module.calls {
        if is_known(&call.path, module, &own, base)
            || FORBIDDEN.iter().any(|(name, _)| *name == call.path)
        {
            continue;
        }
        let at = origin.within(call.at.line, call.at.column);
        let message = format!("there is no function `{}`", call.path);
        let known = BUILTINS
            .keys()
            .chain(ADDED)
            .copied()
            .chain(base.functions.iter().map(String::as_str));
        problems.unknown_quietly(at, "rego_unknown_function", message, &call.path, known);
    }
}

fn check_recursion(module: &Module, origin: Position, problems: &mut Problems) {
    let Some(cycle) = recursion::cycle(&module.links) else {
        return;
    };
    let names: Vec<String> = cycle.names.iter().map(|name| format!("`{name}`")).collect();
    let at = origin.within(cycle.at.line, cycle.at.column);
    let message = format!("recursion: {}", names.join(" looks at "));
    problems.report(at, "rego_recursion", message);
}

fn is_known(call: &str, module: &Module, own: &[String], base: &Base) -> bool {
    if ADDED.contains(&call) || BUILTINS.contains_key(call) {
        return true;
    }
    let full = module.resolve(call);
    own.contains(&full) || base.functions.contains(&full)
}

/// The line on which brackets are nested too deep, if there is one.
fn too_deep(text: &str) -> Option<u32> {
    let mut depth = 0_usize;
    let mut line = 1;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            '#' => {
                characters.by_ref().find(|next| *next == '\n');
                line += 1;
            }
            '"' => skip_string(&mut characters),
            '`' => {
                let skipped = characters.by_ref().take_while(|next| *next != '`');
                line += skipped.filter(|next| *next == '\n').count() as u32;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(line);
        }
    }
    None
}

fn skip_string(characters: &mut std::str::Chars<'_>) {
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '"' => return,
            _ => {}
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

/// Roots under which our own data and rules stand: a data document would replace rules of the same path.
const RESERVED: &[&str] = &["builders", "lib", "params", "rules"];
/// Functions that are there beside the engine's.
const ADDED: &[&str] = &[json_schema::BUILTIN, "print"];
const MAX_BYTES: usize = 64 * 1024;
const MAX_NESTING: usize = 12;
const MAX_RULES: usize = 200;

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
