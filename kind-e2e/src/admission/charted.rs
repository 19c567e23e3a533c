//! The chart itself: what Helm says of it, and that its parts fit each other.

use std::time::Duration;

use super::stage::Stage;
use crate::chart::Chart;
use crate::failure::{Outcome, ensure, until};
use crate::kubectl::text;
use crate::kubelet::{container, port};

pub(super) fn the_chart_passes_lint(stage: &Stage) -> Outcome {
    stage
        .chart
        .lint()?
        .exits(0)?
        .never_saying("[WARNING]")
        .map(drop)
}

pub(super) fn the_chart_refuses_values_it_does_not_know(stage: &Stage) -> Outcome {
    stage
        .chart
        .template(&["--set", "polices.typo=x"])?
        .exits(1)?
        .saying("polices")
        .map(drop)
}

/// Whoever installs it without reading anything is told what to run.
pub(super) fn the_chart_says_how_to_get_certificates(stage: &Stage) -> Outcome {
    let without = Chart::with_values(&stage.tools, &["values.json"]);
    without
        .template(&[])?
        .exits(1)?
        .saying("countersign-certs issue")
        .map(drop)
}

/// Without a URL the API server asks a Service; it must lead where the process listens.
pub(super) fn the_service_leads_to_the_port_that_serves(stage: &Stage) -> Outcome {
    let files = ["values.json", "tls-values.yaml", "service.json"];
    let chart = Chart::with_values(&stage.tools, &files);
    stage
        .tools
        .file("service.json", r#"{"webhook": {"url": ""}}"#)?;
    let rendered = chart.render(&stage.cluster.kubectl)?;
    let service = rendered.one("Service")?;
    let deployment = rendered.one("Deployment")?;
    let container = container(deployment)?;
    let target = port(container, &service["spec"]["ports"][0]["targetPort"])?;
    let args = container["args"].to_string();
    let listens = args.contains(&format!(":{target}\"")) && args.contains("--listen=");
    ensure(listens, || format!("nothing listens on {target}: {args}"))?;
    for kind in [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ] {
        let asked = rendered
            .one(kind)?
            .pointer("/webhooks/0/clientConfig/service");
        let asked = asked.cloned().unwrap_or_default();
        for (of_webhook, of_service) in [
            ("/name", "/metadata/name"),
            ("/namespace", "/metadata/namespace"),
        ] {
            let (asked, named) = (text(&asked, of_webhook)?, text(service, of_service)?);
            ensure(asked == named, || {
                format!("{kind} asks {asked}, the service is {named}")
            })?;
        }
        // 443 is what an API server asks when no port is written.
        let (asked, served) = (&asked["port"], &service["spec"]["ports"][0]["port"]);
        let same = asked == served || (asked.is_null() && *served == 443);
        ensure(same, || {
            format!("{kind} asks port {asked}, the service has {served}")
        })?;
    }
    let labels = deployment
        .pointer("/spec/template/metadata/labels")
        .cloned()
        .unwrap_or_default();
    let selector = service["spec"]["selector"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let selects = !selector.is_empty()
        && selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value));
    ensure(selects, || {
        format!("the service selects {selector:?}, the pods are {labels}")
    })
}

/// The probes of the container, and the metrics beside them.
pub(super) fn the_webhook_answers_probes_and_scrapes(stage: &Stage) -> Outcome {
    stage.admits(&stage.signed()?)?;
    let metrics = stage.webhook.ask("/metrics")?;
    ensure(metrics.contains("countersign_"), || metrics.clone())?;
    stage.webhook.ask("/healthz").map(drop)
}

/// A certificate is exchanged while the process runs: no restart, no review refused.
pub(super) fn a_renewed_certificate_is_served_without_a_restart(stage: &Stage) -> Outcome {
    let kubectl = &stage.cluster.kubectl;
    stage
        .tools
        .must("countersign-certs", ["renew", "--force", "--out", "tls"])?;
    let values = stage
        .tools
        .must("countersign-certs", ["values", "--out", "tls"])?
        .stdout;
    stage.tools.file("tls-values.yaml", &values)?;
    kubectl.apply(stage.chart.render(kubectl)?.one("Secret")?)?;
    stage.webhook.mounts.refresh()?;
    let renewed = ["x509", "-noout", "-serial", "-in", "tls/tls.crt"];
    let renewed = stage.tools.must("openssl", renewed)?.stdout;
    let connect = ["s_client", "-showcerts", "-connect", &stage.listens];
    until("the renewed certificate", Duration::from_secs(60), || {
        let served = stage.tools.must("openssl", connect)?.stdout;
        stage.tools.file("served.crt", &served)?;
        let served = stage.tools.must(
            "openssl",
            ["x509", "-noout", "-serial", "-in", "served.crt"],
        )?;
        ensure(served.stdout == renewed, || {
            format!("it serves {}", served.stdout)
        })
    })?;
    stage.admits(&stage.signed()?)
}
