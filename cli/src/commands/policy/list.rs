//! `policy list`: the rules that there are.

use countersign_policy::{RuleInfo, library_files, rules};

use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::printer::{Output, Printer};
use crate::rego_files::Tree;
use crate::status::ExitStatus;

/// List rules with what they demand: those that are built in, or those of directories
///
/// Exit codes: 0 listed, 1 a rule is wrong or there is none, 2 a path cannot be read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directories of rules, in place of the rules that are built in
    #[arg(value_name = "PATH")]
    paths: Vec<std::path::PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut found: Vec<RuleInfo> = Vec::new();
    if args.paths.is_empty() {
        found = rules(&library_files())
            .map_err(|errors| Failure::usage(format!("the library cannot be used: {errors}")))?;
    }
    for tree in Tree::all(&args.paths)? {
        let own = rules(tree.files());
        let own = own.map_err(|errors| tree.refused("a rule cannot be used", &errors))?;
        found.extend(own.into_iter().filter(|rule| tree.names(&rule.file)));
    }
    if found.is_empty() {
        return Err(Tree::nothing("there is no rule"));
    }
    if args.output.output == Output::Json {
        printer.json(&found)?;
        return Ok(ExitStatus::Success);
    }
    let width = found
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    for rule in &found {
        printer.data(&format!("{:width$}  {}", rule.id, rule.title));
    }
    Ok(ExitStatus::Success)
}
