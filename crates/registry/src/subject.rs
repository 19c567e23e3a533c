//! What things are attached to: the image, what its index lists; and which roads lead to them, by what rules need.

use countersign_image::{Digest, Needs, Origin};

/// Something that things are attached to, and the roads to them.
pub(crate) struct Subject<'a> {
    pub(crate) digest: &'a Digest,
    pub(crate) tags: Vec<Origin>,
    /// Whether manifests that refer to it count.
    pub(crate) lists: bool,
}

impl<'a> Subject<'a> {
    pub(crate) fn image(digest: &'a Digest, needs: &Needs) -> Self {
        let mut subject = Self::child(digest, needs);
        if needs.unsigned_sboms {
            subject.tags.push(Origin::SbomTag);
        }
        subject
    }

    pub(crate) fn child(digest: &'a Digest, needs: &Needs) -> Self {
        let tags = [
            (needs.signatures, Origin::SignatureTag),
            (needs.attestations, Origin::AttestationTag),
        ];
        Self {
            digest,
            tags: tags
                .into_iter()
                .filter_map(|(wanted, tag)| wanted.then_some(tag))
                .collect(),
            lists: needs.signatures || needs.attestations || needs.unsigned_sboms,
        }
    }

    /// Of an attestation manifest, whose signature vouches for the statements in it.
    pub(crate) fn attestation_manifest(digest: &'a Digest) -> Self {
        Self {
            lists: true,
            ..Self::signed(digest)
        }
    }

    pub(crate) fn signed(digest: &'a Digest) -> Self {
        Self {
            digest,
            tags: vec![Origin::SignatureTag],
            lists: false,
        }
    }
}
