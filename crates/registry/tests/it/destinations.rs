//! Where registries try to send us; plain HTTP, custom CAs and proxies.

use countersign_registry::{Client, Proxies, Settings};
use countersign_testkit::{Fault, Identity, Issuer, TestRegistry};

use crate::support::{
    BUNDLE, api, basic, bundle, client, code, look, push_api, settings, settings_with, with_bundle,
};

/// A registry that sends on the blobs of `shop/api`, and the store that holds them.
async fn with_store() -> (TestRegistry, TestRegistry) {
    let (registry, ..) = with_bundle().await;
    let store = TestRegistry::start().await;
    store.push_blob("shop/api", "a bundle");
    let blob = countersign_image::Digest::of(b"a bundle");
    let location = format!(
        "http://{}/v2/shop/api/blobs/{blob}?X-Signature=secret",
        store.host()
    );
    registry.fault(Fault::on("GET */blobs/*").redirect(307, &location));
    (registry, store)
}

#[tokio::test]
async fn follows_a_redirect_to_a_store() {
    let (registry, store) = with_store().await;
    let client = Client::new(settings(&[registry.host(), store.host()])).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert_eq!(store.log().lines().len(), 1);
}

#[tokio::test]
async fn survives_a_redirect_to_another_host_by_leaving_the_credentials_at_home() {
    for (path, body) in [("blobs", "a bundle"), ("manifests", "")] {
        let issuer = Issuer::new("ci", "hunter2");
        for builder in [
            TestRegistry::builder().token_auth(&issuer),
            TestRegistry::builder().basic_auth("ci", "hunter2"),
        ] {
            let registry = builder.start().await;
            let thief = TestRegistry::start().await;
            let image = push_api(&registry);
            let blob = registry.push_blob("shop/api", body);
            let target = if path == "blobs" {
                blob
            } else {
                image.digest().clone()
            };
            let location = format!("http://{}/stolen", thief.host());
            registry.fault(Fault::on(&format!("GET */{path}/{target}")).redirect(307, &location));
            let settings = settings_with(registry.host(), &[thief.host()], basic("ci", "hunter2"));
            let client = Client::new(settings).unwrap();
            let descriptor =
                countersign_image::Descriptor::new("text/plain", target.clone(), body.len() as u64);
            // Proves itself first, then is sent on.
            assert_eq!(code(&client, &api(&registry)).await, "ok");
            if path == "blobs" {
                client
                    .blob(&registry.repository("shop/api"), &descriptor)
                    .await
                    .unwrap_err();
            } else {
                client
                    .manifest(&registry.repository("shop/api"), &target.to_string())
                    .await
                    .unwrap();
            }
            assert!(registry.log().saw_credentials());
            assert_eq!(thief.log().lines(), ["GET /stolen"]);
            assert!(!thief.log().saw_credentials());
        }
    }
}

// Not even when the other host sends us back.
#[tokio::test]
async fn credentials_left_behind_stay_behind() {
    let registry = TestRegistry::builder()
        .basic_auth("ci", "hunter2")
        .start()
        .await;
    let relay = TestRegistry::start().await;
    push_api(&registry);
    let blob = registry.push_blob("shop/api", "x");
    let back = format!("http://{}/v2/shop/api/blobs/{blob}?back", registry.host());
    registry.fault(
        Fault::on(&format!("GET */blobs/{blob}"))
            .redirect(302, &format!("http://{}/relay", relay.host())),
    );
    relay.fault(Fault::on("GET /relay").redirect(302, &back));
    let settings = settings_with(registry.host(), &[relay.host()], basic("ci", "hunter2"));
    let client = Client::new(settings).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    let descriptor = countersign_image::Descriptor::new("text/plain", blob, 1);
    let error = client
        .blob(&registry.repository("shop/api"), &descriptor)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unauthorized");
    let last = registry.log().requests().pop().unwrap();
    assert!(
        last.target.ends_with("?back") && last.authorization.is_none(),
        "{last:?}"
    );
}

// A challenge of the place that we were sent to is not met.
#[tokio::test]
async fn survives_a_challenge_after_a_redirect() {
    let (registry, ..) = with_bundle().await;
    let thief = TestRegistry::builder()
        .basic_auth("ci", "hunter2")
        .start()
        .await;
    registry.fault(
        Fault::on("GET */blobs/*").redirect(307, &format!("http://{}/v2/a/blobs/x", thief.host())),
    );
    let settings = settings_with(registry.host(), &[thief.host()], basic("ci", "hunter2"));
    let client = Client::new(settings).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "unauthorized");
    assert!(!thief.log().saw_credentials());
}

/// A registry with TLS, its image, and a client that trusts its CA.
async fn with_tls() -> (TestRegistry, Settings) {
    let identity = Identity::new(&["127.0.0.1"]);
    let registry = TestRegistry::builder().tls(&identity).start().await;
    push_api(&registry);
    let extra_ca_pem = vec![identity.ca_pem().to_owned()];
    (
        registry,
        Settings {
            extra_ca_pem,
            ..settings(&[])
        },
    )
}

