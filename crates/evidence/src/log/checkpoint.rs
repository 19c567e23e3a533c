//! Checkpoints: what a log says of its tree, signed (<https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md>).
//!
//! Refuses a text that could be read in two ways, and one that the log itself has not signed; signatures of witnesses may
//! stand beside the log's and prove nothing.

use countersign_image::{excerpt, limits};

use crate::rejection::{Reason, Refusal};
use crate::trust_root::TrustedLog;
use crate::{KeyAlgorithm, base64};

/// The tree that a log has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) size: u64,
    pub(super) root: [u8; 32],
}

/// The tree of `checkpoint`, if `log` signed it; `is_v2`: by the rules of Rekor v2.
pub(super) fn verify(checkpoint: &str, is_v2: bool, log: &TrustedLog) -> Result<Tree, Refusal> {
    let note = Note::parse(checkpoint).map_err(invalid)?;
    let name = if is_v2 {
        if note.origin != log.origin {
            return Err(invalid(format!(
                "it is of {}, and not of {}",
                excerpt(note.origin),
                excerpt(&log.origin)
            )));
        }
        note.origin
    } else {
        // Rekor v1 signs as its host name, which a private instance need not have set: the id of its tree follows.
        note.origin
            .rsplit_once(" - ")
            .map_or(note.origin, |(host, _)| host)
    };
    let hint = key_hint(is_v2, name, log);
    let signed = note.lines.iter().any(|line| {
        line.name == name
            && line.hint == hint
            && log
                .key
                .verify(note.text.as_bytes(), &line.signature)
                .is_ok()
    });
    if signed {
        Ok(note.tree)
    } else {
        Err(invalid("no line of it is a signature of the log"))
    }
}

/// The first bytes of the id of a log's key, by which its line is found.
fn key_hint(is_v2: bool, name: &str, log: &TrustedLog) -> [u8; 4] {
    let spki = log.key.spki_der();
    let of_name = |kind: &[u8], key: &[u8]| first_of_sha256(&[name.as_bytes(), b"\n", kind, key]);
    match log.key.algorithm() {
        // C2SP signed-note, signature type 1; the key is the tail of its SPKI.
        KeyAlgorithm::Ed25519 if is_v2 => of_name(
            &[1],
            spki.get(spki.len().saturating_sub(32)..)
                .unwrap_or_default(),
        ),
        // Type 255 and a name of its own, as rekor-tiles has it.
        KeyAlgorithm::Rsa if is_v2 => of_name(b"\xffPKIX-RSA-PKCS#1v1.5", spki),
        _ => first_of_sha256(&[spki]),
    }
}

fn first_of_sha256(parts: &[&[u8]]) -> [u8; 4] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &parts.concat());
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

/// A signed note with a checkpoint in it, nothing verified.
#[derive(Debug, PartialEq, Eq)]
struct Note<'a> {
    /// What is signed: up to the empty line, the newline before that included.
    text: &'a str,
    origin: &'a str,
    tree: Tree,
    lines: Vec<Line<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    name: &'a str,
    hint: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    fn parse(checkpoint: &'a str) -> Result<Self, &'static str> {
        // The last empty line: the text itself may have others.
        let split = checkpoint
            .rfind("\n\n")
            .ok_or("no empty line stands before its signatures")?;
        let (text, signatures) = checkpoint
            .split_at_checked(split + 1)
            .ok_or("it is not whole")?;
        let mut header = text.split('\n');
        let mut next = || header.next().filter(|line| !line.is_empty());
        let origin = next().ok_or("it names no log")?;
        let size = next()
            .and_then(decimal)
            .ok_or("the size of its tree is no number")?;
        let root = next()
            .and_then(base64::decode)
            .and_then(|root| root.try_into().ok())
            .ok_or("the root of its tree is no hash")?;
        let signatures = signatures
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or("its last line does not end")?;
        let lines: Vec<_> = signatures
            .split('\n')
            .take(limits::CHECKPOINT_SIGNATURES + 1)
            .map(Line::parse)
            .collect::<Option<_>>()
            .ok_or("a line of it is no signature")?;
        if lines.len() > limits::CHECKPOINT_SIGNATURES {
            return Err("it has too many signatures");
        }
        let tree = Tree { size, root };
        Ok(Self {
            text,
            origin,
            tree,
            lines,
        })
    }
}

impl<'a> Line<'a> {
    /// `— name base64(hint, signature)`
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = base64::decode(encoded)?;
        let (hint, signature) = bytes.split_first_chunk()?;
        (!name.is_empty() && !signature.is_empty()).then(|| Self {
            name,
            hint: *hint,
            signature: signature.to_vec(),
        })
    }
}

/// A number in the one way in which it can be written.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn invalid(what: impl AsRef<str>) -> Refusal {
    Refusal::new(
        Reason::LogCheckpointInvalid,
        format!("the checkpoint of the log does not hold: {}", what.as_ref()),
    )
}

#[cfg(test)]
mod tests;
