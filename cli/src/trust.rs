//! Whose signatures count on the command line, in cosign's words: a key, or an identity under a trust root.
//!
//! Refuses an identity without its issuer, and a pattern where a text is meant: a part of either is no identity.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_evidence::{
    Authority, CertificateChain, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot,
    Verifier, claim_named, claim_names,
};

use crate::args;
use crate::failure::Failure;
use crate::keys;

/// Whose signatures count.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct SignerArgs {
    /// The public key: a file, or env://NAME
    #[arg(long, value_name = "KEY", conflicts_with = "certificate_identity")]
    key: Option<String>,
    /// The subject of the signer's certificate: a URI, an email address, a user name
    #[arg(long, help_heading = HEADING, value_name = "SUBJECT")]
    certificate_identity: Option<String>,
    /// A regular expression that all of the subject must match
    #[arg(long, help_heading = HEADING, value_name = "PATTERN", conflicts_with_all = ["key", "certificate_identity"])]
    certificate_identity_regexp: Option<String>,
    /// The OIDC issuer that vouched for the signer
    #[arg(long, help_heading = HEADING, value_name = "URL", conflicts_with = "key")]
    certificate_oidc_issuer: Option<String>,
    /// A regular expression that all of the issuer must match
    #[arg(long, help_heading = HEADING, value_name = "PATTERN", conflicts_with_all = ["key", "certificate_oidc_issuer"])]
    certificate_oidc_issuer_regexp: Option<String>,
    /// What the certificate must say beside, as runnerEnvironment=github-hosted; may be repeated
    #[arg(long, help_heading = HEADING, value_name = "NAME=VALUE", value_parser = args::pair, conflicts_with = "key")]
    certificate_claim: Vec<(String, String)>,
    /// Accept certificates of these X.509 authorities in place of a Sigstore's: a PEM file of roots and intermediates
    #[arg(long, help_heading = HEADING, value_name = "FILE", conflicts_with_all = ["key", "certificate_oidc_issuer", "certificate_oidc_issuer_regexp"])]
    ca_roots: Option<PathBuf>,
    #[command(flatten)]
    github: GitHubArgs,
    #[command(flatten)]
    root: TrustRootArgs,
}

/// cosign's flags for claims that GitHub's older certificates carry.
#[derive(Debug, Default, clap::Args)]
struct GitHubArgs {
    #[arg(long, hide = true, conflicts_with = "key")]
    certificate_github_workflow_trigger: Option<String>,
    #[arg(long, hide = true, conflicts_with = "key")]
    certificate_github_workflow_sha: Option<String>,
    #[arg(long, hide = true, conflicts_with = "key")]
    certificate_github_workflow_name: Option<String>,
    #[arg(long, hide = true, conflicts_with = "key")]
    certificate_github_workflow_repository: Option<String>,
    #[arg(long, hide = true, conflicts_with = "key")]
    certificate_github_workflow_ref: Option<String>,
}

/// Which certificates, logs and timestamps count.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TrustRootArgs {
    /// The trust root: a trusted_root.json, or the name of one that is built in, public-good or github
    #[arg(long, help_heading = HEADING, value_name = "FILE|NAME")]
    trusted_root: Option<String>,
    /// Do not demand that certificates are in a certificate log
    #[arg(long, help_heading = HEADING)]
    insecure_ignore_sct: bool,
    /// Do not demand that signatures are in a transparency log
    #[arg(long, help_heading = HEADING, alias = "private-infrastructure")]
    insecure_ignore_tlog: bool,
    /// Demand a timestamp of a timestamp authority
    #[arg(long, help_heading = HEADING)]
    use_signed_timestamps: bool,
}

impl TrustRootArgs {
    /// The root that is named.
    pub(crate) fn named(&self) -> Result<Option<Arc<TrustRoot>>, Failure> {
        self.trusted_root
            .as_deref()
            .map(|name| self.read(name))
            .transpose()
    }

    /// The root that is named, else the public one.
    pub(crate) fn root(&self) -> Result<Arc<TrustRoot>, Failure> {
        self.read(self.trusted_root.as_deref().unwrap_or(PUBLIC_GOOD))
    }

    fn read(&self, name: &str) -> Result<Arc<TrustRoot>, Failure> {
        let root = match TrustRoot::built_in(name) {
            Some(root) => root,
            None => {
                let json = read_root(name)?;
                let root = TrustRoot::from_json(name, json.as_bytes(), 1).map_err(|error| {
                    let failure = Failure::usage(error.to_string()).coded(error.code());
                    failure
                        .about(name)
                        .hinted(error.hint().unwrap_or(TRUSTED_ROOT))
                })?;
                Arc::new(root)
            }
        };
        Ok(if self.insecure_ignore_sct {
            Arc::new(root.with_scts(0))
        } else {
            root
        })
    }

