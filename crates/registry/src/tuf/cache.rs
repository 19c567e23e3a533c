//! What was seen of a repository before: so that nothing older is accepted, and so that a restart needs no network.
//!
//! One file for each repository, replaced whole: metadata of two refreshes never mixes, and no name from outside is the
//! name of a file. Everything in it is verified again; a cache that cannot be used costs a refresh, nothing else.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_image::{Digest, Fields, limits, parse_strict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{MetadataStore, Repository};

use crate::tuf::TufLocation;

/// Files of a repository by name, and when they were current. Verified by nobody.
#[derive(Clone, Default)]
pub(super) struct Kept {
    pub(super) refreshed: Option<Timestamp>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Kept {
    /// For the time of one refresh.
    pub(super) fn open(self) -> Store {
        Store(Arc::new(Mutex::new(self)))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("refreshed", &self.refreshed)
            .field("files", &self.files.keys())
            .finish()
    }
}

/// Where the TUF client reads what is known and notes what it verified. Given up unless the refresh succeeds.
#[derive(Clone, Debug)]
pub(super) struct Store(Arc<Mutex<Kept>>);

impl Store {
    pub(super) fn close(&self, now: Timestamp) -> Kept {
        let mut kept = self.lock().clone();
        kept.refreshed = Some(now);
        kept
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetadataStore for Store {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        Ok(self.lock().files.get(name).cloned())
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        // The client keeps a snapshot under its version too; those would pile up, and nobody reads them.
        if !name.ends_with(".snapshot.json") {
            self.lock().files.insert(name.to_owned(), bytes.to_vec());
        }
        Ok(())
    }
}

/// What is kept, in the place of the repository.
pub(super) struct Offline(pub(super) Store);

impl Repository for Offline {
    fn fetch_metadata<'a>(&'a self, name: &'a str, _limit: u64) -> FetchFuture<'a> {
        let unversioned = match name.split_once('.') {
            Some((version, rest)) if version.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => name,
        };
        // The chain of roots was walked before anybody asks here.
        let found = match unversioned {
            "root.json" => Ok(None),
            name => self.0.load(name),
        };
        Box::pin(std::future::ready(found))
    }

    fn fetch_target<'a>(&'a self, _path: &'a str, _limit: u64) -> FetchFuture<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// The file that outlives the process; none, if none is wanted.
#[derive(Debug)]
pub(super) struct Cache(Option<PathBuf>);

impl Cache {
    pub(super) fn new(directory: Option<&Path>, location: &TufLocation) -> Self {
        let name = Digest::of(location.to_string().as_bytes());
        Self(directory.map(|directory| directory.join(format!("tuf-{}.json", name.hex()))))
    }

    pub(super) fn load(&self) -> Kept {
        let Some(path) = &self.0 else {
            return Kept::default();
        };
        match read(path) {
            Ok(kept) => kept,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(path = %path.display(), %error, "the TUF cache cannot be read");
                }
                Kept::default()
            }
        }
    }

    pub(super) async fn save(&self, kept: Kept) {
        let Some(path) = self.0.clone() else {
            return;
        };
        let job = path.clone();
        let written = tokio::task::spawn_blocking(move || write(&job, &kept)).await;
        if let Err(error) = written.unwrap_or_else(|error| Err(error.into())) {
            tracing::warn!(path = %path.display(), %error, "the TUF cache cannot be written");
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    refreshed: Timestamp,
    files: BTreeMap<String, String>,
}

fn read(path: &Path) -> io::Result<Kept> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(limits::TUF_CACHE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits::TUF_CACHE_BYTES as u64 {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let Fields(wire) = parse_strict::<Fields<Wire>>(&bytes).map_err(io::Error::other)?;
    let mut files = BTreeMap::new();
    for (name, text) in wire.files {
        let bytes = STANDARD.decode(text).map_err(io::Error::other)?;
        files.insert(name, bytes);
    }
    Ok(Kept {
        refreshed: Some(wire.refreshed),
        files,
    })
}

fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let Some((directory, refreshed)) = path.parent().zip(kept.refreshed) else {
        return Ok(());
    };
    let files = kept.files.iter();
    let wire = Wire {
        refreshed,
        files: files
            .map(|(name, bytes)| (name.clone(), STANDARD.encode(bytes)))
            .collect(),
    };
    fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer(&mut file, &wire)?;
    file.flush()?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
