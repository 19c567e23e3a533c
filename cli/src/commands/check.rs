//! `check`: the verdict of the webhook before the cluster, on manifests or on bare images.
//!
//! Assumes nothing: what only a cluster knows is named in the output and decides nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use countersign_image::Reference;
use countersign_policy::{Namespace, PolicySet};
use countersign_registry::Client;
use countersign_review::{Request, Reviewer, Settings, Stance};
use countersign_workload::{ImageUse, Workload};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::args;
use crate::commands::images;
use crate::failure::Failure;
use crate::manifests::{FileArgs, Manifest, Origin, is_manifest};
use crate::policies::PoliciesArgs;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;
use crate::verdicts::{CheckOut, ReviewOut, VerdictArgs};

/// Say whether manifests or images would be admitted, by the same code and policies as the webhook
///
/// Exit codes: 0 admitted, 1 denied, 2 a policy or a manifest is wrong, 3 a registry could not be looked at.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images, where there is no manifest
    #[arg(value_name = "IMAGE", required_unless_present = "files")]
    images: Vec<String>,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// The namespace of images, and of manifests that name none
    #[arg(long, short, value_name = "NAME", value_parser = namespace)]
    namespace: Option<String>,
    /// What to do with an image that no policy covers: allow, warn or deny
    #[arg(long, value_name = "STANCE", default_value_t = Stance::Deny)]
    unmatched: Stance,
    /// What to do with a tag in place of a digest: allow, warn or deny
    #[arg(long, value_name = "STANCE", default_value_t = Stance::Warn)]
    unpinned: Stance,
    /// How long each manifest may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    #[command(flatten)]
    output: VerdictArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let policies = args.policies.load(&args.registry, printer)?;
    let (subjects, failures) = args.subjects()?;
    for failure in &failures {
        printer.failure(failure);
    }
    let mut check = CheckOut::new(&failures);
    if subjects.is_empty() {
        if failures.is_empty() {
            printer.note("nothing here runs an image");
        }
        return check.finish(&args.output, printer);
    }
    let references: Vec<Reference> = subjects
        .iter()
        .flat_map(|subject| &subject.workload.images)
        .filter_map(|image| image.reference.clone().ok())
        .collect();
    let client = args
        .registry
        .client_with(&references, policies.registries())?;
    let settings = Settings {
        unmatched: args.unmatched,
        unpinned: args.unpinned,
        ..Settings::default()
    };
    check.unknown = unknown(&subjects, &policies);
    let reviewer = Reviewer::new(client.into(), policies, settings)
        .map_err(|error| Failure::could_not_look(format!("cannot start: {error}")))?;
    block_on(async {
        for subject in &subjects {
            printer.progress(&format!("looking at {}", subject.name));
            check.add(args.review(&reviewer, subject).await);
        }
        if !check.unknown.is_empty() {
            printer.note(&format!("not known here: {}", check.unknown.join(", ")));
        }
        check.finish(&args.output, printer)
    })
}

/// Something to judge.
struct Subject {
    /// What it is, for people.
    name: String,
    /// Where it stands; absent for an image of the command line.
    origin: Option<Origin>,
    workload: Workload,
    namespace: Namespace,
}

impl Args {
    fn subjects(&self) -> Result<(Vec<Subject>, Vec<Failure>), Failure> {
        let (manifests, mut failures) = self.files.read();
        if manifests.is_empty() && failures.is_empty() && !self.files.is_empty() {
            return Err(FileArgs::nothing());
        }
        let labels = namespace_labels(&manifests);
        let mut subjects = Vec::new();
        for manifest in manifests {
            match manifest.workloads(&self.files) {
                Ok(workloads) => {
                    let runs = |workload: &Workload| !workload.images.is_empty();
                    subjects.extend(workloads.into_iter().filter(runs).map(|workload| {
                        let name = images::name(&workload);
                        self.subject(name, Some(manifest.origin.clone()), workload, &labels)
                    }));
                }
                Err(failure) => failures.push(failure),
            }
        }
        for image in &self.images {
            if Path::new(image).is_file() && is_manifest(Path::new(image)) {
                return Err(Failure::usage(format!("{image} is a file, not an image"))
                    .coded("image_is_file")
                    .hinted(format!("name manifests with -f: -f {image}")));
            }
            let workload = bare(image, args::reference(image)?);
            subjects.push(self.subject(format!("image {image}"), None, workload, &labels));
        }
        Ok((subjects, failures))
    }

