//! The binary `countersign-certs`: the command line over the library.
//!
//! Exits 0 when done, 1 when `status` finds a certificate due, 2 otherwise.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use countersign_certs::{Certificate, Error, Folder, Lifetime, Name, Names, Renewal, helm_values};
use jiff::Timestamp;

/// Certificates for the Countersign webhook.
#[derive(Parser)]
#[command(name = "countersign-certs", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Issue a serving certificate, under the authority of the folder or a new one
    #[command(group(clap::ArgGroup::new("names").required(true).multiple(true)))]
    Issue {
        #[command(flatten)]
        folder: FolderArgs,
        /// DNS name to serve, as SERVICE.NAMESPACE.svc
        #[arg(long, value_name = "NAME", num_args = 1.., group = "names", value_parser = dns_name)]
        dns: Vec<Name>,
        /// Address to serve
        #[arg(long, value_name = "ADDR", num_args = 1.., group = "names")]
        ip: Vec<std::net::IpAddr>,
        /// Life of the serving certificate
        #[arg(long, value_name = "N", default_value = "365", value_parser = lifetime)]
        days: Lifetime,
        /// Life of the authority, where a new one is made
        #[arg(long, value_name = "N", default_value = "3650", value_parser = lifetime)]
        ca_days: Lifetime,
    },
    /// Issue the serving certificate anew once a third of its life is left
    Renew {
        #[command(flatten)]
        folder: FolderArgs,
        /// Life of the new certificate [default: as long as the old one]
        #[arg(long, value_name = "N", value_parser = lifetime)]
        days: Option<Lifetime>,
        /// Renew now, however much is left
        #[arg(long)]
        force: bool,
    },
    /// Say how long the certificates last; exits 1 when one is due
    Status {
        #[command(flatten)]
        folder: FolderArgs,
    },
    /// Print the serving certificate as values for the Helm chart (holds the private key)
    Values {
        #[command(flatten)]
        folder: FolderArgs,
    },
}

#[derive(clap::Args)]
struct FolderArgs {
    /// Folder of ca.crt, ca.key, tls.crt and tls.key
    #[arg(long = "out", visible_alias = "dir", value_name = "DIR")]
    path: PathBuf,
}

impl FolderArgs {
    fn open(&self) -> Folder {
        Folder::new(&self.path)
    }
}

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "a binary reads the clock")]
    let now = Timestamp::now();
    let mut out = String::new();
    let code = match run(Cli::parse().command, now, &mut out) {
        Ok(code) => code,
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            let _ = writeln!(stderr, "error: {error} ({})", error.code());
            if let Some(hint) = error.hint() {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            return ExitCode::from(2);
        }
    };
    match std::io::stdout().write_all(out.as_bytes()) {
        Ok(()) => code,
        Err(_) => ExitCode::from(2),
    }
}

fn run(command: Command, now: Timestamp, out: &mut String) -> Result<ExitCode, Error> {
    match command {
        Command::Issue {
            folder,
            dns,
            ip,
            days,
            ca_days,
        } => {
            let names: Names = dns
                .into_iter()
                .chain(ip.into_iter().map(Name::Address))
                .collect();
            let issued = folder.open().issue(&names, days, ca_days, now)?;
            let authority = if issued.new_authority {
                "new authority"
            } else {
                "authority kept"
            };
            out.push_str(&line(authority, &issued.authority, now));
            out.push_str(&line("serving", &issued.serving, now));
        }
        Command::Renew {
            folder,
            days,
            force,
        } => {
            let (word, certificate) = match folder.open().renew(days, force, now)? {
                Renewal::NotDue(certificate) => ("not due yet", certificate),
                Renewal::Renewed(certificate) => ("renewed", certificate),
            };
            out.push_str(&line(word, &certificate, now));
        }
        Command::Status { folder } => {
            let (authority, serving) = (
                folder.open().authority_certificate()?,
                folder.open().serving()?,
            );
            out.push_str(&line("authority", &authority, now));
            out.push_str(&line("serving", &serving, now));
            if authority.is_due(now) || serving.is_due(now) {
                return Ok(ExitCode::from(1));
            }
        }
        Command::Values { folder } => {
            let folder = folder.open();
            out.push_str(&helm_values(
                &folder.authority_certificate()?,
                &folder.serving_pair()?,
            )?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(word: &str, certificate: &Certificate, now: Timestamp) -> String {
    let names = match certificate.names() {
        names if names.is_empty() => String::new(),
        names => format!(" for {names}"),
    };
    // To the nearest: what was given 365 days a moment ago still has them.
    let left = (certificate.until().duration_since(now).as_hours() + 12).div_euclid(24);
    let days = if left == 1 { "day" } else { "days" };
    let due = if certificate.is_due(now) {
        ", renewal due"
    } else {
        ""
    };
    format!(
        "{word}{names}: until {} ({left} {days}{due})\n",
        certificate.until()
    )
}

fn lifetime(days: &str) -> Result<Lifetime, String> {
    let days = days
        .parse()
        .map_err(|_| "not a number of days".to_owned())?;
    Lifetime::days(days).map_err(|error| error.to_string())
}

fn dns_name(name: &str) -> Result<Name, String> {
    match name.parse() {
        Ok(Name::Address(_)) => Err("this is an address: give it with --ip".to_owned()),
        Ok(name) => Ok(name),
        Err(error) => Err(error.to_string()),
    }
}
