//! `trust-root show`: whose certificates, logs and timestamps a trust root makes count, and when.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use countersign_evidence::{
    AuthorityFacts, LogFacts, TrustRoot, TrustRootError, TrustRootSummary, Validity,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::printer::{Output, Printer};
use crate::status::ExitStatus;
use crate::trust::read_root;

/// Show what trust roots hold: authorities and logs, and when each counts
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Trust roots: public-good, github, or files; the two that are built in when none is named
    #[arg(value_name = "NAME|FILE")]
    roots: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let now = Timestamp::now();
    let names = match args.roots.as_slice() {
        [] => BUILT_IN.map(str::to_owned).to_vec(),
        named => named.to_vec(),
    };
    let roots = names.iter().map(|name| Shown::read(name, now));
    let roots: Vec<_> = roots.collect::<Result<_, _>>()?;
    match args.output.output {
        Output::Json => printer.json(&roots)?,
        Output::Text => {
            for (index, root) in roots.iter().enumerate() {
                if index > 0 {
                    printer.data("");
                }
                root.text(now).iter().for_each(|line| printer.data(line));
            }
        }
    }
    Ok(ExitStatus::Success)
}

/// A trust root, and where it is from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    summary: TrustRootSummary,
    /// `builtIn` or `file`.
    origin: &'static str,
    /// Days since it was taken, or since the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_days: Option<i64>,
}

impl Shown {
    /// A root that is built in, or a file. Of certificates is demanded what policies demand by default.
    fn read(name: &str, now: Timestamp) -> Result<Self, Failure> {
        let (origin, root, since) = match TrustRoot::built_in(name) {
            Some(root) => {
                let midnight = |date| format!("{date}T00:00:00Z").parse().ok();
                let since = root.dated().and_then(midnight);
                ("builtIn", root, since)
            }
            None => {
                let path = Path::new(name);
                let json = read_root(name)?;
                let root = TrustRoot::from_json(name, json.as_bytes(), 1);
                let root = root.map_err(|error| refused(name, &error))?;
                let written = fs::metadata(path).and_then(|file| file.modified());
                let since = written.ok().and_then(|time| Timestamp::try_from(time).ok());
                ("file", Arc::new(root), since)
            }
        };
        Ok(Self {
            summary: root.summary().clone(),
            origin,
            age_days: since.map(|since| now.duration_since(since).as_secs() / DAY),
        })
    }

    fn text(&self, now: Timestamp) -> Vec<String> {
        let root = &self.summary;
        let age = self
            .age_days
            .map_or_else(String::new, |days| format!(", {days} days old"));
        let origin = match root.dated {
            Some(date) => format!("built in, as of {date}{age}"),
            None => format!("a file{age}"),
        };
        let mut lines = vec![format!("{} ({origin})", root.name)];
        let mut section = |title: &str, entries: Vec<String>| {
            if !entries.is_empty() {
                lines.push(format!("  {title}"));
                lines.extend(entries.into_iter().map(|entry| format!("    {entry}")));
            }
        };
        let authorities =
            |of: &[AuthorityFacts]| of.iter().map(|one| authority(one, now)).collect();
        let logs = |of: &[LogFacts]| of.iter().map(|one| log(one, now)).collect();
        section(
            "certificate authorities",
            authorities(&root.certificate_authorities),
        );
        section("transparency logs", logs(&root.logs));
        section(
            "timestamp authorities",
            authorities(&root.timestamp_authorities),
        );
        section("certificate logs", logs(&root.certificate_logs));
        section("left aside", root.unread.clone());
        section("what a certificate has to prove", vec![demand(root)]);
        lines
    }
}

fn refused(name: &str, error: &TrustRootError) -> Failure {
    let failure = Failure::usage(error.to_string())
        .coded(error.code())
        .about(name);
    match error.hint() {
        Some(hint) => failure.hinted(hint),
        None => failure,
    }
}

fn authority(facts: &AuthorityFacts, now: Timestamp) -> String {
    let parts = [&facts.common_name, &facts.organization, &facts.uri];
    let named: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    format!("{}  {}", window(&facts.validity, now), named.join(", "))
}

fn log(facts: &LogFacts, now: Timestamp) -> String {
    let id = facts.id.get(..16).unwrap_or(&facts.id);
    format!(
        "{}  {}  {} {id}",
        window(&facts.validity, now),
        facts.base_url,
        facts.key
    )
}

/// The days from which and to which something counts, of one width.
fn window(validity: &Validity, now: Timestamp) -> String {
    let day = |time: Option<Timestamp>| {
        time.map_or("          ".to_owned(), |time| {
            time.strftime("%F").to_string()
        })
    };
    let state = match (validity.start, validity.end) {
        (_, Some(end)) if end < now => "ended",
        (Some(start), _) if start > now => "later",
        _ => "",
    };
    format!(
        "{} to {}  {state:5}",
        day(validity.start),
        day(validity.end)
    )
}

fn demand(root: &TrustRootSummary) -> String {
    match (root.scts, root.certificate_logs.len()) {
        (0, _) => "no certificate log need have seen it".to_owned(),
        (_, 0) => "that a certificate log has seen it, and none is known here: policies need requireSct: false".to_owned(),
        (wanted, _) => format!("that {wanted} of the certificate logs has seen it"),
    }
}

const DAY: i64 = 86_400;
const BUILT_IN: [&str; 2] = ["public-good", "github"];
