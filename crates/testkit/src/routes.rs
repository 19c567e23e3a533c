//! The distribution API over the store.
//!
//! As permissive as registries are: a manifest is refused only when it is not JSON or names blobs that are not there.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use countersign_image::Digest;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::lists;
use crate::registry::Shared;
use crate::store::Stored;
use crate::upload;

/// A request whose body has been read.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

impl Call<'_> {
    /// The value of a parameter of the query.
    pub(crate) fn parameter(&self, wanted: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    }
}

/// Answers one request.
pub(crate) fn answer(shared: &Shared, call: &Call<'_>) -> Response {
    if call.path == "/token" {
        return match &shared.options.issuer {
            Some(issuer) => issuer.answer(&call.method, call.query, call.headers, &call.body),
            None => error(StatusCode::NOT_FOUND, "UNSUPPORTED", "no tokens here"),
        };
    }
    let Some(rest) = call.path.strip_prefix("/v2") else {
        return error(
            StatusCode::NOT_FOUND,
            "UNSUPPORTED",
            "not the distribution API",
        );
    };
    let segments: Vec<&str> = rest.split('/').skip(1).collect();
    let (name, thing) = divide(&segments);
    if let Some(refusal) =
        shared
            .demand()
            .refuse(call.headers, name.as_deref(), action(&call.method))
    {
        return refusal;
    }
    let name = name.unwrap_or_default();
    match (call.method.as_str(), thing) {
        ("GET" | "HEAD", [""] | []) => json_answer(StatusCode::OK, &json!({})),
        ("GET", ["_catalog"]) => lists::catalog(shared),
        ("GET", ["tags", "list"]) => lists::tags(shared, call, &name),
        ("GET" | "HEAD", ["manifests", target]) => get_manifest(shared, &name, target),
        ("PUT", ["manifests", target]) => put_manifest(shared, call, &name, target),
        ("DELETE", ["manifests", target]) => delete_manifest(shared, &name, target),
        ("GET", ["referrers", subject]) if shared.options.referrers => {
            lists::referrers(shared, call, &name, subject)
        }
        ("GET" | "HEAD", ["blobs", digest]) => get_blob(shared, &name, digest),
        ("POST", ["blobs", "uploads", ""] | ["blobs", "uploads"]) => {
            upload::begin(shared, call, &name)
        }
        ("GET", ["blobs", "uploads", id]) => upload::status(shared, &name, id),
        ("PATCH", ["blobs", "uploads", id]) => upload::append(shared, call, &name, id),
        ("PUT", ["blobs", "uploads", id]) => upload::finish(shared, call, &name, id),
        ("DELETE", ["blobs", "uploads", id]) => upload::cancel(shared, id),
        _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
    }
}

/// An error body of the distribution specification.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    json_answer(
        status,
        &json!({"errors": [{"code": code, "message": message, "detail": null}]}),
    )
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode, headers: &[(header::HeaderName, String)]) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name.clone(), value.parse().unwrap());
    }
    response
}

/// The repository named in a path, and what of it is meant.
fn divide<'a>(segments: &'a [&'a str]) -> (Option<String>, &'a [&'a str]) {
    // Counted from the end: a repository may be called `blobs`, a tag `manifests`.
    let at = match segments {
        [name @ .., "blobs", "uploads", _] => name.len(),
        [name @ .., "manifests" | "blobs" | "referrers" | "tags", _] => name.len(),
        _ => 0,
    };
    match segments.split_at(at) {
        ([], _) => (None, segments),
        (name, thing) => (Some(name.join("/")), thing),
    }
}

fn action(method: &Method) -> &'static str {
    if matches!(*method, Method::GET | Method::HEAD) {
        "pull"
    } else {
        "push"
    }
}

