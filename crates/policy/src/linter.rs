//! Every mistake in the Rego of a directory, found as loading would find it.
//!
//! Refuses to call a directory clean in which there is nothing to check.

use std::collections::BTreeMap;

use crate::base::Base;
use crate::fields::Problems;
use crate::library::{
    LIB, Library, LibraryRule, RULES, is_code, is_test, rule_id, with_shipped_lib,
};
use crate::lint::{self, Purpose};
use crate::module::Module;
use crate::ruleset::{self, set_name};
use crate::set::is_part;
use crate::yaml::START;
use crate::{LoadError, LoadErrors, SourceFile};

/// Checks `files`, whose paths are relative to the root of their library: `lib/…`, `rules/<category>/<id>/<id>.rego`,
/// their tests; Rego that stands elsewhere is checked as what a policy holds inline.
///
/// # Errors
///
/// Every mistake, in order of file and line.
pub fn lint_files(files: &[SourceFile]) -> Result<(), LoadErrors> {
    let rego: Vec<&SourceFile> = files
        .iter()
        .filter(|file| file.path.ends_with(".rego"))
        .collect();
    let Some(first) = files.first() else {
        return Err(LoadError::new(".", "no_rules", "there is nothing to check").into());
    };
    if !files.iter().any(is_part) {
        return Err(LoadError::new(&first.path, "no_rules", "there is no Rego to check").into());
    }
    let mut errors = Vec::new();
    let all = with_shipped_lib(files);
    let is_lib = |file: &&SourceFile| file.path.starts_with(LIB) && is_code(file);
    let (good, bad): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(is_lib)
        .map(|file| (file, Module::parse(file)))
        .partition(|(_, module)| module.is_ok());
    let bad = bad
        .into_iter()
        .filter_map(|(file, module)| Some((file, module.err()?)));
    errors.extend(bad.map(|(file, error)| LoadError::rego(&file.path, &error)));
    // What imports a module that cannot be read is told so, too.
    let base = Base::new(good.into_iter().map(|(file, _)| file))
        .map_err(|(path, error)| LoadError::rego(&path, &error))?;
    let broken: Vec<String> = errors.iter().map(|error| error.path.clone()).collect();
    let rest = rego.into_iter().filter(|file| !broken.contains(&file.path));
    errors.extend(rest.flat_map(|file| lint_file(file, &base)));
    errors.extend(lint_sets(files)?);
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by(|left, right| {
        (&left.path, left.line, left.column).cmp(&(&right.path, right.line, right.column))
    });
    Err(LoadErrors(errors))
}

fn lint_sets(files: &[SourceFile]) -> Result<Vec<LoadError>, LoadErrors> {
    let mut errors = Vec::new();
    let files_of_sets = files.iter().filter(|file| set_name(&file.path).is_some());
    let mut files_of_sets = files_of_sets.peekable();
    if files_of_sets.peek().is_none() {
        return Ok(errors);
    }
    let own: Vec<String> = files.iter().filter_map(rule_id).collect();
    let shipped = Library::shipped()?;
    let ids = || {
        let shipped = shipped.rules().map(|(id, _)| id);
        shipped.chain(own.iter().map(String::as_str)).collect()
    };
    let mut sets = BTreeMap::new();
    for file in files_of_sets {
        ruleset::add(&mut sets, file, &ids, &mut errors);
    }
    Ok(errors)
}

fn lint_file(file: &SourceFile, base: &Base) -> Vec<LoadError> {
    if is_test(&file.path) {
        // Tests may define what they like.
        let error = Module::parse(file).err();
        return error
            .map(|error| LoadError::rego(&file.path, &error))
            .into_iter()
            .collect();
    }
    if file.path.starts_with(RULES) {
        let read = LibraryRule::read(file, base);
        return match read.map(|(_, rule)| rule.compile(base)) {
            Ok(Ok(())) => Vec::new(),
            Ok(Err(error)) => vec![error],
            Err(errors) => errors,
        };
    }
    let purpose = match file.path.starts_with(LIB) {
        true => Purpose::Lib,
        false => Purpose::Inline,
    };
    let mut problems = Problems::new(&file.path);
    lint::check(file, START, purpose, base, &mut problems);
    problems.into_errors()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library_files;

    const METADATA: &str = "# METADATA\n# title: T\n# description: D.\n# custom:\n#   params: {type: object}\n\
                            #   reads: [image]\npackage rules.shop.r\n\n";

    #[track_caller]
    fn check(path: &str, text: &str, wanted: &[(u32, u32, &str)]) {
        let file = SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let errors = lint_files(&[file]).err().map(|errors| errors.0);
        let errors = errors.unwrap_or_default();
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.line, error.column, error.code))
            .collect();
        assert_eq!(found, wanted, "{errors:#?}");
    }

    #[test]
    fn the_shipped_library_is_clean() {
        assert_eq!(lint_files(&library_files()), Ok(()));
    }

    #[test]
    fn a_rule_of_ones_own_needs_neither_codes_nor_an_example() {
        let deny = "deny contains {\"code\": \"r\", \"msg\": \"no\"} if not input.image.digest\n";
        check("rules/shop/r/r.rego", &format!("{METADATA}{deny}"), &[]);
    }

    #[test]
    fn mistakes_are_told_with_line_and_column_of_the_file() {
        let deny = "deny contains {\"code\": \"r\", \"msg\": \"no\"} if time.now_ns() > 1\n";
        check(
            "rules/shop/r/r.rego",
            &format!("{METADATA}{deny}"),
            &[(9, 45, "rego_forbidden")],
        );
        check(
            "lib/a.rego",
            "package lib.a\nx if (\n",
            &[(3, 1, "rego_syntax")],
        );
    }

    #[test]
    fn brackets_that_are_nested_too_deep_are_not_parsed() {
        let mountain = format!("{METADATA}x := {}{}\n", "[".repeat(2000), "]".repeat(2000));
        check("rules/shop/r/r.rego", &mountain, &[(9, 1, "rego_too_deep")]);
    }

    #[test]
    fn rego_elsewhere_is_judged_as_what_a_policy_holds_inline() {
        check(
            "a.rego",
            "package shop.a\nx := 1\n",
            &[(1, 9, "rego_no_deny")],
        );
    }

    #[test]
    fn sets_of_rules_are_checked() {
        let set = |rule: &str| format!("title: T\ndescription: D.\nrules: [{{rule: {rule}}}]\n");
        check("sets/own.yaml", &set("signature/signed"), &[]);
        let wrong = set("signature/singed");
        check("sets/own.yaml", &wrong, &[(3, 16, "unknown_rule")]);
    }

    #[test]
    fn nothing_to_check_is_a_mistake() {
        assert_eq!(lint_files(&[]).unwrap_err().errors()[0].code, "no_rules");
    }
}
