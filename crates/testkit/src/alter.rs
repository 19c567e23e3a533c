//! What a fault does to an answer on its way out.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;

pub(crate) fn answer(status: u16, headers: &[(String, String)], body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response = with_header(response, name, value);
    }
    response
}

pub(crate) fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    let name: HeaderName = name.parse().unwrap();
    if value.is_empty() {
        response.headers_mut().remove(name);
    } else {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).unwrap());
    }
    response
}

pub(crate) async fn drip(response: Response, bytes: usize, every: Duration) -> Response {
    let (parts, whole) = split(response).await;
    let pieces: Vec<Bytes> = whole
        .chunks(bytes.max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    let slow = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(every).await;
        Ok::<_, std::io::Error>(piece)
    });
    Response::from_parts(parts, Body::from_stream(slow))
}

pub(crate) fn endless(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let zeros =
        stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 16 * 1024])));
    Response::from_parts(parts, Body::from_stream(zeros))
}

pub(crate) async fn truncate(response: Response, bytes: usize) -> Response {
    let (mut parts, whole) = split(response).await;
    parts
        .headers
        .insert(header::CONTENT_LENGTH, whole.len().into());
    let cut = whole.slice(..bytes.min(whole.len()));
    let broken = stream::iter([Ok(cut), Err(std::io::Error::other("cut"))]);
    Response::from_parts(parts, Body::from_stream(broken))
}

async fn split(response: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    let whole = body.collect().await.unwrap();
    (parts, whole.to_bytes())
}
