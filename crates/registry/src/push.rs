//! Writing to a registry: blobs, then the manifests that name them.
//!
//! Sends nothing on to another host, and takes no upload location there.

use bytes::Bytes;
use countersign_image::{Digest, Repository, SourceError};
use http::{Method, header};
use url::Url;

use crate::call::{Answer, Call, Content};
use crate::client::Client;
use crate::destination;
use crate::manifests::Target;

/// A manifest that a registry has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its digest.
    pub digest: Digest,
    /// Whether the registry took note of the subject. If not, the fallback tag is ours to write.
    pub subject_processed: bool,
}

impl Client {
    /// Stores a blob, unless it is there already.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] when the registry does not take it.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        bytes: Bytes,
    ) -> Result<Digest, SourceError> {
        let digest = Digest::of(&bytes);
        let what = format!("the upload of a blob to {}", repository.path());
        let url = self.url(repository, &format!("blobs/{digest}"))?;
        let probe = Call::write(repository, Method::HEAD, url, what.clone());
        if self
            .send(&probe)
            .await
            .is_ok_and(|answer| answer.status.is_success())
        {
            return Ok(digest);
        }
        let begin = Call::write(
            repository,
            Method::POST,
            self.url(repository, "blobs/uploads/")?,
            what.clone(),
        );
        let begun = self.send(&begin).await?.success(&begin)?;
        let mut url = upload_location(&begin, &begun)?;
        url.query_pairs_mut()
            .append_pair("digest", &digest.to_string());
        let mut finish = Call::write(repository, Method::PUT, url, what);
        finish.content = Some(Content {
            media_type: "application/octet-stream".to_owned(),
            bytes,
        });
        // An upload that went wrong half-way is gone; another attempt begins with another POST.
        finish.repeatable = false;
        self.send(&finish).await?.success(&finish)?;
        Ok(digest)
    }

    /// Stores a manifest under a tag or its digest.
    ///
    /// # Errors
    ///
    /// A [`SourceError`]; `RegistryFailed` with a status of 400 to 499 when the registry does not take such a manifest.
    pub async fn push_manifest(
        &self,
        repository: &Repository,
        target: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Pushed, SourceError> {
        let digest = Digest::of(&bytes);
        let target = Target::parse(target);
        let what = format!("the upload of {}", target.of(repository));
        let url = self.url(repository, &format!("manifests/{target}"))?;
        let mut call = Call::write(repository, Method::PUT, url, what);
        call.content = Some(Content {
            media_type: media_type.to_owned(),
            bytes,
        });
        let answer = self.send(&call).await?.success(&call)?;
        Ok(Pushed {
            digest,
            subject_processed: answer.headers.contains_key("oci-subject"),
        })
    }
}

fn upload_location(call: &Call<'_>, answer: &Answer) -> Result<Url, SourceError> {
    let location = answer
        .header(header::LOCATION)
        .and_then(|location| call.url.join(location).ok());
    let Some(url) = location else {
        let (host, what) = (call.registry(), call.what.clone());
        let detail = "it does not say where to upload".to_owned();
        return Err(SourceError::MalformedResponse { host, what, detail });
    };
    if destination::same_origin(&call.url, &url) && url.username().is_empty() {
        return Ok(url);
    }
    Err(SourceError::RedirectRefused {
        host: call.registry(),
        target: destination::shown(&url),
        detail: "uploads stay on the registry's own host".to_owned(),
    })
}
