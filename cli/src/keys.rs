//! Keys named on the command line: files, or `env://NAME` for one that a CI system keeps in a variable.

use std::env;
use std::fs;
use std::path::Path;

use countersign_evidence::PublicKey;
use countersign_signing::{KeyFile, PrivateKey};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::password::PasswordArgs;

/// Opens a private key; asks for its password only if it has one.
pub(crate) fn open_private(key: &str, password: &PasswordArgs) -> Result<PrivateKey, Failure> {
    let text = read(key)?;
    let opened = match KeyFile::parse(&text).map_err(|error| Failure::from(error).about(key))? {
        KeyFile::Encrypted(file) => file.open(password.read()?.as_bytes()),
        KeyFile::Plain(key) => Ok(*key),
    };
    opened.map_err(|error| Failure::from(error).about(key))
}

/// Reads a public key.
pub(crate) fn read_public(key: &str) -> Result<PublicKey, Failure> {
    let text = read(key)?;
    PublicKey::from_pem(&text).map_err(|error| {
        let failure = Failure::usage(format!("{key}: {error}")).coded(error.code());
        if text.contains("PRIVATE KEY-----") {
            failure.hinted("verifying needs the public key, the file that ends in .pub")
        } else {
            failure
        }
    })
}

fn read(key: &str) -> Result<Zeroizing<String>, Failure> {
    let text = match key.strip_prefix("env://") {
        Some(name) => env::var(name).map_err(|_| {
            Failure::usage(format!("{key}: the environment has no such variable"))
                .coded("file_unreadable")
                .hinted("export the key into it, or name a file")
        }),
        None => {
            fs::read_to_string(key).map_err(|error| Failure::unreadable(Path::new(key), &error))
        }
    };
    text.map(Zeroizing::new)
}
