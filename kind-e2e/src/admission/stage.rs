//! What the scenarios are played in: a cluster with the chart installed, registries, two keys of which one is trusted,
//! and a Sigstore.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{accepts, keyless, rejects};
use crate::chart::{Chart, Installed, NAMESPACE};
use crate::cluster::Cluster;
use crate::evidence::{BUILDER, Key, Predicate};
use crate::failure::{Outcome, ensure, until};
use crate::kubectl::{Namespace, Namespaces};
use crate::manifest::pod;
use crate::registry::{Image, Kind, Registry};
use crate::runner::World;
use crate::sigstore::Sigstore;
use crate::tools::{Tools, free_port};
use crate::webhook::Webhook;

/// Where scenarios are played. Its parts end from top to bottom: the cluster stops asking before the webhook ends.
pub(super) struct Stage {
    _installed: Installed,
    pub(super) chart: Chart,
    pub(super) webhook: Webhook,
    /// `HOST:PORT` of the webhook.
    pub(super) listens: String,
    pub(super) registry: Registry,
    /// A registry that scenarios stop.
    pub(super) mortal: Registry,
    pub(super) release: Key,
    pub(super) stranger: Key,
    pub(super) sigstore: Sigstore,
    pub(super) tools: Rc<Tools>,
    pub(super) cluster: Cluster,
    namespaces: Namespaces,
}

impl Stage {
    pub(super) fn start(tools: &Rc<Tools>) -> Outcome<Self> {
        let cluster = Cluster::start(tools)?;
        let registry = Registry::start(Kind::Reference, tools)?;
        let mortal = Registry::start(Kind::Reference, tools)?;
        let release = Key::ours(tools, "release")?;
        let stranger = Key::ours(tools, "stranger")?;
        let sigstore = Sigstore::start(tools, "sigstore")?;

        let place = Place::free(cluster.callback.as_deref())?;
        issue_certificate(tools, &place.host)?;
        let mut values = values(&place, &release.pem()?, &registry.host, &mortal.host);
        let [root, policy] = keyless::documents(&sigstore, &format!("{}/ci/**", registry.host))?;
        values["policies"]["trust-root.yaml"] = root.to_string().into();
        values["policies"]["keyless.yaml"] = policy.to_string().into();
        tools.file("values.json", &values.to_string())?;
        let chart = Chart::with_values(tools, &["values.json", "tls-values.yaml"]);

        let installed = chart.render(&cluster.kubectl)?.install(&cluster.kubectl)?;
        let webhook = Webhook::start(tools, &cluster.kubectl, &installed.rendered)?;
        installed.register()?;
        let namespaces = Namespaces::new(cluster.kubectl.clone());
        let tools = Rc::clone(tools);
        let stage = Self {
            _installed: installed,
            chart,
            webhook,
            listens: format!("127.0.0.1:{}", place.port),
            registry,
            mortal,
            release,
            stranger,
            sigstore,
            tools,
            cluster,
            namespaces,
        };
        stage
            .wait_until_asked()
            .map_err(|failure| failure.during(stage.logs()))?;
        Ok(stage)
    }

    /// A fresh namespace that is protected.
    pub(super) fn protected(&self) -> Outcome<Namespace> {
        self.namespaces
            .fresh(&json!({"countersign.dev/protect": "true"}))
    }

    /// A fresh namespace that is not.
    pub(super) fn unprotected(&self) -> Outcome<Namespace> {
        self.namespaces.fresh(&json!({}))
    }

    /// An image that nobody signed, of the policy that wants a signature.
    pub(super) fn unsigned(&self) -> Outcome<Image> {
        self.registry.push("shop/app")
    }

    /// An image that is signed by the key that the policy trusts.
    pub(super) fn signed(&self) -> Outcome<Image> {
        let image = self.unsigned()?;
        self.release.sign(&image, "bundle")?;
        Ok(image)
    }

    /// A signed image of the policy that wants to know how it was built and what is in it.
    pub(super) fn built(&self, known: &[Predicate]) -> Outcome<Image> {
        let image = self.registry.push("built/app")?;
        self.release.sign(&image, "bundle")?;
        for what in known {
            self.release.attest(&image, *what, "bundle")?;
        }
        Ok(image)
    }

