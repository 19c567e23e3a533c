//! Signs an image and publishes the result, then reads it back as a verifier would.
//!
//! Nothing is pushed that does not verify; nothing counts as pushed that does not verify when read again.

mod layer;

use std::time::Instant;

use bytes::Bytes;
use countersign_evidence::{Evidence, Identity, Verifier};
use countersign_image::{Attachment, Form, Origin, Repository, limits, media_type};
use countersign_registry::Client;
use jiff::Timestamp;

use crate::artifact::{self, Content};
use crate::claim::{Claim, Published, Storage, Target};
use crate::envelope::{Envelope, Proof};
use crate::error::SigningError;
use crate::key::PrivateKey;
use crate::signer::{Signer, Verifiers, Witnesses};
use crate::statement::{self, Version};
use crate::tags;
use crate::token::IdentityToken;

/// Signs claims and publishes them through one client.
#[derive(Debug)]
pub struct Publisher<'a> {
    client: &'a Client,
    signer: Signer<'a>,
    witnesses: Option<&'a Witnesses>,
    verifiers: Verifiers,
}

impl<'a> Publisher<'a> {
    /// A publisher for `key`, whose signatures are shown to nobody.
    ///
    /// # Errors
    ///
    /// When nobody could verify what it signs.
    pub fn new(client: &'a Client, key: &'a PrivateKey) -> Result<Self, SigningError> {
        Self::with_key(client, key, None)
    }

    /// A publisher for `key`, whose signatures are shown to `witnesses`.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn witnessed(
        client: &'a Client,
        key: &'a PrivateKey,
        witnesses: &'a Witnesses,
    ) -> Result<Self, SigningError> {
        Self::with_key(client, key, Some(witnesses))
    }

    /// A publisher for whom `token` names: asks for a certificate, which lives for minutes.
    ///
    /// # Errors
    ///
    /// When there is none to be had, or nobody could verify what is signed with it.
    pub async fn keyless(
        client: &'a Client,
        token: &IdentityToken,
        witnesses: &'a Witnesses,
    ) -> Result<Self, SigningError> {
        let verifiers = Verifiers::new(None, Some(witnesses))?;
        Ok(Self {
            client,
            signer: Signer::certified(token, witnesses).await?,
            witnesses: Some(witnesses),
            verifiers,
        })
    }

    fn with_key(
        client: &'a Client,
        key: &'a PrivateKey,
        witnesses: Option<&'a Witnesses>,
    ) -> Result<Self, SigningError> {
        Ok(Self {
            client,
            signer: Signer::Key(key),
            witnesses,
            verifiers: Verifiers::new(Some(key), witnesses)?,
        })
    }

    /// Signs `claim` about `target`, stores it, reads it back. `now` stands in the manifest as its time of creation.
    ///
    /// # Errors
    ///
    /// When it was not published, or may not be found. Only after it was pushed: `NotListed`, and what reading back says.
    pub async fn publish(
        &self,
        target: &Target,
        claim: &Claim,
        storage: Storage,
        now: Timestamp,
    ) -> Result<Published, SigningError> {
        let clock = Clock::set(now);
        match (storage, self.signer.certificate(), self.witnesses) {
            (Storage::Bundle, ..) => self.publish_bundle(target, claim, &clock).await,
            (Storage::Legacy, None, None) => self.publish_layer(target, claim, &clock).await,
            (Storage::Legacy, ..) => Err(SigningError::LegacyWitnessed),
        }
    }

    async fn publish_bundle(
        &self,
        target: &Target,
        claim: &Claim,
        clock: &Clock,
    ) -> Result<Published, SigningError> {
        // 1. Sign, and verify before anybody else can see it.
        let statement = match claim {
            Claim::Attestation(predicate) => {
                statement::attestation(&target.image, predicate, Version::V1)?
            }
            Claim::Signature(annotations) => statement::signature(&target.image, annotations)?,
        };
        let envelope = Envelope::sign(self.signer.key(), statement)?;
        let proof = self.prove(target, claim, &envelope, clock).await?;
        let made = Made::new(target, claim, self.bundle(&envelope, &proof)?, clock)?;
        let verifier = &self.verifiers.published;
        let identity = check(verifier, target, made.attachment(), clock)?;

        // 2. Push what the manifest names, then the manifest, then the way to find it.
        self.room(target).await?;
        let (repository, subject) = (&target.repository, target.image.digest());
        self.client
            .push_blob(repository, Content::empty().bytes)
            .await?;
        self.client
            .push_blob(repository, made.bundle.bytes.clone())
            .await?;
        let pushed = self.push_artifact(repository, &made.manifest).await?;
        let mut tag = None;
        if !pushed {
            let fallback = subject.tag_stem();
            let entry = &made.manifest.descriptor;
            tags::add_to_fallback_index(self.client, repository, &fallback, entry).await?;
            tag = Some(fallback);
        }

        // 3. Read back.
        let manifest = made.manifest.descriptor.digest.clone();
        let stored = self
            .client
            .blob(repository, &made.bundle.descriptor)
            .await?;
        check(verifier, target, made.attachment_of(stored), clock)?;
        let listed = self.client.referrers(repository, subject).await?;
        if !listed.iter().any(|entry| entry.digest == manifest) {
            return Err(SigningError::NotListed { manifest });
        }
        Ok(Published {
            storage: Storage::Bundle,
            identity,
            manifest,
            tag,
        })
    }

    /// Shows a signature to the witnesses: last to the logs, which are public and forget nothing.
    async fn prove(
        &self,
        target: &Target,
        claim: &Claim,
        envelope: &Envelope,
        clock: &Clock,
    ) -> Result<Proof, SigningError> {
        let mut proof = Proof::default();
        let Some(witnesses) = self.witnesses else {
            return Ok(proof);
        };
        self.room(target).await?;
        proof.timestamps = witnesses.services.stamp(envelope.signature()).await?;
        if let Some(verifier) = &self.verifiers.unlogged {
            let made = Made::new(target, claim, self.bundle(envelope, &proof)?, clock)?;
            check(verifier, target, made.attachment(), clock)?;
        }
        self.signer.log(envelope, witnesses, &mut proof).await?;
        Ok(proof)
    }

    /// One more than a verifier reads would hide all of them.
    async fn room(&self, target: &Target) -> Result<(), SigningError> {
        let referrers = self
            .client
            .referrers(&target.repository, target.image.digest())
            .await?;
        if referrers.len() >= limits::REFERRERS {
            return Err(SigningError::TooMany {
                what: target.image.to_string(),
                limit: limits::REFERRERS,
            });
        }
        Ok(())
    }

    fn bundle(&self, envelope: &Envelope, proof: &Proof) -> serde_json::Result<Vec<u8>> {
        envelope.bundle(self.signer.signatory(), proof)
    }

    /// Pushes a manifest that has a subject. Whether the registry took note of the subject.
    async fn push_artifact(
        &self,
        repository: &Repository,
        manifest: &Content,
    ) -> Result<bool, SigningError> {
        let target = manifest.descriptor.digest.to_string();
        let pushed = self
            .client
            .push_manifest(
                repository,
                &target,
                media_type::OCI_MANIFEST,
                manifest.bytes.clone(),
            )
            .await;
        match pushed {
            Ok(pushed) => Ok(pushed.subject_processed),
            Err(error) => Err(SigningError::artifact(error)),
        }
    }
}