    /// Whether transparency logs do not count.
    pub(crate) fn ignores_logs(&self) -> bool {
        self.insecure_ignore_tlog
    }

    /// Whether a timestamp is demanded.
    pub(crate) fn wants_timestamps(&self) -> bool {
        self.use_signed_timestamps
    }

    /// What a signature has to prove under `root` beside the certificate.
    pub(crate) fn transparency(&self, root: &TrustRoot) -> Transparency {
        let in_log = !self.insecure_ignore_tlog && root.log_count() > 0;
        Transparency {
            logs: u8::from(in_log),
            timestamps: u8::from(self.use_signed_timestamps || !in_log),
        }
    }

    /// What a signature has to prove beside a key: nothing, unless a root is named.
    fn of_key(&self, root: Option<&TrustRoot>) -> Transparency {
        match root {
            Some(root) if !self.insecure_ignore_tlog => self.transparency(root),
            _ => Transparency {
                logs: 0,
                timestamps: u8::from(self.use_signed_timestamps),
            },
        }
    }
}

impl SignerArgs {
    /// Somebody whom other flags name: a key, or a subject and its issuer, under a trust root.
    pub(crate) fn named(
        key: Option<String>,
        identity: Option<(String, String)>,
        trusted_root: Option<String>,
    ) -> Self {
        let (subject, issuer) = identity.unzip();
        Self {
            key,
            certificate_identity: subject,
            certificate_oidc_issuer: issuer,
            root: TrustRootArgs {
                trusted_root,
                ..TrustRootArgs::default()
            },
            ..Self::default()
        }
    }

    /// A verifier that believes the one signer that is named; none if nobody is.
    pub(crate) fn optional(&self) -> Result<Option<Signer>, Failure> {
        let authority = match (&self.key, self.subject()?) {
            (None, None) if self.is_half() => {
                return Err(Failure::usage(
                    "an issuer, claims or authorities are named, and no identity",
                )
                .hinted("add --certificate-identity"));
            }
            (None, None) => return Ok(None),
            (Some(key), _) => self.by_key(key)?,
            (None, Some(subject)) => self.by_identity(subject)?,
        };
        let words = match &authority.signers {
            Signers::Keys(_) => "key",
            _ => "identity",
        };
        let only_key = authority.transparency == Transparency::NONE && words == "key";
        Verifier::new(vec![authority])
            .map(|verifier| {
                Some(Signer {
                    verifier,
                    words,
                    only_key,
                })
            })
            .map_err(|error| {
                let failure = Failure::usage(error.to_string()).coded(error.code());
                match error.hint() {
                    Some(hint) => failure.hinted(hint),
                    None => failure,
                }
            })
    }

    /// As [`Self::optional`], where somebody has to be named.
    pub(crate) fn required(&self) -> Result<Signer, Failure> {
        self.optional()?.ok_or_else(|| {
            Failure::usage("whose signature? nobody is named").hinted(
                "name a key with --key, or an identity with --certificate-identity and --certificate-oidc-issuer",
            )
        })
    }

    fn by_key(&self, key: &str) -> Result<Authority, Failure> {
        let named = self.root.named()?;
        // A log is demanded under a root that was named, and not under the one that only says who may stamp.
        let transparency = self.root.of_key(named.as_deref());
        let trust_root = match named {
            None if self.root.use_signed_timestamps => Some(self.root.root()?),
            named => named,
        };
        Ok(Authority {
            name: key.to_owned(),
            signers: Signers::Keys(vec![keys::read_public(key)?]),
            trust_root,
            transparency,
        })
    }

