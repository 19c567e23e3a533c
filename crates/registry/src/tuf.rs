//! Trusted roots and signing configurations from repositories of The Update Framework (TUF 1.0).
//!
//! Refuses what is not signed up to the root that the operator gave, what is older than what was seen before, and what
//! has expired. No name that a repository gives becomes a path or a host.
//! Specification: <https://theupdateframework.github.io/specification/v1.0.33/>.

mod cache;
mod directory;
mod error;
mod http;
mod location;
mod remote;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_image::limits;
use jiff::Timestamp;
use sigstore_tuf::{
    Metadata, Role, Root, Snapshot, Targets, TrustedMetadataSet, Updater, UpdaterConfig,
};

use self::cache::{Cache, Kept, Offline};
use self::remote::Remote;
use crate::settings::Settings;

pub use self::error::TufError;
pub use self::location::TufLocation;

/// One file of a TUF repository, and where trust in it begins.
#[derive(Clone, Debug)]
pub struct TufSource {
    /// The name of the trust root; `public-good` and `github` bring a location and a root of their own.
    pub name: String,
    /// Where the repository is, when not where the name says.
    pub location: Option<TufLocation>,
    /// The `root.json` that the operator trusts, when not the one that is compiled in for the name or the location.
    pub root: Option<Vec<u8>>,
    /// The file that is wanted.
    pub target: String,
    /// A directory that remembers what was seen, across restarts.
    pub cache: Option<PathBuf>,
}

/// A file of a TUF repository, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TufTarget {
    /// Its content.
    pub bytes: Vec<u8>,
    /// The version of the metadata that names it.
    pub version: u64,
    /// The version of the root that all of it was verified by.
    pub root_version: u64,
    /// When the first of the metadata (root, timestamp, snapshot, targets) expires.
    pub expires: Timestamp,
    /// When the repository was asked.
    pub refreshed: Timestamp,
}

/// A TUF repository of which one file is wanted.
///
/// Remembers the newest metadata that it has seen, and accepts none that is older.
#[derive(Debug)]
pub struct TufRepository {
    source: TufSource,
    root: Vec<u8>,
    remote: Remote,
    cache: Cache,
    kept: Mutex<Kept>,
}

impl TufRepository {
    /// The repository of `source`, reached as `settings` say; reads the cache, asks nobody.
    ///
    /// # Errors
    ///
    /// The source names no repository or no root, or the root is none.
    pub fn open(source: TufSource, settings: &Settings) -> Result<Self, TufError> {
        let named = BUILT_IN.iter().find(|known| known.name == source.name);
        // A name says whose keys are meant, whatever the mirror.
        let known = named.or_else(|| BUILT_IN.iter().find(|known| known.is_at(&source.location)));
        let unnamed = || TufError::NoRepository {
            name: source.name.clone(),
        };
        let location = match (&source.location, known) {
            (Some(location), _) => location.clone(),
            (None, Some(known)) => known.url.parse()?,
            (None, None) => return Err(unnamed()),
        };
        let root = match (&source.root, known) {
            (Some(root), _) => root.clone(),
            (None, Some(known)) => known.root.to_vec(),
            (None, None) => return Err(unnamed()),
        };
        remote::check_name(&source.target)?;
        TrustedMetadataSet::from_root(&root)?;
        let cache = Cache::new(source.cache.as_deref(), &location);
        let kept = Mutex::new(cache.load());
        Ok(Self {
            remote: Remote::new(location, settings)?,
            source,
            root,
            cache,
            kept,
        })
    }

    /// Where the repository is.
    #[must_use]
    pub fn location(&self) -> &TufLocation {
        self.remote.location()
    }

    /// Asks the repository for its newest metadata and the file, as of `now`, and keeps them.
    ///
    /// # Errors
    ///
    /// The repository cannot be had, or something of it is not fit to be trusted. What was had before stays.
    pub async fn refresh(&self, now: Timestamp) -> Result<TufTarget, TufError> {
        Ok(self.ask(now).await?.keep().await)
    }

