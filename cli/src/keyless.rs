//! Signing as somebody rather than with a key: whose token, which services, which trust root.
//!
//! Asks no service unless somebody signs without a key, or names a signing config.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use countersign_registry::ServiceClient;
use countersign_signing::{IdentityToken, Login, Services, SigningConfig, Witnesses};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::ambient;
use crate::args;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::trust::TrustRootArgs;

/// How to sign without a key, and what signatures are shown to.
#[derive(Debug, clap::Args)]
pub(crate) struct KeylessArgs {
    /// Sign as whom this identity token names: the token, or a file that holds it
    #[arg(long, help_heading = HEADING, value_name = "TOKEN|FILE", conflicts_with = "key")]
    identity_token: Option<String>,
    /// Sign as who logs in: shows the address of a page, and asks for the code on it
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["key", "identity_token"])]
    oidc_interactive: bool,
    /// Whom to show signatures to: a signing_config.v0.2.json. Without one, those of a key are shown to nobody, and
    /// those of an identity to Sigstore's public instance
    ///
    /// The config of the public instance that is built in is of a certain day; `countersign trust-root update
    /// public-good --target signing_config.v0.2.json --output-file FILE` fetches the current one.
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    signing_config: Option<PathBuf>,
    #[command(flatten)]
    root: TrustRootArgs,
}

impl KeylessArgs {
    /// Whether it is said who signs.
    pub(crate) fn names_identity(&self) -> bool {
        self.oidc_interactive || self.identity_token.is_some()
    }

    /// What signatures by a key are shown to.
    pub(crate) fn for_key(
        &self,
        now: Timestamp,
        registry: &RegistryArgs,
    ) -> Result<Option<Witnesses>, Failure> {
        let Some(config) = self.config()? else {
            return self.stamped_by::<()>(&[]).map(|()| None);
        };
        let endpoints = config.for_key(now)?;
        self.stamped_by(&endpoints.timestamp_authorities)?;
        self.witnesses(Services::new(client(registry)?, endpoints))
            .map(Some)
    }

    /// Who certifies an identity, and what its signatures are shown to.
    pub(crate) fn for_identity(
        &self,
        now: Timestamp,
        registry: &RegistryArgs,
        printer: &Printer,
    ) -> Result<Witnesses, Failure> {
        let config = match self.config()? {
            Some(config) => config,
            None => {
                printer.note(&format!(
                    "no --key is named: signing with an identity, which becomes public (services of Sigstore's public instance, as of {})",
                    SigningConfig::PUBLIC_GOOD_DATE
                ));
                SigningConfig::public_good()?
            }
        };
        let endpoints = config.for_identity(now)?;
        self.stamped_by(&endpoints.timestamp_authorities)?;
        self.witnesses(Services::new(client(registry)?, endpoints))
    }

    /// The token of whoever signs.
    pub(crate) async fn token(
        &self,
        now: Timestamp,
        registry: &RegistryArgs,
        printer: &Printer,
    ) -> Result<IdentityToken, Failure> {
        let client = client(registry)?;
        let (text, origin) = if let Some(given) = &self.identity_token {
            (given_token(given)?, "--identity-token")
        } else if self.oidc_interactive {
            (
                self.log_in(&client, now, printer).await?,
                "--oidc-interactive",
            )
        } else {
            ambient::token(&client).await?
        };
        let token = IdentityToken::parse(&text, now);
        token.map_err(|error| Failure::from(error).about(origin))
    }

    async fn log_in(
        &self,
        client: &ServiceClient,
        now: Timestamp,
        printer: &Printer,
    ) -> Result<Zeroizing<String>, Failure> {
        if !io::stdin().is_terminal() {
            return Err(Failure::usage("nobody can log in: there is no terminal")
                .coded("token_missing")
                .hinted("use --identity-token"));
        }
        let config = match self.config()? {
            Some(config) => config,
            None => SigningConfig::public_good()?,
        };
        let login = Login::begin(client, &config.identity_provider(now)?).await?;
        printer.note(&format!(
            "open this page, log in, and type the code that it shows:\n  {}",
            login.page()
        ));
        let mut code = Zeroizing::new(String::new());
        io::stdin()
            .read_line(&mut code)
            .map_err(|error| Failure::usage(format!("cannot read the code: {error}")))?;
        Ok(login.finish(client, code.trim()).await?)
    }

    fn config(&self) -> Result<Option<SigningConfig>, Failure> {
        let Some(path) = &self.signing_config else {
            return Ok(None);
        };
        let text = args::read(path)?;
        SigningConfig::from_json(text.as_bytes())
            .map(Some)
            .map_err(|error| Failure::from(error).about(path.display()))
    }

    /// Refuses to go on without the timestamp that is demanded.
    fn stamped_by<T>(&self, authorities: &[T]) -> Result<(), Failure> {
        if self.root.wants_timestamps() && authorities.is_empty() {
            return Err(Failure::usage(
                "a timestamp is demanded, and no timestamp authority is named",
            )
            .coded("timestamp_missing")
            .hinted("name one in --signing-config, or leave out --use-signed-timestamps"));
        }
        Ok(())
    }

    fn witnesses(&self, services: Services) -> Result<Witnesses, Failure> {
        Ok(Witnesses {
            services,
            trust_root: self.root.root()?,
            ignore_logs: self.root.ignores_logs(),
        })
    }
}

/// How services are reached: as registries are, without credentials.
fn client(registry: &RegistryArgs) -> Result<ServiceClient, Failure> {
    ServiceClient::new(&registry.settings(&[])?)
        .map_err(|error| Failure::usage(error.to_string()).coded(error.code()))
}

/// A token as it stands on the command line, or in the file that is named there.
fn given_token(given: &str) -> Result<Zeroizing<String>, Failure> {
    if IdentityToken::looks_like_one(given.trim()) {
        return Ok(Zeroizing::new(given.to_owned()));
    }
    // Not named in the message: it may be a token after all, with a letter too many.
    let read = fs::read_to_string(given);
    read.map(Zeroizing::new).map_err(|_| {
        Failure::usage("--identity-token: neither an identity token nor a file that can be read")
            .coded("token_malformed")
            .hinted("an OIDC identity token (a JWT) for the audience sigstore is meant, or a file that holds one")
    })
}

const HEADING: &str = "Signing without a key, logs and timestamps";
