//! Who proves what to whom; every refusal also asserts what did not travel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_image::Repository;
use countersign_registry::{Client, Credential, Credentials, DockerConfig, Lookup, Settings};
use countersign_testkit::{Fault, Identity, Issuer, TestRegistry};

use crate::support::{
    BUNDLE, api, basic, bundle, client, code, found, look, push_api, settings, settings_with,
};

const USER: &str = "ci";
const PASSWORD: &str = "hunter2";

fn issuer() -> Issuer {
    Issuer::new(USER, PASSWORD)
}

fn client_with(
    registry: &TestRegistry,
    others: &[&TestRegistry],
    credential: Credential,
) -> Client {
    let others: Vec<&str> = others.iter().map(|other| other.host()).collect();
    Client::new(settings_with(registry.host(), &others, credential)).unwrap()
}

#[tokio::test]
async fn meets_a_demand_for_tokens() {
    let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
    let image = push_api(&registry);
    registry.push_referrer(&image, BUNDLE, &[bundle("x")]);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    let collected = look(&client, &api(&registry)).await.unwrap();
    assert_eq!(found(&collected), ["bundle@referrer"]);
    assert_eq!(
        registry.log().count("GET /token*"),
        1,
        "one token serves all requests"
    );
    assert_eq!(
        registry
            .log()
            .requests()
            .iter()
            .filter(|request| request.status == 401)
            .count(),
        1
    );
}

#[tokio::test]
async fn requests_sent_together_share_one_token() {
    let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
    let image = push_api(&registry);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &image.image.to_string()).await, "ok");
    assert_eq!(registry.log().count("GET /token*"), 1);
}

#[tokio::test]
async fn a_token_that_expired_is_replaced_once() {
    let issuer = issuer();
    let registry = TestRegistry::builder().token_auth(&issuer).start().await;
    push_api(&registry);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    issuer.revoke_all();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert_eq!(registry.log().count("GET /token*"), 2);
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized_and_not_absent() {
    for registry in [
        TestRegistry::builder().token_auth(&issuer()).start().await,
        TestRegistry::builder()
            .basic_auth(USER, PASSWORD)
            .start()
            .await,
    ] {
        push_api(&registry);
        let wrong = client_with(&registry, &[], basic(USER, "wrong"));
        let error = look(&wrong, &api(&registry)).await.unwrap_err();
        assert_eq!(error.code(), "unauthorized");
        assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            "unauthorized"
        );
    }
}

#[tokio::test]
async fn meets_a_demand_for_a_password() {
    let registry = TestRegistry::builder()
        .basic_auth(USER, PASSWORD)
        .start()
        .await;
    push_api(&registry);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    // Known by now, and presented without waiting to be asked.
    registry.log().clear();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert!(
        registry
            .log()
            .requests()
            .iter()
            .all(|request| request.status != 401)
    );
}

#[tokio::test]
async fn exchanges_an_identity_token() {
    let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
    push_api(&registry);
    let client = client_with(
        &registry,
        &[],
        Credential::IdentityToken(PASSWORD.to_owned()),
    );
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert_eq!(registry.log().count("POST /token"), 1);
}

#[tokio::test]
async fn pulls_without_credentials_where_that_is_allowed() {
    let issuer = Issuer::with_anonymous_pull(USER, PASSWORD);
    let registry = TestRegistry::builder().token_auth(&issuer).start().await;
    push_api(&registry);
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
}

#[tokio::test]
async fn presents_nothing_before_it_is_asked() {
    let registry = TestRegistry::start().await;
    push_api(&registry);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert!(!registry.log().saw_credentials());
}

#[tokio::test]
async fn presents_nothing_to_a_registry_that_it_was_not_given_for() {
    let asking = TestRegistry::builder()
        .basic_auth(USER, PASSWORD)
        .start()
        .await;
    push_api(&asking);
    let config = format!(
        r#"{{"auths": {{"127.0.0.1": {{"username": "{USER}", "password": "{PASSWORD}"}}}}}}"#
    );
    let credentials = Arc::new(DockerConfig::parse(config.as_bytes()).unwrap());
    let client = Client::new(Settings {
        credentials,
        ..settings(&[asking.host()])
    })
    .unwrap();
    assert_eq!(code(&client, &api(&asking)).await, "unauthorized");
    assert!(!asking.log().saw_credentials());
}

/// A credential that changes, as it does between the tenants of one repository.
struct Changing(AtomicBool);

impl Credentials for Changing {
    fn lookup<'a>(&'a self, _repository: &'a Repository) -> Lookup<'a> {
        let password = if self.0.load(Ordering::Relaxed) {
            PASSWORD
        } else {
            "wrong"
        };
        Box::pin(std::future::ready(Ok(Some(basic(USER, password)))))
    }
}

