//! `policy push`: a directory of policies as an artifact in a registry, signed before its tag leads to it.
//!
//! Refuses policies that nobody could load.

use std::path::PathBuf;

use bytes::Bytes;
use countersign_image::{Descriptor, Digest, PinnedReference, Reference, media_type};
use countersign_registry::Client;
use countersign_review::{POLICY_CONFIG, PolicyArtifact};
use countersign_signing::{Claim, IdentityToken, Storage, Target};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::keyless::KeylessArgs;
use crate::lookup::by;
use crate::password::PasswordArgs;
use crate::policies;
use crate::printer::Printer;
use crate::publishing::Signer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;

/// Push a directory of policies to a registry, as an artifact that --policies oci://REFERENCE reads
///
/// What is pushed is every file below the directory that ends in .json, .rego, .yaml or .yml; the same files always
/// make the same digest, which is printed. With a key or an identity it is signed before the tag leads to it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where it goes: a repository and a tag
    #[arg(value_name = "REFERENCE")]
    reference: String,
    /// Sign it with this private key: a file, or env://NAME
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Sign it as an identity: that of the CI job, of --identity-token, or of who logs in with --oidc-interactive
    #[arg(long, conflicts_with = "key")]
    keyless: bool,
    #[command(flatten)]
    identity: KeylessArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let reference = policies::reference(&args.reference)?;
    let (None, Some(tag)) = (reference.digest(), reference.tag()) else {
        return Err(
            Failure::usage("a push goes to a tag; the digest comes of it")
                .hinted("write REPOSITORY:TAG"),
        );
    };
    let artifact = PolicyArtifact::from_directory(&args.directory).map_err(policies::unusable)?;
    // From what is pushed, and not from the directory: a file that is left out may be named by another.
    let name = args.directory.display().to_string();
    policies::load_artifact(&artifact, &name, &args.registry, printer)?;
    let manifest = artifact
        .manifest()
        .map_err(|error| Failure::usage(format!("cannot write the manifest: {error}")))?;
    let upload = Upload {
        reference: &reference,
        manifest: manifest.into(),
    };
    let now = Timestamp::now();
    let signer = args.signer(now, printer)?;
    let client = args.registry.client(std::slice::from_ref(&reference))?;
    block_on(async {
        let token = match &signer {
            Some(Signer::Identity(_)) => {
                Some(args.identity.token(now, &args.registry, printer).await?)
            }
            _ => None,
        };
        upload.files(&client, &artifact).await?;
        match &signer {
            Some(signer) => upload.sign(&client, signer, token.as_ref(), printer).await?,
            None => printer.note(
                "not signed: whoever uses these policies has to name their digest, as it is printed here",
            ),
        }
        upload.manifest(&client, tag).await?;
        printer.data(&upload.image().to_string());
        Ok(ExitStatus::Success)
    })
}

impl Args {
    fn signer(&self, now: Timestamp, printer: &Printer) -> Result<Option<Signer>, Failure> {
        if self.key.is_none() && !self.keyless {
            if self.identity.names_identity() {
                return Err(
                    Failure::usage("an identity is named, and not that it signs")
                        .hinted("add --keyless"),
                );
            }
            return Ok(None);
        }
        let key = self.key.as_deref();
        Signer::open(
            key,
            &self.password,
            &self.identity,
            &self.registry,
            now,
            printer,
        )
        .map(Some)
    }
}

/// An artifact on its way.
struct Upload<'a> {
    reference: &'a Reference,
    manifest: Bytes,
}

impl Upload<'_> {
    /// Everything but the tag.
    async fn files(&self, client: &Client, artifact: &PolicyArtifact) -> Result<(), Failure> {
        let repository = self.reference.repository();
        let config = Bytes::from_static(POLICY_CONFIG);
        for bytes in artifact.files.values().chain([&config]) {
            client.push_blob(repository, bytes.clone()).await?;
        }
        self.manifest(client, &self.digest().to_string()).await
    }

    async fn manifest(&self, client: &Client, target: &str) -> Result<(), Failure> {
        let repository = self.reference.repository();
        let bytes = self.manifest.clone();
        client
            .push_manifest(repository, target, media_type::OCI_MANIFEST, bytes)
            .await?;
        Ok(())
    }

    async fn sign(
        &self,
        client: &Client,
        signer: &Signer,
        token: Option<&IdentityToken>,
        printer: &Printer,
    ) -> Result<(), Failure> {
        let size = self.manifest.len() as u64;
        let target = Target {
            image: self.image(),
            descriptor: Descriptor::new(media_type::OCI_MANIFEST, self.digest(), size),
            repository: self.reference.repository().clone(),
        };
        let publisher = signer.publisher(client, token).await?;
        let claim = Claim::Signature([].into());
        let published = publisher
            .publish(&target, &claim, Storage::Bundle, Timestamp::now())
            .await?;
        printer.note(&format!("signed by {}", by(&published.identity)));
        Ok(())
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    fn image(&self) -> PinnedReference {
        self.reference.pin(self.digest())
    }
}
