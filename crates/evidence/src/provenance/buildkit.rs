//! What BuildKit adds to provenance: the state of the working tree, the network, how much was recorded.
//!
//! Refuses nothing of its own, and leaves the provenance of other builders as it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::source::without_credentials;
use super::{Provenance, Vcs, present};

/// What stands in BuildKit's provenance beside what SLSA defines.
pub(super) struct BuildKit {
    pub(super) metadata: Option<Metadata>,
    pub(super) hermetic: Option<bool>,
    /// Whether the build graph is there, which mode `max` records and `min` leaves out.
    pub(super) build_config: bool,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    vcs: Option<BTreeMap<String, String>>,
}

impl BuildKit {
    /// Fills in what only BuildKit says.
    pub(super) fn complete(self, provenance: &mut Provenance) {
        if !made(provenance.build_type.as_deref()) {
            return;
        }
        // Left out when false.
        provenance.hermetic = Some(self.hermetic.unwrap_or_default());
        provenance.detail = Some(if self.build_config { "max" } else { "min" }.to_owned());
        let vcs = self.metadata.and_then(|metadata| metadata.vcs);
        provenance.vcs = vcs.and_then(|vcs| working_tree(vcs, provenance.entry_point.as_deref()));
    }
}

/// Whether BuildKit made the provenance, by its type.
pub(crate) fn made(build_type: Option<&str>) -> bool {
    build_type.is_some_and(|build_type| TYPES.contains(&build_type))
}

/// What buildx found: `source`, the URL of the remote; `revision`, with `-dirty` behind it if it was asked to look and found changes, and where the folder
/// of the Dockerfile is in the repository.
fn working_tree(mut vcs: BTreeMap<String, String>, entry_point: Option<&str>) -> Option<Vcs> {
    let repository = present(vcs.remove("source")).map(|uri| without_credentials(&uri));
    let revision = present(vcs.remove("revision"));
    let dockerfile = present(vcs.remove("localdir:dockerfile")).zip(entry_point);
    let dockerfile = dockerfile.map(|(folder, file)| match folder.as_str() {
        "." => file.to_owned(),
        folder => format!("{folder}/{file}"),
    });
    let (revision, dirty) = match revision {
        Some(revision) => match revision.strip_suffix("-dirty") {
            Some(clean) => (Some(clean.to_owned()), true),
            None => (Some(revision), false),
        },
        None => (None, false),
    };
    let is_told = repository.is_some() || revision.is_some() || dockerfile.is_some();
    is_told.then_some(Vcs {
        repository,
        revision,
        dirty,
        dockerfile,
    })
}

const TYPES: &[&str] = &[
    "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
    "https://mobyproject.org/buildkit@v1",
];
