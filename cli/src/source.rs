//! Where images are looked at: in registries, or in an image layout on disk.

use std::path::PathBuf;

use countersign_image::{Collected, Digest, ImageSource, Needs, Reference, Resolved, SourceError};
use countersign_registry::{Client, Layout, LayoutError};

use crate::args;
use crate::failure::Failure;
use crate::registry::RegistryArgs;

/// The images that a command is about, and where they are.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// Images, by tag or digest
    #[arg(value_name = "IMAGE", required_unless_present_any = ["image_file", "layout"])]
    images: Vec<String>,
    /// Read more images from this file, one a line; - is stdin
    #[arg(long, value_name = "FILE")]
    image_file: Option<PathBuf>,
    /// Look in this OCI image layout and in no registry; without IMAGE, at the one image in it
    #[arg(long, value_name = "DIR")]
    layout: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl SourceArgs {
    /// The source, and the images in it, each at least a valid reference.
    pub(crate) fn open(&self) -> Result<(Source, Vec<Reference>), Failure> {
        let Some(directory) = &self.layout else {
            let references = args::references(&self.images, self.image_file.as_deref())?;
            let client = self.registry.client(&references)?;
            return Ok((Source::Registry(Box::new(client)), references));
        };
        let layout = Layout::open(directory).map_err(failure)?;
        let references = if self.images.is_empty() && self.image_file.is_none() {
            let image = layout.only_image().map_err(failure)?;
            // A layout names no repository; the digest says which image it is.
            vec![args::reference(&format!("{UNNAMED}@{}", image.digest))?]
        } else {
            args::references(&self.images, self.image_file.as_deref())?
        };
        Ok((Source::Layout(Box::new(layout)), references))
    }

    /// Where `image` is.
    pub(crate) fn place(&self, image: &str) -> Place {
        let Some(directory) = &self.layout else {
            return Place::Registry(image.to_owned());
        };
        let named = match self.images.is_empty() && self.image_file.is_none() {
            true => String::new(),
            false => format!(" {image}"),
        };
        Place::Layout(format!("--layout {}{named}", directory.display()))
    }

    /// `failure`, with advice for where it happened.
    pub(crate) fn advise(&self, failure: Failure) -> Failure {
        match (&self.layout, failure.code()) {
            (None, _) => failure,
            (Some(_), Some("image_not_found")) => failure
                .hinted("an image goes by the name that the layout gives it, or by its digest; without IMAGE, the only one is meant"),
            (Some(_), _) => failure.hinted("the layout is damaged or was altered: save the image again"),
        }
    }
}

/// Where an image is, as words of a command line.
pub(crate) enum Place {
    /// In a registry, where things can be attached to it.
    Registry(String),
    /// In a layout, which nothing is attached to.
    Layout(String),
}

/// Where images are looked at.
pub(crate) enum Source {
    /// In registries.
    Registry(Box<Client>),
    /// In a directory.
    Layout(Box<Layout>),
}

impl ImageSource for Source {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        match self {
            Self::Registry(client) => client.resolve(reference).await,
            Self::Layout(layout) => layout.resolve(reference).await,
        }
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        match self {
            Self::Registry(client) => client.collect(image, needs).await,
            Self::Layout(layout) => layout.collect(image, needs).await,
        }
    }
}

fn failure(error: LayoutError) -> Failure {
    let hint = match &error {
        LayoutError::NoImage { .. } => Some(
            "it lists nothing but what is attached to images: save the image into it too"
                .to_owned(),
        ),
        LayoutError::SeveralImages { names, .. } => {
            let names: Vec<_> = names.iter().map(|name| reference_to(name)).collect();
            Some(format!("name one of {}", names.join(", ")))
        }
        LayoutError::Unreadable { .. } => Some("check who may read it".to_owned()),
        other => other.hint(),
    };
    let failure = Failure::usage(error.to_string()).coded(error.code());
    failure.hinted(
        hint.unwrap_or_else(|| {
            "the layout is damaged or was altered: save the image again".to_owned()
        }),
    )
}

/// What a layout calls an image, as IMAGE has to be written: names may be tags or digests alone.
fn reference_to(name: &str) -> String {
    if name.parse::<Digest>().is_ok() {
        format!("{UNNAMED}@{name}")
    } else if name.contains(['/', ':']) {
        name.to_owned()
    } else {
        format!("{UNNAMED}:{name}")
    }
}

/// What an image without a name is shown as.
const UNNAMED: &str = "localhost/layout";
