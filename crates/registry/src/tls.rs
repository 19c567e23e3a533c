//! Whom TLS trusts, and what its failures mean.
//!
//! There is no setting that would trust everybody.

use std::sync::Arc;

use countersign_image::{SourceError, excerpt};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::settings::{Settings, SettingsError};

/// The system's authorities and those that were added. None at all is no error: a registry that is spoken to without
/// TLS needs none.
pub(crate) fn config(settings: &Settings) -> Result<rustls::ClientConfig, SettingsError> {
    trusting(roots(settings)?)
}

/// Whom every host is trusted by.
pub(crate) fn roots(settings: &Settings) -> Result<RootCertStore, SettingsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    add(&mut roots, &settings.extra_ca_pem)?;
    Ok(roots)
}

/// Adds the authorities in PEM files, each of which has to hold one.
pub(crate) fn add(roots: &mut RootCertStore, pems: &[String]) -> Result<(), SettingsError> {
    let malformed = |detail: &str| SettingsError::Certificates {
        detail: detail.to_owned(),
    };
    for pem in pems {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|_| malformed("a block cannot be decoded"))?;
            roots
                .add(certificate)
                .map_err(|_| malformed("a certificate cannot be read"))?;
        }
        if roots.len() == before {
            return Err(malformed("there is none in it"));
        }
    }
    Ok(())
}

pub(crate) fn trusting(roots: RootCertStore) -> Result<rustls::ClientConfig, SettingsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// What a failure of TLS means.
pub(crate) fn failure(host: String, error: &rustls::Error) -> SourceError {
    match error {
        // What plain HTTP looks like to TLS.
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            SourceError::PlainHttpRefused { host }
        }
        error => SourceError::TlsFailed {
            host,
            detail: excerpt(&error.to_string()),
        },
    }
}
