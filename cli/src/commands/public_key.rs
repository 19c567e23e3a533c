//! `public-key`: the public half of a private key.

use crate::failure::Failure;
use crate::keys;
use crate::password::PasswordArgs;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Print the public key of a private key
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The private key: a file, or env://NAME
    #[arg(long, value_name = "KEY")]
    key: String,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let key = keys::open_private(&args.key, &args.password)?;
    printer.bytes(key.public_key().to_pem().as_bytes());
    Ok(ExitStatus::Success)
}
