//! The command line and the environment of the webhook, as one [`Settings`].
//!
//! Has no file of its own: policies are files, everything else is a flag.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign_review::Stance;

use crate::server::ConnectionLimits;

/// Decides which container images may run, by evidence.
#[derive(Debug, Parser)]
#[command(name = "countersign-webhook", version)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve /validate and /mutate over TLS
    Serve(Settings),
}

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct Settings {
    /// Directory of policies, or oci://REFERENCE of an artifact in a registry: by digest, or by tag with who signs it
    #[arg(long, env = "COUNTERSIGN_POLICIES", value_name = "DIR|oci://REFERENCE")]
    pub policies: PathBuf,
    /// The artifact of policies must be signed by this key, PEM
    #[arg(
        long,
        env = "COUNTERSIGN_POLICIES_KEY",
        value_name = "FILE",
        conflicts_with = "policies_identity"
    )]
    pub policies_key: Option<PathBuf>,
    /// The artifact of policies must be signed by this identity: the subject of its certificate
    #[arg(
        long,
        env = "COUNTERSIGN_POLICIES_IDENTITY",
        value_name = "SUBJECT",
        requires = "policies_issuer"
    )]
    pub policies_identity: Option<String>,
    /// Who vouches for that identity: its OIDC issuer
    #[arg(
        long,
        env = "COUNTERSIGN_POLICIES_ISSUER",
        value_name = "URL",
        requires = "policies_identity"
    )]
    pub policies_issuer: Option<String>,
    /// The trust root of that identity: a trusted_root.json, or the name of one that is built in
    #[arg(
        long,
        env = "COUNTERSIGN_POLICIES_TRUSTED_ROOT",
        value_name = "FILE|NAME",
        default_value = "public-good"
    )]
    pub policies_trusted_root: String,
    /// Directory that keeps the last good policies of an artifact, across restarts
    #[arg(long, env = "COUNTERSIGN_POLICIES_CACHE", value_name = "DIR")]
    pub policies_cache: Option<PathBuf>,
    /// Minutes between two looks at the tag of an artifact of policies
    #[arg(
        long = "policies-refresh-minutes",
        env = "COUNTERSIGN_POLICIES_REFRESH_MINUTES",
        value_name = "N",
        default_value = "5",
        value_parser = minutes
    )]
    pub policies_refresh: Duration,
    /// Serving certificate with its chain, PEM; read again when it changes
    #[arg(long, env = "COUNTERSIGN_TLS_CERT", value_name = "FILE")]
    pub tls_cert: PathBuf,
    /// Private key of the serving certificate, PEM
    #[arg(long, env = "COUNTERSIGN_TLS_KEY", value_name = "FILE")]
    pub tls_key: PathBuf,
    /// Address for reviews, over TLS
    #[arg(
        long,
        env = "COUNTERSIGN_LISTEN",
        value_name = "ADDR",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,
    /// Address for /healthz, /readyz and /metrics, over plain HTTP
    #[arg(
        long,
        env = "COUNTERSIGN_METRICS_LISTEN",
        value_name = "ADDR",
        default_value = "0.0.0.0:8080"
    )]
    pub metrics_listen: SocketAddr,
    /// Registry or TUF repository to ask over plain HTTP; may be given several times
    #[arg(
        long,
        env = "COUNTERSIGN_PLAIN_HTTP",
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub plain_http: Vec<String>,
    /// Certificates of authorities that registries and TUF repositories may use too, PEM; may be given several times
    #[arg(
        long,
        env = "COUNTERSIGN_REGISTRY_CA",
        value_name = "FILE",
        value_delimiter = ','
    )]
    pub registry_ca: Vec<PathBuf>,
    /// Token server on another host that may get the credentials of a registry; may be given several times
    #[arg(
        long,
        env = "COUNTERSIGN_REALM",
        value_name = "REGISTRY=HOST",
        value_delimiter = ','
    )]
    pub realm: Vec<Realm>,
    /// What to do with an image that no policy covers: allow, warn or deny
    #[arg(long, env = "COUNTERSIGN_UNMATCHED", value_name = "STANCE", default_value_t = Stance::Deny)]
    pub unmatched: Stance,
    /// What to do with an image that is still a tag: allow, warn or deny
    #[arg(long, env = "COUNTERSIGN_UNPINNED", value_name = "STANCE", default_value_t = Stance::Warn)]
    pub unpinned: Stance,
    /// Registry credentials, as Docker's config.json
    #[arg(long, env = "COUNTERSIGN_DOCKER_CONFIG", value_name = "FILE")]
    pub docker_config: Option<PathBuf>,
    /// Directory that keeps what TUF repositories said, across restarts
    #[arg(long, env = "COUNTERSIGN_TRUST_ROOT_CACHE", value_name = "DIR")]
    pub trust_root_cache: Option<PathBuf>,
    /// Hours between two refreshes of a trust root from a TUF repository; sooner when it would expire
    #[arg(
        long = "trust-root-refresh-hours",
        env = "COUNTERSIGN_TRUST_ROOT_REFRESH_HOURS",
        value_name = "N",
        default_value = "24",
        value_parser = hours
    )]
    pub trust_root_refresh: Duration,
    /// Reviews under way at once; what comes on top is refused
    #[arg(
        long,
        env = "COUNTERSIGN_MAX_CONCURRENT",
        value_name = "N",
        default_value_t = 1024,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub max_concurrent: u16,
    /// Time that requests in flight get to finish after SIGTERM
    #[arg(
        long,
        env = "COUNTERSIGN_DRAIN_SECONDS",
        value_name = "N",
        default_value_t = 20
    )]
    pub drain_seconds: u16,
    /// Form of the log
    #[arg(
        long,
        env = "COUNTERSIGN_LOG",
        value_name = "FORMAT",
        default_value = "json"
    )]
    pub log: LogFormat,
    /// How patient the server is with its peers.
    #[arg(skip)]
    pub connections: ConnectionLimits,
    /// How often the certificate files are looked at.
    #[arg(skip = CERTIFICATE_INTERVAL)]
    pub certificate_interval: Duration,
    /// How soon a refresh of a trust root is tried again after it failed.
    #[arg(skip = TRUST_ROOT_RETRY)]
    pub trust_root_retry: Duration,
}

