//! What BuildKit says of its builds, in both of its forms: nothing until somebody signs the index that lists it, or the
//! manifest that holds it, or attests it anew.

mod builds;
mod daemon;
mod forged;
mod lifted;

use std::rc::Rc;

use serde_json::{Value, json};

use self::builds::{Build, Form};
use self::daemon::Daemon;
use crate::evidence::{BUILDER, Key, Predicate};
use crate::failure::Outcome;
use crate::process::Ran;
use crate::registry::{Image, Kind, Registry};
use crate::runner::{Runner, Scenario, World, scenarios};
use crate::tools::Tools;

/// Plays all scenarios in both forms.
pub(crate) fn play(runner: &mut Runner, tools: &Rc<Tools>) {
    for form in Form::BOTH {
        let suite = format!("BuildKit in {} form", form.name());
        runner.suite(&suite, SCENARIOS, || Yard::start(form, tools));
    }
}

const SCENARIOS: &[Scenario<Yard>] = &scenarios![
    builds::it_is_that_form,
    builds::unsigned_provenance_is_no_evidence,
    builds::a_signature_of_the_index_vouches_for_its_statements,
    builds::a_signature_of_one_image_covers_that_image_alone,
    builds::a_signature_of_what_holds_statements_vouches_for_them,
    forged::a_builder_that_nobody_signed_is_nobody,
    forged::a_builder_that_a_stranger_signed_is_nobody,
    forged::a_builder_is_vouched_for_by_its_own_authority,
    lifted::cosign_verifies_the_lifted_statements_of_every_platform,
    lifted::a_lifted_statement_names_the_builder_that_it_is_told,
    lifted::nothing_is_lifted_where_nothing_is_said,
];

/// A builder, a registry, and those who sign.
struct Yard {
    form: Form,
    daemon: Daemon,
    registry: Registry,
    release: Key,
    /// Trusted to sign, and not to vouch for builders.
    ci: Key,
    stranger: Key,
    tools: Rc<Tools>,
}

impl Yard {
    fn start(form: Form, tools: &Rc<Tools>) -> Outcome<Self> {
        let registry = Registry::start(Kind::Reference, tools)?;
        let key = |who: &str| Key::ours(tools, &format!("{who}-{}", form.name()));
        Ok(Self {
            form,
            daemon: Daemon::start(tools, form.name(), &registry.host)?,
            registry,
            release: key("built-release")?,
            ci: key("built-ci")?,
            stranger: key("built-stranger")?,
            tools: Rc::clone(tools),
        })
    }

    /// Our verdict on a signature by a key.
    fn verify(&self, key: &Key, image: &Image) -> Outcome<Ran> {
        self.verdict(key, &image.by_digest(), &[])
    }

    /// Our verdict on provenance that a key vouches for.
    fn verify_provenance(&self, key: &Key, image: &Image) -> Outcome<Ran> {
        let kind = ["--type", Predicate::Provenance.alias()];
        self.verdict(key, &image.by_digest(), &kind)
    }

    fn verdict(&self, key: &Key, reference: &str, more: &[&str]) -> Outcome<Ran> {
        let head = ["verify", "--key", &key.public];
        let place = ["--plain-http", &self.registry.host, reference];
        self.tools
            .run("countersign", [&head[..], more, &place].concat())
    }

    /// Signs an image, or whatever has this digest in its repository.
    fn signs(&self, key: &Key, build: &Build, digest: &str) -> Outcome {
        key.sign(&build.part(digest), "bundle")
    }

    /// What a policy says of an image that wants provenance of [`BUILDER`], at level 3, for these platforms.
    fn check(&self, build: &Build, platforms: &Value) -> Outcome<Ran> {
        let folder = format!("policies-{}", self.form.name());
        self.tools.folder(&folder)?;
        let policy = json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": "built"},
            "spec": {
                "images": {"include": [format!("{}/**", self.registry.host)]},
                "platforms": platforms,
                "authorities": [
                    {"name": "release", "key": {"pem": self.release.pem()?}, "transparency": "none"},
                    {"name": "ci", "key": {"pem": self.ci.pem()?}, "transparency": "none"},
                ],
                "builders": [{"id": BUILDER, "authorities": ["release"], "maxLevel": 3}],
                "rules": [
                    {"rule": "provenance/builder_id", "params": {"allow": [BUILDER]}},
                    {"rule": "provenance/slsa_level", "params": {"minimum": 3}},
                ],
            },
        });
        let file = format!("{folder}/policy.yaml");
        self.tools.file(&file, &policy.to_string())?;
        let place = ["--plain-http", self.registry.host.as_str()];
        let args = ["check", "--policies", &folder, &build.image.by_digest()];
        self.tools.run("countersign", [&args[..], &place].concat())
    }
}

impl World for Yard {
    fn logs(&self) -> String {
        [self.registry.logs(), self.daemon.logs()].join("\n")
    }
}
