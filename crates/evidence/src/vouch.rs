//! Who among the authorities vouches for a signed thing, and on what proof.
//!
//! Each authority is asked by itself: what one accepts says nothing about another. An entry of a known log must verify
//! whether or not it is asked for. Refuses a certificate that nobody dates.

mod proofs;

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::certificate::Leaf;
use crate::evidence::Voucher;
use crate::log::SignerKey;
use crate::material::SignerClaim;
use crate::rejection::{Reason, Refusal};
use crate::sealed::Sealed;
use crate::trust::{Authority, Signers, Transparency};
use crate::{Identity, IdentityMatcher, PublicKey, chain};
use proofs::Proofs;

/// Everybody who vouches for `sealed`, at least one; else the refusal that came nearest to vouching.
pub(crate) fn vouchers(
    sealed: &Sealed,
    authorities: &[Authority],
    now: Timestamp,
) -> Result<Vec<Voucher>, Refusal> {
    let signed = Signed {
        sealed,
        now,
        certificate: OnceCell::new(),
    };
    let mut vouchers: Vec<Voucher> = Vec::new();
    let mut nearest: Option<Refusal> = None;
    for authority in authorities {
        match signed.vouch(authority) {
            Ok(found) => found
                .into_iter()
                .for_each(|voucher| add(&mut vouchers, voucher)),
            Err(refusal) => {
                let nearer = |known: &Refusal| refusal.reason.nearness() > known.reason.nearness();
                if nearest.as_ref().is_none_or(nearer) {
                    nearest = Some(refusal);
                }
            }
        }
    }
    match nearest {
        _ if !vouchers.is_empty() => Ok(vouchers),
        Some(refusal) => Err(refusal),
        None => Err(not_by_keys(&sealed.material.signer, authorities)),
    }
}

/// One identity is one voucher, however many authorities accept it.
pub(crate) fn add(vouchers: &mut Vec<Voucher>, more: Voucher) {
    let known = vouchers
        .iter_mut()
        .find(|known| known.identity == more.identity);
    let Some(known) = known else {
        vouchers.push(more);
        return;
    };
    for authority in more.authorities {
        if !known.authorities.contains(&authority) {
            known.authorities.push(authority);
        }
    }
    known.times.extend(more.times);
    known.times.sort_unstable();
    known.times.dedup();
    known.logged |= more.logged;
}

/// A signed thing, and what was found out about it for any authority.
struct Signed<'a> {
    sealed: &'a Sealed,
    now: Timestamp,
    certificate: OnceCell<Result<(Leaf, &'a [u8]), Refusal>>,
}

impl<'a> Signed<'a> {
    fn vouch(&self, authority: &Authority) -> Result<Vec<Voucher>, Refusal> {
        match &authority.signers {
            Signers::Keys(keys) => self.by_keys(keys, authority),
            Signers::Keyless(identities) => self.by_certificate(identities, authority),
            Signers::Certificates { identities, .. } => self.by_certificate(identities, authority),
        }
    }

    /// One voucher for each key that signed and has the proof that is asked for; none if no key signed.
    fn by_keys(&self, keys: &[PublicKey], authority: &Authority) -> Result<Vec<Voucher>, Refusal> {
        let mut vouchers = Vec::new();
        let mut refused = None;
        for key in keys {
            for signature in self.sealed.signatures() {
                if !self.sealed.is_signed_by(key, signature) {
                    continue;
                }
                let signer = SignerKey {
                    key,
                    certificate: None,
                };
                match self.proofs(authority, signature, &signer) {
                    Ok(proofs) => {
                        let fingerprint = key.fingerprint().to_owned();
                        let identity = Identity::Key { fingerprint };
                        add(&mut vouchers, voucher(identity, authority, proofs));
                    }
                    Err(refusal) => refused = Some(refusal),
                }
            }
        }
        match refused {
            Some(refusal) if vouchers.is_empty() => Err(refusal),
            _ => Ok(vouchers),
        }
    }

    /// The holder of the certificate that came with it. In this order: signature, logs, timestamps, path, identity.
    fn by_certificate(
        &self,
        identities: &[IdentityMatcher],
        authority: &Authority,
    ) -> Result<Vec<Voucher>, Refusal> {
        let SignerClaim::Certificate { intermediates, .. } = &self.sealed.material.signer else {
            let detail = format!(
                "signed by a key, and authority {} accepts certificates only",
                authority.name
            );
            return Err(Refusal::new(Reason::KeyMismatch, detail));
        };
        let (leaf, signature) = self.certificate()?;
        let signer = SignerKey {
            key: &leaf.key,
            certificate: Some(leaf.der()),
        };
        let proofs = self
            .proofs(authority, signature, &signer)
            .map_err(|refusal| untrusted_first(refusal, leaf, intermediates, authority))?;
        let identity = match (&authority.signers, &authority.trust_root) {
            (Signers::Certificates { chain, .. }, _) if proofs.times.is_empty() => {
                chain::verify_own(leaf, intermediates, chain, &[self.now])?
            }
            (Signers::Certificates { chain, .. }, _) => {
                chain::verify_own(leaf, intermediates, chain, &proofs.times)?
            }
            (_, Some(root)) if !proofs.times.is_empty() => {
                chain::verify_fulcio(leaf, intermediates, root, &proofs.times)?
            }
            _ => {
                return Err(untrusted_first(
                    proofs.undated(),
                    leaf,
                    intermediates,
                    authority,
                ));
            }
        };
        accepted(identities, &identity, &authority.name)?;
        Ok(vec![voucher(identity, authority, proofs)])
    }

