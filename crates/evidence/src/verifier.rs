//! From attached bytes to evidence.
//!
//! Reads no payload before a key of an authority verified it. Judges each attachment by itself: one that is bad neither
//! hides nor spoils the others.

use countersign_image::{Attachment, Document, Form, Origin, PinnedReference, excerpt, media_type};
use jiff::Timestamp;

use crate::dsse::Envelope;
use crate::evidence::{Evidence, Format, Verified};
use crate::rejection::{Reason, Refusal, Rejection};
use crate::sealed::{Opened, Sealed, SignerClaim};
use crate::statement::Claim;
use crate::trust::{self, Authority, Signers, TrustError};
use crate::{PublicKey, bundle, json, predicate, simple_signing, statement};

/// Verifies attachments against the authorities of one policy.
#[derive(Clone, Debug)]
pub struct Verifier {
    authorities: Vec<Authority>,
    keys: Vec<TrustedKey>,
}

impl Verifier {
    /// A verifier that accepts what any of `authorities` signed.
    ///
    /// # Errors
    ///
    /// When nothing could verify, or less would be checked than an authority asks for.
    pub fn new(authorities: Vec<Authority>) -> Result<Self, TrustError> {
        trust::check(&authorities)?;
        let keys = trusted_keys(&authorities);
        Ok(Self { authorities, keys })
    }

    /// The authorities, in the order given.
    #[must_use]
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// Judges each attachment of `image`, as of `now`; `content` is its manifest or index, where that is known.
    ///
    /// What is signed about a child of `content` counts for that child, wherever it was attached.
    #[must_use]
    pub fn verify(
        &self,
        image: &PinnedReference,
        _content: Option<&Document>,
        attachments: &[Attachment],
        _now: Timestamp,
    ) -> Evidence {
        let mut evidence = Evidence {
            image: image.clone(),
            signatures: Vec::new(),
            statements: Vec::new(),
            rejected: Vec::new(),
        };
        for attachment in attachments {
            if let Err(refusal) = self.take(attachment, &mut evidence) {
                evidence.rejected.push(rejection(attachment, refusal));
            }
        }
        evidence
    }

    fn take(&self, attachment: &Attachment, evidence: &mut Evidence) -> Result<(), Refusal> {
        let (format, sealed) = seal(attachment)?;
        let opened = sealed
            .open(&self.keys)
            .ok_or_else(|| self.not_vouched_for(&sealed.claim))?;
        let image = evidence.image.digest();
        let read = match attachment.form {
            Form::SimpleSigning => simple_signing::read(opened.payload, image)
                .map(|signature| (Claim::Signature(signature), None)),
            _ => statement::read(opened.payload, image),
        };
        let (claim, flaw) = read.map_err(|refusal| signed_but(refusal, &opened))?;
        let flaw = flaw.map(|flaw| signed_but(flaw, &opened));
        let subject = image.clone();
        for voucher in opened.vouchers {
            let (subject, manifest) = (subject.clone(), attachment.manifest.clone());
            match claim.clone() {
                Claim::Signature(value) => {
                    evidence.signatures.push(Verified {
                        value,
                        voucher,
                        format,
                        subject,
                        platform: None,
                        manifest,
                    });
                }
                Claim::Statement(value) => {
                    evidence.statements.push(Verified {
                        value,
                        voucher,
                        format,
                        subject,
                        platform: None,
                        manifest,
                    });
                }
            }
        }
        flaw.map_or(Ok(()), Err)
    }

    /// Why nobody vouches, as far as the unsigned claim about the signer tells.
    fn not_vouched_for(&self, claim: &SignerClaim) -> Refusal {
        let names = list(
            self.authorities
                .iter()
                .map(|authority| authority.name.as_str()),
        );
        let whose = if self.authorities.len() == 1 {
            "authority"
        } else {
            "authorities"
        };
        match claim {
            SignerClaim::Certificate => Refusal::new(
                Reason::CertificateUntrusted,
                format!("signed with a certificate, which {whose} {names} does not accept"),
            ),
            SignerClaim::Key { hint } => match self.keys.iter().find(|key| key.key.hint() == *hint)
            {
                Some(key) => {
                    let names = list(key.authorities.iter().map(String::as_str));
                    let detail = format!(
                        "names the key of {names}, but does not verify with it: changed since it was signed"
                    );
                    Refusal::new(Reason::SignatureInvalid, detail)
                }
                None => {
                    let hint = shorten(hint);
                    let detail = format!(
                        "signed by another key (hint {hint}) than those of {whose} {names}"
                    );
                    Refusal::new(Reason::KeyMismatch, detail)
                }
            },
            SignerClaim::Nothing => Refusal::new(
                Reason::KeyMismatch,
                format!(
                    "verifies with no key of {whose} {names}: signed by another key, or changed since"
                ),
            ),
        }
    }
}

/// A key, and everybody who lists it.
#[derive(Clone, Debug)]
pub(crate) struct TrustedKey {
    pub(crate) key: PublicKey,
    pub(crate) authorities: Vec<String>,
}

