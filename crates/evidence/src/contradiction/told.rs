//! What provenance says of the run that made it, by build type.
//!
//! Refuses nothing: a build type that is not known here says nothing that could be compared.

use std::borrow::Cow;

use serde_json::Value;

use super::{Run, Topic, WORKFLOWS};
use crate::Provenance;
use crate::provenance::repository::canonical;
use crate::provenance::source::{DELEGATOR, split_ref};
use crate::provenance::{buildkit, member};

type Facts<'a> = Vec<(Topic, Cow<'a, str>)>;

/// All that can be compared, each with its topic; a topic may come up more than once.
pub(super) fn by(provenance: &Provenance) -> Facts<'_> {
    let build_type = provenance.build_type.as_deref();
    let mut facts = Facts::new();
    match build_type.unwrap_or_default() {
        _ if buildkit::made(build_type) => run_of_buildkit(provenance, &mut facts),
        WORKFLOW_GITHUB | WORKFLOW_SLSA | WORKFLOW_DRAFT => workflow(provenance, &mut facts),
        CONTAINER | CONTAINER_BASED | GENERIC | GO | NPM_V1 | NPM_V2 => {
            source(provenance, &mut facts);
            environment(provenance, &mut facts);
            builder(provenance, &mut facts);
            run(provenance, &mut facts);
        }
        // The builder is the workflow that delegated, and the signer the one that it delegated to. What was checked out
        // may be another ref than the one that began the run.
        DELEGATOR => {
            push(&mut facts, Topic::Repository, source_uri(provenance));
            environment(provenance, &mut facts);
            run(provenance, &mut facts);
        }
        _ => {}
    }
    facts
}

/// <https://actions.github.io/buildtypes/workflow/v1>, and what it came from.
fn workflow<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let workflow = member(&provenance.parameters, "workflow");
    let repository = text(member(workflow, "repository"));
    push(facts, Topic::Repository, repository.clone());
    push(facts, Topic::Revision, commit(provenance));
    // The ref of the run is that of the dependency; `workflow.ref` is the one of the workflow's file.
    let of_run = repository.as_deref().map(canonical);
    let dependency = provenance
        .dependencies
        .iter()
        .filter_map(|dependency| dependency.uri.as_deref())
        .find(|uri| Some(canonical(uri)) == of_run);
    let reference = dependency.and_then(|uri| split_ref(uri).1);
    push(facts, Topic::Ref, reference.map(Cow::Borrowed));
    if let (Some(repository), Some(path), Some(reference)) = (
        repository,
        text(member(workflow, "path")),
        text(member(workflow, "ref")),
    ) {
        let workflow = format!("{repository}/{path}@{reference}");
        facts.push((Topic::Workflow, Cow::Owned(workflow)));
    }
    let github = member(&provenance.environment, "github");
    push(facts, Topic::Trigger, text(member(github, "event_name")));
    push(
        facts,
        Topic::RepositoryId,
        text(member(github, "repository_id")),
    );
    for runner in [
        member(github, "runner_environment"),
        member(&provenance.parameters, "runner_environment"),
    ] {
        push(facts, Topic::Runner, text(runner));
    }
    builder(provenance, facts);
    run(provenance, facts);
}

/// The source, which these types take from the event that began the run.
fn source<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let reference = provenance
        .source
        .as_ref()
        .and_then(|source| source.reference.as_deref());
    push(facts, Topic::Repository, source_uri(provenance));
    push(facts, Topic::Revision, commit(provenance));
    push(facts, Topic::Ref, reference.map(Cow::Borrowed));
}

/// GitHub's variables: in capitals, and in lower case where a generator of 0.2 wrote them.
fn environment<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let variable = |name: &str| {
        let names = [
            format!("GITHUB_{}", name.to_ascii_uppercase()),
            format!("github_{name}"),
        ];
        names
            .iter()
            .find_map(|name| text(member(&provenance.environment, name)))
    };
    let on_github = |path: Cow<'_, str>| Cow::Owned(format!("https://github.com/{path}"));
    push(
        facts,
        Topic::Repository,
        variable("repository").map(on_github),
    );
    push(facts, Topic::RepositoryId, variable("repository_id"));
    push(facts, Topic::Ref, variable("ref"));
    push(facts, Topic::Revision, variable("sha"));
    push(facts, Topic::Revision, variable("sha1"));
    push(facts, Topic::Trigger, variable("event_name"));
    push(
        facts,
        Topic::Workflow,
        variable("workflow_ref").map(on_github),
    );
    if let (Some(id), Some(attempt)) = (variable("run_id"), variable("run_attempt")) {
        facts.push((Topic::Run, Cow::Owned(format!("{id}-{attempt}"))));
    }
}

/// The builder, where it is a workflow or as npm has it, a kind of runner.
fn builder<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let Some(id) = provenance.builder_id.as_deref() else {
        return;
    };
    if let Some(runner @ ("github-hosted" | "self-hosted")) = id.strip_prefix(RUNNER) {
        facts.push((Topic::Runner, Cow::Borrowed(runner)));
    } else if id.contains(WORKFLOWS) {
        facts.push((Topic::Signer, Cow::Borrowed(id)));
    }
}

fn run<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let id = provenance.invocation_id.as_deref();
    let id = id.filter(|id| Run::parse(id).is_some());
    push(facts, Topic::Run, id.map(Cow::Borrowed));
}

/// The builder id that Docker's action sets is the run that built. Another run may sign later, and a run that is tried again
/// signs what its first attempt built: only the repository must be the same.
fn run_of_buildkit<'a>(provenance: &'a Provenance, facts: &mut Facts<'a>) {
    let id = provenance.builder_id.as_deref();
    let id = id.filter(|id| Run::parse(id).is_some_and(|run| run.repository.is_some()));
    push(facts, Topic::RunRepository, id.map(Cow::Borrowed));
}

fn source_uri(provenance: &Provenance) -> Option<Cow<'_, str>> {
    let source = provenance.source.as_ref()?;
    source.uri.as_deref().map(Cow::Borrowed)
}

fn commit(provenance: &Provenance) -> Option<Cow<'_, str>> {
    let source = provenance.source.as_ref()?;
    source
        .digest
        .get("gitCommit")
        .map(|commit| Cow::Borrowed(commit.as_str()))
}

/// A text that says something, or a number as text.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn push<'a>(facts: &mut Facts<'a>, topic: Topic, told: Option<Cow<'a, str>>) {
    facts.extend(told.map(|told| (topic, told)));
}

const WORKFLOW_GITHUB: &str = "https://actions.github.io/buildtypes/workflow/v1";
const WORKFLOW_SLSA: &str =
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1";
const WORKFLOW_DRAFT: &str = "https://slsa.dev/github-actions-workflow/v1?draft";
const CONTAINER: &str = "https://github.com/slsa-framework/slsa-github-generator/container@v1";
const CONTAINER_BASED: &str = "https://slsa.dev/container-based-build/v0.1?draft";
const GENERIC: &str = "https://github.com/slsa-framework/slsa-github-generator/generic@v1";
const GO: &str = "https://github.com/slsa-framework/slsa-github-generator/go@v1";
const NPM_V1: &str = "https://github.com/npm/cli/gha@v1";
const NPM_V2: &str = "https://github.com/npm/cli/gha/v2";
const RUNNER: &str = "https://github.com/actions/runner/";
