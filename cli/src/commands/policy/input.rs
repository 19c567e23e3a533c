//! `policy input`: what a rule is given.

use crate::commands::policy::looking::{ImageArgs, nothing_seen};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Print what the rules of a policy are given of an image: the fixture of a test
///
/// Exit codes: 0 printed, 1 no policy covers the image, 2 a policy is wrong, or which input is meant is not clear, 3 a
/// registry could not be looked at.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    image: ImageArgs,
    /// What this rule is given, in place of what the rules of the policy are given together
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// For this platform of the image, where its platforms are judged by themselves
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let rule = args.rule.clone();
    let (review, mut looks) = args.image.look(printer, move |policy, input| {
        policy.input(input, rule.as_deref())
    })?;
    if looks.is_empty() {
        return Err(nothing_seen(&review));
    }
    let any = looks.len();
    looks.retain(|look| look.seen.is_some());
    if let (true, Some(rule)) = (looks.is_empty() && any > 0, &args.rule) {
        let rule = countersign_image::excerpt(rule);
        return Err(Failure::usage(format!(
            "no policy that covers the image has the rule {rule}"
        ))
        .coded("unknown_rule")
        .hinted("`policy explain` names the rules of each policy"));
    }
    if let Some(platform) = &args.platform {
        looks.retain(|look| look.platforms.contains(platform));
    }
    let names: Vec<String> = looks
        .iter()
        .map(|look| match look.platforms.as_slice() {
            [] => format!("policy {}", look.policy),
            platforms => format!("policy {}, {}", look.policy, platforms.join(", ")),
        })
        .collect();
    match looks.as_slice() {
        [look] => {
            printer.json(&look.seen)?;
            Ok(ExitStatus::Success)
        }
        [] => Err(Failure::usage("the image has no such platform")
            .coded("unknown_platform")
            .hinted("`countersign inspect` shows the platforms of an image")),
        _ => Err(
            Failure::usage("the rules are evaluated more than once on this image")
                .coded("ambiguous_input")
                .detailed(names)
                .hinted("say which is meant: --policy NAME, --platform OS/ARCH"),
        ),
    }
}