#[tokio::test]
async fn trusts_a_custom_ca_and_no_other() {
    let (registry, trusting) = with_tls().await;
    assert_eq!(
        code(&Client::new(trusting).unwrap(), &api(&registry)).await,
        "ok"
    );
    let error = look(&Client::new(settings(&[])).unwrap(), &api(&registry))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "tls_failed");
    assert!(error.hint().unwrap().contains("private CA"));
    let other = Identity::new(&["127.0.0.1"]);
    let settings = Settings {
        extra_ca_pem: vec![other.ca_pem().to_owned()],
        ..settings(&[])
    };
    assert_eq!(
        code(&Client::new(settings).unwrap(), &api(&registry)).await,
        "tls_failed"
    );
}

#[tokio::test]
async fn a_ca_of_one_host_counts_for_no_other_that_it_issued_for() {
    let identity = Identity::new(&["127.0.0.1"]);
    let registry = TestRegistry::builder().tls(&identity).start().await;
    let image = push_api(&registry);
    registry.push_referrer(&image, BUNDLE, &[bundle("a bundle")]);
    let other = TestRegistry::builder().tls(&identity).start().await;
    push_api(&other);
    let mut settings = settings(&[]);
    settings.add_host(registry.host(), false, Some(identity.ca_pem()));
    let trusting = Client::new(settings.clone()).unwrap();
    assert_eq!(code(&trusting, &api(&registry)).await, "ok");
    assert_eq!(code(&trusting, &api(&other)).await, "tls_failed");

    let blob = other.push_blob("shop/api", "a bundle");
    let location = format!("https://{}/v2/shop/api/blobs/{blob}", other.host());
    registry.fault(Fault::on("GET */blobs/*").redirect(307, &location));
    assert_eq!(code(&trusting, &api(&registry)).await, "tls_failed");
    settings.add_host(other.host(), false, Some(identity.ca_pem()));
    let both = Client::new(settings).unwrap();
    assert_eq!(code(&both, &api(&registry)).await, "ok");
}

#[tokio::test]
async fn collects_over_http2_as_well() {
    let (registry, trusting) = with_tls().await;
    let image = registry.push_image("shop/api", "1.0", "content");
    for count in 0..20 {
        registry.push_referrer(
            &image,
            crate::support::BUNDLE,
            &[crate::support::bundle(&count.to_string())],
        );
    }
    let collected = look(&Client::new(trusting).unwrap(), &api(&registry))
        .await
        .unwrap();
    assert_eq!(collected.attachments.len(), 20);
    let requests = registry.log().requests();
    assert!(
        requests
            .iter()
            .all(|request| request.http2 && request.host == registry.host())
    );
}

#[tokio::test]
async fn refuses_a_ca_file_without_certificates() {
    for pem in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let settings = Settings {
            extra_ca_pem: vec![pem.to_owned()],
            ..settings(&[])
        };
        assert_eq!(
            Client::new(settings).unwrap_err().code(),
            "ca_malformed",
            "{pem}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let identity = Identity::new(&["registry.example"]);
    let registry = TestRegistry::builder().tls(&identity).start().await;
    push_api(&registry);
    let settings = Settings {
        extra_ca_pem: vec![identity.ca_pem().to_owned()],
        ..settings(&[])
    };
    assert_eq!(
        code(&Client::new(settings).unwrap(), &api(&registry)).await,
        "tls_failed"
    );
}

#[tokio::test]
async fn plain_http_is_spoken_to_named_hosts_alone() {
    let registry = TestRegistry::start().await;
    push_api(&registry);
    for named in [
        vec![],
        vec!["127.0.0.1"],
        vec!["localhost"],
        vec!["127.0.0.1:1"],
    ] {
        let client = Client::new(settings(&named)).unwrap();
        let error = look(&client, &api(&registry)).await.unwrap_err();
        assert_eq!(
            (error.code(), error.host()),
            ("plain_http_refused", registry.host()),
            "{named:?}"
        );
    }
    assert!(registry.log().lines().is_empty());
}

#[tokio::test]
async fn survives_a_redirect_out_of_tls() {
    let (registry, trusting) = with_tls().await;
    let plain = TestRegistry::start().await;
    registry.fault(
        Fault::on("GET */manifests/1.0").redirect(307, &format!("http://{}/x", plain.host())),
    );
    let plain_http = [plain.host().to_owned()].into();
    let client = Client::new(Settings {
        plain_http,
        ..trusting
    })
    .unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "redirect_refused");
    assert!(plain.log().lines().is_empty());
}