    /// As [`Self::refresh`], but keeps nothing yet: the caller has a look at the file first.
    ///
    /// # Errors
    ///
    /// As those of [`Self::refresh`].
    pub async fn ask(&self, now: Timestamp) -> Result<TufAnswer<'_>, TufError> {
        let store = self.kept().clone().open();
        let mut updater = Updater::new(self.remote.clone(), &self.root)?
            .with_config(bounds())
            .with_store(store.clone());
        let update = self.update(&mut updater, now, now);
        let target =
            tokio::time::timeout(PATIENCE, update)
                .await
                .map_err(|_| TufError::Timeout {
                    what: self.location().to_string(),
                })??;
        Ok(TufAnswer {
            target,
            kept: store.close(now),
            repository: self,
        })
    }

    /// What the last refresh brought, from memory or from the cache; all of it is verified again but for its age:
    /// [`TufTarget::expires`] may have passed.
    ///
    /// `None` when there is nothing, or nothing that the root vouches for.
    pub async fn last_good(&self) -> Option<TufTarget> {
        let kept = self.kept().clone();
        let (refreshed, as_of) = (kept.refreshed?, kept.earliest_expiry()?);
        let store = kept.open();
        let mut updater = Updater::new(Offline(store.clone()), &self.root)
            .ok()?
            .with_config(bounds())
            .with_store(store);
        let target = self.update(&mut updater, as_of, refreshed).await;
        target
            .inspect_err(|error| {
                tracing::warn!(name = self.source.name, code = error.code(), %error, "cached TUF metadata is of no use");
            })
            .ok()
    }

    async fn update(
        &self,
        updater: &mut Updater,
        now: Timestamp,
        refreshed: Timestamp,
    ) -> Result<TufTarget, TufError> {
        updater.refresh(now).await?;
        let name = &self.source.target;
        let missing = || TufError::TargetMissing {
            target: name.clone(),
        };
        let listed = updater
            .get_target_info(name, now)
            .await?
            .ok_or_else(missing)?;
        if listed.length > limits::TRUST_ROOT_BYTES as u64 {
            return Err(TufError::TooLarge {
                file: name.clone(),
                limit: limits::TRUST_ROOT_BYTES as u64,
            });
        }
        let bytes = match updater.find_cached_target(&listed, name) {
            Some(bytes) => bytes,
            None => updater.download_target(&listed, name).await?,
        };
        let trusted = updater.trusted();
        let targets = trusted.targets_role("targets").ok_or_else(missing)?;
        let lower = [
            trusted.timestamp().map(Role::expires),
            trusted.snapshot().map(Role::expires),
        ];
        let expires = lower.into_iter().flatten();
        Ok(TufTarget {
            bytes,
            version: targets.version,
            root_version: trusted.root().version,
            expires: expires.fold(trusted.root().expires.min(targets.expires), Timestamp::min),
            refreshed,
        })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a repository answered: verified, and not kept yet.
#[derive(Debug)]
pub struct TufAnswer<'a> {
    target: TufTarget,
    kept: Kept,
    repository: &'a TufRepository,
}

impl TufAnswer<'_> {
    /// The file.
    #[must_use]
    pub fn target(&self) -> &TufTarget {
        &self.target
    }

    /// Keeps it as the last good one; from now on nothing older is accepted.
    pub async fn keep(self) -> TufTarget {
        *self.repository.kept() = self.kept.clone();
        self.repository.cache.save(self.kept).await;
        self.target
    }
}

impl Kept {
    /// A time at which nothing of this had expired. Read from what is not verified yet, which may be wrong only about
    /// when it will be refused.
    fn earliest_expiry(&self) -> Option<Timestamp> {
        let expiries = [
            self.expiry::<Root>("root.json"),
            self.expiry::<sigstore_tuf::Timestamp>("timestamp.json"),
            self.expiry::<Snapshot>("snapshot.json"),
            self.expiry::<Targets>("targets.json"),
        ];
        expiries.into_iter().flatten().min()
    }

    fn expiry<T: Role>(&self, name: &str) -> Option<Timestamp> {
        let metadata = Metadata::<T>::from_slice(self.files.get(name)?).ok()?;
        Some(metadata.signed().expires())
    }
}

fn bounds() -> UpdaterConfig {
    let mut bounds = UpdaterConfig::default();
    bounds.snapshot_max_length = limits::TUF_METADATA_BYTES as u64;
    bounds.targets_max_length = limits::TUF_METADATA_BYTES as u64;
    bounds.target_max_length = limits::TRUST_ROOT_BYTES as u64;
    bounds
}

struct BuiltIn {
    name: &'static str,
    url: &'static str,
    root: &'static [u8],
}

impl BuiltIn {
    fn is_at(&self, location: &Option<TufLocation>) -> bool {
        let own = self.url.parse().ok();
        own.is_some() && own == *location
    }
}

/// The repositories that are known by name; `roots/README.md` says where the roots are from.
const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: "public-good",
        url: "https://tuf-repo-cdn.sigstore.dev",
        root: include_bytes!("../roots/public-good.root.json"),
    },
    BuiltIn {
        name: "github",
        url: "https://tuf-repo.github.com",
        root: include_bytes!("../roots/github.root.json"),
    },
];
/// A whole refresh: at most one request for each root since ours, and four more.
const PATIENCE: Duration = Duration::from_secs(60);