    /// Waits until the API server asks both webhooks: it denies a pod, and pins another.
    pub(super) fn wait_until_asked(&self) -> Outcome {
        let namespace = self.protected()?;
        let (bad, good) = (self.unsigned()?, self.signed()?);
        let dry = |image: &Image| pod("probe").with_image(&image.by_tag()).manifest();
        until(
            "the webhook configurations",
            Duration::from_secs(30),
            || {
                let bad = namespace.create(&dry(&bad), ["--dry-run=server"])?;
                super::denied(bad)?;
                let output = "--output=jsonpath={.spec.containers[0].image}";
                let ran = namespace
                    .create(&dry(&good), ["--dry-run=server", output])?
                    .exits(0)?;
                ensure(ran.stdout == good.pinned(), || {
                    ran.describe("wanted a pinned image")
                })
            },
        )
    }

    /// Fails unless a pod of this image alone is admitted.
    pub(super) fn admits(&self, image: &Image) -> Outcome {
        accepts(
            &self.protected()?,
            &pod("app").with_image(&image.by_tag()).manifest(),
        )
        .map(drop)
    }

    /// What is said to a pod of this image alone, which must be denied.
    pub(super) fn denial(&self, image: &Image) -> Outcome<crate::process::Ran> {
        rejects(
            &self.protected()?,
            &pod("app").with_image(&image.by_tag()).manifest(),
        )
    }
}

impl World for Stage {
    fn logs(&self) -> String {
        [
            self.webhook.logs(),
            self.registry.logs(),
            self.mortal.logs(),
            self.sigstore.logs(),
            self.cluster.logs(),
        ]
        .join("\n")
    }
}

/// Where the webhook listens, and by what name the API server finds it.
struct Place {
    bind: &'static str,
    host: String,
    port: u16,
    metrics: u16,
}

impl Place {
    /// On loopback, unless the API server is elsewhere and knows this machine by another name.
    fn free(callback: Option<&str>) -> Outcome<Self> {
        Ok(Self {
            bind: if callback.is_some() {
                "0.0.0.0"
            } else {
                "127.0.0.1"
            },
            host: callback.unwrap_or("127.0.0.1").to_owned(),
            port: free_port()?,
            metrics: free_port()?,
        })
    }
}

/// Writes the serving certificate and, for the chart, the values that hold it.
fn issue_certificate(tools: &Tools, host: &str) -> Outcome {
    let service = format!("countersign.{NAMESPACE}.svc");
    let kind = if host.parse::<std::net::IpAddr>().is_ok() {
        "--ip"
    } else {
        "--dns"
    };
    let args = ["issue", "--out", "tls", "--dns", &service, kind, host];
    tools.must("countersign-certs", args)?;
    let values = tools.must("countersign-certs", ["values", "--out", "tls"])?;
    tools.file("tls-values.yaml", &values.stdout).map(drop)
}

fn values(place: &Place, key: &str, registry: &str, mortal: &str) -> Value {
    let signed = json!([{
        "rule": "signature/signed", "params": {"authorities": ["release"], "threshold": 1},
    }]);
    let built = json!([
        {"rule": "provenance/slsa_level", "params": {"minimum": 3}},
        {"rule": "provenance/builder_id", "params": {"allow": [BUILDER]}},
        {"rule": "sbom/required", "params": {"formats": ["spdx"], "min_packages": 1}},
    ]);
    let policy = |name: &str, mode: &str, images: &[String], rules: &Value| {
        json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": name},
            "spec": {
                "images": {"include": images},
                "mode": mode,
                "authorities": [{"name": "release", "key": {"pem": key}, "transparency": "none"}],
                "builders": [{"id": BUILDER, "authorities": ["release"], "maxLevel": 3}],
                "rules": rules,
            },
        })
        .to_string()
    };
    let below = |host: &str, path: &str| format!("{host}/{path}/**");
    json!({
        "webhook": {"url": format!("https://{}:{}", place.host, place.port)},
        "bind": place.bind,
        "ports": {"webhook": place.port, "metrics": place.metrics},
        "registries": {"plainHttp": [registry, mortal]},
        "policies": {
            "production.yaml": policy(
                "production",
                "enforce",
                &[below(registry, "shop"), below(mortal, "shop")],
                &signed,
            ),
            "built.yaml": policy("built", "enforce", &[below(registry, "built")], &built),
            "watched.yaml": policy("watched", "warn", &[below(registry, "watched")], &signed),
            "recorded.yaml": policy("recorded", "audit", &[below(registry, "recorded")], &signed),
        },
    })
}