impl Settings {
    /// Settings with everything at its default but the three files that have none.
    #[must_use]
    pub fn new(
        policies: impl Into<PathBuf>,
        tls_cert: impl Into<PathBuf>,
        tls_key: impl Into<PathBuf>,
    ) -> Self {
        Self {
            policies: policies.into(),
            policies_key: None,
            policies_identity: None,
            policies_issuer: None,
            policies_trusted_root: "public-good".to_owned(),
            policies_cache: None,
            policies_refresh: Duration::from_secs(5 * MINUTE),
            tls_cert: tls_cert.into(),
            tls_key: tls_key.into(),
            listen: SocketAddr::from(([0; 4], 8443)),
            metrics_listen: SocketAddr::from(([0; 4], 8080)),
            plain_http: Vec::new(),
            registry_ca: Vec::new(),
            realm: Vec::new(),
            unmatched: Stance::Deny,
            unpinned: Stance::Warn,
            docker_config: None,
            trust_root_cache: None,
            trust_root_refresh: Duration::from_secs(24 * HOUR),
            max_concurrent: 1024,
            drain_seconds: 20,
            log: LogFormat::Json,
            connections: ConnectionLimits::default(),
            certificate_interval: CERTIFICATE_INTERVAL,
            trust_root_retry: TRUST_ROOT_RETRY,
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object on each line.
    Json,
    /// For people.
    Text,
}

/// A registry, and the host of its token server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The registry.
    pub registry: String,
    /// The host that may get its credentials.
    pub host: String,
}

impl FromStr for Realm {
    type Err = &'static str;

    fn from_str(pair: &str) -> Result<Self, Self::Err> {
        match pair.split_once('=') {
            Some((registry, host)) if !registry.is_empty() && !host.is_empty() => Ok(Self {
                registry: registry.to_owned(),
                host: host.to_owned(),
            }),
            _ => Err("expected REGISTRY=HOST"),
        }
    }
}

/// A number of hours, at least one and at most those of a year.
fn hours(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(hours @ 1..=8784) => Ok(Duration::from_secs(hours * HOUR)),
        _ => Err("expected a number of hours from 1 to 8784"),
    }
}

/// A number of minutes, at least one and at most those of a day.
fn minutes(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(minutes @ 1..=1440) => Ok(Duration::from_secs(minutes * MINUTE)),
        _ => Err("expected a number of minutes from 1 to 1440"),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const TRUST_ROOT_RETRY: Duration = Duration::from_secs(60);
const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(args: &[&str]) -> Result<Settings, clap::Error> {
        let required = [
            "countersign-webhook",
            "serve",
            "--policies",
            "p",
            "--tls-cert",
            "c",
            "--tls-key",
            "k",
        ];
        let Command::Serve(settings) = Cli::try_parse_from(required.iter().chain(args))?.command;
        Ok(settings)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_the_library() {
        let flags = parse(&[]).unwrap();
        assert_eq!(
            format!("{flags:?}"),
            format!("{:?}", Settings::new("p", "c", "k"))
        );
    }

    #[test]
    fn lists_are_given_flag_by_flag() {
        let settings = parse(&[
            "--plain-http",
            "a:5000",
            "--plain-http",
            "b",
            "--realm",
            "r.example=auth.example",
        ])
        .unwrap();
        assert_eq!(settings.plain_http, ["a:5000", "b"]);
        assert_eq!(
            settings.realm,
            [Realm {
                registry: "r.example".to_owned(),
                host: "auth.example".to_owned()
            }]
        );
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        for args in [
            ["--unmatched", "maybe"],
            ["--realm", "r.example"],
            ["--max-concurrent", "0"],
            ["--listen", "nowhere"],
            ["--log", "xml"],
            ["--trust-root-refresh-hours", "0"],
            ["--trust-root-refresh-hours", "a day"],
            ["--policies-refresh-minutes", "0"],
            ["--policies-identity", "ci@acme.example"],
        ] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn every_argument_of_the_chart_is_a_flag() {
        let template = include_str!("../../charts/countersign/templates/deployment.yaml");
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        let flags: Vec<_> = serve
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        let used: Vec<_> = template
            .lines()
            .filter_map(|line| line.split_once("--")?.1.split_once('='))
            .map(|(flag, _)| flag)
            .collect();
        assert!(used.len() >= 12, "{used:?}");
        for flag in used {
            assert!(flags.contains(&flag), "the chart passes --{flag}");
        }
    }
}
