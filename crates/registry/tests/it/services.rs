//! Services that are no registry: what is read of their answers, and where their word is not taken.

use std::time::Duration;

use countersign_registry::{
    Proxies, ServiceClient, ServiceError, ServiceRequest, ServiceResponse, Settings,
};
use countersign_testkit::{Identity, RawServer, TestRegistry};
use tokio::net::TcpListener;

use crate::support::settings;

const LIMIT: usize = 1000;

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound_and_not_a_byte_further() {
    for (length, expected) in [(LIMIT, Ok(LIMIT)), (LIMIT + 1, Err("too_large"))] {
        let body = "x".repeat(length);
        let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let unannounced = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
        for answer in [announced, unannounced] {
            let answered = ask(&RawServer::start(answer, false).await).await;
            let read = answered.map(|answer| answer.body.len());
            assert_eq!(read.map_err(|error| error.code()), expected);
        }
    }
}

#[tokio::test]
async fn an_endless_answer_is_given_up() {
    let server = RawServer::start(
        "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(4096),
        true,
    );
    assert_eq!(ask(&server.await).await.unwrap_err().code(), "too_large");
}

#[tokio::test]
async fn of_a_failure_the_beginning_is_read_and_of_an_endless_one_no_more() {
    let short = "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno";
    let answer = ask(&RawServer::start(short, false).await).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (400, &b"no"[..]));

    let endless = "HTTP/1.1 500 Oops\r\n\r\n".to_owned() + &"x".repeat(4096);
    let answer = ask(&RawServer::start(endless, true).await).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (500, 4096));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = RawServer::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false).await;
    let location = format!("http://{}/", elsewhere.host());
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
    );
    let answer = ask(&RawServer::start(redirect, false).await).await.unwrap();
    assert_eq!((answer.status, answer.location), (307, Some(location)));
    assert_eq!(elsewhere.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn whoever_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let request = ServiceRequest {
        timeout: Duration::from_millis(50),
        ..question(&host)
    };
    let error = client().ask(request).await.unwrap_err();
    assert_eq!(error, ServiceError::Timeout { host });
}

#[tokio::test]
async fn nobody_there_and_no_http_are_said_apart_from_no_trust() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = client().ask(question(&host)).await.unwrap_err();
    assert_eq!(error.code(), "service_unreachable");

    let error = ask(&RawServer::start("SSH-2.0\r\n", false).await)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "service_unreachable");

    let identity = Identity::new(&["127.0.0.1"]);
    let server = TestRegistry::builder().tls(&identity).start().await;
    let request = ServiceRequest {
        url: format!("https://{}/v2/", server.host()).parse().unwrap(),
        ..question(server.host())
    };
    let error = client().ask(request.clone()).await.unwrap_err();
    assert_eq!(error.code(), "tls_failed");

    let trusting = Settings {
        extra_ca_pem: vec![identity.ca_pem().to_owned()],
        ..settings(&[])
    };
    let answer = ServiceClient::new(&trusting).unwrap().ask(request).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn services_on_this_machine_are_asked_directly_and_others_through_the_proxy() {
    let nothing = "HTTP/1.1 204 No Content\r\n\r\n";
    let (proxy, local) = (
        RawServer::start(nothing, false).await,
        RawServer::start(nothing, false).await,
    );
    let proxied = Settings {
        proxies: Proxies::through(&format!("http://{}", proxy.host()), ""),
        ..settings(&[])
    };
    let client = ServiceClient::new(&proxied).unwrap();
    client.ask(question(&local.host())).await.unwrap();
    assert_eq!(proxy.log().lines(), [] as [&str; 0]);
    client.ask(question("log.example")).await.unwrap();
    assert_eq!(proxy.log().lines(), ["GET http://log.example/"]);
}

#[tokio::test]
async fn neither_a_question_nor_a_failure_shows_what_is_secret() {
    let mut request = question("127.0.0.1:1");
    request.url.set_path("/path-secret");
    request.bearer = Some("bearer-secret".to_owned());
    request.content = Some(("application/json", "content-secret".into()));
    let shown = format!("{request:?}");
    let error = client().ask(request).await.unwrap_err();
    for text in [shown, error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("secret"), "{text}");
    }
}

async fn ask(server: &RawServer) -> Result<ServiceResponse, ServiceError> {
    client().ask(question(&server.host())).await
}

fn client() -> ServiceClient {
    ServiceClient::new(&settings(&[])).unwrap()
}

fn question(host: &str) -> ServiceRequest {
    ServiceRequest {
        url: format!("http://{host}/").parse().unwrap(),
        content: None,
        accept: "*/*",
        bearer: None,
        limit: LIMIT,
        timeout: Duration::from_secs(10),
    }
}
