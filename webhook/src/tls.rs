//! The serving certificate: read from two files, read again when they change.
//!
//! Keeps the last good pair: a half-written or mismatched one never reaches a client.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files;

/// Why a pair of files is no serving certificate. Never quotes their content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate file holds no readable certificate.
    #[error("{}: no certificate in PEM", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key file holds no readable private key.
    #[error("{}: no unencrypted private key in PEM", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two do not belong together, or the library cannot use them.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The files, and the pair that was last read from them whole.
pub(crate) struct ServingCertificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<Loaded>,
}

struct Loaded {
    certified: Arc<CertifiedKey>,
    not_after: Timestamp,
    files: Files,
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl ServingCertificate {
    /// Reads the pair, or says what is wrong with it.
    pub(crate) async fn load(
        certificate: &Path,
        key: &Path,
    ) -> Result<Arc<Self>, CertificateError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let files = read(certificate, key).await?;
        let loaded = parse(certificate, key, files, &provider)?;
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            provider,
            current: ArcSwap::from_pointee(loaded),
        }))
    }

    /// TLS as the API server speaks it: 1.2 or newer, no client certificate, HTTP/1.1 preferred by its client.
    pub(crate) fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, CertificateError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// When the certificate in use ends.
    pub(crate) fn not_after(&self) -> Timestamp {
        self.current.load().not_after
    }

    /// Looks at the files for as long as it is polled, and tells `changed` of every new pair, good or bad.
    pub(crate) async fn follow(
        &self,
        every: Duration,
        changed: impl Fn(Result<Timestamp, CertificateError>),
    ) {
        // What was refused is not reported again until the files change once more.
        let mut refused = None;
        loop {
            tokio::time::sleep(every).await;
            let files = match read(&self.certificate, &self.key).await {
                Ok(files) => files,
                Err(error) => {
                    if refused.replace(None) != Some(None) {
                        changed(Err(error));
                    }
                    continue;
                }
            };
            if files == self.current.load().files || refused.as_ref() == Some(&Some(files.clone()))
            {
                continue;
            }
            match parse(&self.certificate, &self.key, files.clone(), &self.provider) {
                Ok(loaded) => {
                    let not_after = loaded.not_after;
                    self.current.store(Arc::new(loaded));
                    refused = None;
                    changed(Ok(not_after));
                }
                Err(error) => {
                    refused = Some(Some(files));
                    changed(Err(error));
                }
            }
        }
    }
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().certified))
    }
}

async fn read(certificate: &Path, key: &Path) -> Result<Files, CertificateError> {
    Ok(Files {
        certificate: read_file(certificate).await?,
        key: read_file(key).await?,
    })
}

async fn read_file(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let owned = path.to_owned();
    // A file system that hangs must not take a thread that serves with it.
    let read = tokio::task::spawn_blocking(move || files::read(&owned, LARGEST_FILE)).await;
    read.unwrap_or_else(|error| Err(error.into()))
        .map_err(|source| CertificateError::Io {
            path: path.to_owned(),
            source,
        })
}

fn parse(
    certificate: &Path,
    key: &Path,
    files: Files,
    provider: &CryptoProvider,
) -> Result<Loaded, CertificateError> {
    let no_certificate = || CertificateError::NoCertificate {
        path: certificate.to_owned(),
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&files.certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| no_certificate())?;
    let leaf = chain.first().ok_or_else(no_certificate)?;
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf).map_err(|_| no_certificate())?;
    let not_after = Timestamp::from_second(parsed.validity().not_after.timestamp())
        .map_err(|_| no_certificate())?;
    let private =
        PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| CertificateError::NoKey {
            path: key.to_owned(),
        })?;
    let certified = Arc::new(CertifiedKey::from_der(chain, private, provider)?);
    Ok(Loaded {
        certified,
        not_after,
        files,
    })
}

const LARGEST_FILE: u64 = 256 * 1024;
