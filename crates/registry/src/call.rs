//! One question to a registry, and its answer.
//!
//! An answer's body has been read, within its cap; nobody above this sees a stream.

use bytes::Bytes;
use countersign_image::{Repository, SourceError};
use http::header::AsHeaderName;
use http::{HeaderMap, Method, StatusCode};
use std::time::Duration;
use url::Url;

use crate::address::Kind;

/// A question to a registry.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// In words, for messages.
    pub(crate) what: String,
    pub(crate) accept: String,
    pub(crate) content: Option<Content>,
    /// How large the body of the answer may be.
    pub(crate) limit: usize,
    /// How large it is announced to be, where that is known.
    pub(crate) size: Option<u64>,
    /// Whether asking twice does no harm.
    pub(crate) repeatable: bool,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

impl<'a> Call<'a> {
    pub(crate) fn get(repository: &'a Repository, url: Url, what: String, limit: usize) -> Self {
        Self {
            repository,
            method: Method::GET,
            url,
            what,
            accept: "*/*".to_owned(),
            content: None,
            limit,
            size: None,
            repeatable: true,
        }
    }

    /// A call that changes something, whose answer has no body worth reading.
    pub(crate) fn write(
        repository: &'a Repository,
        method: Method,
        url: Url,
        what: String,
    ) -> Self {
        Self {
            method,
            ..Self::get(repository, url, what, 0)
        }
    }

    /// The scope of a token that allows this.
    pub(crate) fn scope(&self) -> String {
        // Never the scope of a challenge: whoever writes that could have us fetch a token for other repositories.
        let actions = if matches!(self.method, Method::GET) {
            "pull"
        } else {
            "pull,push"
        };
        format!("repository:{}:{actions}", self.repository.path())
    }

    pub(crate) fn registry(&self) -> String {
        self.repository.registry().to_owned()
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Of a success; failures are known by their status, and what they say is repeated to nobody.
    pub(crate) body: Bytes,
    /// Who answered, after redirects.
    pub(crate) url: Url,
    /// The kind of the address that answered.
    pub(crate) peer: Kind,
}

impl Answer {
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the answer sends us elsewhere, and where to.
    pub(crate) fn location(&self) -> Option<&str> {
        match self.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => self.header(http::header::LOCATION),
            _ => None,
        }
    }

    /// The pause that a registry asks for, when it says it in seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header(http::header::RETRY_AFTER)?
            .trim()
            .parse()
            .ok()
            .map(Duration::from_secs)
    }

    /// The answer, if it is a success; the failure that it means otherwise.
    pub(crate) fn success(self, call: &Call<'_>) -> Result<Self, SourceError> {
        let repository = call.repository.path().to_owned();
        let host = call.registry();
        match self.status.as_u16() {
            200..=299 => Ok(self),
            401 => Err(SourceError::Unauthorized {
                host,
                repository,
                detail: "it refuses what was presented".to_owned(),
            }),
            403 => Err(SourceError::Forbidden { host, repository }),
            429 => Err(SourceError::RateLimited {
                host,
                retry_after: self.retry_after(),
            }),
            status => Err(SourceError::RegistryFailed {
                host,
                status,
                what: call.what.clone(),
            }),
        }
    }
}
