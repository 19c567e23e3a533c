//! Clients for test registries, and short words for what they find.

use std::sync::Arc;
use std::time::Duration;

use countersign_image::{
    Attachment, Collected, Form, ImageSource as _, Needs, Origin, SourceError,
};
use countersign_registry::{Client, Credential, Credentials, Lookup, Proxies, Settings};
use serde_json::{Value, json};

use countersign_testkit::{Fault, Layer, Pushed, TestRegistry};

pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// Settings for hosts that speak plain HTTP: nothing is repeated and no proxy is asked.
pub(crate) fn settings(hosts: &[&str]) -> Settings {
    Settings {
        plain_http: hosts.iter().map(|host| (*host).to_owned()).collect(),
        proxies: Proxies::none(),
        retries: 0,
        ..Settings::default()
    }
}

pub(crate) fn client(registry: &TestRegistry) -> Client {
    Client::new(settings(&[registry.host()])).unwrap()
}

/// A client that gives up soon.
pub(crate) fn impatient_client(host: &str) -> Client {
    let request_timeout = Duration::from_millis(300);
    Client::new(Settings {
        request_timeout,
        ..settings(&[host])
    })
    .unwrap()
}

pub(crate) fn everything() -> Needs {
    Needs {
        signatures: true,
        attestations: true,
        unsigned_sboms: true,
        config: false,
        repositories: Vec::new(),
    }
}

/// Resolves and collects everything.
pub(crate) async fn look(client: &Client, reference: &str) -> Result<Collected, SourceError> {
    let resolved = client.resolve(&reference.parse().unwrap()).await?;
    client.collect(&resolved, &everything()).await
}

/// Resolves and collects everything, of which nothing but the outcome is of interest.
pub(crate) async fn code(client: &Client, reference: &str) -> &'static str {
    look(client, reference)
        .await
        .map_or_else(|error| error.code(), |_| "ok")
}

/// `shop/api:1.0` in a registry.
pub(crate) fn api(registry: &TestRegistry) -> String {
    format!("{}/shop/api:1.0", registry.host())
}

/// `shop/api:1.0`, pushed.
pub(crate) fn push_api(registry: &TestRegistry) -> Pushed {
    registry.push_image("shop/api", "1.0", "content")
}

/// A registry with `shop/api:1.0` and one bundle attached to it.
pub(crate) async fn with_bundle() -> (TestRegistry, Pushed, Pushed) {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let referrer = registry.push_referrer(&image, BUNDLE, &[bundle("a bundle")]);
    (registry, image, referrer)
}

/// The outcome for `shop/api:1.0` with one bundle, on a registry with this fault.
pub(crate) async fn code_with(fault: Fault) -> &'static str {
    let (registry, _, _) = with_bundle().await;
    registry.fault(fault);
    code(&client(&registry), &api(&registry)).await
}

pub(crate) fn bundle(content: &str) -> Layer {
    Layer::new(BUNDLE, content.to_owned())
}

/// What was found, as `bundle@referrer`.
pub(crate) fn found(collected: &Collected) -> Vec<String> {
    collected.attachments.iter().map(word).collect()
}

pub(crate) fn word(attachment: &Attachment) -> String {
    let form = match &attachment.form {
        Form::Bundle => "bundle".to_owned(),
        Form::Envelope => "envelope".to_owned(),
        Form::Malformed(why) => format!("malformed({why})"),
        Form::SimpleSigning => "signature".to_owned(),
        Form::Statement => "statement".to_owned(),
        Form::UnsignedSbom => "sbom".to_owned(),
        Form::Unsupported(what) => format!("unsupported({what})"),
        _ => unreachable!("a form that these tests do not know"),
    };
    let origin = match attachment.origin {
        Origin::AttestationTag => "att",
        Origin::FallbackTag => "fallback",
        Origin::Index => "index",
        Origin::Referrer => "referrer",
        Origin::SbomTag => "sbom-tag",
        Origin::SignatureTag => "sig",
        _ => unreachable!("an origin that these tests do not know"),
    };
    format!("{form}@{origin}")
}

/// Presents one credential to one registry.
pub(crate) struct Only {
    pub(crate) registry: String,
    pub(crate) credential: Credential,
}

impl Credentials for Only {
    fn lookup<'a>(&'a self, repository: &'a countersign_image::Repository) -> Lookup<'a> {
        let matches = repository.registry() == self.registry;
        Box::pin(std::future::ready(Ok(
            matches.then(|| self.credential.clone())
        )))
    }
}

pub(crate) fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

/// Settings that present a credential to the registry at `host`.
pub(crate) fn settings_with(host: &str, others: &[&str], credential: Credential) -> Settings {
    let hosts: Vec<&str> = others.iter().copied().chain([host]).collect();
    let only = Only {
        registry: host.to_owned(),
        credential,
    };
    Settings {
        credentials: Arc::new(only),
        ..settings(&hosts)
    }
}

/// A bundle's manifest whose one layer says of itself what `layer` says.
pub(crate) fn push_with_layer(registry: &TestRegistry, subject: &Pushed, layer: Value) {
    let empty = registry.push_blob("shop/api", "{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": empty.to_string(), "size": 2},
        "layers": [layer],
        "subject": subject.descriptor(),
    });
    registry.push_manifest("shop/api", OCI_MANIFEST, manifest.to_string());
}
