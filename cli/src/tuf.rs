//! TUF repositories on the command line: what trust roots among policies name, and what is kept of them.
//!
//! Refuses to judge by a root that has expired when no newer one can be had.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_policy::{
    SourceFile, TrustRootFacts, TrustRootLocation, TrustRootSource, TrustRoots, trust_root_sources,
};
use countersign_registry::{Settings, TufError, TufLocation, TufRepository, TufSource, TufTarget};
use jiff::Timestamp;

use crate::failure::{Failure, plain};
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;

/// Adds the trust roots that `documents` have from TUF repositories, fresh.
pub(crate) fn add(
    documents: &[SourceFile],
    roots: &mut TrustRoots,
    registry: &RegistryArgs,
    printer: &Printer,
) -> Result<(), Failure> {
    let sources = trust_root_sources(documents).into_iter();
    let sources: Vec<_> = sources
        .filter(|source| matches!(source.location, TrustRootLocation::Tuf(_)))
        .collect();
    if sources.is_empty() {
        return Ok(());
    }
    let settings = registry.settings(&[])?;
    block_on(async {
        for source in &sources {
            let repository = open(source, &settings)?;
            let name = &source.name;
            printer.progress(&format!("refreshing the trust root {name}"));
            let target = match repository.refresh(Timestamp::now()).await {
                Ok(target) => target,
                Err(error) => last_good(name, &repository, error, printer).await?,
            };
            let facts = TrustRootFacts {
                expires: Some(target.expires),
                refreshed: Some(target.refreshed),
                version: Some(target.version),
            };
            roots.provide(name, target.bytes, facts);
        }
        Ok(())
    })
}

/// What was had before stands in for what cannot be had now, for as long as it is good.
async fn last_good(
    name: &str,
    repository: &TufRepository,
    error: TufError,
    printer: &Printer,
) -> Result<TufTarget, Failure> {
    match repository.last_good().await {
        Some(target) if target.expires > Timestamp::now() => {
            printer.warning(&format!(
                "the trust root {name} could not be refreshed, and is of {}: {error} ({})",
                target.refreshed,
                error.code()
            ));
            Ok(target)
        }
        _ => Err(could_not_refresh(name, &error)),
    }
}

fn open(source: &TrustRootSource, settings: &Settings) -> Result<TufRepository, Failure> {
    let TrustRootLocation::Tuf(wanted) = &source.location else {
        return Err(Failure::usage(format!(
            "{} is no TUF repository",
            source.name
        )));
    };
    let location = match &wanted.repository {
        countersign_policy::TufRepository::Directory(path) => {
            TufLocation::Directory(source.beside(path))
        }
        countersign_policy::TufRepository::Url(url) => url
            .parse()
            .map_err(|error| unusable(&source.document, None, &error))?,
    };
    let root = wanted.root.as_deref().map(|path| source.beside(path));
    let tuf = TufSource {
        name: source.name.clone(),
        location: Some(location),
        root: root.as_deref().map(read_root).transpose()?,
        target: wanted.target.clone(),
        cache: cache(),
    };
    TufRepository::open(tuf, settings).map_err(|error| {
        let failure = unusable(&source.document, root.as_deref(), &error);
        match error {
            TufError::NoRepository { .. } => failure
                .hinted("name in `tuf` the `root`: the root.json that you trust to begin with"),
            _ => failure,
        }
    })
}

/// The `root.json` of a repository.
pub(crate) fn read_root(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::unreadable(path, &error))
}

/// What is wrong with a source, or with the `root.json` that was given, whatever its repository says.
pub(crate) fn unusable(place: &str, root: Option<&Path>, error: &TufError) -> Failure {
    let failure = hinted(Failure::usage(error.to_string()), error);
    let failure = match (root, error) {
        (Some(root), TufError::Malformed { .. } | TufError::Untrusted { .. }) => failure
            .about(root.display())
            .hinted("the root.json of the repository is meant, as its 1.root.json"),
        _ => failure,
    };
    failure.about(place)
}

/// Why nothing fresh could be had.
pub(crate) fn could_not_refresh(name: &str, error: &TufError) -> Failure {
    let failure = match error {
        TufError::Unreadable { path, source } => {
            Failure::could_not_look(format!("cannot read {}: {}", path.display(), plain(source)))
                .hinted("check the path")
        }
        _ => Failure::could_not_look(error.to_string()),
    };
    hinted(failure, error).about(format_args!("the trust root {name} could not be refreshed"))
}

fn hinted(failure: Failure, error: &TufError) -> Failure {
    let failure = failure.coded(error.code());
    match error.hint() {
        Some(hint) => failure.hinted(hint),
        None => failure,
    }
}

/// Where the user's caches are.
pub(crate) fn cache() -> Option<PathBuf> {
    let named = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?;
    Some(caches.join("countersign"))
}
