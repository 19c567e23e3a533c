//! The client: asks a registry, proves who asks, and follows where that is allowed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use countersign_image::{
    BlobSource, Collected, Descriptor, Digest, Document, ImageSource, Needs, Reference, Repository,
    Resolved, SourceError, limits,
};
use http::{HeaderValue, Method};
use tokio::time::Instant;
use url::Url;

use crate::auth::{Auth, Session, locked, remember};
use crate::call::{Answer, Call};
use crate::collect;
use crate::credentials::Credential;
use crate::destination;
use crate::manifests::Target;
use crate::room::Room;
use crate::settings::{Settings, SettingsError};
use crate::transport::{Route, Transport};

/// Reads images, and what is attached to them, from registries; also writes what is to be attached.
///
/// One client serves many requests at a time and keeps its connections and tokens.
pub struct Client {
    transport: Transport,
    auth: Auth,
    room: Room,
    /// When hosts were last found to lack the referrers API.
    without_referrers: Mutex<HashMap<String, Instant>>,
}

impl Client {
    /// A client that reaches registries as `settings` say.
    ///
    /// # Errors
    ///
    /// A [`SettingsError`] when a certificate authority or a proxy makes no sense.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let room = Room::new(settings.attachment_room);
        let transport = Transport::new(settings)?;
        Ok(Self {
            transport,
            room,
            auth: Auth::default(),
            without_referrers: Mutex::default(),
        })
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// The manifest or index behind a tag or a digest; `None` when the registry says that there is none.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] when that cannot be found out, or when what is there is no manifest.
    pub async fn manifest(
        &self,
        repository: &Repository,
        target: &str,
    ) -> Result<Option<(Digest, Document, Bytes)>, SourceError> {
        let target = Target::parse(target);
        let Some(found) = self
            .fetch_manifest(repository, &target, limits::MANIFEST_BYTES)
            .await?
        else {
            return Ok(None);
        };
        let document = found.parse()?;
        Ok(Some((found.digest, document, found.bytes)))
    }

    /// A blob that a manifest names.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] when it cannot be had, is too large, or is not what its descriptor says.
    pub async fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Bytes, SourceError> {
        self.fetch_blob(repository, blob, limits::STATEMENT_BYTES)
            .await
    }

