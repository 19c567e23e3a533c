//! `images`: the images that manifests run.

use countersign_image::excerpt;
use countersign_workload::{ImageUse, Workload};
use serde::Serialize;

use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::manifests::{FileArgs, Manifest};
use crate::printer::{Output, Printer};
use crate::status::ExitStatus;

/// List the images that manifests run: where, as written, and by their full name
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    if args.files.is_empty() {
        return Err(Failure::usage("no manifest is named")
            .coded("manifests_missing")
            .hinted("name files with -f FILE, or -f - for stdin"));
    }
    let (manifests, mut failures) = args.files.read();
    if manifests.is_empty() && failures.is_empty() {
        return Err(FileArgs::nothing());
    }
    let mut images = Vec::new();
    for manifest in &manifests {
        let workloads = manifest.workloads(&args.files).unwrap_or_else(|failure| {
            failures.push(failure);
            Vec::new()
        });
        for workload in workloads {
            let used = workload.images.iter();
            images.extend(used.map(|image| ImageOut::new(manifest, &workload, image)));
            let used = workload.images.into_iter();
            let invalid = used.filter_map(|image| Some((image.path, image.reference.err()?)));
            failures.extend(invalid.map(|(path, error)| {
                Failure::from(error).about(format!("{}: {path}", manifest.origin))
            }));
        }
    }
    match args.output.output {
        Output::Json => printer.json(&images)?,
        Output::Text => table(&images, printer),
    }
    if images.is_empty() && failures.is_empty() {
        printer.note("nothing here runs an image");
    }
    let statuses = failures.iter().map(|failure| printer.failure(failure));
    Ok(statuses.fold(ExitStatus::Success, ExitStatus::and))
}

/// `Kind namespace/name`, as far as it is known.
pub(crate) fn name(workload: &Workload) -> String {
    let name = workload.name.as_deref().unwrap_or("(no name)");
    excerpt(&match &workload.namespace {
        Some(namespace) => format!("{} {namespace}/{name}", workload.kind),
        None => format!("{} {name}", workload.kind),
    })
}

fn table(images: &[ImageOut], printer: &Printer) {
    let mut object = None;
    let width = images
        .iter()
        .map(|image| image.path.len())
        .max()
        .unwrap_or_default();
    let written = images
        .iter()
        .map(|image| image.image.len())
        .max()
        .unwrap_or_default();
    for image in images {
        if object != Some((&image.file, &image.object)) {
            printer.data(&format!("{}  ({})", image.object, image.file));
            object = Some((&image.file, &image.object));
        }
        let canonical = image.canonical.as_deref().unwrap_or("(no valid reference)");
        printer.data(&format!(
            "  {:width$}  {:written$}  {canonical}",
            image.path, image.image
        ));
    }
}

#[derive(Serialize)]
struct ImageOut {
    file: String,
    object: String,
    path: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl ImageOut {
    fn new(manifest: &Manifest, workload: &Workload, image: &ImageUse) -> Self {
        Self {
            file: manifest.origin.to_string(),
            object: name(workload),
            path: image.path.clone(),
            image: image.image.clone(),
            canonical: image.reference.as_ref().ok().map(ToString::to_string),
            error: image.reference.as_ref().err().map(ToString::to_string),
        }
    }
}
