//! An image as the policies that cover it see it, for the commands that show what they saw.
//!
//! Looks the way `check` does: what is shown is what was judged.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_policy::{Input, Mode, Namespace, Policy};
use countersign_review::{Outcome, Request, Review, Reviewer, Settings, Stance};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::args;
use crate::commands::check;
use crate::failure::Failure;
use crate::policies::PoliciesArgs;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::verdicts;

/// The image and the policies that a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// The image, by tag or digest
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// Only the policy of this name
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// The namespace that the image would run in
    #[arg(long, short, value_name = "NAME", value_parser = check::namespace)]
    namespace: Option<String>,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// What was seen when a policy was evaluated, for some platforms of the image.
pub(super) struct Look<T> {
    pub(super) policy: String,
    pub(super) mode: Mode,
    pub(super) platforms: Vec<String>,
    pub(super) seen: T,
}

impl ImageArgs {
    /// Reviews the image and collects what `see` makes of each evaluation.
    pub(super) fn look<T: Send + 'static>(
        &self,
        printer: &Printer,
        see: impl Fn(&Policy, &Input<'_>) -> T + Send + Sync + 'static,
    ) -> Result<(Review, Vec<Look<T>>), Failure> {
        let policies = self.policies.load(&self.registry, printer)?;
        let reference = args::reference(&self.image)?;
        let references = std::slice::from_ref(&reference);
        let client = self
            .registry
            .client_with(references, policies.registries())?;
        let namespace = Namespace {
            name: self.namespace.clone(),
            labels: None,
        };
        let covering = policies.matching(reference.repository(), &namespace);
        let wanted = self.policy.clone();
        let names = covering.iter().map(|found| found.policy.name());
        if !names
            .clone()
            .any(|name| wanted.as_deref().is_none_or(|wanted| wanted == name))
        {
            let names: Vec<&str> = names.collect();
            return Err(self.uncovered(&names));
        }
        let looks = Arc::new(Mutex::new(Vec::new()));
        let (seen, only) = (Arc::clone(&looks), wanted);
        let observer = move |policy: &Policy, input: &Input<'_>, platforms: &[String]| {
            if only.as_deref().is_some_and(|only| only != policy.name()) {
                return;
            }
            let look = Look {
                policy: policy.name().to_owned(),
                mode: policy.mode(),
                platforms: platforms.to_vec(),
                seen: see(policy, input),
            };
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(look);
        };
        let settings = Settings {
            unmatched: Stance::Deny,
            ..Settings::default()
        };
        let reviewer = Reviewer::new(client.into(), policies, settings)
            .map_err(|error| Failure::could_not_look(format!("cannot start: {error}")))?
            .observed(Arc::new(observer));
        let workload = check::bare(&self.image, reference);
        let request = Request {
            operation: "CREATE".to_owned(),
            namespace,
            ..Request::default()
        };
        let deadline = Instant::now() + TIMEOUT;
        let review = block_on(async {
            let now = Timestamp::now();
            Ok(reviewer.review(&workload, &request, now, deadline).await)
        })?;
        let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((review, std::mem::take(&mut *looks)))
    }

    fn uncovered(&self, covering: &[&str]) -> Failure {
        let image = countersign_image::excerpt(&self.image);
        match &self.policy {
            Some(name) if !covering.is_empty() => {
                let name = countersign_image::excerpt(name);
                Failure::usage(format!("no policy {name} covers {image}"))
                    .coded("unknown_policy")
                    .hinted(format!("these do: {}", covering.join(", ")))
            }
            _ => Failure::denied(format!("no policy covers {image}"))
                .coded("unmatched")
                .hinted("look at images.include of the policies, and at --namespace"),
        }
    }
}

/// Of a review in which no policy was evaluated.
pub(super) fn nothing_seen(review: &Review) -> Failure {
    let message = review.message();
    let message = message.lines().next().unwrap_or_default();
    let failure = match review.outcome() {
        Outcome::CouldNotLook => Failure::could_not_look(message),
        _ => Failure::denied(message),
    };
    let mut images = review.images.iter();
    let code = images.clone().flat_map(|image| image.codes()).next();
    let hint = images.find_map(verdicts::hint);
    let failure = failure.coded(code.unwrap_or_else(|| "denied".to_owned()));
    match hint {
        Some(hint) => failure.hinted(hint),
        None => failure.hinted("`countersign check` says more"),
    }
}

const TIMEOUT: Duration = Duration::from_secs(60);
