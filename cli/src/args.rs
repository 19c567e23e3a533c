//! Arguments that several commands share.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use countersign_image::{Reference, ReferenceError, Repository};

use crate::failure::Failure;
use crate::printer::Output;

/// The images that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct ImageArgs {
    /// Images, by tag or digest
    #[arg(value_name = "IMAGE", required_unless_present = "image_file")]
    images: Vec<String>,
    /// Read more images from this file, one a line; - is stdin
    #[arg(long, value_name = "FILE")]
    image_file: Option<PathBuf>,
}

impl ImageArgs {
    /// The images, each at least a valid reference.
    pub(crate) fn references(&self) -> Result<Vec<Reference>, Failure> {
        references(&self.images, self.image_file.as_deref())
    }
}

/// The images of a command line and of a file, each at least a valid reference.
pub(crate) fn references(
    images: &[String],
    file: Option<&Path>,
) -> Result<Vec<Reference>, Failure> {
    let mut names = images.to_vec();
    if let Some(path) = file {
        let text = read(path)?;
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        names.extend(lines.map(str::to_owned));
    }
    if names.is_empty() {
        return Err(Failure::usage("no image is named").hinted("the file of --image-file is empty"));
    }
    names.iter().map(|name| reference(name)).collect()
}

/// Where signatures are stored, if not beside the image.
#[derive(Debug, clap::Args)]
pub(crate) struct StorageArgs {
    /// Signatures live in this repository instead of the image's
    #[arg(
        long,
        value_name = "REPOSITORY",
        env = "COSIGN_REPOSITORY",
        hide_env_values = true
    )]
    signature_repository: Option<String>,
}

impl StorageArgs {
    /// The repository, if one is named.
    pub(crate) fn repository(&self) -> Result<Option<Repository>, Failure> {
        let Some(name) = self
            .signature_repository
            .as_deref()
            .filter(|name| !name.is_empty())
        else {
            return Ok(None);
        };
        let parsed = name
            .parse()
            .map_err(|error| Failure::from(error).about(format!("signature repository {name:?}")));
        parsed.map(Some)
    }
}

/// How data is written.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// How to write the result
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Output,
}

/// What a signer adds, or what a verifier demands.
#[derive(Debug, clap::Args)]
pub(crate) struct AnnotationArgs {
    /// An annotation, signed with the signature; may be repeated
    #[arg(long = "annotation", short, alias = "annotations", value_name = "KEY=VALUE", value_parser = pair)]
    annotations: Vec<(String, String)>,
}

impl AnnotationArgs {
    /// The annotations; one key cannot have two values.
    pub(crate) fn map(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut map = BTreeMap::new();
        for (key, value) in &self.annotations {
            if map
                .insert(key.clone(), value.clone())
                .is_some_and(|other| other != *value)
            {
                return Err(Failure::usage(format!(
                    "annotation {key} is given twice, with different values"
                ))
                .hinted("give it once"));
            }
        }
        Ok(map)
    }
}

/// `HOST` or `HOST:PORT`. A URL would name no registry, and be passed over in silence.
pub(crate) fn host(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['/', '@', ',', '=']) || text.contains(char::is_whitespace)
    {
        return Err("expected HOST or HOST:PORT, without scheme and path".to_owned());
    }
    Ok(text.to_owned())
}

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected a name, `=` and a value".to_owned()),
    }
}

/// A reference as it was written on the command line.
pub(crate) fn reference(name: &str) -> Result<Reference, Failure> {
    name.parse().map_err(|error: ReferenceError| {
        let is_said = error.to_string().contains(name);
        let failure = Failure::from(error);
        if is_said {
            failure
        } else {
            failure.about(format!("{name:?}"))
        }
    })
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    read.map_err(|error| Failure::unreadable(path, &error))
}

/// The bytes of a file, and one more than `limit` at most: enough to see that it is too large.
pub(crate) fn read_bytes(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read =
        fs::File::open(path).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| bytes)
        .map_err(|error| Failure::unreadable(path, &error))
}
