//! The lists of the API: repositories, tags, referrers; page by page where that is asked for.

use axum::response::Response;
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::registry::Shared;
use crate::routes::{Call, error, json_answer};

pub(crate) fn catalog(shared: &Shared) -> Response {
    let names: Vec<String> = shared.store().repositories.keys().cloned().collect();
    json_answer(StatusCode::OK, &json!({"repositories": names}))
}

pub(crate) fn tags(shared: &Shared, call: &Call<'_>, name: &str) -> Response {
    let store = shared.store();
    let Some(contents) = store.repositories.get(name) else {
        return error(
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            "repository name not known to registry",
        );
    };
    let last = call.parameter("last").unwrap_or_default();
    let mut names: Vec<&String> = contents.tags.keys().filter(|tag| **tag > last).collect();
    let wanted = call
        .parameter("n")
        .and_then(|n| n.parse().ok())
        .unwrap_or(usize::MAX);
    let cut = names.len() > wanted;
    names.truncate(wanted);
    let mut response = json_answer(StatusCode::OK, &json!({"name": name, "tags": names}));
    if let (true, Some(last)) = (cut, names.last()) {
        let link = format!("</v2/{name}/tags/list?n={wanted}&last={last}>; rel=\"next\"");
        response
            .headers_mut()
            .insert(header::LINK, link.parse().unwrap());
    }
    response
}

pub(crate) fn referrers(shared: &Shared, call: &Call<'_>, name: &str, subject: &str) -> Response {
    let Ok(digest) = subject.parse() else {
        return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "not a digest");
    };
    let mut listed = shared.store().referrers(name, &digest);
    let wanted = call.parameter("artifactType");
    if let Some(wanted) = &wanted {
        listed.retain(|descriptor| descriptor["artifactType"] == **wanted);
    }
    let from = call
        .parameter("from")
        .and_then(|from| from.parse().ok())
        .unwrap_or(0);
    let page: Vec<&Value> = listed
        .iter()
        .skip(from)
        .take(shared.options.page_size)
        .collect();
    let next = from + page.len();
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": page});
    let mut response = json_answer(StatusCode::OK, &index);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        "application/vnd.oci.image.index.v1+json".parse().unwrap(),
    );
    if wanted.is_some() {
        headers.insert("oci-filters-applied", "artifactType".parse().unwrap());
    }
    if next < listed.len() {
        let link = format!("</v2/{name}/referrers/{subject}?from={next}>; rel=\"next\"");
        headers.insert(header::LINK, link.parse().unwrap());
    }
    response
}
