//! Blob uploads: at once, in one piece after a POST, in chunks, or mounted from another repository.
//!
//! A finished blob is refused unless it hashes to the digest it was announced with.

use axum::response::Response;
use bytes::Bytes;
use countersign_image::Digest;
use http::{HeaderName, StatusCode, header};

use crate::registry::Shared;
use crate::routes::{Call, content_digest, empty, error};

pub(crate) fn begin(shared: &Shared, call: &Call<'_>, name: &str) -> Response {
    if let Some(digest) = call.parameter("digest") {
        return store_blob(shared, name, &digest, call.body.clone());
    }
    let mut store = shared.store();
    if let (Some(mount), Some(from)) = (call.parameter("mount"), call.parameter("from")) {
        let blob = mount
            .parse()
            .ok()
            .and_then(|digest| store.blob(&from, &digest));
        if let Some(bytes) = blob {
            let digest = store.repository(name).put_blob(bytes);
            return created(name, &digest);
        }
    }
    store.uploads_begun += 1;
    let id = format!("upload-{}", store.uploads_begun);
    store.uploads.insert(id.clone(), Vec::new());
    in_progress(StatusCode::ACCEPTED, name, &id, 0)
}

pub(crate) fn status(shared: &Shared, name: &str, id: &str) -> Response {
    match shared.store().uploads.get(id) {
        Some(received) => in_progress(StatusCode::NO_CONTENT, name, id, received.len()),
        None => unknown(),
    }
}

pub(crate) fn append(shared: &Shared, call: &Call<'_>, name: &str, id: &str) -> Response {
    let mut store = shared.store();
    let Some(received) = store.uploads.get_mut(id) else {
        return unknown();
    };
    if range_start(call).is_some_and(|start| start != received.len()) {
        return in_progress(StatusCode::RANGE_NOT_SATISFIABLE, name, id, received.len());
    }
    received.extend_from_slice(&call.body);
    in_progress(StatusCode::ACCEPTED, name, id, received.len())
}

pub(crate) fn finish(shared: &Shared, call: &Call<'_>, name: &str, id: &str) -> Response {
    let Some(digest) = call.parameter("digest") else {
        return error(
            StatusCode::BAD_REQUEST,
            "DIGEST_INVALID",
            "digest parameter missing",
        );
    };
    let Some(mut received) = shared.store().uploads.remove(id) else {
        return unknown();
    };
    received.extend_from_slice(&call.body);
    store_blob(shared, name, &digest, received.into())
}

pub(crate) fn cancel(shared: &Shared, id: &str) -> Response {
    match shared.store().uploads.remove(id) {
        Some(_) => empty(StatusCode::NO_CONTENT, &[]),
        None => unknown(),
    }
}

fn store_blob(shared: &Shared, name: &str, digest: &str, bytes: Bytes) -> Response {
    let announced: Option<Digest> = digest.parse().ok();
    let Some(digest) = announced.filter(|digest| digest.verifies(&bytes)) else {
        return error(
            StatusCode::BAD_REQUEST,
            "DIGEST_INVALID",
            "provided digest did not match uploaded content",
        );
    };
    shared
        .store()
        .repository(name)
        .blobs
        .insert(digest.clone(), bytes);
    created(name, &digest)
}

fn range_start(call: &Call<'_>) -> Option<usize> {
    let range = call.headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range
        .trim_start_matches("bytes ")
        .split('-')
        .next()?
        .parse()
        .ok()
}

fn created(name: &str, digest: &Digest) -> Response {
    let location = format!("/v2/{name}/blobs/{digest}");
    empty(
        StatusCode::CREATED,
        &[
            (header::LOCATION, location),
            (content_digest(), digest.to_string()),
        ],
    )
}

fn in_progress(status: StatusCode, name: &str, id: &str, received: usize) -> Response {
    empty(
        status,
        &[
            (header::LOCATION, format!("/v2/{name}/blobs/uploads/{id}")),
            (header::RANGE, format!("0-{}", received.saturating_sub(1))),
            (HeaderName::from_static("docker-upload-uuid"), id.to_owned()),
        ],
    )
}

fn unknown() -> Response {
    error(
        StatusCode::NOT_FOUND,
        "BLOB_UPLOAD_UNKNOWN",
        "blob upload unknown to registry",
    )
}
