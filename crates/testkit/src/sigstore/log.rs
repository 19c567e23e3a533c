//! Transparency logs: Rekor v1 and v2, with a real tree behind them.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{Entry, Submission};
use super::checkpoint::{CheckpointFlaw, Notary, State, Witness, note_key_id};
use super::key::{Algorithm, Key};
use super::tree::Tree;
use super::{base64, hex, sha256};

/// What is wrong with an entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFlaw {
    /// It is of another payload, that the same signer signed.
    OtherPayload,
    /// It is of this signature, but has the hash of another payload, which an honest log refuses.
    OtherHash,
    /// It is of this signature, but names another type of payload, which an honest log refuses.
    OtherPayloadType,
    /// It is of another signature of this payload by the same signer.
    OtherSignature,
    /// It is of the same payload as somebody else signed it.
    OtherSigner,
    /// It is of this signature, but names another certificate of the same key.
    OtherCertificate,
    /// It is of this signature, but names another key.
    OtherKey,
    /// It says that it is an entry of another kind than its body is.
    KindLies,
    /// Its body is an empty object.
    BodyEmpty,
    /// It stands in the bundle twice.
    Twice,
    /// It says that it is of another log of the same instance.
    LogIdLies,

    /// It has no signed promise of inclusion.
    PromiseMissing,
    /// Its promise is of another entry.
    PromiseOfOther,
    /// Its promise is signed with another key.
    PromiseForged,
    /// Its time was changed after the promise was signed.
    TimeAltered(Timestamp),
    /// Its index in the log was changed after the promise was signed.
    IndexAltered,

    /// It has no proof of inclusion.
    ProofMissing,
    /// Its proof is that of another entry.
    ProofOfOther,
    /// Its proof says an index that is not in the tree.
    ProofIndexTooLarge,
    /// Its proof has no hashes.
    ProofEmpty,
    /// Its proof has this many hashes.
    ProofHashes(usize),
    /// Its proof says another root than the checkpoint. Rekor v2 wants that ignored.
    ProofRootLies,
    /// Its proof says another size than the checkpoint. Rekor v2 wants that ignored.
    ProofSizeLies,
    /// Its checkpoint is not right.
    Checkpoint(CheckpointFlaw),
}

/// A log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) v2: bool,
    pub(super) base_url: String,
    pub(super) notary: Notary,
    origin: String,
    tree: Mutex<Tree>,
}

impl Log {
    /// Rekor v1, with some entries already.
    pub(super) fn v1(host: &str) -> Self {
        let key = Key::generate(Algorithm::P256);
        let id = sha256(key.spki());
        let origin = format!("{host} - 1193050959916656506");
        Self::new(host, origin, key, id, Vec::new())
    }

    /// Rekor v2, with some entries already and two witnesses.
    pub(super) fn v2(host: &str) -> Self {
        let key = Key::generate(Algorithm::Ed25519);
        let id = note_key_id(host, 0x01, key.raw());
        let witnesses = vec![Witness::new("first"), Witness::new("second")];
        Self {
            v2: true,
            ..Self::new(host, host.to_owned(), key, id, witnesses)
        }
    }

    fn new(host: &str, origin: String, key: Key, id: [u8; 32], witnesses: Vec<Witness>) -> Self {
        let mut tree = Tree::default();
        for other in 0..5_u8 {
            tree.append(&[other]);
        }
        let name = host.to_owned();
        Self {
            v2: false,
            base_url: format!("https://{host}"),
            notary: Notary {
                name,
                key,
                id,
                witnesses,
            },
            origin,
            tree: Mutex::new(tree),
        }
    }

    /// Logs a submission, and says so as a bundle says it.
    pub(super) fn enter(
        &self,
        submission: &Submission,
        entry: Entry,
        at: Timestamp,
        flaw: Option<&LogFlaw>,
    ) -> Value {
        use LogFlaw as Flaw;
        let body = body(submission, entry, flaw);
        let kind = match flaw {
            Some(Flaw::KindLies) if entry == Entry::V2 => ("dsse", "0.0.2"),
            Some(Flaw::KindLies) => ("hashedrekord", "0.0.2"),
            _ => entry.kind(&submission.content),
        };
        self.enter_body(&body, kind, at, flaw)
    }