#[tokio::test]
async fn survives_redirects_to_addresses_of_others() {
    for target in [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://10.0.0.1/",
        "https://0.0.0.0/",
        "https://metadata.test/",
        "https://intranet.test/",
        "file:///etc/passwd",
        "https://user:password@storage.test/",
    ] {
        let (registry, ..) = with_bundle().await;
        registry.fault(Fault::on("GET */blobs/*").redirect(307, target));
        let mut settings = settings(&[registry.host(), "169.254.169.254"]);
        // Names are judged by the addresses that they are used with, so that changing those in between gains nothing.
        for (name, address) in [
            ("metadata.test", "169.254.169.254:443"),
            ("intranet.test", "10.0.0.1:443"),
        ] {
            settings
                .addresses
                .insert(name.to_owned(), vec![address.parse().unwrap()]);
        }
        let client = Client::new(settings).unwrap();
        assert_eq!(
            code(&client, &api(&registry)).await,
            "redirect_refused",
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_name_is_followed_to_an_address_of_the_senders_kind() {
    let (registry, store) = with_store().await;
    let port = store.host().rsplit_once(':').unwrap().1.to_owned();
    let named = format!("storage.test:{port}");
    let blob = countersign_image::Digest::of(b"a bundle");
    registry.clear_faults();
    registry.fault(
        Fault::on("GET */blobs/*")
            .redirect(307, &format!("http://{named}/v2/shop/api/blobs/{blob}")),
    );
    let mut settings = settings(&[registry.host(), &named]);
    settings.addresses.insert(
        "storage.test".to_owned(),
        vec![store.host().parse().unwrap()],
    );
    assert_eq!(
        code(&Client::new(settings).unwrap(), &api(&registry)).await,
        "ok"
    );
    assert_eq!(store.log().requests()[0].host, named);
}

#[tokio::test]
async fn a_registry_is_of_the_kind_of_its_address_and_not_of_its_name() {
    let (registry, store) = with_store().await;
    let named = registry.host().replace("127.0.0.1", "registry.test");
    let mut settings = settings(&[&named, store.host()]);
    settings.addresses.insert(
        "registry.test".to_owned(),
        vec![registry.host().parse().unwrap()],
    );
    let client = Client::new(settings).unwrap();
    assert_eq!(code(&client, &format!("{named}/shop/api:1.0")).await, "ok");
    assert_eq!(store.log().lines().len(), 1);
}

#[tokio::test]
async fn plain_http_is_not_followed_to_a_host_that_was_not_named() {
    let (registry, store) = with_store().await;
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "redirect_refused");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(store.log().lines().is_empty());
}

#[tokio::test]
async fn survives_redirects_without_end() {
    let (registry, image, _) = with_bundle().await;
    let path = format!("/v2/shop/api/manifests/{}", image.digest());
    registry.fault(Fault::on(&format!("GET {path}")).redirect(302, &path));
    let error = look(&client(&registry), &image.image.to_string())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "redirect_refused");
    assert_eq!(registry.log().count(&format!("GET {path}")), 6);
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let (registry, image, _) = with_bundle().await;
    let path = format!("/v2/shop/api/manifests/{}", image.digest());
    registry.fault(
        Fault::on(&format!("GET {path}"))
            .times(5)
            .redirect(302, &path),
    );
    assert_eq!(
        code(&client(&registry), &image.image.to_string()).await,
        "ok"
    );
}

#[tokio::test]
async fn survives_a_next_page_on_another_host() {
    let other = TestRegistry::start().await;
    for link in [
        format!("<http://{}/v2/x>; rel=\"next\"", other.host()),
        "<https://evil.test/>; rel=next".to_owned(),
    ] {
        let (registry, ..) = with_bundle().await;
        registry.fault(Fault::on("GET *referrers*").header("link", &link));
        let client = Client::new(settings(&[registry.host(), other.host()])).unwrap();
        assert_eq!(
            code(&client, &api(&registry)).await,
            "redirect_refused",
            "{link}"
        );
    }
    assert!(other.log().lines().is_empty());
}

#[tokio::test]
async fn a_proxy_carries_what_is_not_local_and_not_excepted() {
    // The proxy is a registry itself: what it is asked for arrives with a whole URL.
    let proxy = TestRegistry::start().await;
    push_api(&proxy);
    let address = proxy.host();
    let through = |except: &str| {
        let proxies = Proxies::through(&format!("http://{address}"), except);
        let mut settings = Settings {
            proxies,
            ..settings(&["r.test:1"])
        };
        settings
            .addresses
            .insert("r.test".to_owned(), vec!["127.0.0.1:1".parse().unwrap()]);
        Client::new(settings).unwrap()
    };
    assert_eq!(code(&through(""), "r.test:1/shop/api:1.0").await, "ok");
    assert!(
        proxy
            .log()
            .requests()
            .iter()
            .all(|request| request.host == "r.test:1")
    );
    proxy.log().clear();
    assert_eq!(
        code(&through("r.test"), "r.test:1/shop/api:1.0").await,
        "registry_unreachable"
    );
    assert!(proxy.log().lines().is_empty());

    let (local, ..) = with_bundle().await;
    let proxies = Proxies::through(&format!("http://{address}"), "");
    let client = Client::new(Settings {
        proxies,
        ..settings(&[local.host()])
    })
    .unwrap();
    assert_eq!(code(&client, &api(&local)).await, "ok");
    assert!(proxy.log().lines().is_empty());
}

#[tokio::test]
async fn refuses_a_proxy_that_is_no_url() {
    let proxies = Proxies::through("::", "");
    assert_eq!(
        Client::new(Settings {
            proxies,
            ..settings(&[])
        })
        .unwrap_err()
        .code(),
        "proxy_malformed"
    );
}