fn get_manifest(shared: &Shared, name: &str, target: &str) -> Response {
    let Some((digest, Stored { media_type, bytes })) = shared.store().manifest(name, target) else {
        return error(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            "manifest unknown",
        );
    };
    Response::builder()
        .header(header::CONTENT_TYPE, media_type)
        .header(header::CONTENT_LENGTH, bytes.len())
        .header("docker-content-digest", digest.to_string())
        .header(header::ETAG, format!("\"{digest}\""))
        .body(Body::from(bytes))
        .unwrap()
}

fn put_manifest(shared: &Shared, call: &Call<'_>, name: &str, target: &str) -> Response {
    let Ok(manifest) = serde_json::from_slice::<Value>(&call.body) else {
        return error(
            StatusCode::BAD_REQUEST,
            "MANIFEST_INVALID",
            "manifest is not JSON",
        );
    };
    let subject = manifest["subject"]["digest"].as_str();
    if !shared.options.artifacts && (subject.is_some() || manifest["artifactType"].is_string()) {
        return error(
            StatusCode::BAD_REQUEST,
            "MANIFEST_INVALID",
            "manifest invalid",
        );
    }
    let mut store = shared.store();
    let contents = store.repository(name);
    if let Some(missing) = missing_parts(&manifest, contents) {
        return error(StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN", &missing);
    }
    let asked: Option<Digest> = target.parse().ok();
    if asked
        .as_ref()
        .is_some_and(|digest| !digest.verifies(&call.body))
    {
        return error(
            StatusCode::BAD_REQUEST,
            "DIGEST_INVALID",
            "provided digest did not match uploaded content",
        );
    }
    let media_type = call
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let digest = asked.clone().unwrap_or_else(|| Digest::of(&call.body));
    contents.put_manifest_as(digest.clone(), media_type, call.body.clone());
    if asked.is_none() {
        contents.tags.insert(target.to_owned(), digest.clone());
    }
    let mut response = empty(
        StatusCode::CREATED,
        &[
            (header::LOCATION, format!("/v2/{name}/manifests/{digest}")),
            (content_digest(), digest.to_string()),
        ],
    );
    if let (true, Some(subject)) = (shared.options.referrers, subject) {
        response
            .headers_mut()
            .insert("oci-subject", subject.parse().unwrap());
    }
    response
}

fn missing_parts(manifest: &Value, contents: &crate::store::Contents) -> Option<String> {
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let blobs = layers
        .chain(manifest.get("config"))
        .filter(|blob| blob.get("urls").is_none());
    for blob in blobs {
        let digest: Digest = blob["digest"].as_str()?.parse().ok()?;
        if !contents.blobs.contains_key(&digest) {
            return Some(format!("blob unknown to registry: {digest}"));
        }
    }
    None
}

fn delete_manifest(shared: &Shared, name: &str, target: &str) -> Response {
    let mut store = shared.store();
    let contents = store.repository(name);
    let gone = match target.parse() {
        Ok(digest) => contents.delete_manifest(&digest),
        Err(_) => contents.tags.remove(target).is_some(),
    };
    if gone {
        empty(StatusCode::ACCEPTED, &[])
    } else {
        error(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            "manifest unknown",
        )
    }
}

fn get_blob(shared: &Shared, name: &str, digest: &str) -> Response {
    let Ok(digest) = digest.parse() else {
        return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "not a digest");
    };
    let Some(bytes) = shared.store().blob(name, &digest) else {
        return error(
            StatusCode::NOT_FOUND,
            "BLOB_UNKNOWN",
            "blob unknown to registry",
        );
    };
    Response::builder()
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, bytes.len())
        .header("docker-content-digest", digest.to_string())
        .body(Body::from(bytes))
        .unwrap()
}

/// `Docker-Content-Digest`.
pub(crate) fn content_digest() -> header::HeaderName {
    header::HeaderName::from_static("docker-content-digest")
}

/// An answer of JSON.
pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Response {
    let mut response = plain(status, &value.to_string());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    response
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response
}
