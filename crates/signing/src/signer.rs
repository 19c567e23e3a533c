//! Who signs, and what the signature is shown to.
//!
//! Refuses, before anybody is asked, what could not be verified afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_evidence::{
    Authority, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};

use crate::envelope::{Envelope, Proof, Signatory};
use crate::error::SigningError;
use crate::key::PrivateKey;
use crate::services::{Certificate, Entry, Services};
use crate::token::IdentityToken;

/// The services that signatures are shown to, and the trust root by which what they answer is verified.
#[derive(Debug)]
pub struct Witnesses {
    /// The services.
    pub services: Services,
    /// Their trust root.
    pub trust_root: Arc<TrustRoot>,
    /// Whether what logs answer need not verify.
    pub ignore_logs: bool,
}

/// Whoever signs.
#[derive(Debug)]
pub(crate) enum Signer<'a> {
    /// The holder of a key.
    Key(&'a PrivateKey),
    /// The holder of a certificate, and of its key for as long as this lives.
    Certified(Box<Certified>),
}

/// A certificate and its key.
#[derive(Debug)]
pub(crate) struct Certified {
    key: PrivateKey,
    certificate: Certificate,
}

impl<'a> Signer<'a> {
    /// Has a new key certified for the identity of `token`.
    pub(crate) async fn certified(
        token: &IdentityToken,
        witnesses: &Witnesses,
    ) -> Result<Signer<'a>, SigningError> {
        let key = PrivateKey::generate()?;
        let certificate = witnesses.services.certify(token, &key).await?;
        Ok(Self::Certified(Box::new(Certified { key, certificate })))
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        match self {
            Self::Certified(holder) => &holder.key,
            Self::Key(key) => key,
        }
    }

    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Certified(holder) => Some(&holder.certificate),
            Self::Key(_) => None,
        }
    }

    pub(crate) fn signatory(&self) -> Signatory<'_> {
        match self {
            Self::Certified(holder) => Signatory::Certificate(&holder.certificate),
            Self::Key(key) => Signatory::Key(key),
        }
    }

    /// Shows `envelope` to the logs, who then know of it for ever.
    pub(crate) async fn log(
        &self,
        envelope: &Envelope,
        witnesses: &Witnesses,
        proof: &mut Proof,
    ) -> Result<(), SigningError> {
        let entry = Entry {
            envelope: &envelope.to_json()?,
            pae: envelope.pae(),
            signature: envelope.signature(),
            key: self.key().public_key(),
            certificate: self.certificate(),
        };
        proof.entries = witnesses.services.log(&entry).await?;
        Ok(())
    }
}

/// The verifiers of what is signed: as it will be published, and as it is before a log has seen it, where that can be
/// verified.
#[derive(Debug)]
pub(crate) struct Verifiers {
    pub(crate) published: Verifier,
    pub(crate) unlogged: Option<Verifier>,
}

impl Verifiers {
    /// For signatures of `key`, or of whoever a certificate of the trust root names.
    pub(crate) fn new(
        key: Option<&PrivateKey>,
        witnesses: Option<&Witnesses>,
    ) -> Result<Self, SigningError> {
        let (name, signers) = match key {
            Some(key) => ("this key", Signers::Keys(vec![key.public_key().clone()])),
            // Any, for there is only one that it can be: that of the certificate at hand, which is told to the user.
            None => ("this identity", Signers::Keyless(vec![anybody()?])),
        };
        let verifier = |transparency| {
            Verifier::new(vec![Authority {
                name: name.to_owned(),
                signers: signers.clone(),
                trust_root: witnesses.map(|witnesses| Arc::clone(&witnesses.trust_root)),
                transparency,
            }])
        };
        let Some(witnesses) = witnesses else {
            let published = verifier(Transparency::NONE)?;
            return Ok(Self {
                published,
                unlogged: None,
            });
        };
        let all = witnesses.services.transparency();
        let unlogged = Transparency { logs: 0, ..all };
        let demanded = if witnesses.ignore_logs { unlogged } else { all };
        let is_verifiable = all.logs > 0 && (key.is_some() || all.timestamps > 0);
        Ok(Self {
            published: verifier(demanded)?,
            unlogged: is_verifiable.then(|| verifier(unlogged)).transpose()?,
        })
    }
}

fn anybody() -> Result<IdentityMatcher, SigningError> {
    let any = Pattern::matching("(?s).+")?;
    Ok(IdentityMatcher {
        issuer: Some(any.clone()),
        subject: any,
        claims: BTreeMap::new(),
    })
}
