//! The reference page of the command line, made from the commands themselves.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use clap::{Command, CommandFactory};

use crate::commands::Cli;

#[test]
fn the_reference_page_says_what_the_commands_say() {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../docs/reference/cli.md"]
        .iter()
        .collect();
    let page = page();
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is out of date: run the test with UPDATE=1",
        path.display()
    );
}

#[test]
fn every_command_is_well_formed() {
    Cli::command().debug_assert();
}

fn page() -> String {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut page =
        "# The command line\n\nMade from `countersign --help`; a test keeps it so.\n".to_owned();
    section(&mut page, &mut root);
    page
}

fn section(page: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or("countersign").to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    write!(
        page,
        "\n## {name}\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
    .unwrap();
    for command in command
        .get_subcommands_mut()
        .filter(|command| !command.is_hide_set())
    {
        section(page, command);
    }
}
