//! Tokens from GitHub Actions, and from a provider that a person logs in to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Form, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_registry::{Proxies, ServiceClient, Settings};
use countersign_signing::{Login, ServiceFailure, actions_token};
use countersign_testkit::RawServer;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::test]
async fn the_url_that_actions_gives_is_asked_for_our_audience_whatever_else_is_in_it() {
    for (query, expected) in [
        ("", "audience=sigstore"),
        ("?", "audience=sigstore"),
        ("?api-version=2.0", "api-version=2.0&audience=sigstore"),
        ("?audience=other&x=a%26b", "x=a%26b&audience=sigstore"),
    ] {
        let server = answering(&json!({"value": "token", "count": 5}).to_string()).await;
        let url = format!("http://{}/token{query}", server.host());
        let token = actions_token(&client(), &url, "secret").await.unwrap();
        assert_eq!(token.as_str(), "token");
        assert_eq!(server.log().lines(), [format!("GET /token?{expected}")]);
        assert!(server.log().saw_credentials());
    }
}

#[tokio::test]
async fn an_answer_without_a_token_is_not_repeated() {
    for answer in [
        r#"{"value": ["secret-token"]}"#,
        r#"{"value":"secret-token""#,
        "secret-token",
    ] {
        let server = answering(answer).await;
        let url = format!("http://{}/token", server.host());
        let error = actions_token(&client(), &url, "secret").await.unwrap_err();
        assert_eq!(error.code(), "service_malformed");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn who_logs_in_is_shown_a_page_and_gets_a_token_for_the_code_on_it() {
    let (provider, challenge) = provider(|host| format!("http://{host}/token")).await;
    let login = Login::begin(&client(), &provider).await.unwrap();
    let page: HashMap<_, _> = login.page().query_pairs().into_owned().collect();
    assert!(
        login
            .page()
            .as_str()
            .starts_with(&format!("{provider}/auth?connector=x&"))
    );
    assert_eq!(page["code_challenge_method"], "S256");
    assert_eq!(page["redirect_uri"], "urn:ietf:wg:oauth:2.0:oob");
    assert_eq!(
        (page["client_id"].as_str(), page["scope"].as_str()),
        ("sigstore", "openid email")
    );
    *challenge.lock().unwrap() = page["code_challenge"].clone();
    assert_eq!(
        login.finish(&client(), "code").await.unwrap().as_str(),
        "token"
    );

    let login = Login::begin(&client(), &provider).await.unwrap();
    let error = login.finish(&client(), "wrong").await.unwrap_err();
    assert_eq!(error.code(), "service_malformed");
}

#[tokio::test]
async fn no_code_and_no_token_leaves_this_machine_in_the_clear() {
    let (provider, _) = provider(|_| "http://login.example/token".to_owned()).await;
    let refused = Login::begin(&client(), &provider).await;
    assert!(matches!(refused, Err(ServiceFailure::Insecure { .. })));
    let refused = Login::begin(&client(), &"http://login.example".parse().unwrap()).await;
    assert!(matches!(refused, Err(ServiceFailure::Insecure { .. })));
    for url in ["http://actions.example/token", "nonsense"] {
        let refused = actions_token(&client(), url, "secret").await.unwrap_err();
        assert_eq!(refused.code(), "service_insecure");
    }
}

type Challenge = Arc<Mutex<String>>;

/// A provider below a path, which gives a token for the code "code" to who knows what the challenge is the hash of.
async fn provider(token_endpoint: impl FnOnce(&str) -> String) -> (url::Url, Challenge) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let known = json!({
        "authorization_endpoint": format!("http://{host}/login/auth?connector=x"),
        "token_endpoint": token_endpoint(&host),
    });
    let challenge = Challenge::default();
    let router = Router::new()
        .route(
            "/login/.well-known/openid-configuration",
            get(|| async { Json(known) }),
        )
        .route("/token", post(exchange))
        .with_state(Arc::clone(&challenge));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{host}/login").parse().unwrap(), challenge)
}

async fn exchange(
    State(challenge): State<Challenge>,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let hash = digest(&SHA256, form["code_verifier"].as_bytes());
    let known = URL_SAFE_NO_PAD.encode(hash) == *challenge.lock().unwrap();
    let right = known && form["code"] == "code" && form["grant_type"] == "authorization_code";
    Json(if right {
        json!({"id_token": "token", "access_token": "other"})
    } else {
        json!({"error": "invalid_grant"})
    })
}

async fn answering(body: &str) -> RawServer {
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
    RawServer::start(answer, false).await
}

fn client() -> ServiceClient {
    let settings = Settings {
        proxies: Proxies::none(),
        ..Settings::default()
    };
    ServiceClient::new(&settings).unwrap()
}
