//! The builder id in SLSA provenance, found and set without touching anything else.

use countersign_image::Fields;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::predicate::PredicateError;

/// Where provenance names its builder.
pub(super) struct Builder<'a> {
    predicate: &'a str,
    id: String,
    /// Its bytes in the predicate, quotes included.
    place: std::ops::Range<usize>,
}

/// The builder of provenance v0.2 or v1, if it has a place for one.
pub(super) fn find(predicate: &RawValue) -> Option<Builder<'_>> {
    let predicate = predicate.get();
    let Fields(wire): Fields<Wire<'_>> = serde_json::from_str(predicate).ok()?;
    let Fields(builder) = match (wire.run_details, wire.builder) {
        (Some(Fields(details)), None) => details.builder,
        (None, Some(builder)) => builder,
        _ => return None,
    };
    let written = builder.id.get();
    // A borrowed value lies within the text that it was read from.
    let start = (written.as_ptr() as usize).checked_sub(predicate.as_ptr() as usize)?;
    Some(Builder {
        predicate,
        id: serde_json::from_str(written).ok()?,
        place: start..start + written.len(),
    })
}

impl Builder<'_> {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The predicate with this builder in place of the one that it names.
    pub(super) fn named(&self, id: &str) -> Result<Box<RawValue>, PredicateError> {
        let malformed = |error: serde_json::Error| PredicateError::malformed(error);
        let written = serde_json::to_string(id).map_err(malformed)?;
        let mut text = self.predicate.to_owned();
        text.replace_range(self.place.clone(), &written);
        RawValue::from_string(text).map_err(malformed)
    }
}

/// Provenance v1 has the builder among the run details, v0.2 at the top.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    run_details: Option<Fields<DetailsWire<'a>>>,
    #[serde(borrow)]
    builder: Option<Fields<BuilderWire<'a>>>,
}

#[derive(Deserialize)]
struct DetailsWire<'a> {
    #[serde(borrow)]
    builder: Fields<BuilderWire<'a>>,
}

#[derive(Deserialize)]
struct BuilderWire<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}