/// A bundle and the manifest that carries it.
struct Made {
    bundle: Content,
    manifest: Content,
}

impl Made {
    fn new(
        target: &Target,
        claim: &Claim,
        bundle: Vec<u8>,
        clock: &Clock,
    ) -> serde_json::Result<Self> {
        let bundle = Content::new(media_type::BUNDLE_V03, bundle);
        let created = clock.start.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let predicate_type = claim.predicate_type();
        let manifest = artifact::bundle(&target.descriptor, &bundle, predicate_type, &created)?;
        Ok(Self { bundle, manifest })
    }

    fn attachment(&self) -> Attachment {
        self.attachment_of(self.bundle.bytes.clone())
    }

    fn attachment_of(&self, bytes: Bytes) -> Attachment {
        Attachment {
            form: Form::Bundle,
            origin: Origin::Referrer,
            manifest: self.manifest.descriptor.digest.clone(),
            layer: Some(self.bundle.descriptor.clone()),
            artifact_type: Some(media_type::BUNDLE_V03.to_owned()),
            annotations: self.manifest.descriptor.annotations.clone(),
            bytes: Some(bytes),
        }
    }
}

/// Verifies one attachment as the webhook would. Whose it is.
fn check(
    verifier: &Verifier,
    target: &Target,
    attachment: Attachment,
    clock: &Clock,
) -> Result<Identity, SigningError> {
    let Evidence {
        signatures,
        statements,
        rejected,
        ..
    } = verifier.verify(&target.image, None, &[attachment], clock.now());
    if let Some(rejection) = rejected.into_iter().next() {
        return Err(SigningError::Refused {
            code: rejection.reason.code(),
            detail: rejection.detail,
        });
    }
    match (signatures.as_slice(), statements.as_slice()) {
        ([signature], []) => Ok(signature.identity().clone()),
        ([], [statement]) => Ok(statement.identity().clone()),
        _ => Err(SigningError::Refused {
            code: "unverified",
            detail: "it is no evidence of anything".to_owned(),
        }),
    }
}

/// The caller's time, which goes on while services are asked: what they saw later is not in the future.
struct Clock {
    start: Timestamp,
    set: Instant,
}

impl Clock {
    fn set(start: Timestamp) -> Self {
        Self {
            start,
            set: Instant::now(),
        }
    }

    fn now(&self) -> Timestamp {
        let passed = jiff::SignedDuration::try_from(self.set.elapsed());
        passed
            .ok()
            .and_then(|passed| self.start.checked_add(passed).ok())
            .unwrap_or(self.start)
    }
}
