//! `keygen`: a new key pair, or an existing key put into a key file.
//!
//! Refuses to replace a file: a lost key cannot be brought back.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use countersign_signing::{KeyFile, PrivateKey};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::password::PasswordArgs;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Make a key pair: PREFIX.key, encrypted with a password, and PREFIX.pub
///
/// The files are those of cosign: either tool opens the other's.
#[derive(Debug, clap::Args)]
#[command(alias = "generate-key-pair")]
pub(crate) struct Args {
    /// What the two files are called before .key and .pub
    #[arg(long, value_name = "PREFIX", default_value = "countersign")]
    output_key_prefix: String,
    /// Take this key instead of a new one: plain PEM as PKCS#8, SEC 1 or PKCS#1
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    write_pair(
        &args.output_key_prefix,
        args.import.as_deref(),
        &args.password,
        printer,
    )
}

/// Makes or imports a key, then writes both files.
pub(crate) fn write_pair(
    prefix: &str,
    import: Option<&Path>,
    password: &PasswordArgs,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let (private, public) = (
        PathBuf::from(format!("{prefix}.key")),
        PathBuf::from(format!("{prefix}.pub")),
    );
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!(
                "{} exists, and keys are never overwritten",
                path.display()
            ))
            .coded("key_exists")
            .hinted("choose another name with --output-key-prefix, or move the old key away"));
        }
    }
    let key = match import {
        Some(path) => read_plain(path)?,
        None => PrivateKey::generate()?,
    };
    let encrypted = Zeroizing::new(key.to_encrypted_pem(password.choose()?.as_bytes())?);
    create(&private, encrypted.as_bytes(), 0o600)?;
    create(&public, key.public_key().to_pem().as_bytes(), 0o644)?;
    printer.note(&format!("private key written to {}", private.display()));
    printer.note(&format!(
        "public key written to {} ({})",
        public.display(),
        key.public_key().fingerprint()
    ));
    Ok(ExitStatus::Success)
}

fn read_plain(path: &Path) -> Result<PrivateKey, Failure> {
    let text = Zeroizing::new(
        fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?,
    );
    match KeyFile::parse(&text).map_err(|error| Failure::from(error).about(path.display()))? {
        KeyFile::Plain(key) => Ok(*key),
        KeyFile::Encrypted(_) => Err(Failure::usage(format!(
            "{} is a key file already",
            path.display()
        ))
        .hinted("sign with it as it is")),
    }
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let create = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?
            .write_all(bytes)
    };
    create().map_err(|error| Failure::unwritable(path, &error))
}
