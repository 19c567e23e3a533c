//! The folder that holds `ca.crt`, `ca.key`, `tls.crt` and `tls.key`.
//!
//! Each file is replaced in one step, keys with mode 600. Refuses to overwrite what it did not
//! write: half an authority, or a serving certificate of somebody else.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::Error;
use crate::authority::Authority;
use crate::certificate::{Certificate, Lifetime, Pair};
use crate::names::Names;

/// A folder of certificates.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// What lies in a folder after issuing.
#[derive(Debug)]
pub struct Issued {
    /// The certificate of the authority.
    pub authority: Certificate,
    /// Whether the authority is new, so that clients must be told.
    pub new_authority: bool,
    /// The serving certificate.
    pub serving: Certificate,
}

/// What came of a renewal.
#[derive(Debug)]
pub enum Renewal {
    /// More than a third of the life is left: nothing was written.
    NotDue(Certificate),
    /// A new serving certificate was written.
    Renewed(Certificate),
}

impl Folder {
    /// Names a folder; nothing is read or made yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Issues a serving certificate, under the authority of the folder or a new one.
    ///
    /// # Errors
    /// When the folder holds what this tool did not write, or cannot be written.
    pub fn issue(
        &self,
        names: &Names,
        life: Lifetime,
        authority_life: Lifetime,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        if names.is_empty() {
            return Err(Error::NoNames);
        }
        let (authority, new_authority) = match self.authority(now)? {
            Some(authority) => (authority, false),
            None => (Authority::generate(authority_life, now)?, true),
        };
        self.refuse_foreign_certificate(&authority)?;
        self.make()?;
        if new_authority {
            self.write(CA_KEY, authority.pair().key_pem().as_bytes(), 0o600)?;
            self.write(
                CA_CERTIFICATE,
                authority.certificate().pem().as_bytes(),
                0o644,
            )?;
        }
        let serving = authority.issue(names, life, now)?;
        self.write_serving(&serving)?;
        Ok(Issued {
            authority: authority.certificate().clone(),
            new_authority,
            serving: serving.certificate().clone(),
        })
    }

    /// Issues the serving certificate anew, for the same names, when a third of its life is left
    /// or `force` says so.
    ///
    /// # Errors
    /// When there is nothing to renew, or nothing to renew it with.
    pub fn renew(
        &self,
        life: Option<Lifetime>,
        force: bool,
        now: Timestamp,
    ) -> Result<Renewal, Error> {
        let current = self.serving()?;
        if !force && !current.is_due(now) {
            return Ok(Renewal::NotDue(current));
        }
        let authority = self
            .authority(now)?
            .ok_or_else(|| self.nothing(CA_CERTIFICATE))?;
        self.refuse_foreign_certificate(&authority)?;
        let life = life.unwrap_or_else(|| Lifetime::of(&current));
        let serving = authority.issue(current.names(), life, now)?;
        self.write_serving(&serving)?;
        Ok(Renewal::Renewed(serving.certificate().clone()))
    }

    /// The certificate of the authority, whether or not it is valid now.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn authority_certificate(&self) -> Result<Certificate, Error> {
        let pem = self
            .read(CA_CERTIFICATE)?
            .ok_or_else(|| self.nothing(CA_CERTIFICATE))?;
        Certificate::from_pem(&pem)
    }

    /// The serving certificate, whether or not it is valid now.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn serving(&self) -> Result<Certificate, Error> {
        let pem = self
            .read(CERTIFICATE)?
            .ok_or_else(|| self.nothing(CERTIFICATE))?;
        Certificate::from_pem(&pem)
    }

    /// The serving certificate with its key.
    ///
    /// # Errors
    /// When one of them is not there, or they do not belong together.
    pub fn serving_pair(&self) -> Result<Pair, Error> {
        let certificate = self
            .read(CERTIFICATE)?
            .ok_or_else(|| self.nothing(CERTIFICATE))?;
        let key = self.read(KEY)?.ok_or_else(|| self.nothing(KEY))?;
        Pair::from_pem(&certificate, &key)
    }

    fn authority(&self, now: Timestamp) -> Result<Option<Authority>, Error> {
        match (self.read(CA_CERTIFICATE)?, self.read(CA_KEY)?) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Authority::from_pair(Pair::from_pem(&certificate, &key)?, now).map(Some)
            }
            (Some(_), None) => Err(Error::HalfAuthority {
                missing: self.0.join(CA_KEY),
            }),
            (None, Some(_)) => Err(Error::HalfAuthority {
                missing: self.0.join(CA_CERTIFICATE),
            }),
        }
    }

    fn refuse_foreign_certificate(&self, authority: &Authority) -> Result<(), Error> {
        match self.serving() {
            Ok(current) if !current.was_issued_by(authority.certificate()) => {
                Err(Error::ForeignCertificate {
                    path: self.0.join(CERTIFICATE),
                })
            }
            Ok(_) | Err(Error::NothingIssued { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The key first: a reader that sees the new key with the old certificate knows that they do
    /// not match and reads again; the other way round is no better, and this one is documented.
    fn write_serving(&self, serving: &Pair) -> Result<(), Error> {
        self.write(KEY, serving.key_pem().as_bytes(), 0o600)?;
        self.write(CERTIFICATE, serving.certificate().pem().as_bytes(), 0o644)
    }

    fn make(&self) -> Result<(), Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|source| Error::Io {
                path: self.0.clone(),
                source,
            })
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), Error> {
        let path = self.0.join(name);
        let replace = || {
            let mut file = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .permissions(fs::Permissions::from_mode(mode))
                .tempfile_in(&self.0)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            // The rename is only safe against a power cut once the folder is written too.
            fs::File::open(&self.0)?.sync_all()
        };
        replace().map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })
    }

    fn read(&self, name: &str) -> Result<Option<String>, Error> {
        match read_bounded(&self.0.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io {
                path: self.0.join(name),
                source,
            }),
        }
    }

    fn nothing(&self, name: &str) -> Error {
        Error::NothingIssued {
            path: self.0.join(name),
        }
    }
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?
        .take(LARGEST_FILE)
        .read_to_string(&mut text)?;
    if text.len() as u64 == LARGEST_FILE {
        return Err(std::io::Error::other(
            "larger than any certificate or key of ours",
        ));
    }
    Ok(text)
}

const CA_CERTIFICATE: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
const LARGEST_FILE: u64 = 256 * 1024;

#[cfg(test)]
mod tests;
