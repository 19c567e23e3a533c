//! How a refused attachment is named: as what it was stored, and what it claims to be.
//!
//! For messages, not for decisions: nothing here was verified.

use countersign_image::{Attachment, Form, Origin, excerpt, media_type};

use crate::evidence::Format;
use crate::predicate;
use crate::rejection::{Reason, Refusal, Rejection};

/// The rejection of an attachment.
pub(super) fn rejection(attachment: &Attachment, refusal: Refusal) -> Rejection {
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

/// Why something that carries no signature counts for nothing.
pub(super) fn not_sealed(form: &Form, attachment: &Attachment) -> Refusal {
    match form {
        Form::UnsignedSbom => {
            let kind = excerpt(sbom_media_type(attachment));
            Refusal::new(
                Reason::Unsigned,
                format!("an SBOM ({kind}) that nobody signed"),
            )
        }
        Form::Unsupported(name) => Refusal::new(
            Reason::UnsupportedFormat,
            format!("attached as {}, which is not read", excerpt(name)),
        ),
        Form::Malformed(detail) => Refusal::malformed(detail),
        _ => Refusal::new(
            Reason::UnsupportedFormat,
            "attached in a form that is not read",
        ),
    }
}

fn stored_as(attachment: &Attachment) -> String {
    match (&attachment.form, attachment.origin) {
        (Form::Bundle, _) => Format::Bundle.as_str().to_owned(),
        (Form::Statement, _) | (Form::Malformed(_), Origin::Index) => {
            Format::BuildKit.as_str().to_owned()
        }
        (Form::Unsupported(name), _) => excerpt(name),
        (Form::SimpleSigning | Form::Envelope, _)
        | (_, Origin::SignatureTag | Origin::AttestationTag) => {
            Format::CosignTag.as_str().to_owned()
        }
        (_, Origin::SbomTag) => "sbom-tag".to_owned(),
        _ => "referrer".to_owned(),
    }
}

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
    let layer = attachment.layer.as_ref();
    let on_layer = layer.and_then(|layer| {
        let names = ["predicateType", super::PREDICATE_TYPE];
        names.iter().find_map(|name| layer.annotations.get(*name))
    });
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
