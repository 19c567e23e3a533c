//! Passwords of key files: where they may come from, and in which order.
//!
//! Flags first, then the environment, then a question on a terminal. Without any of these it fails at once: a CI job
//! that waits for somebody to type is worse than one that stops.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Where the password of a key file comes from.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct PasswordArgs {
    /// Take it from this environment variable, in place of COUNTERSIGN_PASSWORD or COSIGN_PASSWORD
    #[arg(long, help_heading = HEADING, value_name = "VAR", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// Take it from this file, without the line end
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password of an existing key.
    pub(crate) fn read(&self) -> Result<Zeroizing<String>, Failure> {
        match self.given()? {
            Some(password) => Ok(password),
            None => ask("Password of the key: "),
        }
    }

    /// The password that a new key gets; one that is typed is asked for twice.
    pub(crate) fn choose(&self) -> Result<Zeroizing<String>, Failure> {
        if let Some(password) = self.given()? {
            return Ok(password);
        }
        let password = ask("Password for the new key: ")?;
        if ask("The same again: ")? != password {
            return Err(Failure::usage("the two passwords differ").hinted("nothing was written"));
        }
        Ok(password)
    }

    fn given(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(name) = &self.password_env {
            let value = variable(name)?;
            return value.map(Some).ok_or_else(|| {
                Failure::usage(format!("--password-env: the environment has no {name}"))
                    .coded("password_missing")
                    .hinted("export the password into it, or use --password-file FILE")
            });
        }
        if let Some(path) = &self.password_file {
            let mut text = Zeroizing::new(
                fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?,
            );
            let length = text.trim_end_matches(['\r', '\n']).len();
            text.truncate(length);
            return Ok(Some(text));
        }
        for name in VARIABLES {
            if let Some(value) = variable(name)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

fn variable(name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(Zeroizing::new(value))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!(
            "the password in {name} is not UTF-8"
        ))),
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("the key needs a password, and there is no terminal to ask on")
            .coded("password_missing")
            .hinted("set COSIGN_PASSWORD or COUNTERSIGN_PASSWORD (empty if it has none), or use --password-file FILE"));
    }
    let password = rpassword::prompt_password(prompt);
    password
        .map(Zeroizing::new)
        .map_err(|error| Failure::usage(format!("cannot ask for the password: {error}")))
}

/// The second is the one that scripts written for cosign set.
const VARIABLES: [&str; 2] = ["COUNTERSIGN_PASSWORD", "COSIGN_PASSWORD"];
const HEADING: &str = "Password of the key";
