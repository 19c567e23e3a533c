//! The list of manifests that refer to an image: from the referrers API, or from the fallback tag.
//!
//! Takes the list whole or not at all, asks for no filter, and believes nothing of its entries but their digests.

use countersign_image::{
    Descriptor, Digest, Document, Index, Origin, Repository, SourceError, excerpt, limits,
    media_type,
};
use http::header;
use url::Url;

use crate::call::{Answer, Call};
use crate::client::Client;
use crate::destination;
use crate::link;
use crate::manifests::Target;

/// The manifests that refer to an image.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) origin: Origin,
    pub(crate) entries: Vec<Descriptor>,
    /// Whether the API was asked and is not there.
    pub(crate) lacks_api: bool,
}

impl Client {
    /// Asks the API, unless the host is known to lack it, else the fallback tag.
    pub(crate) async fn list_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Listed, SourceError> {
        let known_to_lack = self.lacks_referrers(repository);
        if !known_to_lack && let Some(entries) = self.ask_api(repository, subject).await? {
            return Ok(Listed {
                origin: Origin::Referrer,
                entries,
                lacks_api: false,
            });
        }
        let entries = self.read_fallback(repository, subject).await?;
        Ok(Listed {
            origin: Origin::FallbackTag,
            entries,
            lacks_api: !known_to_lack,
        })
    }

    /// The list of the API; `None` when there is no such API.
    async fn ask_api(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, SourceError> {
        let first = self.url(repository, &format!("referrers/{subject}"))?;
        let what = format!("the referrers of {}@{subject}", repository.path());
        let mut call = Call::get(repository, first, what, limits::CARRIER_BYTES);
        call.accept = media_type::OCI_INDEX.to_owned();
        let mut entries = Vec::new();
        let mut asked: Vec<Url> = Vec::new();
        loop {
            let answer = self.send(&call).await?;
            // Distribution specification: 404 where there is no API. The others are seen of registries and proxies
            // that do not know the path. Anything else leaves open what there is.
            if asked.is_empty() && matches!(answer.status.as_u16(), 400 | 404 | 405 | 406 | 501) {
                return Ok(None);
            }
            let answer = answer.success(&call)?;
            add(
                repository.registry(),
                &mut entries,
                page(&call, &answer)?.manifests,
            )?;
            let Some(next) = link::next(&answer.headers) else {
                return Ok(Some(entries));
            };
            let next = next_page(&call, next)?;
            asked.push(std::mem::replace(&mut call.url, next));
            if asked.contains(&call.url) {
                return Err(malformed(&call, "its pages lead in a circle"));
            }
            if asked.len() >= limits::REFERRER_PAGES {
                let (host, what) = (call.registry(), "pages of referrers".to_owned());
                return Err(SourceError::TooMany {
                    host,
                    what,
                    limit: limits::REFERRER_PAGES,
                });
            }
        }
    }

    /// The index that stands in for the API; empty when there is none.
    async fn read_fallback(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, SourceError> {
        let tag = subject.tag_stem();
        let target = Target::Tag(&tag);
        let Some(found) = self
            .fetch_manifest(repository, &target, limits::CARRIER_BYTES)
            .await?
        else {
            return Ok(Vec::new());
        };
        let call = Call::get(
            repository,
            self.url(repository, "")?,
            target.of(repository),
            0,
        );
        let Document::Index(index) = found.parse()? else {
            return Err(malformed(
                &call,
                "it is a manifest where a list of referrers belongs",
            ));
        };
        let mut entries = Vec::new();
        add(repository.registry(), &mut entries, index.manifests)?;
        Ok(entries)
    }
}

/// Adds what is not listed yet, up to the limit: a longer list is refused, since a part of it could hide the rest.
pub(crate) fn add(
    host: &str,
    entries: &mut Vec<Descriptor>,
    more: Vec<Descriptor>,
) -> Result<(), SourceError> {
    for entry in more {
        if entries.iter().any(|known| known.digest == entry.digest) {
            continue;
        }
        if entries.len() == limits::REFERRERS {
            return Err(SourceError::TooMany {
                host: host.to_owned(),
                what: "referrers of one image".to_owned(),
                limit: limits::REFERRERS,
            });
        }
        entries.push(entry);
    }
    Ok(())
}

fn page(call: &Call<'_>, answer: &Answer) -> Result<Index, SourceError> {
    let declared = media_type::essence(answer.header(header::CONTENT_TYPE).unwrap_or_default());
    if declared != media_type::OCI_INDEX {
        let (host, what) = (call.registry(), call.what.clone());
        return Err(SourceError::UnexpectedMediaType {
            host,
            what,
            media_type: excerpt(&declared),
        });
    }
    if answer.headers.contains_key("oci-filters-applied") {
        return Err(malformed(
            call,
            "it filters the list, which it was not asked to do",
        ));
    }
    match Document::parse(&answer.body, Some(media_type::OCI_INDEX)) {
        Ok(Document::Index(index)) => Ok(index),
        Ok(Document::Manifest(_)) => Err(malformed(
            call,
            "it is a manifest where a list of referrers belongs",
        )),
        Err(error) => Err(SourceError::manifest(
            call.repository.registry(),
            &call.what,
            &error,
        )),
    }
}

fn next_page(call: &Call<'_>, target: &str) -> Result<Url, SourceError> {
    let next = call
        .url
        .join(target)
        .map_err(|_| malformed(call, "the link to its next page is no URL"))?;
    if destination::same_origin(&call.url, &next) {
        return Ok(next);
    }
    Err(SourceError::RedirectRefused {
        host: call.registry(),
        target: destination::shown(&next),
        detail: "the next page of a list lies on the same host".to_owned(),
    })
}

fn malformed(call: &Call<'_>, detail: &str) -> SourceError {
    let (host, what) = (call.registry(), call.what.clone());
    SourceError::MalformedResponse {
        host,
        what,
        detail: detail.to_owned(),
    }
}
