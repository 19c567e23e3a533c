//! `policy eval`: what policies make of an input that is in a file.

use std::path::PathBuf;

use countersign_policy::{Explanation, Mode};
use serde_json::{Value, json};

use super::explain;
use crate::args::{self, OutputArgs};
use crate::failure::Failure;
use crate::policies::PoliciesArgs;
use crate::printer::{Output, Printer};
use crate::registry::RegistryArgs;
use crate::status::ExitStatus;

/// Evaluate the rules of policies, with their parameters, on an input from a file, and show why they decide as they do
///
/// The input is what `policy input` prints. Exit codes: 0 nothing is denied, 1 something is, 2 a policy or the input is
/// wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The input: a JSON file; - is stdin
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// Only the policy of this name
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let policies = args.policies.load(&args.registry, printer)?;
    let input = read(args)?;
    let mut evaluations = Vec::new();
    for policy in policies.policies() {
        if args
            .policy
            .as_deref()
            .is_some_and(|name| name != policy.name())
        {
            continue;
        }
        let mut rules = policy.explain_written(&input);
        rules.retain(|rule| args.rule.as_ref().is_none_or(|id| *id == rule.rule));
        if !rules.is_empty() {
            evaluations.push((policy, rules));
        }
    }
    if evaluations.is_empty() {
        let policies = policies.policies().iter();
        let known = policies.map(|policy| {
            let rules: Vec<&str> = policy.rule_ids().collect();
            format!("{}: {}", policy.name(), rules.join(", "))
        });
        return Err(Failure::usage("no policy has such a rule")
            .coded("unknown_rule")
            .detailed(known)
            .hinted("choose one of these with --policy and --rule"));
    }
    if args.output.output == Output::Json {
        let all = evaluations.iter();
        let all = all.map(|(policy, rules)| {
            json!({ "policy": policy.name(), "mode": policy.mode(), "rules": rules })
        });
        printer.json(&json!({ "evaluations": all.collect::<Vec<_>>() }))?;
    } else {
        for (policy, rules) in &evaluations {
            printer.data(&format!(
                "policy {} ({})",
                policy.name(),
                policy.mode().as_str()
            ));
            let lines = rules.iter().flat_map(explain::lines);
            lines.for_each(|line| printer.data(&format!("  {line}")));
        }
    }
    let denies = |(mode, rules): (Mode, &Vec<Explanation>)| {
        mode == Mode::Enforce && rules.iter().any(|rule| !rule.violations.is_empty())
    };
    let denied = evaluations
        .iter()
        .any(|(policy, rules)| denies((policy.mode(), rules)));
    Ok(if denied {
        ExitStatus::Denied
    } else {
        ExitStatus::Success
    })
}

fn read(args: &Args) -> Result<Value, Failure> {
    let text = args::read(&args.input)?;
    let input: Value = serde_json::from_str(&text).map_err(|error| {
        let message = format!("{}: {error}", args.input.display());
        Failure::usage(message)
            .coded("input_malformed")
            .hinted("the input is JSON, as `policy input` prints it")
    })?;
    if input.is_object() {
        return Ok(input);
    }
    let message = format!("{} holds no JSON object", args.input.display());
    Err(Failure::usage(message)
        .coded("input_malformed")
        .hinted("the input is JSON, as `policy input` prints it"))
}
