//! A TUF repository that lies in a directory.
//!
//! Reads regular files, within their limit; a hanging file system holds up nobody who serves.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use countersign_image::excerpt;

use crate::tuf::TufError;

#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The content of a file whose name was checked; `None` when there is none of that name.
    pub(super) async fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, TufError> {
        // Without the directory every file is missing, and the newest root would seem to be the one we have.
        let (directory, path) = (self.0.clone(), self.0.join(file));
        let job = path.clone();
        let read = tokio::task::spawn_blocking(move || {
            fs::metadata(&directory).and_then(|_| read(&job, limit))
        });
        match read.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(Some(bytes)) if bytes.len() as u64 > limit => Err(TufError::TooLarge {
                file: excerpt(file),
                limit,
            }),
            Ok(found) => Ok(found),
            Err(source) => Err(TufError::Unreadable { path, source }),
        }
    }
}

/// At most one byte more than `limit`.
fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        // To open a pipe would wait for its writer.
        Ok(_) => return Err(io::Error::other("not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
