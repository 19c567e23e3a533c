//! Manifests and blobs, each measured and hashed before anybody parses it.
//!
//! Refuses bytes that are not what their digest says, a `Docker-Content-Digest` that lies, and content of other types.

use std::fmt;

use bytes::Bytes;
use countersign_image::{
    Descriptor, Digest, Document, ManifestError, Repository, SourceError, excerpt, media_type,
};
use http::header;

use crate::call::{Answer, Call};
use crate::client::Client;

/// Which manifest of a repository.
#[derive(Clone, Debug)]
pub(crate) enum Target<'a> {
    Digest(Digest),
    /// As a list announces it, with its size.
    Entry(&'a Digest, u64),
    Tag(&'a str),
}

/// A manifest as it came, its digest checked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) digest: Digest,
    pub(crate) bytes: Bytes,
    /// What it was declared to be.
    pub(crate) media_type: Option<String>,
    /// Where it came from, for messages.
    pub(crate) host: String,
    /// What was asked for, for messages.
    pub(crate) what: String,
}

impl<'a> Target<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        text.parse().map_or(Self::Tag(text), Self::Digest)
    }

    fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Entry(digest, _) => Some(digest),
            Self::Tag(_) => None,
        }
    }

    /// `shop/api:1.0` or `shop/api@sha256:…`, for messages.
    pub(crate) fn of(&self, repository: &Repository) -> String {
        let separator = if self.digest().is_some() { '@' } else { ':' };
        format!("{}{separator}{self}", repository.path())
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(formatter),
            Self::Entry(digest, _) => digest.fmt(formatter),
            Self::Tag(tag) => formatter.write_str(tag),
        }
    }
}

impl Found {
    /// The document, if it is what it is declared to be.
    pub(crate) fn parse(&self) -> Result<Document, SourceError> {
        Document::parse(&self.bytes, self.media_type.as_deref())
            .map_err(|error| self.failure(&error))
    }

    /// The document, or why the bytes make none. Only what the registry does wrong is an error: what a pusher wrote
    /// is a finding.
    pub(crate) fn parse_attached(&self) -> Result<Result<Document, ManifestError>, SourceError> {
        match Document::parse(&self.bytes, self.media_type.as_deref()) {
            Ok(document) => Ok(Ok(document)),
            Err(error @ (ManifestError::TooLarge { .. } | ManifestError::TooMany { .. })) => {
                Err(self.failure(&error))
            }
            Err(error) if Document::parse(&self.bytes, None).is_ok() => Err(self.failure(&error)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Itself, if it has as many bytes as were announced.
    pub(crate) fn of_size(self, wanted: u64) -> Result<Self, SourceError> {
        let got = self.bytes.len() as u64;
        if got == wanted {
            return Ok(self);
        }
        Err(SourceError::SizeMismatch {
            host: self.host,
            what: self.what,
            wanted,
            got,
        })
    }

    fn failure(&self, error: &ManifestError) -> SourceError {
        SourceError::manifest(&self.host, &self.what, error)
    }
}

impl Client {
    /// A manifest of at most `limit` bytes; `None` when the registry says that there is none.
    pub(crate) async fn fetch_manifest(
        &self,
        repository: &Repository,
        target: &Target<'_>,
        limit: usize,
    ) -> Result<Option<Found>, SourceError> {
        let what = target.of(repository);
        let url = self.url(repository, &format!("manifests/{target}"))?;
        let mut call = Call::get(repository, url, what, limit);
        call.accept = media_type::ACCEPT_MANIFESTS.join(", ");
        if let Target::Entry(_, size) = target {
            call.size = Some(within(&call.registry(), &call.what, *size, limit)?);
        }
        let answer = self.send(&call).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let answer = answer.success(&call)?;
        let media_type = manifest_type(&call, &answer)?;
        let digest = match target.digest() {
            Some(digest) => verified(&call.registry(), digest, &answer.body)?,
            None => announced(&call, &answer)?,
        };
        Ok(Some(Found {
            digest,
            bytes: answer.body,
            media_type,
            host: call.registry(),
            what: call.what,
        }))
    }

    /// A blob of at most `limit` bytes, exactly as its descriptor says.
    pub(crate) async fn fetch_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, SourceError> {
        // Neither `urls` nor `data` of a descriptor is ever looked at: both are another's word for the content.
        let what = format!("{}@{}", repository.path(), blob.digest);
        let url = self.url(repository, &format!("blobs/{}", blob.digest))?;
        let mut call = Call::get(repository, url, what, limit);
        call.size = Some(within(&call.registry(), &call.what, blob.size, limit)?);
        let answer = self.send(&call).await?;
        if answer.status.as_u16() == 404 {
            return Err(SourceError::AttachmentMissing {
                host: call.registry(),
                what: call.what,
            });
        }
        let answer = answer.success(&call)?;
        verified(&call.registry(), &blob.digest, &answer.body)?;
        Ok(answer.body)
    }
}

/// The announced size, unless it alone is a reason not to ask.
pub(crate) fn within(host: &str, what: &str, size: u64, limit: usize) -> Result<u64, SourceError> {
    if size > limit as u64 {
        return Err(SourceError::TooLarge {
            host: host.to_owned(),
            what: what.to_owned(),
            limit,
        });
    }
    Ok(size)
}

fn manifest_type(call: &Call<'_>, answer: &Answer) -> Result<Option<String>, SourceError> {
    let Some(declared) = answer.header(header::CONTENT_TYPE).map(media_type::essence) else {
        return Ok(None);
    };
    if media_type::ACCEPT_MANIFESTS.contains(&declared.as_str()) {
        return Ok(Some(declared));
    }
    let (host, what) = (call.registry(), call.what.clone());
    Err(SourceError::UnexpectedMediaType {
        host,
        what,
        media_type: excerpt(&declared),
    })
}

/// The digest, if the bytes are what it names.
pub(crate) fn verified(host: &str, wanted: &Digest, bytes: &[u8]) -> Result<Digest, SourceError> {
    if wanted.verifies(bytes) {
        return Ok(wanted.clone());
    }
    Err(SourceError::DigestMismatch {
        host: host.to_owned(),
        wanted: wanted.clone(),
        got: Digest::of(bytes),
    })
}

/// The digest of a manifest that was asked for by tag: ours, which the registry may confirm but not replace.
fn announced(call: &Call<'_>, answer: &Answer) -> Result<Digest, SourceError> {
    let got = Digest::of(&answer.body);
    // Another algorithm is allowed and says nothing about ours.
    let Some(said) = answer
        .header("docker-content-digest")
        .filter(|said| said.starts_with("sha256:"))
    else {
        return Ok(got);
    };
    if said == got.to_string() {
        return Ok(got);
    }
    let host = call.registry();
    Err(match said.parse() {
        Ok(wanted) => SourceError::DigestMismatch { host, wanted, got },
        Err(error) => {
            let detail = format!("Docker-Content-Digest: {error}");
            SourceError::MalformedResponse {
                host,
                what: call.what.clone(),
                detail,
            }
        }
    })
}
