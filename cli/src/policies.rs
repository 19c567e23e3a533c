//! Policies named on the command line: a directory, or an artifact in a registry.
//!
//! Refuses an artifact by its tag unless somebody is named who has to have signed it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_image::{PinnedReference, Reference};
use countersign_policy::PolicySet;
use countersign_review::{
    ArtifactError, DirectoryError, PolicyArtifact, file_trust_roots, policies_in,
};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::args;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::trust::{Signer, SignerArgs};
use crate::tuf;

/// The policies that a command judges by.
#[derive(Debug, clap::Args)]
pub(crate) struct PoliciesArgs {
    /// The policies: a directory of YAML documents, or an artifact in a registry, by digest, or by tag with one of the
    /// flags below
    #[arg(long, value_name = "DIR|oci://REFERENCE")]
    policies: PathBuf,
    /// The artifact of policies must be signed by this key: a file, or env://NAME
    #[arg(long, help_heading = HEADING, value_name = "KEY", conflicts_with = "policies_identity")]
    policies_key: Option<String>,
    /// The artifact of policies must be signed by this identity: the subject of its certificate
    #[arg(long, help_heading = HEADING, value_name = "SUBJECT", requires = "policies_issuer")]
    policies_identity: Option<String>,
    /// Who vouches for the identity: its OIDC issuer
    #[arg(long, help_heading = HEADING, value_name = "URL", requires = "policies_identity")]
    policies_issuer: Option<String>,
    /// The trust root of that identity, or of the log that a key's signature must be in: a trusted_root.json, or the
    /// name of one that is built in, public-good or github
    #[arg(long, help_heading = HEADING, value_name = "FILE|NAME")]
    policies_trusted_root: Option<String>,
}

impl PoliciesArgs {
    /// Loads every policy with the trust roots that they name, or says all that is wrong with them.
    pub(crate) fn load(
        &self,
        registry: &RegistryArgs,
        printer: &Printer,
    ) -> Result<Arc<PolicySet>, Failure> {
        let name = self.policies.to_str().unwrap_or_default();
        let signer = self.signer()?;
        if !name.starts_with(SCHEME) {
            if signer.is_some() {
                return Err(Failure::usage(
                    "whose signature policies must bear is named, and the policies are a directory",
                )
                .hinted("an artifact is written oci://REFERENCE"));
            }
            let name = self.policies.display().to_string();
            return load_as(&self.policies, &name, registry, printer);
        }
        let reference = reference(name)?;
        let (image, artifact) = fetch(&reference, signer.as_ref(), registry, printer)?;
        printer.progress(&format!("judging by the policies {image}"));
        load_artifact(&artifact, &format!("{SCHEME}{image}"), registry, printer)
    }

    fn signer(&self) -> Result<Option<Signer>, Failure> {
        let signer = SignerArgs::named(
            self.policies_key.clone(),
            self.policies_identity
                .clone()
                .zip(self.policies_issuer.clone()),
            self.policies_trusted_root.clone(),
        );
        signer.optional()
    }
}

fn fetch(
    reference: &Reference,
    signer: Option<&Signer>,
    registry: &RegistryArgs,
    printer: &Printer,
) -> Result<(PinnedReference, PolicyArtifact), Failure> {
    let client = registry.client(std::slice::from_ref(reference))?;
    let verifier = signer.map(|signer| &signer.verifier);
    printer.progress(&format!("fetching the policies {reference}"));
    block_on(async {
        let fetched = PolicyArtifact::fetch(&client, reference, verifier, Timestamp::now());
        fetched.await.map_err(unusable)
    })
}

/// As [`PoliciesArgs::load`], of the files of an artifact, which is called `name` in messages.
pub(crate) fn load_artifact(
    artifact: &PolicyArtifact,
    name: &str,
    registry: &RegistryArgs,
    printer: &Printer,
) -> Result<Arc<PolicySet>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::could_not_look(format!("cannot keep the policies: {error}"))
            .hinted("a place for temporary files is needed")
    };
    let folder = TempDir::new().map_err(failed)?;
    artifact.write_to(folder.path()).map_err(unusable)?;
    load_as(folder.path(), name, registry, printer)
}

/// A reference to an artifact of policies, with or without its scheme.
pub(crate) fn reference(name: &str) -> Result<Reference, Failure> {
    args::reference(name.strip_prefix(SCHEME).unwrap_or(name))
}

/// Of an artifact that cannot be used, or a directory that cannot become one.
pub(crate) fn unusable(error: ArtifactError) -> Failure {
    let failure = match error {
        ArtifactError::Source(error) => return error.into(),
        ArtifactError::Io { path, source } => return Failure::unreadable(&path, &source),
        ref other => Failure::usage(other.to_string()).coded(other.code()),
    };
    match &error {
        ArtifactError::Untrusted { .. } => failure.hinted(
            "write its digest, or name who has to have signed it: --policies-key KEY (pull: --key KEY), or an identity",
        ),
        other => match other.hint() {
            Some(hint) => failure.hinted(hint),
            None => failure,
        },
    }
}

/// Loads the policies of a directory, which is called `name` in messages.
fn load_as(
    directory: &Path,
    name: &str,
    registry: &RegistryArgs,
    printer: &Printer,
) -> Result<Arc<PolicySet>, Failure> {
    if directory.is_file() {
        return Err(Failure::usage(format!(
            "{} is a file, and policies are the files of a directory",
            directory.display()
        ))
        .coded("policies_missing")
        .hinted("name the directory that it is in"));
    }
    let documents = policies_in(directory).map_err(|error| match error {
        DirectoryError::Io { path, source } => Failure::unreadable(&path, &source),
        other => Failure::usage(other.to_string()).coded("policies_missing"),
    })?;
    if documents.is_empty() {
        return Err(Failure::usage(format!("{name} holds no policies"))
            .coded("policies_missing")
            .hinted("a policy is a file that ends in .yaml, .yml or .json"));
    }
    let mut roots = file_trust_roots(&documents);
    tuf::add(&documents, &mut roots, registry, printer)?;
    let policies = PolicySet::load(&documents, &roots).map_err(|errors| {
        let failure = Failure::usage(format!("the policies in {name} cannot be used"));
        // Of an artifact nobody can open the folder that it was unpacked to.
        let lines = errors
            .to_string()
            .replace(&directory.display().to_string(), name);
        let code = errors
            .errors()
            .first()
            .map_or("policy_invalid", |error| error.code());
        failure
            .coded(code)
            .detailed(lines.lines().map(str::to_owned))
            .hinted("docs/reference/policies.md has every field, docs/rules every rule")
    })?;
    Ok(Arc::new(policies))
}

/// What names of artifacts begin with, where a directory may be meant.
const SCHEME: &str = "oci://";
const HEADING: &str = "Policies from a registry";
