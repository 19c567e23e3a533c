//! From attached bytes to evidence.
//!
//! Reads no payload before an authority vouches for it. Judges each attachment by itself: one that is bad neither hides nor
//! spoils the others.

mod parts;
mod words;

use bytes::Bytes;
use countersign_image::{Attachment, Digest, Document, Form, PinnedReference};
use jiff::Timestamp;

use crate::bundle::BundleFile;
use crate::dsse::Envelope;
use crate::evidence::{Artifact, Content, Evidence, Format, SignedContent, Verified, Voucher};
use crate::rejection::{Reason, Refusal};
use crate::sealed::Sealed;
use crate::statement::{Claim, Read};
use crate::trust::{self, Authority, TrustError};
use crate::{bundle, contradiction, json, legacy, simple_signing, statement, vouch};
use parts::{Part, Parts};

/// Verifies what is attached to images against the authorities of one policy.
#[derive(Clone, Debug)]
pub struct Verifier {
    authorities: Vec<Authority>,
}

impl Verifier {
    /// A verifier that accepts what any of `authorities` signed.
    ///
    /// # Errors
    ///
    /// When nothing could verify, or less would be checked than an authority asks for.
    pub fn new(authorities: Vec<Authority>) -> Result<Self, TrustError> {
        trust::check(&authorities)?;
        Ok(Self { authorities })
    }

    /// The authorities, in the order given.
    #[must_use]
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// Judges each attachment of `image`, as of `now`; `content` is its manifest or index, where that is known.
    ///
    /// What is signed about a child of `content` counts for that child, wherever it was attached. A bare statement counts
    /// through a signature of `image`, or of the manifest in `content` that carries it.
    #[must_use]
    pub fn verify(
        &self,
        image: &PinnedReference,
        content: Option<&Document>,
        attachments: &[Attachment],
        now: Timestamp,
    ) -> Evidence {
        let mut judging = Judging {
            authorities: &self.authorities,
            now,
            parts: Parts::of(image.digest(), content),
            evidence: Evidence {
                image: image.clone(),
                signatures: Vec::new(),
                statements: Vec::new(),
                rejected: Vec::new(),
            },
            endorsed: Vec::new(),
        };
        let is_bare = |attachment: &&Attachment| attachment.form == Form::Statement;
        // What is bare counts by what is signed, so that comes first.
        for attachment in attachments.iter().filter(|attachment| !is_bare(attachment)) {
            if let Err(refusal) = judging.signed(attachment) {
                judging.reject(attachment, refusal);
            }
        }
        for attachment in attachments.iter().filter(is_bare) {
            if let Err(refusal) = judging.bare(attachment) {
                judging.reject(attachment, refusal);
            }
        }
        judging.evidence
    }

    /// Judges one bundle file, which must speak of `artifact`, as of `now`: who signed it, at least one.
    ///
    /// # Errors
    ///
    /// Why it is refused: it does not parse, does not verify, or is about something else.
    pub fn verify_bundle(
        &self,
        bundle: &[u8],
        artifact: &Artifact<'_>,
        now: Timestamp,
    ) -> Result<Vec<Verified<SignedContent>>, Refusal> {
        let digests = artifact.digests();
        let (vouchers, content) = match bundle::read_file(bundle)? {
            BundleFile::Statement(sealed) => {
                statement::check_size(&sealed.payload())?;
                let vouchers = vouch::vouchers(&sealed, &self.authorities, now)?;
                let read = statement::read(&sealed.payload());
                let read = read.map_err(|refusal| signed_but(refusal, &vouchers))?;
                let about: Vec<_> = digests.iter().collect();
                let claim = read
                    .about(&about)
                    .ok_or_else(|| signed_but(read.mismatch(), &vouchers))?;
                let content = match claim {
                    Claim::Signature(signature) => SignedContent::Signature(signature),
                    Claim::Statement(statement) => SignedContent::Statement(statement),
                };
                (vouchers, content)
            }
            BundleFile::Artifact(detached) => {
                let sealed = detached.of(artifact);
                (
                    vouch::vouchers(&sealed, &self.authorities, now)?,
                    SignedContent::Artifact,
                )
            }
        };
        let subject = artifact.digest();
        let manifest = Digest::of(bundle);
        let verified = vouchers.into_iter().map(|voucher| Verified {
            value: content.clone(),
            voucher,
            format: Format::Bundle,
            subject: subject.clone(),
            platform: None,
            manifest: manifest.clone(),
        });
        Ok(verified.collect())
    }
}

/// The attachments of one image under judgement.
struct Judging<'a> {
    authorities: &'a [Authority],
    now: Timestamp,
    parts: Parts<'a>,
    evidence: Evidence,
    /// Who signed which attestation manifest that the image lists.
    endorsed: Vec<(Digest, Voucher)>,
}