    fn by_identity(&self, subject: Pattern) -> Result<Authority, Failure> {
        let name = subject.to_string();
        let claims = self.claims()?;
        if let Some(path) = &self.ca_roots {
            let chain = CertificateChain::from_pem(&args::read(path)?).map_err(|error| {
                let failure = Failure::usage(error.to_string()).coded(error.code());
                failure.about(path.display())
            })?;
            let root = self.root.named()?;
            return Ok(Authority {
                name,
                signers: Signers::Certificates {
                    chain: Arc::new(chain),
                    identities: vec![IdentityMatcher {
                        issuer: None,
                        subject,
                        claims,
                    }],
                },
                transparency: self.root.of_key(root.as_deref()),
                trust_root: root,
            });
        }
        let issuer = pattern(
            self.certificate_oidc_issuer.as_deref(),
            self.certificate_oidc_issuer_regexp.as_deref(),
            "--certificate-oidc-issuer-regexp",
        )?;
        let issuer = issuer.ok_or_else(|| {
            Failure::usage("an identity means nothing without who vouches for it")
                .coded("issuer_missing")
                .hinted(
                    "add --certificate-oidc-issuer, as https://token.actions.githubusercontent.com",
                )
        })?;
        let root = self.root.root()?;
        Ok(Authority {
            name,
            signers: Signers::Keyless(vec![IdentityMatcher {
                issuer: Some(issuer),
                subject,
                claims,
            }]),
            transparency: self.root.transparency(&root),
            trust_root: Some(root),
        })
    }

    fn subject(&self) -> Result<Option<Pattern>, Failure> {
        pattern(
            self.certificate_identity.as_deref(),
            self.certificate_identity_regexp.as_deref(),
            "--certificate-identity-regexp",
        )
    }

    fn is_half(&self) -> bool {
        let github = &self.github;
        let of_github = [
            &github.certificate_github_workflow_trigger,
            &github.certificate_github_workflow_sha,
            &github.certificate_github_workflow_name,
            &github.certificate_github_workflow_repository,
            &github.certificate_github_workflow_ref,
        ];
        of_github.iter().any(|claim| claim.is_some())
            || self.certificate_oidc_issuer.is_some()
            || self.certificate_oidc_issuer_regexp.is_some()
            || !self.certificate_claim.is_empty()
            || self.ca_roots.is_some()
    }

    fn claims(&self) -> Result<BTreeMap<&'static str, String>, Failure> {
        let github = &self.github;
        let named = [
            (
                "githubWorkflowTrigger",
                &github.certificate_github_workflow_trigger,
            ),
            ("githubWorkflowSHA", &github.certificate_github_workflow_sha),
            (
                "githubWorkflowName",
                &github.certificate_github_workflow_name,
            ),
            (
                "githubWorkflowRepository",
                &github.certificate_github_workflow_repository,
            ),
            ("githubWorkflowRef", &github.certificate_github_workflow_ref),
        ];
        let mut claims = BTreeMap::new();
        for (name, value) in named {
            if let Some(value) = value {
                claims.insert(name, value.clone());
            }
        }
        for (name, value) in &self.certificate_claim {
            let known = claim_named(name).ok_or_else(|| {
                Failure::usage(format!("certificates have no claim {name:?}"))
                    .coded("claim_unknown")
                    .hinted(format!(
                        "known: {}",
                        claim_names().collect::<Vec<_>>().join(", ")
                    ))
            })?;
            claims.insert(known, value.clone());
        }
        Ok(claims)
    }
}

/// Somebody who was named on the command line, ready to verify by.
#[derive(Debug)]
pub(crate) struct Signer {
    /// Believes this signer, and nobody else.
    pub(crate) verifier: Verifier,
    /// "key" or "identity".
    pub(crate) words: &'static str,
    /// Whether nothing but the key is demanded.
    pub(crate) only_key: bool,
}

/// The text of a `trusted_root.json`; one that is not there may be the name of a root, misspelt.
pub(crate) fn read_root(name: &str) -> Result<String, Failure> {
    args::read(name.as_ref()).map_err(|failure| {
        if Path::new(name).exists() {
            return failure;
        }
        failure.hinted(
            "public-good and github are built in; any other is the path of a trusted_root.json",
        )
    })
}

fn pattern(
    exact: Option<&str>,
    matching: Option<&str>,
    flag: &str,
) -> Result<Option<Pattern>, Failure> {
    match (exact, matching) {
        (Some(""), _) | (_, Some("")) => Err(Failure::usage(
            "an identity or issuer that is empty would say nothing",
        )),
        (Some(exact), _) => Ok(Some(Pattern::Exact(exact.to_owned()))),
        (None, Some(matching)) => Pattern::matching(matching).map(Some).map_err(|error| {
            Failure::usage(error.to_string())
                .coded("pattern_malformed")
                .about(flag)
        }),
        (None, None) => Ok(None),
    }
}

const HEADING: &str = "Certificates, logs and timestamps";
const PUBLIC_GOOD: &str = "public-good";
const TRUSTED_ROOT: &str = "a trusted_root.json is meant; `cosign trusted-root create` writes one for an instance of your own";