#[tokio::test]
async fn nobody_profits_from_the_token_of_another() {
    let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
    push_api(&registry);
    let credentials = Arc::new(Changing(AtomicBool::new(true)));
    let settings = Settings {
        credentials: credentials.clone(),
        ..settings(&[registry.host()])
    };
    let client = Client::new(settings).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    credentials.0.store(false, Ordering::Relaxed);
    assert_eq!(code(&client, &api(&registry)).await, "unauthorized");
}

/// A registry whose tokens are to be had at another host.
async fn with_foreign_service(issuer: &Issuer) -> (TestRegistry, TestRegistry) {
    let service = TestRegistry::builder().issuing(issuer).start().await;
    let realm = format!("http://{}/token", service.host());
    let registry = TestRegistry::builder()
        .token_auth_at(issuer, &realm)
        .start()
        .await;
    push_api(&registry);
    (registry, service)
}

#[tokio::test]
async fn survives_a_realm_on_another_host_by_showing_it_no_credentials() {
    let (registry, service) = with_foreign_service(&issuer()).await;
    let client = client_with(&registry, &[&service], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "realm_refused");
    assert_eq!(
        service.log().count("GET /token*"),
        1,
        "it is asked as anybody may ask it"
    );
    assert!(!service.log().saw_credentials());
    assert!(!registry.log().saw_credentials());
}

#[tokio::test]
async fn an_identity_token_is_not_shown_to_a_foreign_realm_either() {
    let (registry, service) = with_foreign_service(&issuer()).await;
    let client = client_with(
        &registry,
        &[&service],
        Credential::IdentityToken(PASSWORD.to_owned()),
    );
    assert_eq!(code(&client, &api(&registry)).await, "realm_refused");
    assert_eq!(service.log().count("POST *"), 0);
}

#[tokio::test]
async fn a_named_pair_of_registry_and_service_gets_the_credentials() {
    let (registry, service) = with_foreign_service(&issuer()).await;
    let pair = (registry.host().to_owned(), service.host().to_owned());
    let settings = settings_with(registry.host(), &[service.host()], basic(USER, PASSWORD));
    let client = Client::new(Settings {
        realm_pairs: vec![pair],
        ..settings.clone()
    })
    .unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert!(service.log().saw_credentials());

    // The pair holds for that registry alone.
    service.log().clear();
    let other = ("other.example".to_owned(), service.host().to_owned());
    let client = Client::new(Settings {
        realm_pairs: vec![other],
        ..settings
    })
    .unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "realm_refused");
    assert!(!service.log().saw_credentials());
}

#[tokio::test]
async fn a_foreign_realm_that_lets_anybody_pull_is_enough() {
    let issuer = Issuer::with_anonymous_pull(USER, PASSWORD);
    let (registry, service) = with_foreign_service(&issuer).await;
    let client = client_with(&registry, &[&service], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert!(!service.log().saw_credentials());
}

#[tokio::test]
async fn a_token_that_anybody_gets_and_that_opens_nothing_is_named_as_the_reason() {
    let service = TestRegistry::builder();
    let service = service
        .issuing(&Issuer::with_anonymous_pull(USER, PASSWORD))
        .start()
        .await;
    let realm = format!("http://{}/token", service.host());
    let registry = TestRegistry::builder()
        .token_auth_at(&issuer(), &realm)
        .start()
        .await;
    push_api(&registry);
    let client = client_with(&registry, &[&service], basic(USER, PASSWORD));
    let error = look(&client, &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "realm_refused");
    assert!(
        error.hint().unwrap().contains("name that pair"),
        "{error:?}"
    );
}

// Plain HTTP to a host that was not named for it.
#[tokio::test]
async fn survives_a_realm_without_tls() {
    let (registry, service) = with_foreign_service(&issuer()).await;
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "realm_refused");
    assert!(service.log().lines().is_empty());
}

// From TLS to plain HTTP, even to a host that was named for it.
#[tokio::test]
async fn survives_a_realm_that_leaves_tls() {
    let identity = Identity::new(&["127.0.0.1"]);
    let issuer = issuer();
    let service = TestRegistry::builder().issuing(&issuer).start().await;
    let realm = format!("http://{}/token", service.host());
    let registry = TestRegistry::builder()
        .tls(&identity)
        .token_auth_at(&issuer, &realm)
        .start()
        .await;
    push_api(&registry);
    let mut settings = settings_with(registry.host(), &[service.host()], basic(USER, PASSWORD));
    settings.plain_http.remove(registry.host());
    settings.extra_ca_pem = vec![identity.ca_pem().to_owned()];
    settings.realm_pairs = vec![(registry.host().to_owned(), service.host().to_owned())];
    let client = Client::new(settings).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "realm_refused");
    assert!(service.log().lines().is_empty());
}

