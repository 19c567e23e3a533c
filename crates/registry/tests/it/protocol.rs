//! Servers that do not speak HTTP as it is meant.

use countersign_testkit::{Fault, RawServer};

use crate::support::{api, client, code, code_with, impatient_client, with_bundle};
use countersign_registry::Client;

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
const TYPE: &str = "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n";

async fn outcome(client: impl Fn(&str) -> Client, answer: String, repeated: bool) -> &'static str {
    let server = RawServer::start(answer, repeated).await;
    let host = server.host();
    let reference = format!("{host}/shop/api:1.0").parse().unwrap();
    let resolved = countersign_image::ImageSource::resolve(&client(&host), &reference).await;
    resolved.map_or_else(|error| error.code(), |_| "ok")
}

fn patient(host: &str) -> Client {
    Client::new(crate::support::settings(&[host])).unwrap()
}

#[tokio::test]
async fn survives_a_content_length_that_lies() {
    let length = MANIFEST.len();
    for (headers, body, expected) in [
        (
            format!("Content-Length: {length}\r\n"),
            MANIFEST.to_owned(),
            "ok",
        ),
        (
            format!("Content-Length: {}\r\n", length + 1),
            MANIFEST.to_owned(),
            "registry_unreachable",
        ),
        (
            format!("Content-Length: {}\r\n", length - 1),
            MANIFEST.to_owned(),
            "malformed_response",
        ),
        (
            "Content-Length: 0\r\n".to_owned(),
            MANIFEST.to_owned(),
            "malformed_response",
        ),
        (
            "Content-Length: -1\r\n".to_owned(),
            MANIFEST.to_owned(),
            "registry_unreachable",
        ),
        (
            "Content-Length: 99999999999999999999\r\n".to_owned(),
            MANIFEST.to_owned(),
            "registry_unreachable",
        ),
        (
            "Content-Length: 9000000000000000000\r\n".to_owned(),
            MANIFEST.to_owned(),
            "too_large",
        ),
        (
            format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
            MANIFEST.to_owned(),
            "registry_unreachable",
        ),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{TYPE}{headers}\r\n{body}");
        assert_eq!(outcome(patient, answer, false).await, expected, "{headers}");
    }
}

// The length is not to be had in two ways.
#[tokio::test]
async fn survives_a_length_beside_a_transfer_encoding() {
    let chunked = format!("{:x}\r\n{MANIFEST}\r\n0\r\n\r\n", MANIFEST.len());
    let answer = format!(
        "HTTP/1.1 200 OK\r\n{TYPE}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"
    );
    // RFC 9112 §6.3: the encoding overrides the length. What matters is that the digest is that of what was read.
    assert!(matches!(
        outcome(patient, answer, false).await,
        "ok" | "registry_unreachable"
    ));
    let smuggled = format!(
        "HTTP/1.1 200 OK\r\n{TYPE}Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{MANIFEST}",
        MANIFEST.len()
    );
    assert_eq!(
        outcome(patient, smuggled, false).await,
        "registry_unreachable"
    );
}

#[tokio::test]
async fn survives_endless_informational_answers() {
    let code = outcome(
        impatient_client,
        "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        true,
    )
    .await;
    assert!(matches!(code, "timeout" | "registry_unreachable"), "{code}");
}

#[tokio::test]
async fn survives_endless_headers() {
    let begun = format!(
        "HTTP/1.1 200 OK\r\n{}",
        "X-Filler: 0123456789012345678901234567890123456789\r\n".repeat(100_000)
    );
    assert_eq!(outcome(patient, begun, false).await, "registry_unreachable");
}

#[tokio::test]
async fn survives_what_is_no_http() {
    for answer in [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        assert_eq!(
            outcome(patient, answer.to_owned(), false).await,
            "registry_unreachable",
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn survives_connections_that_close_early() {
    for path in [
        "manifests/1.0",
        "referrers/*",
        "manifests/*.sig",
        "manifests/sha256:*",
        "blobs/*",
    ] {
        for fault in [
            Fault::on(&format!("GET */{path}")).close(),
            Fault::on(&format!("GET */{path}"))
                .header("x-filler", "1")
                .truncate(3),
        ] {
            let code = code_with(fault.clone()).await;
            // The absent tag answers with a failure, whose body is of no interest.
            let expected = if path.ends_with(".sig") && code == "ok" {
                "ok"
            } else {
                "registry_unreachable"
            };
            assert_eq!(code, expected, "{path}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn one_request_that_hangs_does_not_outlast_its_time() {
    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET *.att").delay(std::time::Duration::from_secs(3600)));
    assert_eq!(
        code(&impatient_client(registry.host()), &api(&registry)).await,
        "timeout"
    );
    registry.clear_faults();
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
}
