//! Identities that sign, under a private Sigstore: what cosign makes for them, we verify, and the other way round.
//!
//! Played on a registry that has the referrers API and on one that has not.

mod legacy;
mod ours;
mod theirs;

use std::rc::Rc;

use crate::evidence::{Key, Predicate, attach};
use crate::failure::Outcome;
use crate::process::Ran;
use crate::registry::{Image, Kind, Registry};
use crate::runner::{Runner, Scenario, World, scenarios};
use crate::sigstore::{RELEASE, Sigstore, Workflow};
use crate::tools::Tools;

/// Plays all scenarios on both kinds of registry.
pub(crate) fn play(runner: &mut Runner, tools: &Rc<Tools>) {
    for kind in [Kind::Reference, Kind::Distribution] {
        let suite = format!("keyless on {}", kind.name());
        runner.suite(&suite, SCENARIOS, || Bench::start(kind, tools));
    }
}

const SCENARIOS: &[Scenario<Bench>] = &scenarios![
    theirs::verifies_what_cosign_signed,
    theirs::verifies_what_cosign_attested,
    theirs::refuses_another_identity,
    theirs::refuses_another_issuer,
    theirs::a_pattern_must_match_all_of_an_identity,
    theirs::an_identity_without_its_issuer_is_a_usage_error,
    theirs::refuses_what_another_root_does_not_know,
    theirs::demands_a_certificate_log_unless_told_otherwise,
    theirs::demands_what_a_certificate_must_claim,
    theirs::verifies_the_bundle_alone,
    theirs::verifies_a_layout_that_cosign_saved,
    theirs::finds_both_who_signed,
    ours::cosign_verifies_what_we_sign_and_attest,
    ours::cosign_refuses_what_another_identity_signed,
    ours::cosign_verifies_every_image_of_an_index,
    ours::a_job_of_github_actions_signs_by_itself,
    ours::cosign_finds_in_the_log_what_a_key_signed,
    ours::nothing_is_pushed_that_does_not_verify,
    ours::cosign_verifies_what_is_stamped_and_in_no_log,
    legacy::verifies_what_cosign_2_attached_under_tags,
    legacy::verifies_what_cosign_2_attached_as_bundles,
];

/// A registry, a Sigstore, and an image that cosign signed and attested in the name of [`RELEASE`].
struct Bench {
    registry: Registry,
    sigstore: Sigstore,
    signed: Image,
    key: Key,
    tools: Rc<Tools>,
}

impl Bench {
    fn start(kind: Kind, tools: &Rc<Tools>) -> Outcome<Self> {
        let registry = Registry::start(kind, tools)?;
        let name = |what: &str| format!("{what}-{}", kind.name());
        let bench = Self {
            signed: registry.push("keyless/app")?,
            registry,
            sigstore: Sigstore::start(tools, &name("sigstore"))?,
            key: Key::ours(tools, &name("logged"))?,
            tools: Rc::clone(tools),
        };
        let began = [None, Some(Predicate::Sbom)]
            .into_iter()
            .try_for_each(|what| bench.sigstore.cosign_attaches(RELEASE, &bench.signed, what));
        began.map_err(|failure| failure.during(bench.logs()))?;
        Ok(bench)
    }

    /// What we attach in the name of a workflow.
    fn we_attach(
        &self,
        workflow: Workflow,
        image: &Image,
        what: Option<Predicate>,
    ) -> Outcome<Ran> {
        let token = self.sigstore.token(workflow)?;
        let args = [&self.showing()[..], &["--identity-token", &token]].concat();
        self.attaches("countersign", &args, image, what)
    }

    /// The flags by which we show a signature to the services, and look at it ourselves.
    fn showing(&self) -> [&str; 7] {
        self.showing_to(&self.sigstore.signing_config)
    }

    fn showing_to<'a>(&'a self, signing_config: &'a str) -> [&'a str; 7] {
        [
            "--plain-http",
            &self.registry.host,
            "--signing-config",
            signing_config,
            "--trusted-root",
            &self.sigstore.root,
            "--insecure-ignore-sct",
        ]
    }

    /// Runs a program that signs an image, or attests something about it.
    fn attaches(
        &self,
        program: &str,
        args: &[&str],
        image: &Image,
        what: Option<Predicate>,
    ) -> Outcome<Ran> {
        attach(&self.tools, program, args, image, what)
    }

    /// Our verdict on a reference.
    fn verify<S: AsRef<str>>(&self, reference: &str, args: &[S]) -> Outcome<Ran> {
        let head = ["verify", "--plain-http", &self.registry.host];
        let args = args.iter().map(S::as_ref);
        self.tools.run(
            "countersign",
            head.into_iter().chain(args).chain([reference]),
        )
    }

    /// What cosign finds in the name of a workflow.
    fn cosign_verifies(
        &self,
        workflow: Workflow,
        reference: &str,
        what: Option<Predicate>,
    ) -> Outcome<Ran> {
        let command = if what.is_some() {
            "verify-attestation"
        } else {
            "verify"
        };
        let signer = self.believing(&self.signer(workflow));
        let kind = what.map(|what| ["--type", what.alias()]);
        let args = [command]
            .into_iter()
            .chain(signer.iter().map(String::as_str))
            .chain(kind.into_iter().flatten())
            .chain([reference]);
        self.tools.run("cosign3", args)
    }

    /// The flags that name a workflow as the signer.
    fn signer(&self, workflow: Workflow) -> [String; 2] {
        [
            format!("--certificate-identity={}", workflow.subject()),
            format!("--certificate-oidc-issuer={}", self.sigstore.issuer()),
        ]
    }

    /// The flags that name our trust root, with others.
    fn believing(&self, more: &[String]) -> Vec<String> {
        let mut flags = vec![
            format!("--trusted-root={}", self.sigstore.root),
            "--insecure-ignore-sct".to_owned(),
        ];
        flags.extend_from_slice(more);
        flags
    }

    /// Our verdict under our trust root on what a workflow signed.
    fn verify_by(&self, workflow: Workflow, reference: &str, more: &[&str]) -> Outcome<Ran> {
        let mut flags = self.believing(&self.signer(workflow));
        flags.extend(more.iter().map(|&flag| flag.to_owned()));
        self.verify(reference, &flags)
    }
}

impl World for Bench {
    fn logs(&self) -> String {
        [self.registry.logs(), self.sigstore.logs()].join("\n")
    }
}

/// The flags for what is in no log and was stamped: cosign's, and ours.
const STAMPED: [&str; 2] = ["--insecure-ignore-tlog", "--use-signed-timestamps"];