#[tokio::test]
async fn survives_realms_that_are_no_realms() {
    for realm in [
        "https://user:pass@127.0.0.1/token",
        "http://user@127.0.0.1/token",
        "file:///etc/passwd",
        "unix:///run/docker.sock",
        "gopher://127.0.0.1/",
        "/token",
        "",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "https://10.0.0.1/token",
        "https://192.168.1.1/token",
        "https://metadata.test/token",
    ] {
        let registry = TestRegistry::builder()
            .token_auth_at(&issuer(), realm)
            .start()
            .await;
        push_api(&registry);
        let mut settings =
            settings_with(registry.host(), &["169.254.169.254"], basic(USER, PASSWORD));
        settings.addresses.insert(
            "metadata.test".to_owned(),
            vec!["169.254.169.254:443".parse().unwrap()],
        );
        let client = Client::new(settings).unwrap();
        assert_eq!(
            code(&client, &api(&registry)).await,
            "realm_refused",
            "{realm}"
        );
        assert!(!registry.log().saw_credentials(), "{realm}");
    }
}

#[tokio::test]
async fn survives_a_scope_that_was_widened() {
    let issuer = issuer();
    let demanded =
        "repository:shop/api:pull,push,delete repository:shop/secrets:pull registry:catalog:*";
    let registry = TestRegistry::builder()
        .token_auth(&issuer)
        .challenge_scope(demanded)
        .start()
        .await;
    push_api(&registry);
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert_eq!(issuer.scopes(), ["repository:shop/api:pull"]);
}

#[tokio::test]
async fn each_repository_has_a_token_of_its_own() {
    let issuer = issuer();
    let registry = TestRegistry::builder().token_auth(&issuer).start().await;
    registry.push_image("shop/api", "1.0", "content");
    registry.push_image("shop/web", "1.0", "content");
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    for name in ["api", "web"] {
        assert_eq!(
            code(&client, &format!("{}/shop/{name}:1.0", registry.host())).await,
            "ok"
        );
    }
    assert_eq!(
        issuer.scopes(),
        ["repository:shop/api:pull", "repository:shop/web:pull"]
    );
}

#[tokio::test]
async fn survives_token_answers_that_hold_no_token() {
    for (body, expected) in [
        (r#"{"token":"a\nb"}"#.to_owned(), "malformed_response"),
        (
            r#"{"token":"a\r\nX-Evil: 1"}"#.to_owned(),
            "malformed_response",
        ),
        (r#"{"token":""}"#.to_owned(), "malformed_response"),
        ("{}".to_owned(), "malformed_response"),
        ("<html>".to_owned(), "malformed_response"),
        (
            format!(r#"{{"token":"{}"}}"#, "x".repeat(10 << 20)),
            "too_large",
        ),
    ] {
        let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
        push_api(&registry);
        registry.fault(Fault::on("GET /token*").answer(
            200,
            &[("content-type", "application/json")],
            body.clone(),
        ));
        let client = client_with(&registry, &[], basic(USER, PASSWORD));
        assert_eq!(
            code(&client, &api(&registry)).await,
            expected,
            "{:.40}",
            body
        );
    }
    let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
    push_api(&registry);
    registry.fault(Fault::on("GET /token*").endless());
    let client = client_with(&registry, &[], basic(USER, PASSWORD));
    assert_eq!(code(&client, &api(&registry)).await, "too_large");
}

// At the token service.
#[tokio::test]
async fn survives_a_token_service_that_sends_the_credentials_on() {
    let thief = TestRegistry::start().await;
    for status in [301, 302, 307, 308] {
        let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
        push_api(&registry);
        registry.fault(
            Fault::on("GET /token*").redirect(status, &format!("http://{}/token", thief.host())),
        );
        let client = client_with(&registry, &[&thief], basic(USER, PASSWORD));
        assert_eq!(
            code(&client, &api(&registry)).await,
            "realm_refused",
            "{status}"
        );
    }
    assert!(thief.log().lines().is_empty());
}

#[tokio::test]
async fn a_failing_token_service_is_no_absence() {
    for (status, expected) in [
        (500, "registry_error"),
        (404, "registry_error"),
        (429, "rate_limited"),
        (403, "unauthorized"),
    ] {
        let registry = TestRegistry::builder().token_auth(&issuer()).start().await;
        push_api(&registry);
        registry.fault(Fault::on("GET /token*").status(status));
        let client = client_with(&registry, &[], basic(USER, PASSWORD));
        assert_eq!(code(&client, &api(&registry)).await, expected, "{status}");
    }
}
