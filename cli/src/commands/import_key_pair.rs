//! `import-key-pair`: cosign's spelling of `keygen --import`.

use std::path::PathBuf;

use crate::commands::keygen;
use crate::failure::Failure;
use crate::password::PasswordArgs;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Put an existing private key into a key file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key: plain PEM as PKCS#8, SEC 1 or PKCS#1
    #[arg(long, short, value_name = "FILE")]
    key: PathBuf,
    /// What the two files are called before .key and .pub
    #[arg(
        long,
        short,
        value_name = "PREFIX",
        default_value = "import-countersign"
    )]
    output_key_prefix: String,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    keygen::write_pair(
        &args.output_key_prefix,
        Some(&args.key),
        &args.password,
        printer,
    )
}
