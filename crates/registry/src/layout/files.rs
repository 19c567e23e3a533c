//! The files of a layout, found by digest and read up to a bound.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use countersign_image::{Algorithm, Digest, SourceError, limits};
use serde::Deserialize;

use super::LayoutError;
use crate::manifests;

/// A directory that says it is a layout.
#[derive(Clone, Debug)]
pub(super) struct Files(Arc<Path>);

/// The file `oci-layout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

impl Files {
    pub(super) fn open(directory: &Path) -> Result<Self, LayoutError> {
        let files = Self(directory.into());
        let marker = files.top_level(MARKER)?;
        let parsed = countersign_image::parse_strict(&marker);
        let countersign_image::Fields(Marker {
            image_layout_version: version,
        }) = parsed.map_err(|error| files.malformed(MARKER, error.to_string()))?;
        if version.split('.').next() != Some("1") {
            let version = countersign_image::excerpt(&version);
            return Err(files.malformed(MARKER, format!("version {version} is unknown")));
        }
        Ok(files)
    }

    /// The directory, for messages.
    pub(super) fn shown(&self) -> String {
        self.0.display().to_string()
    }

    /// A file that every layout has.
    pub(super) fn top_level(&self, name: &'static str) -> Result<Vec<u8>, LayoutError> {
        let path = self.0.join(name);
        let missing = || LayoutError::NotFound {
            path: self.shown(),
            missing: name,
        };
        match read(&path, limits::MANIFEST_BYTES) {
            Ok(bytes) => bytes.ok_or_else(missing),
            Err(error) if error.kind() == ErrorKind::NotADirectory => Err(missing()),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    pub(super) fn malformed(&self, name: &str, detail: String) -> LayoutError {
        LayoutError::Malformed {
            path: self.0.join(name).display().to_string(),
            detail,
        }
    }

    /// Every blob that is no larger than `limit` and begins as a JSON object does, in order of digest.
    pub(super) fn json_blobs(&self, limit: usize) -> Result<Vec<Digest>, LayoutError> {
        let mut found = Vec::new();
        let mut seen = 0_usize;
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let directory = self.0.join("blobs").join(algorithm.as_str());
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(&directory, &error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| unreadable(&directory, &error))?;
                seen += 1;
                if seen > limits::LAYOUT_FILES {
                    return Err(LayoutError::TooMany {
                        path: self.shown(),
                        limit: limits::LAYOUT_FILES,
                    });
                }
                // Files of other names, such as notes and locks, are no blobs.
                let name = entry.file_name();
                let digest = name
                    .to_str()
                    .and_then(|hex| format!("{}:{hex}", algorithm.as_str()).parse().ok());
                let path = entry.path();
                if let Some(digest) = digest
                    && begins_as_object(&path, limit).map_err(|error| unreadable(&path, &error))?
                {
                    found.push(digest);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// A blob's bytes, unchecked.
    pub(super) fn unchecked(
        &self,
        digest: &Digest,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, LayoutError> {
        let path = self.path(digest);
        read(&path, limit).map_err(|error| unreadable(&path, &error))
    }

    /// A blob of at most `limit` bytes, of this size where it was announced; `None` when there is none.
    pub(super) async fn blob(
        &self,
        digest: &Digest,
        size: Option<u64>,
        limit: usize,
    ) -> Result<Option<Bytes>, SourceError> {
        let (host, what) = (self.shown(), digest.to_string());
        if let Some(size) = size {
            manifests::within(&host, &what, size, limit)?;
        }
        let (path, wanted) = (self.path(digest), digest.clone());
        let from = host.clone();
        let read_and_check = move || {
            let bytes = match read(&path, limit) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                    let host = from;
                    return Err(SourceError::TooLarge { host, what, limit });
                }
                Err(error) => {
                    let detail = format!("{what}: {error}");
                    return Err(SourceError::Unreachable { host: from, detail });
                }
            };
            let got = bytes.len() as u64;
            if let Some(wanted) = size.filter(|wanted| *wanted != got) {
                let host = from;
                return Err(SourceError::SizeMismatch {
                    host,
                    what,
                    wanted,
                    got,
                });
            }
            manifests::verified(&from, &wanted, &bytes)?;
            Ok(Some(Bytes::from(bytes)))
        };
        // Disks may be slow, and whoever waits for this serves others too.
        let outcome = tokio::task::spawn_blocking(read_and_check).await;
        outcome.map_err(|error| SourceError::Unreachable {
            host,
            detail: error.to_string(),
        })?
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let algorithm = digest.algorithm().as_str();
        self.0.join("blobs").join(algorithm).join(digest.hex())
    }
}

/// The content of a file, if there is such a file. Of what is larger, nothing.
fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

fn begins_as_object(path: &Path, limit: usize) -> io::Result<bool> {
    let Some(file) = open(path)? else {
        return Ok(false);
    };
    if file.metadata()?.len() > limit as u64 {
        return Ok(false);
    }
    let mut start = Vec::new();
    file.take(START_BYTES).read_to_end(&mut start)?;
    Ok(start.trim_ascii_start().starts_with(b"{"))
}

/// A regular file: opening a pipe would wait for a writer, and a device may be endless.
fn open(path: &Path) -> io::Result<Option<File>> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path).map(Some)
}

fn unreadable(path: &Path, error: &io::Error) -> LayoutError {
    LayoutError::Unreadable {
        path: path.display().to_string(),
        detail: error.to_string(),
    }
}

const MARKER: &str = "oci-layout";
const START_BYTES: u64 = 64;
