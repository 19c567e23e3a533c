//! Signed notes over the state of a log (C2SP `tlog-checkpoint`), with the cosignatures of witnesses.

use jiff::Timestamp;

use super::key::{Algorithm, Key};
use super::{base64, sha256};

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointFlaw {
    /// It is not there.
    Missing,
    /// Nobody signed it.
    Unsigned,
    /// Somebody else signed it, under the name of the log and with a hint of their own.
    ByStranger,
    /// It has a signature line of the log with another key's signature.
    Forged,
    /// Only a witness signed it.
    WitnessOnly,
    /// The log signed it with another hint of its key.
    OtherHint,
    /// The log signed it under another log's origin.
    OtherOrigin,
    /// Another log signed it that has the same key, under its own origin and name.
    OtherLogOfTheKey,
    /// The log signed it for a tree with one entry more.
    OtherSize,
    /// The log signed it for another root.
    OtherRoot,
    /// The log signed it with this text where the size stands.
    Size(String),
    /// What the log signed stands behind another log's unsigned text.
    TwoOrigins,
    /// Text was put before the origin after the log signed it.
    Altered,
}

/// A tree as a checkpoint describes it.
pub(super) struct State<'a> {
    pub(super) origin: &'a str,
    pub(super) size: usize,
    pub(super) root: [u8; 32],
}

/// Who signs checkpoints of one log.
#[derive(Debug)]
pub(super) struct Notary {
    /// The name on its signature lines.
    pub(super) name: String,
    pub(super) key: Key,
    /// What the key is known by: its first four bytes stand before each signature.
    pub(super) id: [u8; 32],
    pub(super) witnesses: Vec<Witness>,
}

/// Somebody who watches that a log only grows.
#[derive(Debug)]
pub(super) struct Witness {
    name: String,
    key: Key,
}

impl Notary {
    pub(super) fn checkpoint(
        &self,
        state: &State<'_>,
        at: Timestamp,
        flaw: Option<&CheckpointFlaw>,
    ) -> String {
        use CheckpointFlaw as Flaw;
        let size = state.size.to_string();
        let text = match flaw {
            Some(Flaw::OtherOrigin | Flaw::OtherLogOfTheKey) => text(OTHER, &size, state.root),
            Some(Flaw::OtherSize) => text(state.origin, &(state.size + 1).to_string(), state.root),
            Some(Flaw::OtherRoot) => text(state.origin, &size, sha256(state.root)),
            Some(Flaw::Size(size)) => text(state.origin, size, state.root),
            _ => text(state.origin, &size, state.root),
        };
        let lines = self.lines(&text, at, flaw);
        match flaw {
            Some(Flaw::TwoOrigins) => {
                let unsigned = self::text(OTHER, &size, state.root);
                format!("{unsigned}\n{text}\n{lines}")
            }
            Some(Flaw::Altered) => format!("x{text}\n{lines}"),
            _ => format!("{text}\n{lines}"),
        }
    }

    /// The lines below the text.
    fn lines(&self, text: &str, at: Timestamp, flaw: Option<&CheckpointFlaw>) -> String {
        use CheckpointFlaw as Flaw;
        let stranger = Key::generate(self.key.algorithm());
        let signed = |name: &str, id, key: &Key| line(name, id, &key.sign(text.as_bytes()));
        let own = match flaw {
            Some(Flaw::Unsigned) => return String::new(),
            Some(Flaw::WitnessOnly) => return Witness::new("lonely").line(text, at),
            Some(Flaw::ByStranger) => signed(&self.name, sha256(stranger.spki()), &stranger),
            Some(Flaw::Forged) => signed(&self.name, self.id, &stranger),
            Some(Flaw::OtherHint) => signed(&self.name, sha256(self.id), &self.key),
            Some(Flaw::OtherLogOfTheKey) => {
                let id = note_key_id(OTHER, 0x01, self.key.raw());
                signed(OTHER, id, &self.key)
            }
            _ => signed(&self.name, self.id, &self.key),
        };
        let witnessed = self.witnesses.iter().map(|witness| witness.line(text, at));
        // The log's own may stand anywhere.
        witnessed.chain([own]).rev().collect()
    }
}

impl Witness {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: format!("{name}.witness.example"),
            key: Key::generate(Algorithm::Ed25519),
        }
    }

    /// A cosignature (C2SP `tlog-cosignature`).
    fn line(&self, text: &str, at: Timestamp) -> String {
        let time = at.as_second();
        let signed = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = self.key.sign(signed.as_bytes());
        let id = note_key_id(&self.name, 0x04, self.key.raw());
        line(
            &self.name,
            id,
            &[&time.to_be_bytes()[..], &signature].concat(),
        )
    }
}

/// What a key is known by in signed notes: its name, kind and bytes, hashed.
pub(super) fn note_key_id(name: &str, kind: u8, key: &[u8]) -> [u8; 32] {
    sha256([name.as_bytes(), b"\n", &[kind], key].concat())
}

fn text(origin: &str, size: &str, root: [u8; 32]) -> String {
    format!("{origin}\n{size}\n{}\n", base64(root))
}

fn line(name: &str, id: [u8; 32], signature: &[u8]) -> String {
    format!(
        "\u{2014} {name} {}\n",
        base64([&id[..4], signature].concat())
    )
}

/// A log that is none of ours.
const OTHER: &str = "another-log.example";
