//! Signed certificate timestamps: certificate logs' promises to list a certificate (RFC 6962 §3).
//!
//! Counts distinct logs of the trust root. Refuses nothing for promises of logs that the root does not know; they count for
//! nothing.

use std::collections::BTreeSet;

use countersign_image::limits;
use jiff::Timestamp;
use x509_cert::der::asn1::{ObjectIdentifier, OctetStringRef};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::{Certificate, TbsCertificate};

use crate::Reason;
use crate::certificate::Leaf;
use crate::rejection::Refusal;
use crate::trust_root::TrustedLog;

/// Checks that `wanted` distinct logs promised to list `leaf`, which the key `issuer` (SubjectPublicKeyInfo) signed.
pub(crate) fn verify(
    leaf: &Leaf,
    issuer: &[u8],
    logs: &[TrustedLog],
    wanted: usize,
) -> Result<(), Refusal> {
    if wanted == 0 {
        return Ok(());
    }
    let name = leaf.claimed_name();
    let refuse = |reason, detail: &str| {
        let detail = format!("the certificate of {name} {detail}");
        Refusal::new(reason, detail)
    };
    let tbs = &leaf.certificate().tbs_certificate;
    let list = list(tbs).map_err(|detail| refuse(Reason::SctInvalid, detail))?;
    if list.len() > limits::CERTIFICATE_TIMESTAMPS {
        return Err(refuse(Reason::TooMany, "has too many log promises"));
    }
    let mut promised = BTreeSet::new();
    let mut broken = None;
    let mut entry = None;
    for sct in &list {
        let Some(log) = logs.iter().find(|log| log.id == sct.log) else {
            continue;
        };
        if entry.is_none() {
            entry = Some(precertificate(leaf.certificate(), issuer).ok_or_else(|| {
                refuse(Reason::CertificateMalformed, "does not encode as it reads")
            })?);
        }
        match sct.verify(log, entry.as_deref().unwrap_or_default()) {
            Ok(()) => {
                promised.insert(log.id);
            }
            Err(detail) => broken = Some(format!("{detail} ({})", log.origin)),
        }
    }
    match (promised.len(), broken) {
        (count, _) if count >= wanted => Ok(()),
        (_, Some(detail)) => Err(refuse(
            Reason::SctInvalid,
            &format!("has a certificate log's promise that {detail}"),
        )),
        (count, None) => Err(refuse(
            Reason::SctMissing,
            &format!("was promised to {count} trusted certificate logs, where {wanted} are wanted"),
        )),
    }
}

/// One promise, not verified.
struct Sct<'a> {
    log: [u8; 32],
    milliseconds: u64,
    extensions: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Sct<'a> {
    /// RFC 6962 §3.2, `SignedCertificateTimestamp`.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.array()? != [VERSION_1] {
            return None;
        }
        let sct = Self {
            log: reader.array()?,
            milliseconds: u64::from_be_bytes(reader.array()?),
            extensions: reader.vector()?,
            signature: {
                // Hash and kind of signature: the log's key says both.
                reader.array::<2>()?;
                reader.vector()?
            },
        };
        reader.0.is_empty().then_some(sct)
    }

    fn verify(&self, log: &TrustedLog, entry: &[u8]) -> Result<(), &'static str> {
        let time = i64::try_from(self.milliseconds)
            .ok()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
            .ok_or("is of no time that exists")?;
        if !log.valid.contains(time) {
            return Err("is of a time when the log was not trusted");
        }
        // RFC 6962 §3.2, what is `digitally-signed`.
        let mut signed = vec![VERSION_1, CERTIFICATE_TIMESTAMP];
        signed.extend(self.milliseconds.to_be_bytes());
        signed.extend(PRECERTIFICATE_ENTRY);
        signed.extend(entry);
        signed.extend(
            u16::try_from(self.extensions.len())
                .unwrap_or_default()
                .to_be_bytes(),
        );
        signed.extend(self.extensions);
        log.key
            .verify(&signed, self.signature)
            .map_err(|_| "does not verify")
    }
}

/// The promises that a certificate carries; none when it has no such extension.
fn list(tbs: &TbsCertificate) -> Result<Vec<Sct<'_>>, &'static str> {
    let extensions = tbs.extensions.as_deref().unwrap_or_default();
    let Some(extension) = extensions.iter().find(|one| one.extn_id == SCT_LIST) else {
        return Ok(Vec::new());
    };
    let read = || {
        let octets = OctetStringRef::from_der(extension.extn_value.as_bytes()).ok()?;
        let mut reader = Reader(octets.as_bytes());
        let mut list = Reader(reader.vector()?);
        let mut scts = Vec::new();
        while !list.0.is_empty() {
            scts.push(Sct::read(list.vector()?)?);
        }
        reader.0.is_empty().then_some(scts)
    };
    read().ok_or("has log promises that do not read")
}

/// RFC 6962 §3.2, `PreCert`: the issuer's key, and the certificate as it was before the promises were put into it.
fn precertificate(certificate: &Certificate, issuer: &[u8]) -> Option<Vec<u8>> {
    let mut tbs = certificate.tbs_certificate.clone();
    tbs.extensions
        .get_or_insert_default()
        .retain(|extension| extension.extn_id != SCT_LIST);
    let tbs = tbs.to_der().ok()?;
    let length = u32::try_from(tbs.len()).ok()?.to_be_bytes();
    let mut entry = Vec::with_capacity(tbs.len() + 35);
    entry.extend(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, issuer).as_ref());
    entry.extend(length.get(1..)?);
    entry.extend(tbs);
    Some(entry)
}

/// TLS presentation language, as far as it is needed here (RFC 8446 §3).
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (read, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*read)
    }

    /// Bytes with their count before them, in two bytes.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.array()?);
        let (read, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        Some(read)
    }
}

const SCT_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
const VERSION_1: u8 = 0;
const CERTIFICATE_TIMESTAMP: u8 = 0;
const PRECERTIFICATE_ENTRY: [u8; 2] = [0, 1];

#[cfg(test)]
mod tests;
