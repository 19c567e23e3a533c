//! What `sign` and `attest` have in common: who signs first, then every image, each digest once.
//!
//! Signs nothing unless every image was found: a half-signed release is harder to see than none.

mod jobs;
mod output;

use std::fs::OpenOptions;
use std::path::PathBuf;

use countersign_registry::Client;
use countersign_signing::{IdentityToken, PrivateKey, Publisher, Storage, Witnesses};
use jiff::Timestamp;

pub(crate) use self::jobs::Content;
use self::jobs::Job;
use self::output::{SignedOut, StoredOut};
use crate::args::{ImageArgs, OutputArgs, StorageArgs};
use crate::failure::Failure;
use crate::keyless::KeylessArgs;
use crate::keys;
use crate::lookup::by;
use crate::password::PasswordArgs;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;

/// Arguments of commands that sign.
#[derive(Debug, clap::Args)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    images: ImageArgs,
    /// The private key: a file, or env://NAME. Without it, an identity signs
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// How to store it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write what was signed to this file, one REPOSITORY@DIGEST a line
    #[arg(long, value_name = "FILE")]
    digest_file: Option<PathBuf>,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    keyless: KeylessArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// cosign asks before it publishes; nothing is asked here
    #[arg(short = 'y', long = "yes", hide = true)]
    _yes: bool,
    /// cosign's ways to say what is so here: a signature with a key, and without a signing config, goes to no log
    #[arg(long = "tlog-upload", hide = true, value_parser = ["false"], requires = "key", conflicts_with = "signing_config")]
    _tlog_upload: Option<String>,
    #[arg(long = "use-signing-config", hide = true, value_parser = ["false"], requires = "key", conflicts_with = "signing_config")]
    _use_signing_config: Option<String>,
}

/// How signatures are stored.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
enum Format {
    /// A Sigstore bundle that refers to the image: cosign 3
    #[default]
    Bundle,
    /// The tags .sig and .att, for signatures with a key alone: every cosign
    Legacy,
    /// Both; cosign 2 stops at an image that has a bundle
    Both,
}

impl Format {
    fn storages(self) -> &'static [Storage] {
        match self {
            Self::Bundle => &[Storage::Bundle],
            Self::Legacy => &[Storage::Legacy],
            Self::Both => &[Storage::Bundle, Storage::Legacy],
        }
    }
}

/// Signs what `content` says. It is made after the key was opened, before a registry is asked.
pub(crate) fn publish(
    args: &PublishArgs,
    printer: &Printer,
    content: impl FnOnce(Timestamp) -> Result<Content, Failure>,
) -> Result<ExitStatus, Failure> {
    let references = args.images.references()?;
    let repository = args.storage.repository()?;
    let now = Timestamp::now();
    let signer = args.signer(now, printer)?;
    let content = content(now)?;
    if let Some(path) = &args.digest_file {
        // Before anything is signed: that it cannot be written is known too late afterwards.
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| Failure::unwritable(path, &error))?;
    }
    let client = args.registry.client(&references)?;
    block_on(async {
        let token = match &signer {
            Signer::Identity(_) => Some(args.keyless.token(now, &args.registry, printer).await?),
            Signer::Key(..) => None,
        };
        let storage = repository.as_ref();
        let jobs = jobs::find(&client, &references, storage, &content, printer).await?;
        let work = Work {
            args,
            // The certificate comes last, since it lives for minutes.
            publisher: signer.publisher(&client, token.as_ref()).await?,
            printer,
        };
        work.publish(&jobs).await
    })
}

/// Whoever signs.
pub(crate) enum Signer {
    /// Whom a token names, which is asked for by [`KeylessArgs::token`].
    Identity(Box<Witnesses>),
    /// The holder of a key.
    Key(Box<PrivateKey>, Option<Box<Witnesses>>),
}

impl Signer {
    /// Opens `key`; without one, an identity signs.
    pub(crate) fn open(
        key: Option<&str>,
        password: &PasswordArgs,
        keyless: &KeylessArgs,
        registry: &RegistryArgs,
        now: Timestamp,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let Some(key) = key else {
            let witnesses = keyless.for_identity(now, registry, printer)?;
            return Ok(Self::Identity(Box::new(witnesses)));
        };
        let key = Box::new(keys::open_private(key, password)?);
        let witnesses = keyless.for_key(now, registry)?;
        Ok(Self::Key(key, witnesses.map(Box::new)))
    }

    /// A publisher for it; with `token` for whom that names.
    pub(crate) async fn publisher<'a>(
        &'a self,
        client: &'a Client,
        token: Option<&IdentityToken>,
    ) -> Result<Publisher<'a>, Failure> {
        Ok(match (self, token) {
            (Self::Key(key, None), _) => Publisher::new(client, key)?,
            (Self::Key(key, Some(witnesses)), _) => Publisher::witnessed(client, key, witnesses)?,
            (Self::Identity(witnesses), Some(token)) => {
                Publisher::keyless(client, token, witnesses).await?
            }
            (Self::Identity(_), None) => {
                return Err(Failure::usage("an identity signs, and has no token"));
            }
        })
    }
}

impl PublishArgs {
    fn signer(&self, now: Timestamp, printer: &Printer) -> Result<Signer, Failure> {
        let key = self.key.as_deref();
        let (password, keyless) = (&self.password, &self.keyless);
        let signer = Signer::open(key, password, keyless, &self.registry, now, printer)?;
        if self.format != Format::Bundle && !matches!(signer, Signer::Key(_, None)) {
            return Err(countersign_signing::SigningError::LegacyWitnessed.into());
        }
        Ok(signer)
    }
}

struct Work<'a> {
    args: &'a PublishArgs,
    publisher: Publisher<'a>,
    printer: &'a Printer,
}

impl Work<'_> {
    async fn publish(&self, jobs: &[Job]) -> Result<ExitStatus, Failure> {
        let (mut signed, mut status) = (Vec::new(), ExitStatus::Success);
        for job in jobs {
            match self.publish_one(job).await {
                Ok(stored) => signed.push(SignedOut::new(job, stored)),
                Err(failure) => {
                    let failure = failure.about(&job.target.image);
                    status = status.and(self.printer.failure(&failure));
                }
            }
        }
        output::write(&signed, self.args.output.output, self.printer)?;
        if let Some(path) = &self.args.digest_file {
            output::write_digests(path, &signed)?;
        }
        Ok(status)
    }

    /// Says all of it about one image.
    async fn publish_one(&self, job: &Job) -> Result<Vec<StoredOut>, Failure> {
        let Job { target, claims, .. } = job;
        let mut signed = Vec::new();
        for claim in claims {
            for storage in self.args.format.storages() {
                self.printer.progress(&format!("signing {}", target.image));
                let published = self
                    .publisher
                    .publish(target, claim, *storage, Timestamp::now())
                    .await?;
                let how = published
                    .tag
                    .as_ref()
                    .map(|tag| format!(", tag {tag}"))
                    .unwrap_or_default();
                let (repository, manifest) = (&target.repository, &published.manifest);
                let who = match self.args.key {
                    Some(_) => String::new(),
                    None => format!(", signed as {}", by(&published.identity)),
                };
                self.printer.note(&format!(
                    "stored as {} {repository}@{manifest}{how}{who}",
                    storage.as_str()
                ));
                signed.push(StoredOut::new(target, claim, &published));
            }
        }
        Ok(signed)
    }
}