    /// The manifests that refer to an image, from the referrers API or from the fallback tag.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] when that cannot be found out, or when there are too many.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, SourceError> {
        Ok(self.list_referrers(repository, subject).await?.entries)
    }

    /// Asks, proves who asks when that is demanded, and follows redirects of what only reads.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Answer, SourceError> {
        let credential = self.credential(call).await?;
        let session = Session {
            transport: &self.transport,
            call,
            credential,
        };
        let mut proof = self.auth.beforehand(&session).await?;
        let mut answer = self
            .present(call, proof.as_ref().map(|proof| &proof.header))
            .await?;
        if answer.status.as_u16() == 401 {
            let other = self.auth.respond(&session, &answer, proof.as_ref()).await?;
            answer = self.present(call, Some(&other.header)).await?;
            if answer.status.as_u16() == 401 {
                return Err(session.still_refused(&other));
            }
            proof = Some(other);
        }
        let Some(_) = answer.location() else {
            return Ok(answer);
        };
        self.follow(call, answer, proof.map(|proof| proof.header))
            .await
    }

    /// The URL of something in a repository.
    pub(crate) fn url(&self, repository: &Repository, rest: &str) -> Result<Url, SourceError> {
        let plain = self
            .transport
            .settings()
            .plain_http
            .contains(repository.registry());
        let scheme = if plain { "http" } else { "https" };
        let text = format!(
            "{scheme}://{}/v2/{}/{rest}",
            repository.api_host(),
            repository.path()
        );
        text.parse()
            .map_err(|error: url::ParseError| SourceError::Unreachable {
                host: repository.registry().to_owned(),
                detail: error.to_string(),
            })
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.transport.settings()
    }

    /// Whether the registry was lately found to lack the referrers API.
    pub(crate) fn lacks_referrers(&self, repository: &Repository) -> bool {
        let seen = locked(&self.without_referrers)
            .get(repository.api_host())
            .copied();
        seen.is_some_and(|seen| seen.elapsed() < REFERRERS_MEMORY)
    }

    pub(crate) fn remember_lack_of_referrers(&self, repository: &Repository) {
        remember(
            &self.without_referrers,
            repository.api_host().to_owned(),
            Instant::now(),
        );
    }

    async fn credential(&self, call: &Call<'_>) -> Result<Option<Credential>, SourceError> {
        let found = self.settings().credentials.lookup(call.repository).await;
        found.map_err(|error| SourceError::Unauthorized {
            host: call.registry(),
            repository: call.repository.path().to_owned(),
            detail: error.to_string(),
        })
    }

    async fn present(
        &self,
        call: &Call<'_>,
        proof: Option<&HeaderValue>,
    ) -> Result<Answer, SourceError> {
        self.transport.ask(Route::Ours, call, proof).await
    }

    async fn follow(
        &self,
        call: &Call<'_>,
        mut answer: Answer,
        mut proof: Option<HeaderValue>,
    ) -> Result<Answer, SourceError> {
        let mut route = Route::Ours;
        for _ in 0..limits::REDIRECTS {
            let Some(location) = answer.location() else {
                return Ok(answer);
            };
            let refuse = |target: &str, detail: &str| {
                let (target, detail) = (countersign_image::excerpt(target), detail.to_owned());
                Err(SourceError::RedirectRefused {
                    host: call.registry(),
                    target,
                    detail,
                })
            };
            let Ok(url) = answer.url.join(location) else {
                return refuse("nowhere", "it is not a URL");
            };
            let target = destination::shown(&url);
            if call.method != Method::GET {
                return refuse(&target, "only what reads is sent on");
            }
            let plain_http = &self.settings().plain_http;
            if let Some(objection) =
                destination::objection(&answer.url, answer.peer, &url, plain_http)
            {
                return refuse(&target, objection);
            }
            if !destination::same_origin(&answer.url, &url) {
                // Gone for good: another host may send us back to one that logs what it gets.
                proof = None;
                route = Route::LedBy(answer.peer);
            }
            let next = Call {
                url,
                ..call.clone()
            };
            answer = self.transport.ask(route, &next, proof.as_ref()).await?;
        }
        match answer.location() {
            None => Ok(answer),
            Some(_) => Err(SourceError::RedirectRefused {
                host: call.registry(),
                target: destination::shown(&answer.url),
                detail: format!("it is more than the {}th", limits::REDIRECTS),
            }),
        }
    }
}

impl BlobSource for Client {
    async fn blob(&self, repository: &Repository, blob: &Descriptor) -> Result<Bytes, SourceError> {
        Self::blob(self, repository, blob).await
    }
}

impl ImageSource for Client {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        if let Some(digest) = reference.digest() {
            return Ok(Resolved {
                image: reference.pin(digest.clone()),
                content: None,
            });
        }
        let repository = reference.repository();
        let target = Target::Tag(reference.tag().unwrap_or_default());
        let Some(found) = self
            .fetch_manifest(repository, &target, limits::MANIFEST_BYTES)
            .await?
        else {
            let host = repository.registry().to_owned();
            return Err(SourceError::ImageNotFound {
                host,
                reference: reference.to_string(),
            });
        };
        let content = found.parse()?;
        Ok(Resolved {
            image: reference.pin(found.digest),
            content: Some(content),
        })
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        collect::collect(self, image, needs).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", self.settings())
            .finish_non_exhaustive()
    }
}

/// Registries are upgraded; what they lacked is asked again.
const REFERRERS_MEMORY: Duration = Duration::from_secs(600);
