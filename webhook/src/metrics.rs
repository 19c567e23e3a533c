//! What is counted, and how it is read.
//!
//! Labels are bounded: whatever policies make up as codes, the number of series is not theirs to choose.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// All the series of the process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    durations: Family<EndpointLabels, Histogram>,
    in_flight: Gauge,
    exceptions: Family<ExceptionLabels, Counter>,
    certificate_end: Gauge,
    certificate_reloads: Family<ResultLabels, Counter>,
    policy_count: Gauge,
    policy_info: Family<RevisionLabels, Gauge>,
    policy_failures: Counter,
    root_ages: Family<RootLabels, Gauge>,
    root_ends: Family<RootLabels, Gauge>,
    root_failures: Family<RootLabels, Counter>,
    codes: Mutex<HashSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReviewLabels {
    endpoint: &'static str,
    outcome: &'static str,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevisionLabels {
    revision: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RootLabels {
    trust_root: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExceptionLabels {
    exception: String,
}

impl Metrics {
    /// Series for a process that has judged nothing yet.
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("countersign");
        let reviews = Family::default();
        registry.register("reviews", "Reviews answered", reviews.clone());
        let durations = Family::new_with_constructor(new_histogram as fn() -> Histogram);
        registry.register_with_unit(
            "review_duration",
            "From the request to its answer",
            Unit::Seconds,
            durations.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("reviews_in_flight", "Reviews under way", in_flight.clone());
        let exceptions = Family::default();
        registry.register(
            "exceptions_applied",
            "Images of which an exception set something aside",
            exceptions.clone(),
        );
        let certificate_end = Gauge::default();
        registry.register_with_unit(
            "certificate_not_after_timestamp",
            "When the serving certificate ends",
            Unit::Seconds,
            certificate_end.clone(),
        );
        let certificate_reloads = Family::default();
        registry.register(
            "certificate_reloads",
            "Serving certificates read after the start",
            certificate_reloads.clone(),
        );
        let policy_count = Gauge::default();
        registry.register("policies", "Policies in force", policy_count.clone());
        let policy_info = Family::default();
        registry.register("policy_info", "The policies in force", policy_info.clone());
        let policy_failures = Counter::default();
        registry.register(
            "policies_refresh_failures",
            "Looks at the artifact of the policies that failed",
            policy_failures.clone(),
        );
        let root_ages = Family::default();
        registry.register_with_unit(
            "trust_root_age",
            "Since the trust root was confirmed, or made",
            Unit::Seconds,
            root_ages.clone(),
        );
        let root_ends = Family::default();
        registry.register_with_unit(
            "trust_root_expiry_timestamp",
            "When the TUF metadata of the trust root expires",
            Unit::Seconds,
            root_ends.clone(),
        );
        let root_failures = Family::default();
        registry.register(
            "trust_root_refresh_failures",
            "Refreshes of the trust root that failed",
            root_failures.clone(),
        );
        registry.register("build", "This binary", Info::new([("version", VERSION)]));
        Arc::new(Self {
            registry,
            reviews,
            durations,
            in_flight,
            exceptions,
            certificate_end,
            certificate_reloads,
            policy_count,
            policy_info,
            policy_failures,
            root_ages,
            root_ends,
            root_failures,
            codes: Mutex::default(),
        })
    }

    /// Counts one answer.
    pub(crate) fn answered(
        &self,
        endpoint: &'static str,
        outcome: &'static str,
        code: &str,
        duration: Duration,
    ) {
        let labels = ReviewLabels {
            endpoint,
            outcome,
            code: self.bounded(code),
        };
        self.reviews.get_or_create(&labels).inc();
        self.durations
            .get_or_create(&EndpointLabels { endpoint })
            .observe(duration.as_secs_f64());
    }

    /// Counts an image of which this exception set something aside. Names are those of documents: as bounded as these.
    pub(crate) fn excepted(&self, exception: &str) {
        let exception = exception.to_owned();
        self.exceptions
            .get_or_create(&ExceptionLabels { exception })
            .inc();
    }

    /// Counts a review as under way until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Notes the certificate in use.
    pub(crate) fn certificate(&self, not_after: Timestamp) {
        self.certificate_end.set(not_after.as_second());
    }

    /// Counts an attempt to use new certificate files.
    pub(crate) fn certificate_reloaded(&self, ok: bool) {
        let result = if ok { "ok" } else { "refused" };
        self.certificate_reloads
            .get_or_create(&ResultLabels { result })
            .inc();
    }

    /// Notes the policies in force.
    pub(crate) fn policies(&self, count: usize, revision: &str) {
        self.policy_count
            .set(i64::try_from(count).unwrap_or(i64::MAX));
        let revision = revision.to_owned();
        self.policy_info.clear();
        self.policy_info
            .get_or_create(&RevisionLabels { revision })
            .set(1);
    }

    /// Counts a look at the artifact of the policies that failed.
    pub(crate) fn policies_failed(&self) {
        self.policy_failures.inc();
    }

    /// Notes how old a trust root is, and when it expires, as far as it has an age and an end.
    pub(crate) fn trust_root(&self, name: &str, age: Option<i64>, expires: Option<Timestamp>) {
        let labels = RootLabels {
            trust_root: name.to_owned(),
        };
        if let Some(age) = age {
            self.root_ages.get_or_create(&labels).set(age);
        }
        if let Some(expires) = expires {
            self.root_ends
                .get_or_create(&labels)
                .set(expires.as_second());
        }
    }

    /// Counts a refresh of a trust root that failed.
    pub(crate) fn trust_root_failed(&self, name: &str) {
        let trust_root = name.to_owned();
        self.root_failures
            .get_or_create(&RootLabels { trust_root })
            .inc();
    }

    /// All series as OpenMetrics text.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn bounded(&self, code: &str) -> String {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.contains(code) {
            return code.to_owned();
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if codes.len() < CODES && code.len() <= CODE_BYTES && code.bytes().all(plain) {
            codes.insert(code.to_owned());
            return code.to_owned();
        }
        "other".to_owned()
    }
}

/// A review under way.
#[derive(Debug)]
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// From a review that asks nobody to one that waits as long as the API server would.
fn new_histogram() -> Histogram {
    Histogram::new([
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
        5.0, 10.0, 30.0,
    ])
}

/// The content type of [`Metrics::encode`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Distinct codes that get series of their own.
const CODES: usize = 256;
const CODE_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_open_metrics_to_its_end() {
        let metrics = Metrics::new();
        metrics.policies(2, "old");
        metrics.policies(3, "abc");
        metrics.answered(
            "validate",
            "deny",
            "signature/signed:unsigned",
            Duration::from_millis(3),
        );
        let _under_way = metrics.begin();
        metrics.trust_root("ours", Some(60), Timestamp::from_second(86_400).ok());
        metrics.trust_root_failed("ours");
        metrics.excepted("incident-7");
        let text = metrics.encode();
        for line in [
            r#"countersign_reviews_total{endpoint="validate",outcome="deny",code="signature/signed:unsigned"} 1"#,
            r#"countersign_review_duration_seconds_bucket{le="0.005",endpoint="validate"} 1"#,
            "countersign_reviews_in_flight 1",
            r#"countersign_exceptions_applied_total{exception="incident-7"} 1"#,
            "countersign_policies 3",
            r#"countersign_policy_info{revision="abc"} 1"#,
            r#"countersign_trust_root_age_seconds{trust_root="ours"} 60"#,
            r#"countersign_trust_root_expiry_timestamp_seconds{trust_root="ours"} 86400"#,
            r#"countersign_trust_root_refresh_failures_total{trust_root="ours"} 1"#,
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "no {line} in\n{text}"
            );
        }
        assert!(!text.contains("old"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn codes_that_policies_make_up_do_not_make_series_without_end() {
        let metrics = Metrics::new();
        for number in 0..10_000 {
            metrics.answered(
                "validate",
                "deny",
                &format!("made/up:{number}"),
                Duration::ZERO,
            );
        }
        metrics.answered("validate", "deny", "a\"b\n", Duration::ZERO);
        let series = metrics
            .encode()
            .lines()
            .filter(|l| l.contains("reviews_total{"))
            .count();
        assert_eq!(series, CODES + 1);
    }
}