    /// The certificate that came with it, once it is known that its key made the signature.
    fn certificate(&self) -> Result<(&Leaf, &'a [u8]), Refusal> {
        let read = self.certificate.get_or_init(|| {
            let SignerClaim::Certificate { leaf, .. } = &self.sealed.material.signer else {
                return Err(Refusal::malformed("it has no certificate"));
            };
            let leaf = Leaf::parse(leaf)?;
            let signed = |signature: &&[u8]| self.sealed.is_signed_by(&leaf.key, signature);
            let signature = self.sealed.signatures().find(signed).ok_or_else(|| {
                Refusal::new(
                    Reason::SignatureInvalid,
                    "does not verify with the key of its certificate: changed since it was signed",
                )
            })?;
            Ok((leaf, signature))
        });
        match read {
            Ok((leaf, signature)) => Ok((leaf, signature)),
            Err(refusal) => Err(refusal.clone()),
        }
    }

    /// What logs and timestamp authorities of the authority's root say, as much as is asked for.
    fn proofs(
        &self,
        authority: &Authority,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<Proofs, Refusal> {
        // A key that owes no proof is believed by itself, whatever lies beside the signature.
        let owes_nothing = authority.transparency == Transparency::NONE;
        let Some(root) = authority.trust_root.as_ref().filter(|_| !owes_nothing) else {
            return Ok(Proofs::default());
        };
        let proofs = Proofs::gather(self.sealed, signature, signer, root, self.now)?;
        proofs.check(authority.transparency, root)?;
        Ok(proofs)
    }
}

/// That the certificate is a stranger's says more than that it was logged by strangers.
fn untrusted_first(
    refusal: Refusal,
    leaf: &Leaf,
    intermediates: &[Vec<u8>],
    authority: &Authority,
) -> Refusal {
    let lacking = [
        Reason::LogMissing,
        Reason::TimestampMissing,
        Reason::TimeMissing,
    ];
    let (Signers::Keyless(_), Some(root)) = (&authority.signers, &authority.trust_root) else {
        return refusal;
    };
    let issued = [leaf.lifetime.not_before];
    match chain::verify_fulcio(leaf, intermediates, root, &issued) {
        Err(stranger)
            if lacking.contains(&refusal.reason)
                && stranger.reason == Reason::CertificateUntrusted =>
        {
            stranger
        }
        _ => refusal,
    }
}

/// Why no key vouches, as far as the unsigned claim about the signer tells.
fn not_by_keys(claim: &SignerClaim, authorities: &[Authority]) -> Refusal {
    let names = |meant: &dyn Fn(&PublicKey) -> bool| {
        let meant = authorities
            .iter()
            .filter(|authority| match &authority.signers {
                Signers::Keys(keys) => keys.iter().any(meant),
                _ => false,
            });
        let names: Vec<_> = meant.map(|authority| authority.name.as_str()).collect();
        names.join(", ")
    };
    let whose = match authorities {
        [authority] => format!("authority {}", authority.name),
        _ => format!("authorities {}", names(&|_| true)),
    };
    let (reason, detail) = match claim {
        SignerClaim::Certificate { .. } => (
            Reason::CertificateUntrusted,
            match authorities {
                [_] => format!("signed with a certificate, which {whose} does not accept"),
                _ => format!("signed with a certificate, which {whose} do not accept"),
            },
        ),
        SignerClaim::Key { hint } => match names(&|key| key.hint() == *hint).as_str() {
            "" => (
                Reason::KeyMismatch,
                format!(
                    "signed by another key (hint {}) than those of {whose}",
                    shorten(hint)
                ),
            ),
            names => (
                Reason::SignatureInvalid,
                format!(
                    "names the key of {names}, but does not verify with it: changed since it was signed"
                ),
            ),
        },
        SignerClaim::Nothing => (
            Reason::KeyMismatch,
            format!("verifies with no key of {whose}: signed by another key, or changed since"),
        ),
    };
    Refusal::new(reason, detail)
}

fn voucher(identity: Identity, authority: &Authority, proofs: Proofs) -> Voucher {
    Voucher {
        identity,
        authorities: vec![authority.name.clone()],
        logged: proofs.is_logged(),
        times: proofs.times,
    }
}

/// Whether one of `identities` is meant; else why the nearest is not.
fn accepted(
    identities: &[IdentityMatcher],
    found: &Identity,
    authority: &str,
) -> Result<(), Refusal> {
    let mut nearest: Option<Refusal> = None;
    for wanted in identities {
        match wanted.check(found) {
            Ok(()) => return Ok(()),
            Err(refusal) => {
                let nearer = |known: &Refusal| refusal.reason.nearness() > known.reason.nearness();
                if nearest.as_ref().is_none_or(nearer) {
                    nearest = Some(refusal);
                }
            }
        }
    }
    let refusal = nearest
        .unwrap_or_else(|| Refusal::new(Reason::IdentityMismatch, "no identity is accepted"));
    let detail = format!(
        "{}, which authority {authority} does not accept",
        refusal.detail
    );
    Err(Refusal { detail, ..refusal })
}

/// Enough of a hint to tell keys apart.
fn shorten(hint: &str) -> String {
    let shown: String = hint.chars().take(HINT_SHOWN).collect();
    let more = if hint.chars().nth(HINT_SHOWN).is_some() {
        "…"
    } else {
        ""
    };
    format!("{}{more}", countersign_image::excerpt(&shown))
}

const HINT_SHOWN: usize = 44;