impl Judging<'_> {
    fn signed(&mut self, attachment: &Attachment) -> Result<(), Refusal> {
        let (format, sealed) = seal(attachment)?;
        statement::check_size(&sealed.payload())?;
        let vouchers = vouch::vouchers(&sealed, self.authorities, self.now)?;
        let read = match attachment.form {
            Form::SimpleSigning => simple_signing::read(&sealed.payload()),
            _ => statement::read(&sealed.payload()),
        };
        let mut read = read.map_err(|refusal| signed_but(refusal, &vouchers))?;
        let flaw = read.flaw.take().map(|flaw| signed_but(flaw, &vouchers));
        let parts = self.parts.covered(|digest| read.about(&[digest]).is_some());
        if parts.is_empty() {
            return Err(signed_but(read.mismatch(), &vouchers));
        }
        for part in parts {
            for voucher in &vouchers {
                self.take(attachment, format, &read, part, voucher);
            }
        }
        flaw.map_or(Ok(()), Err)
    }

    /// Statements of BuildKit in an attestation manifest: nobody signed them, but somebody may have signed the index that
    /// lists the manifest, or the manifest.
    fn bare(&mut self, attachment: &Attachment) -> Result<(), Refusal> {
        let unsigned = |detail: &str| Err(Refusal::new(Reason::Unsigned, detail));
        let Some(child) = self.parts.child_of(&attachment.manifest) else {
            return unsigned(
                "BuildKit's, which counts only in an index that lists it, and this image is none",
            );
        };
        let whole = self.evidence.signatures.iter();
        let whole = whole.filter(|signature| signature.subject == *self.evidence.image.digest());
        let endorsed = self.endorsed.iter();
        let endorsed = endorsed.filter(|(manifest, _)| *manifest == attachment.manifest);
        let mut vouchers = Vec::new();
        whole
            .map(|signature| &signature.voucher)
            .chain(endorsed.map(|(_, voucher)| voucher))
            .for_each(|voucher| vouch::add(&mut vouchers, voucher.clone()));
        if vouchers.is_empty() {
            return unsigned(
                "BuildKit's, which counts by a signature of the index, and nobody who is accepted signed that",
            );
        }
        let annotations = attachment.layer.as_ref().map(|layer| &layer.annotations);
        let annotated = annotations.and_then(|annotations| annotations.get(PREDICATE_TYPE));
        let read = statement::read_bare(content(attachment)?, annotated.map(String::as_str));
        let mut read = read.map_err(|refusal| signed_but(refusal, &vouchers))?;
        let flaw = read.flaw.take().map(|flaw| signed_but(flaw, &vouchers));
        if read.about(&[&child.digest]).is_none() {
            return Err(signed_but(read.mismatch(), &vouchers));
        }
        for voucher in &vouchers {
            self.take(
                attachment,
                Format::BuildKit,
                &read,
                Part::Child(child),
                voucher,
            );
        }
        flaw.map_or(Ok(()), Err)
    }

    /// One more thing that `voucher` says about `part`.
    fn take(
        &mut self,
        attachment: &Attachment,
        format: Format,
        read: &Read,
        part: Part<'_>,
        voucher: &Voucher,
    ) {
        let (claim, platform) = match (read.about(&[part.digest()]), part) {
            (Some(Claim::Signature(_)), Part::AttestationManifest(manifest)) => {
                self.endorsed
                    .push((manifest.digest.clone(), voucher.clone()));
                return;
            }
            (Some(claim), Part::Child(child)) => (claim, child.platform.clone()),
            (Some(claim), Part::Image(_)) => (claim, None),
            // A statement about a manifest of statements says nothing about the image.
            (Some(Claim::Statement(_)), Part::AttestationManifest(_)) => {
                let refusal = signed_but(read.mismatch(), std::slice::from_ref(voucher));
                self.reject(attachment, refusal);
                return;
            }
            (None, _) => return,
        };
        let (subject, manifest) = (part.digest().clone(), attachment.manifest.clone());
        match claim {
            Claim::Signature(value) => self.evidence.signatures.push(Verified {
                value,
                voucher: voucher.clone(),
                format,
                subject,
                platform,
                manifest,
            }),
            Claim::Statement(value) => {
                if let Content::Provenance(provenance) = &value.content
                    && let Some(refusal) = contradiction::between(&voucher.identity, provenance)
                {
                    let refusal = refusal.about(&value.predicate_type);
                    self.reject(
                        attachment,
                        signed_but(refusal, std::slice::from_ref(voucher)),
                    );
                    return;
                }
                self.evidence.statements.push(Verified {
                    value,
                    voucher: voucher.clone(),
                    format,
                    subject,
                    platform,
                    manifest,
                });
            }
        }
    }

    fn reject(&mut self, attachment: &Attachment, refusal: Refusal) {
        self.evidence
            .rejected
            .push(words::rejection(attachment, refusal));
    }
}

fn seal(attachment: &Attachment) -> Result<(Format, Sealed), Refusal> {
    match &attachment.form {
        Form::Bundle => Ok((Format::Bundle, bundle::seal(content(attachment)?)?)),
        Form::SimpleSigning => {
            let sealed = simple_signing::seal(attachment, content(attachment)?)?;
            Ok((Format::CosignTag, sealed))
        }
        Form::Envelope => {
            let bytes = content(attachment)?;
            let envelope: Envelope<'_> = json::bounded_object(bytes, "DSSE envelope")?;
            let sealed = envelope.seal(legacy::material(attachment)?)?;
            Ok((Format::CosignTag, sealed.stored_as(bytes)))
        }
        other => Err(words::not_sealed(other, attachment)),
    }
}

fn content(attachment: &Attachment) -> Result<&Bytes, Refusal> {
    let bytes = attachment.bytes.as_ref();
    bytes.ok_or_else(|| Refusal::malformed("its content was not fetched"))
}

/// Names the signer: somebody who is trusted and says the wrong thing is another matter than a stranger.
fn signed_but(refusal: Refusal, vouchers: &[Voucher]) -> Refusal {
    let mut names: Vec<_> = vouchers
        .iter()
        .flat_map(|voucher| voucher.authorities.iter().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    Refusal {
        detail: format!("signed by {}, but {}", names.join(", "), refusal.detail),
        ..refusal
    }
}

/// What the layer of a bare statement says its type is.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

#[cfg(test)]
mod tests;
