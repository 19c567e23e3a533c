//! What a statement is about: the digests of its subjects.
//!
//! Names never take part. Refuses more subjects, or more digests of one, than are read, at the first that is too many.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use countersign_image::{Algorithm, Digest, Fields, excerpt, limits};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::rejection::{Reason, Refusal};

/// The subjects of a statement, at most [`limits::SUBJECTS`].
#[derive(Debug, Default)]
pub(crate) struct Subjects(Vec<Subject>);

/// One subject: those of its digests that are compared, as written, and what the signer added.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    sha256: Option<String>,
    sha512: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Subjects {
    /// The subject of a simple-signing payload, whose digest is a text such as `sha256:…`.
    pub(crate) fn one(digest: &str, annotations: BTreeMap<String, String>) -> Self {
        let mut subject = Subject {
            annotations,
            ..Subject::default()
        };
        if let Some((algorithm, hex)) = digest.split_once(':') {
            subject.insert(algorithm, hex.to_owned());
        }
        Self(vec![subject])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The subject that is the artifact with these digests, all of them digests of the one artifact.
    ///
    /// One digest must be the same, and none may be another: a subject with the right sha256 and a wrong sha512 is
    /// not the artifact.
    pub(crate) fn find(&self, artifact: &[&Digest]) -> Option<&Subject> {
        let is_it = |subject: &&Subject| {
            let mut same = false;
            for digest in artifact {
                match subject.digest(digest.algorithm()) {
                    Some(hex) if hex == digest.hex() => same = true,
                    Some(_) => return false,
                    None => {}
                }
            }
            same
        };
        self.0.iter().find(is_it)
    }

    /// The rejection of a statement that is about something else.
    pub(crate) fn mismatch(&self) -> Refusal {
        let mut digests = self.0.iter().filter_map(Subject::shown);
        let detail = match (digests.next(), digests.count()) {
            (None, _) => "it names no digest of an image".to_owned(),
            (Some(digest), 0) => format!("it is about {digest}, not this image"),
            (Some(digest), others) => {
                format!("it is about {digest} and {others} more, none of them this image")
            }
        };
        Refusal::new(Reason::SubjectMismatch, detail)
    }
}

impl Subject {
    fn digest(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_deref(),
            Algorithm::Sha512 => self.sha512.as_deref(),
        }
    }

    fn insert(&mut self, algorithm: &str, hex: String) {
        match algorithm {
            "sha256" => self.sha256 = Some(hex),
            "sha512" => self.sha512 = Some(hex),
            _ => {}
        }
    }

    fn shown(&self) -> Option<String> {
        let hex = self.sha256.as_ref()?;
        Some(excerpt(&format!("sha256:{hex}")))
    }
}

/// Fails with [`is_too_many`] if the statement `payload` has too many subjects; stops at them, and at any other mistake.
pub(super) fn check_count(payload: &[u8]) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(payload);
    match deserializer.deserialize_map(CountVisitor) {
        Err(error) if is_too_many(&error) => Err(error),
        _ => Ok(()),
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a statement")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            if name == "subject" {
                members.next_value::<Subjects>()?;
                // What comes after them may be large, and is for whoever is vouched for.
                return Err(A::Error::custom("the subjects are few"));
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether reading stopped because there was too much.
pub(super) fn is_too_many(error: &serde_json::Error) -> bool {
    // Nothing that was read stands at the beginning of a message of serde_json.
    error.to_string().starts_with(TOO_MANY)
}

impl<'de> Deserialize<'de> for Subjects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SubjectsVisitor)
    }
}

struct SubjectsVisitor;

impl<'de> Visitor<'de> for SubjectsVisitor {
    type Value = Subjects;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of subjects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Subjects, A::Error> {
        let mut subjects = Vec::new();
        while let Some(Fields(wire)) = items.next_element::<Fields<WireSubject<'de>>>()? {
            if subjects.len() == limits::SUBJECTS {
                return Err(too_many(limits::SUBJECTS, "subjects"));
            }
            subjects.push(Subject::from(wire));
        }
        Ok(Subjects(subjects))
    }
}

/// Names are left unread: they never take part in matching.
#[derive(Deserialize)]
struct WireSubject<'a> {
    #[serde(default)]
    digest: Digests,
    #[serde(borrow)]
    annotations: Option<BTreeMap<String, &'a RawValue>>,
}

impl From<WireSubject<'_>> for Subject {
    fn from(wire: WireSubject<'_>) -> Self {
        let Digests(mut subject) = wire.digest;
        subject.annotations = text_values(wire.annotations.unwrap_or_default());
        subject
    }
}

/// The members that are text; annotations are, whatever else stands beside them.
pub(crate) fn text_values(values: BTreeMap<String, &RawValue>) -> BTreeMap<String, String> {
    let text = |(name, value): (String, &RawValue)| {
        let text = serde_json::from_str(value.get()).ok()?;
        Some((name, text))
    };
    values.into_iter().filter_map(text).collect()
}

/// A subject of which only the digests are known.
#[derive(Default)]
struct Digests(Subject);

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DigestsVisitor)
    }
}

struct DigestsVisitor;

impl<'de> Visitor<'de> for DigestsVisitor {
    type Value = Digests;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("digests by algorithm")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Digests, A::Error> {
        let mut subject = Subject::default();
        let mut count = 0;
        while let Some((algorithm, hex)) = entries.next_entry::<String, String>()? {
            count += 1;
            if count > limits::SUBJECT_DIGESTS {
                return Err(too_many(limits::SUBJECT_DIGESTS, "digests of one subject"));
            }
            subject.insert(&algorithm, hex);
        }
        Ok(Digests(subject))
    }
}

fn too_many<E: serde::de::Error>(limit: usize, what: &str) -> E {
    E::custom(format!("{TOO_MANY} {limit} {what}"))
}

const TOO_MANY: &str = "more than";