/// Each distinct key of `authorities`, once.
fn trusted_keys(authorities: &[Authority]) -> Vec<TrustedKey> {
    let mut trusted: Vec<TrustedKey> = Vec::new();
    for authority in authorities {
        let (name, Signers::Keys(keys)) = (&authority.name, &authority.signers) else {
            continue;
        };
        for key in keys {
            match trusted.iter_mut().find(|known| known.key == *key) {
                Some(known) if known.authorities.contains(name) => {}
                Some(known) => known.authorities.push(name.clone()),
                None => trusted.push(TrustedKey {
                    key: key.clone(),
                    authorities: vec![name.clone()],
                }),
            }
        }
    }
    trusted
}

fn seal(attachment: &Attachment) -> Result<(Format, Sealed), Refusal> {
    let bytes = || {
        attachment
            .bytes
            .as_deref()
            .ok_or_else(|| Refusal::malformed("its content was not fetched"))
    };
    match &attachment.form {
        Form::Bundle => Ok((Format::Bundle, bundle::seal(bytes()?)?)),
        Form::SimpleSigning => Ok((
            Format::CosignTag,
            simple_signing::seal(attachment, bytes()?)?,
        )),
        Form::Envelope => Ok((Format::CosignTag, seal_envelope(attachment, bytes()?)?)),
        Form::UnsignedSbom => {
            let detail = format!(
                "an SBOM ({}) that nobody signed",
                excerpt(sbom_media_type(attachment))
            );
            Err(Refusal::new(Reason::Unsigned, detail))
        }
        Form::Unsupported(name) => Err(Refusal::new(
            Reason::UnsupportedFormat,
            format!("attached as {}, which is not read", excerpt(name)),
        )),
        Form::Malformed(detail) => Err(Refusal::malformed(detail)),
        _ => Err(Refusal::new(
            Reason::UnsupportedFormat,
            "attached in a form that is not read",
        )),
    }
}

fn seal_envelope(attachment: &Attachment, bytes: &[u8]) -> Result<Sealed, Refusal> {
    let malformed = |error| Refusal::malformed(format!("it does not read as an envelope: {error}"));
    let envelope: Envelope<'_> = json::strict_object(bytes).map_err(malformed)?;
    let certificate = simple_signing::claims_certificate(attachment);
    envelope.seal(if certificate {
        SignerClaim::Certificate
    } else {
        SignerClaim::Nothing
    })
}

/// Names the signer: a key that is trusted and says the wrong thing is another matter than a stranger's.
fn signed_but(refusal: Refusal, opened: &Opened<'_>) -> Refusal {
    let mut names: Vec<_> = opened
        .vouchers
        .iter()
        .flat_map(|voucher| &voucher.authorities)
        .collect();
    names.sort_unstable();
    names.dedup();
    let names = list(names.into_iter().map(String::as_str));
    Refusal {
        detail: format!("signed by {names}, but {}", refusal.detail),
        ..refusal
    }
}

fn rejection(attachment: &Attachment, refusal: Refusal) -> Rejection {
    Rejection {
        format: stored_as(attachment),
        digest: attachment.manifest.clone(),
        predicate_type: refusal
            .predicate_type
            .or_else(|| claimed_predicate_type(attachment)),
        reason: refusal.reason,
        detail: refusal.detail,
    }
}

fn stored_as(attachment: &Attachment) -> String {
    match (&attachment.form, attachment.origin) {
        (Form::Bundle, _) => Format::Bundle.as_str().to_owned(),
        (Form::Unsupported(name), _) => excerpt(name),
        (Form::SimpleSigning | Form::Envelope, _)
        | (_, Origin::SignatureTag | Origin::AttestationTag) => {
            Format::CosignTag.as_str().to_owned()
        }
        (_, Origin::SbomTag) => "sbom-tag".to_owned(),
        _ => "referrer".to_owned(),
    }
}

/// What the annotations say, which nobody signed: for a message, not for a decision.
fn claimed_predicate_type(attachment: &Attachment) -> Option<String> {
    if attachment.form == Form::UnsignedSbom {
        let media_type = sbom_media_type(attachment);
        let kinds = [
            ("spdx", predicate::SPDX),
            ("cyclonedx", predicate::CYCLONEDX),
        ];
        return kinds
            .iter()
            .find(|(name, _)| media_type.contains(name))
            .map(|(_, kind)| (*kind).to_owned());
    }
    let on_layer = attachment
        .layer
        .as_ref()
        .and_then(|layer| layer.annotations.get("predicateType"));
    let claimed = attachment
        .annotations
        .get("dev.sigstore.bundle.predicateType")
        .or(on_layer);
    claimed.map(|claimed| excerpt(claimed))
}

fn sbom_media_type(attachment: &Attachment) -> &str {
    let layer = attachment
        .layer
        .as_ref()
        .map(|layer| layer.media_type.as_str());
    layer
        .filter(|layer| media_type::is_sbom(layer))
        .or(attachment.artifact_type.as_deref())
        .unwrap_or("of unknown type")
}

/// Enough of a hint to tell keys apart.
fn shorten(hint: &str) -> String {
    let shown: String = hint.chars().take(HINT_SHOWN).collect();
    let more = if hint.chars().nth(HINT_SHOWN).is_some() {
        "…"
    } else {
        ""
    };
    format!("{}{more}", excerpt(&shown))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

const HINT_SHOWN: usize = 44;

#[cfg(test)]
mod tests;
