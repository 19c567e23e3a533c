//! Manifests and blobs, each measured and hashed before anybody parses it.
//!
//! Refuses bytes that are not what their digest says, a `Docker-Content-Digest` that lies, and content of other types.

use std::fmt;

use bytes::Bytes;
use countersign_image::{
    Descriptor, Digest, Document, ManifestError, Repository, SourceError, excerpt, limits,
    media_type,
};
use http::header;

use crate::call::{Answer, Call};
use crate::client::Client;

/// Which manifest of a repository.
#[derive(Clone, Debug)]
pub(crate) enum Target<'a> {
    Digest(Digest),
    /// By a descriptor, whose size is known too.
    Entry(&'a Descriptor),
    Tag(&'a str),
}

/// A manifest as it came, its digest checked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) digest: Digest,
    pub(crate) bytes: Bytes,
    media_type: Option<String>,
}

impl<'a> Target<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        text.parse().map_or(Self::Tag(text), Self::Digest)
    }

    fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Entry(descriptor) => Some(&descriptor.digest),
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
            Self::Entry(descriptor) => descriptor.digest.fmt(formatter),
            Self::Tag(tag) => formatter.write_str(tag),
        }
    }
}

impl Found {
    /// The document, if it is what the registry says it is.
    pub(crate) fn parse(
        &self,
        repository: &Repository,
        target: &Target<'_>,
    ) -> Result<Document, SourceError> {
        let parsed = Document::parse(&self.bytes, self.media_type.as_deref());
        parsed.map_err(|error| {
            SourceError::manifest(repository.registry(), &target.of(repository), &error)
        })
    }

    /// The document, or why the bytes make none. Only what the registry does wrong is an error: what a pusher wrote
    /// is a finding.
    pub(crate) fn parse_attached(
        &self,
        repository: &Repository,
        target: &Target<'_>,
    ) -> Result<Result<Document, ManifestError>, SourceError> {
        match Document::parse(&self.bytes, self.media_type.as_deref()) {
            Ok(document) => Ok(Ok(document)),
            Err(error @ (ManifestError::TooLarge { .. } | ManifestError::TooMany { .. })) => Err(
                SourceError::manifest(repository.registry(), &target.of(repository), &error),
            ),
            Err(error) if Document::parse(&self.bytes, None).is_ok() => Err(SourceError::manifest(
                repository.registry(),
                &target.of(repository),
                &error,
            )),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl Client {
    /// A manifest; `None` when the registry says that there is none.
    pub(crate) async fn fetch_manifest(
        &self,
        repository: &Repository,
        target: &Target<'_>,
    ) -> Result<Option<Found>, SourceError> {
        let what = target.of(repository);
        let url = self.url(repository, &format!("manifests/{target}"))?;
        let mut call = Call::get(repository, url, what, limits::MANIFEST_BYTES);
        call.accept = media_type::ACCEPT_MANIFESTS.join(", ");
        if let Target::Entry(descriptor) = target {
            call.size = Some(within(&call, descriptor, limits::MANIFEST_BYTES)?);
        }
        let answer = self.send(&call).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let answer = answer.success(&call)?;
        let media_type = manifest_type(&call, &answer)?;
        let digest = match target.digest() {
            Some(digest) => verified(&call, digest, &answer.body)?,
            None => announced(&call, &answer)?,
        };
        Ok(Some(Found {
            digest,
            bytes: answer.body,
            media_type,
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
        call.size = Some(within(&call, blob, limit)?);
        let answer = self.send(&call).await?;
        if answer.status.as_u16() == 404 {
            return Err(SourceError::AttachmentMissing {
                host: call.registry(),
                what: call.what,
            });
        }
        let answer = answer.success(&call)?;
        verified(&call, &blob.digest, &answer.body)?;
        Ok(answer.body)
    }
}

/// The announced size, unless it alone is a reason not to ask.
fn within(call: &Call<'_>, descriptor: &Descriptor, limit: usize) -> Result<u64, SourceError> {
    if descriptor.size > limit as u64 {
        return Err(SourceError::TooLarge {
            host: call.registry(),
            what: call.what.clone(),
            limit,
        });
    }
    Ok(descriptor.size)
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

fn verified(call: &Call<'_>, wanted: &Digest, bytes: &[u8]) -> Result<Digest, SourceError> {
    if wanted.verifies(bytes) {
        return Ok(wanted.clone());
    }
    let (host, got) = (call.registry(), Digest::of(bytes));
    Err(SourceError::DigestMismatch {
        host,
        wanted: wanted.clone(),
        got,
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
