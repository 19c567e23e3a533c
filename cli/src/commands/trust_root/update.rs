//! `trust-root update`: the newest trust root of a TUF repository, verified.
//!
//! Writes nothing unless all of it verifies and reads as what it is to be; what was there before stays.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_evidence::TrustRoot;
use countersign_registry::{TufError, TufRepository, TufSource};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;
use crate::tuf;

/// Fetch a trust root from its TUF repository, verify it, and write it to a file or to stdout
///
/// Exit codes: 0 written, 2 the repository or its root is named wrongly, 3 nothing that could be trusted was had.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trust root: public-good, github, or another whose --mirror and --root are named
    #[arg(value_name = "NAME")]
    name: String,
    /// Ask this copy of the repository: a server, or a directory
    #[arg(long, value_name = "URL|DIR")]
    mirror: Option<String>,
    /// Begin with this root.json, not with the one that is built in
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// The file that is wanted
    #[arg(long, value_name = "NAME", default_value = TRUSTED_ROOT)]
    target: String,
    /// Write it here
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let unusable = |error| {
        let failure = tuf::unusable(&args.name, args.root.as_deref(), &error);
        match error {
            TufError::NoRepository { .. } => failure.hinted(
                "built in are public-good and github; for another name --mirror and --root",
            ),
            _ => failure,
        }
    };
    let location = args.mirror.as_deref().map(str::parse).transpose();
    let source = TufSource {
        name: args.name.clone(),
        location: location.map_err(unusable)?,
        root: args.root.as_deref().map(tuf::read_root).transpose()?,
        target: args.target.clone(),
        cache: tuf::cache(),
    };
    let settings = args.registry.settings(&[])?;
    let repository = TufRepository::open(source, &settings).map_err(unusable)?;
    block_on(async {
        printer.progress(&format!("asking {}", repository.location()));
        let answer = repository.ask(Timestamp::now()).await;
        let answer = answer.map_err(|error| tuf::could_not_refresh(&args.name, &error))?;
        args.check(&answer.target().bytes)?;
        let target = answer.keep().await;
        printer.note(&format!(
            "{} of {}: version {} under root {}, good until {}",
            args.target,
            repository.location(),
            target.version,
            target.root_version,
            target.expires
        ));
        match &args.output_file {
            Some(path) => write(path, &target.bytes)?,
            None => printer.bytes(&target.bytes),
        }
        Ok(ExitStatus::Success)
    })
}

impl Args {
    /// What we could not use, policies could not use either.
    fn check(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.target != TRUSTED_ROOT {
            return Ok(());
        }
        TrustRoot::from_json(&self.name, bytes, 0)
            .map(drop)
            .map_err(|error| {
                Failure::could_not_look(error.to_string())
                    .coded(error.code())
                    .about(format_args!("what the repository of {} holds", self.name))
            })
    }
}

/// All of it or nothing: whoever reads the file meanwhile gets the old one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&new);
        Failure::unwritable(path, &error)
    })
}

const TRUSTED_ROOT: &str = "trusted_root.json";
