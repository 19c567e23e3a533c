//! The digests that evidence may speak of: the image's own, and if it is an index, those of what it lists.
//!
//! What a signed thing is about is decided here and by its signed subjects alone, wherever it was attached.

use countersign_image::{AttestationManifest, Descriptor, Digest, Document};

/// An image, and what it lists.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    image: &'a Digest,
    children: Vec<&'a Descriptor>,
    manifests: Vec<AttestationManifest<'a>>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// The image as a whole.
    Image(&'a Digest),
    /// A child that may run.
    Child(&'a Descriptor),
    /// A manifest that holds statements about a child.
    AttestationManifest(&'a Descriptor),
}

impl<'a> Parts<'a> {
    /// Those of `image`. An index of too many is taken for one of none: then only what speaks of the whole counts.
    pub(crate) fn of(image: &'a Digest, content: Option<&'a Document>) -> Self {
        let (children, manifests) = match content {
            Some(Document::Index(index)) => (
                index.runnable().unwrap_or_default(),
                index.attestation_manifests().unwrap_or_default(),
            ),
            _ => (Vec::new(), Vec::new()),
        };
        Self {
            image,
            children,
            manifests,
        }
    }

    /// The parts that `is_subject` names. What names the image as a whole names all of it, and is about nothing less.
    pub(crate) fn covered(&self, is_subject: impl Fn(&Digest) -> bool) -> Vec<Part<'a>> {
        if is_subject(self.image) {
            return vec![Part::Image(self.image)];
        }
        let children = self.children.iter().map(|child| Part::Child(child));
        let manifests = self.manifests.iter();
        let manifests = manifests.map(|listed| Part::AttestationManifest(listed.manifest));
        children
            .chain(manifests)
            .filter(|part| is_subject(part.digest()))
            .collect()
    }

    /// The child that the attestation manifest `digest` speaks of, if the image lists it as that.
    pub(crate) fn child_of(&self, digest: &Digest) -> Option<&'a Descriptor> {
        let listed = self.manifests.iter();
        let mut listed = listed.filter(|listed| listed.manifest.digest == *digest);
        listed.next().map(|listed| listed.child)
    }
}

impl Part<'_> {
    pub(crate) fn digest(&self) -> &Digest {
        match self {
            Self::Image(digest) => digest,
            Self::Child(descriptor) | Self::AttestationManifest(descriptor) => &descriptor.digest,
        }
    }
}