    /// Logs this body, and says so as a bundle says it.
    pub(super) fn enter_body(
        &self,
        body: &[u8],
        (kind, version): (&str, &str),
        at: Timestamp,
        flaw: Option<&LogFlaw>,
    ) -> Value {
        use LogFlaw as Flaw;
        let index = self.append(body);
        let mut value = json!({
            "logIndex": self.global(index).to_string(),
            "logId": {"keyId": base64(self.notary.id)},
            "kindVersion": {"kind": kind, "version": version},
            "canonicalizedBody": base64(body),
        });
        if !self.v2 {
            value["integratedTime"] = at.as_second().to_string().into();
            if let Some(promise) = self.promise(body, index, at, flaw) {
                value["inclusionPromise"] = json!({"signedEntryTimestamp": base64(promise)});
            }
        }
        match flaw {
            Some(Flaw::ProofMissing) => {}
            _ => value["inclusionProof"] = self.proof(index, at, flaw),
        }
        if self.v2 {
            // There is but one index, of which the proof repeats what the entry says.
            value["logIndex"] = value["inclusionProof"]["logIndex"].clone();
        }
        match flaw {
            Some(Flaw::TimeAltered(time)) => {
                value["integratedTime"] = time.as_second().to_string().into()
            }
            Some(Flaw::IndexAltered) => {
                value["logIndex"] = (self.global(index) + 1).to_string().into()
            }
            _ => {}
        }
        value
    }

    /// Adds an entry, and another one behind it, so that no proof is of an edge.
    fn append(&self, body: &[u8]) -> usize {
        let mut tree = self.tree.lock().unwrap();
        let index = tree.append(body);
        tree.append(b"the next one");
        index
    }

    /// The index in the whole log; Rekor v1 counts the shards before this one, too.
    fn global(&self, index: usize) -> usize {
        if self.v2 { index } else { 4_163_431 + index }
    }

    /// A signed entry timestamp.
    fn promise(
        &self,
        body: &[u8],
        index: usize,
        at: Timestamp,
        flaw: Option<&LogFlaw>,
    ) -> Option<Vec<u8>> {
        let body = match flaw {
            Some(LogFlaw::PromiseMissing) => return None,
            Some(LogFlaw::PromiseOfOther) => b"{}",
            _ => body,
        };
        let promised = json!({
            "body": base64(body),
            "integratedTime": at.as_second(),
            "logID": hex(self.notary.id),
            "logIndex": self.global(index),
        });
        let other;
        let key = match flaw {
            Some(LogFlaw::PromiseForged) => {
                other = Key::generate(Algorithm::P256);
                &other
            }
            _ => &self.notary.key,
        };
        Some(key.sign(promised.to_string().as_bytes()))
    }

    fn proof(&self, index: usize, at: Timestamp, flaw: Option<&LogFlaw>) -> Value {
        use LogFlaw as Flaw;
        let tree = self.tree.lock().unwrap();
        let state = State {
            origin: &self.origin,
            size: tree.size(),
            root: tree.root(),
        };
        let checkpoint = match flaw {
            Some(Flaw::Checkpoint(flaw)) => self.notary.checkpoint(&state, at, Some(flaw)),
            _ => self.notary.checkpoint(&state, at, None),
        };
        let hashes = match flaw {
            Some(Flaw::ProofOfOther) => tree.proof(index - 1),
            Some(Flaw::ProofEmpty) => vec![],
            Some(Flaw::ProofHashes(count)) => vec![[0; 32]; *count],
            _ => tree.proof(index),
        };
        let (index, size, root) = match flaw {
            Some(Flaw::ProofOfOther) => (index - 1, state.size, state.root),
            Some(Flaw::ProofIndexTooLarge) => (state.size, state.size, state.root),
            Some(Flaw::ProofRootLies) => (index, state.size, sha256(state.root)),
            Some(Flaw::ProofSizeLies) => (index, state.size + 1, state.root),
            _ => (index, state.size, state.root),
        };
        let mut proof = json!({
            "logIndex": index.to_string(),
            "treeSize": size.to_string(),
            "rootHash": base64(root),
            "hashes": hashes.iter().map(base64).collect::<Vec<_>>(),
        });
        if flaw != Some(&Flaw::Checkpoint(CheckpointFlaw::Missing)) {
            proof["checkpoint"] = json!({"envelope": checkpoint});
        }
        proof
    }
}

fn body(submission: &Submission, entry: Entry, flaw: Option<&LogFlaw>) -> Vec<u8> {
    match flaw {
        Some(LogFlaw::BodyEmpty) => b"{}".to_vec(),
        _ => submission.body(entry),
    }
}
