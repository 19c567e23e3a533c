//! Our command line and its peers on real registries: what one writes, the other reads.
//!
//! Every scenario is played on every kind of registry, for what a registry lacks decides where things are stored.

mod crane;
mod keys;
mod layouts;
mod ours;
mod theirs;

use std::rc::Rc;

use crate::evidence::{Key, Predicate};
use crate::failure::Outcome;
use crate::process::Ran;
use crate::registry::{Image, Kind, Registry};
use crate::runner::{Runner, Scenario, World, scenarios};
use crate::tools::Tools;

/// Plays all scenarios on all registries.
pub(crate) fn play(runner: &mut Runner, tools: &Rc<Tools>) {
    for kind in Kind::ALL {
        let suite = format!("interop on {}", kind.name());
        runner.suite(&suite, SCENARIOS, || Bench::start(kind, tools));
    }
}

const SCENARIOS: &[Scenario<Bench>] = &scenarios![
    keys::cosign_opens_our_key_files,
    keys::opens_the_key_files_of_both_cosigns,
    keys::a_wrong_password_is_a_usage_error,
    theirs::verifies_what_cosign_3_attached_as_bundles,
    theirs::verifies_what_cosign_3_attached_under_tags,
    theirs::verifies_what_cosign_2_attached_as_bundles,
    theirs::verifies_what_cosign_2_attached_under_tags,
    theirs::verifies_an_index_that_cosign_signed,
    theirs::verifies_the_annotations_that_cosign_signed,
    theirs::finds_what_lies_in_another_repository,
    theirs::answers_to_cosigns_own_command_line,
    theirs::finds_every_signer_whatever_form_each_chose,
    layouts::verifies_a_layout_that_cosign_saved,
    layouts::finds_nothing_in_a_layout_that_has_nothing,
    ours::both_cosigns_verify_our_bundles,
    ours::both_cosigns_verify_our_tags,
    ours::both_cosigns_verify_what_we_attach_in_both_forms,
    ours::cosign_refuses_what_another_key_signed,
    ours::cosign_verifies_our_annotations,
    ours::our_signature_leaves_cosigns_beside_it,
    ours::our_signature_covers_an_index,
    crane::crane_pulls_what_it_pushed,
    crane::crane_lists_the_tags_it_set,
    crane::crane_copies_to_another_repository,
    crane::crane_finds_nothing_wrong_with_an_image,
];

/// A registry, and three who sign.
struct Bench {
    tools: Rc<Tools>,
    registry: Registry,
    /// Made by our `keygen`.
    ours: Key,
    /// Made by cosign.
    theirs: Key,
    /// Signs nothing.
    stranger: Key,
}

impl Bench {
    fn start(kind: Kind, tools: &Rc<Tools>) -> Outcome<Self> {
        tools.must("cosign3", ["trusted-root", "create", "--out", TRUSTED_ROOT])?;
        let name = |who: &str| format!("{who}-{}", kind.name());
        Ok(Self {
            tools: Rc::clone(tools),
            registry: Registry::start(kind, tools)?,
            ours: Key::ours(tools, &name("ours"))?,
            theirs: Key::cosigns(tools, Cosign::Three.name(), &name("theirs"))?,
            stranger: Key::ours(tools, &name("stranger"))?,
        })
    }

    /// Our verdict on a reference, under a key.
    fn verify(&self, key: &Key, reference: &str, more: &[&str]) -> Outcome<Ran> {
        let head = [
            "verify",
            "--key",
            &key.public,
            "--plain-http",
            &self.registry.host,
        ];
        let args = head
            .into_iter()
            .chain(more.iter().copied())
            .chain([reference]);
        self.tools.run("countersign", args)
    }

    /// What cosign attaches, in one of its forms.
    fn cosign_attaches(
        &self,
        cosign: Cosign,
        form: Form,
        key: &Key,
        image: &Image,
        what: Option<Predicate>,
        more: &[&str],
    ) -> Outcome {
        let command = if what.is_some() { "attest" } else { "sign" };
        let mut args = vec![
            command,
            "--key",
            &key.private,
            "--tlog-upload=false",
            "--yes",
        ];
        args.extend(cosign.without_services());
        args.push(form.writing());
        args.extend(more);
        let file = what.map(|what| what.file(&self.tools)).transpose()?;
        if let (Some(what), Some(file)) = (what, &file) {
            args.extend(["--type", what.alias(), "--predicate", file]);
        }
        let reference = image.by_digest();
        args.push(&reference);
        self.tools.must(cosign.name(), args).map(drop)
    }

    /// Fails unless cosign finds, in this form and under this key, a signature or what is attested.
    fn cosign_accepts(
        &self,
        cosign: Cosign,
        form: Form,
        key: &Key,
        image: &Image,
        what: Option<Predicate>,
    ) -> Outcome {
        let ran = self
            .cosign_verifies(cosign, form, key, image, what, &[])?
            .exits(0)?;
        // cosign may prefer the other form where an image has both: what it prints tells which it read.
        if what.is_none() {
            ran.saying(form.signature_type()).map(drop)
        } else {
            Ok(())
        }
    }

    /// What cosign finds in one of its forms, under a key.
    fn cosign_verifies(
        &self,
        cosign: Cosign,
        form: Form,
        key: &Key,
        image: &Image,
        what: Option<Predicate>,
        more: &[&str],
    ) -> Outcome<Ran> {
        let command = if what.is_some() {
            "verify-attestation"
        } else {
            "verify"
        };
        let mut args = vec![command, "--key", &key.public, "--private-infrastructure"];
        args.extend(form.reading());
        args.extend(
            what.map(|what| ["--type", what.alias()])
                .into_iter()
                .flatten(),
        );
        args.extend(more);
        let reference = image.by_digest();
        args.push(&reference);
        self.tools.run(cosign.name(), args)
    }
}

impl World for Bench {
    fn logs(&self) -> String {
        self.registry.logs()
    }
}

/// A version of cosign.
#[derive(Clone, Copy, Debug)]
enum Cosign {
    Two,
    Three,
}

impl Cosign {
    const BOTH: [Self; 2] = [Self::Two, Self::Three];

    fn name(self) -> &'static str {
        match self {
            Self::Two => "cosign2",
            Self::Three => "cosign3",
        }
    }

    /// The flag that keeps it from asking the public services for their addresses.
    fn without_services(self) -> &'static [&'static str] {
        match self {
            Self::Two => &[],
            Self::Three => &["--use-signing-config=false"],
        }
    }
}

/// How cosign stores what it attaches.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// A Sigstore bundle that refers to the image.
    Bundle,
    /// A manifest under a tag made of the digest, `.sig` or `.att`.
    Tag,
}

impl Form {
    fn writing(self) -> &'static str {
        match self {
            Self::Bundle => "--new-bundle-format=true",
            Self::Tag => "--new-bundle-format=false",
        }
    }

    /// cosign 2 reads no bundle without a trusted root, even where there is a key; one without content suffices.
    fn reading(self) -> &'static [&'static str] {
        match self {
            Self::Bundle => &["--new-bundle-format=true", "--trusted-root", TRUSTED_ROOT],
            Self::Tag => &["--new-bundle-format=false"],
        }
    }

    /// What cosign prints as the type of a signature that it found in this form.
    fn signature_type(self) -> &'static str {
        match self {
            Self::Bundle => "https://sigstore.dev/cosign/sign/v1",
            Self::Tag => "cosign container image signature",
        }
    }
}

const TRUSTED_ROOT: &str = "trusted-root.json";
