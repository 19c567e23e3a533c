//! `policy doc`: a page for each rule.

use std::fs;
use std::path::PathBuf;

use countersign_policy::{SourceFile, pages_of};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::rego_files::Tree;
use crate::status::ExitStatus;

/// Write a page for each rule, from its METADATA and its tests, and an overview
///
/// Pages of the same names are replaced. Exit codes: 0 written, 1 a rule is wrong or there is none, 2 a path cannot be
/// read or written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory of rules
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The directory that the pages go to: <category>/<id>.md and README.md
    #[arg(long, value_name = "DIR", default_value = "docs/rules")]
    dir: PathBuf,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut pages: Vec<SourceFile> = Vec::new();
    for tree in Tree::all(std::slice::from_ref(&args.path))? {
        let found = pages_of(tree.files());
        pages.extend(found.map_err(|errors| tree.refused("a rule cannot be used", &errors))?);
    }
    if pages.len() < 2 {
        return Err(Tree::nothing("there is no rule"));
    }
    for page in &pages {
        let path = args.dir.join(&page.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, &error))?;
        }
        fs::write(&path, &page.text).map_err(|error| Failure::unwritable(&path, &error))?;
        printer.data(&path.display().to_string());
    }
    Ok(ExitStatus::Success)
}
