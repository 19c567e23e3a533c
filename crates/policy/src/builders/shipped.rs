//! The builders that every policy knows, each with where its level is told.
//!
//! Proves a level only for builders that sign with certificates for their own id. Whose key another builder holds is for
//! the policy to say: without an entry of its own, nobody may speak for these.

use serde::Serialize;

use crate::trust_root::{GITHUB, PUBLIC_GOOD};

/// An entry that every policy has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipped {
    /// What ids begin with: most need not be compared with the pattern.
    id_prefix: &'static str,
    /// What they contain, where the prefix says little.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_contains: Option<&'static str>,
    /// Matches whole ids.
    id_pattern: &'static str,
    /// Who signs; without it, the holder of a key that only the policy can name.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    signer: Option<Certificates>,
    /// The authorities of the policy that accept such certificates.
    pub(super) authorities: Vec<String>,
    max_level: u8,
    /// The page of the vendor or of SLSA that says so.
    source: &'static str,
}

/// Certificates for the id of a builder.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificates {
    issuer: &'static str,
    build_types: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    runner_environment: Option<&'static str>,
    /// The trust roots whose certificates count.
    #[serde(skip)]
    trust_roots: &'static [&'static str],
}

impl Shipped {
    /// Whether certificates of this trust root count.
    pub(super) fn counts_under(&self, trust_root: &str) -> bool {
        let signer = self.signer.as_ref();
        signer.is_some_and(|signer| signer.trust_roots.contains(&trust_root))
    }
}

/// All of them, without the authorities of any policy.
pub(super) fn shipped() -> impl Iterator<Item = Shipped> {
    let generators = GENERATORS
        .iter()
        .map(|(id_prefix, id_pattern, build_types)| Shipped {
            id_prefix,
            id_contains: None,
            id_pattern,
            signer: Some(Certificates {
                issuer: GITHUB_ACTIONS,
                build_types,
                runner_environment: None,
                trust_roots: &[PUBLIC_GOOD],
            }),
            authorities: Vec::new(),
            max_level: 3,
            source: "https://github.com/slsa-framework/slsa-github-generator/blob/main/SPECIFICATIONS.md",
        });
    let key_holders =
        KEY_HOLDERS
            .iter()
            .map(
                |&(id_prefix, id_contains, id_pattern, max_level, source)| Shipped {
                    id_prefix,
                    id_contains,
                    id_pattern,
                    signer: None,
                    authorities: Vec::new(),
                    max_level,
                    source,
                },
            );
    generators.chain(workflows()).chain(key_holders)
}

/// Workflows that sign what they built. Level 2 wants a hosted build platform (SLSA, build track), so the runner must be
/// one of GitHub's; level 3 is for the policy to say of workflows that callers cannot influence.
fn workflows() -> [Shipped; 2] {
    let signer = |build_types, trust_roots| {
        Some(Certificates {
            issuer: GITHUB_ACTIONS,
            build_types,
            runner_environment: Some("github-hosted"),
            trust_roots,
        })
    };
    [
        Shipped {
            id_prefix: "https://github.com/docker/github-builder/",
            id_contains: None,
            id_pattern: r"^https://github\.com/docker/github-builder/\.github/workflows/(build|bake)\.yml@refs/tags/v[0-9]+(\.[0-9]+\.[0-9]+)?$",
            // What BuildKit wrote names the run of the caller; the certificate names this workflow.
            signer: signer(BUILDKIT, &[PUBLIC_GOOD]),
            authorities: Vec::new(),
            max_level: 2,
            source: "https://docs.docker.com/build/ci/github-actions/github-builder/",
        },
        Shipped {
            id_prefix: "https://github.com/",
            id_contains: None,
            id_pattern: r"^https://github\.com/[^/@]+/[^/@]+/\.github/workflows/[^/@]+@.+$",
            signer: signer(
                &["https://actions.github.io/buildtypes/workflow/v1"],
                &[PUBLIC_GOOD, GITHUB],
            ),
            authorities: Vec::new(),
            max_level: 2,
            source: "https://docs.github.com/en/actions/concepts/security/artifact-attestations",
        },
    ]
}

/// Builders that sign with keys, or as the tenant who uses them: what the id begins with, contains and matches, the level
/// that the vendor claims, and where.
const KEY_HOLDERS: [(&str, Option<&str>, &str, u8, &str); 3] = [
    (
        "https://cloudbuild.googleapis.com/GoogleHostedWorker",
        None,
        r"^https://cloudbuild\.googleapis\.com/GoogleHostedWorker(@v0\.[0-9]+)?$",
        3,
        "https://docs.cloud.google.com/build/docs/securing-builds/view-build-provenance",
    ),
    // The page of the runner, of GitLab's own instance or another.
    (
        "https://",
        Some("/-/runners/"),
        r"^https://[^/]+/([^/]+/)+-/runners/[0-9]+$",
        2,
        "https://docs.gitlab.com/ci/pipeline_security/slsa/",
    ),
    (
        "https://tekton.dev/chains/v2",
        None,
        r"^https://tekton\.dev/chains/v2$",
        2,
        "https://tekton.dev/docs/concepts/supply-chain-security/",
    ),
];

/// A workflow of slsa-github-generator, by the prefix and the pattern of its id, and what it builds. Only full semantic
/// versions, as slsa-verifier demands it.
macro_rules! generator {
    ($workflow:literal, $build_type:literal) => {
        (
            concat!(
                "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/",
                $workflow,
                ".yml@"
            ),
            concat!(
                r"^https://github\.com/slsa-framework/slsa-github-generator/\.github/workflows/",
                $workflow,
                r"\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$"
            ),
            &[$build_type],
        )
    };
}

const GENERATORS: [(&str, &str, &[&str]); 4] = [
    generator!(
        "generator_container_slsa3",
        "https://github.com/slsa-framework/slsa-github-generator/container@v1"
    ),
    generator!(
        "generator_generic_slsa3",
        "https://github.com/slsa-framework/slsa-github-generator/generic@v1"
    ),
    generator!(
        "builder_go_slsa3",
        "https://github.com/slsa-framework/slsa-github-generator/go@v1"
    ),
    generator!(
        "builder_container-based_slsa3",
        "https://slsa.dev/container-based-build/v0.1?draft"
    ),
];
const BUILDKIT: &[&str] = &[
    "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
    "https://mobyproject.org/buildkit@v1",
];
const GITHUB_ACTIONS: &str = "https://token.actions.githubusercontent.com";