    fn subject(
        &self,
        name: String,
        origin: Option<Origin>,
        mut workload: Workload,
        labels: &Labels,
    ) -> Subject {
        workload.namespace = workload.namespace.or_else(|| self.namespace.clone());
        let known = workload
            .namespace
            .as_ref()
            .and_then(|name| labels.get(name))
            .cloned();
        let namespace = Namespace {
            name: workload.namespace.clone(),
            labels: known,
        };
        Subject {
            name,
            origin,
            workload,
            namespace,
        }
    }

    async fn review(&self, reviewer: &Reviewer<Client>, subject: &Subject) -> ReviewOut {
        let request = Request {
            operation: "CREATE".to_owned(),
            namespace: subject.namespace.clone(),
            ..Request::default()
        };
        let deadline = Instant::now() + Duration::from_secs(self.timeout);
        let review = reviewer
            .review(&subject.workload, &request, Timestamp::now(), deadline)
            .await;
        ReviewOut::new(&subject.name, subject.origin.as_ref(), &review)
    }
}

/// The name of a namespace: a DNS label.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = text.bytes().all(is_known) && !text.starts_with('-') && !text.ends_with('-');
    if text.is_empty() || text.len() > 63 || !is_label {
        return Err("a namespace is called in lower-case letters, digits and -".to_owned());
    }
    Ok(text.to_owned())
}

/// Labels by the name of the namespace.
type Labels = BTreeMap<String, BTreeMap<String, String>>;

/// What the Namespace objects among the manifests say.
fn namespace_labels(manifests: &[Manifest]) -> Labels {
    let objects = manifests.iter().map(|manifest| &manifest.object);
    let namespaces =
        objects.filter(|object| object["kind"] == "Namespace" && object["apiVersion"] == "v1");
    let read = namespaces.filter_map(|object| {
        let metadata = object.get("metadata")?;
        let labels = match metadata.get("labels") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(labels) => serde_json::from_value(labels.clone()).ok()?,
        };
        Some((metadata.get("name")?.as_str()?.to_owned(), labels))
    });
    read.collect()
}

/// An image of the command line as the one container of a pod of which nothing else is known.
pub(crate) fn bare(image: &str, reference: Reference) -> Workload {
    let used = ImageUse {
        path: "command line".to_owned(),
        container: String::new(),
        image: image.to_owned(),
        reference: Ok(reference),
    };
    Workload {
        kind: "Pod".to_owned(),
        api_version: "v1".to_owned(),
        namespace: None,
        name: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        service_account: None,
        images: vec![used],
    }
}

/// What a cluster would know and we do not, as far as some policy would look at it.
fn unknown(subjects: &[Subject], policies: &PolicySet) -> Vec<String> {
    let policies = policies.policies();
    let reads = |section, key| policies.iter().any(|policy| policy.reads(section, key));
    let selected = policies.iter().any(|policy| policy.selects_namespaces());
    let mut unknown = Vec::new();
    if reads("request", "user") {
        unknown.push("who creates it (request.user)".to_owned());
    }
    let nameless = subjects
        .iter()
        .any(|subject| subject.namespace.name.is_none());
    if nameless && (selected || reads("workload", "namespace")) {
        unknown.push("the namespace (--namespace NAME says it)".to_owned());
    }
    let unlabelled =
        |subject: &&Subject| subject.namespace.name.is_some() && subject.namespace.labels.is_none();
    if let Some(subject) = subjects.iter().find(unlabelled)
        && (selected || reads("workload", "namespaceLabels"))
    {
        let name = subject.namespace.name.as_deref().unwrap_or_default();
        unknown.push(format!(
            "the labels of namespace {name} (a Namespace among the manifests says them)"
        ));
    }
    if subjects.iter().any(|subject| subject.origin.is_none())
        && POD.iter().any(|key| reads("workload", key))
    {
        unknown.push("the pod around a bare image".to_owned());
    }
    unknown
}

/// What a rule may read of a pod, beside its namespace.
const POD: [&str; 6] = [
    "annotations",
    "container",
    "kind",
    "labels",
    "name",
    "serviceAccount",
];
