//! Which services of a signing config are used: of the highest version known here, the newest of each operator.
//!
//! Chooses alike for the same config and time. Never sends an identity token over plain HTTP to another machine; what
//! logs and timestamp authorities answer is verified, so those may be plain.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;
use url::{Host, Url};

use super::{Selector, Service, SigningConfig, SigningConfigError};

/// The services that were chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Who issues certificates.
    pub certificate_authority: Option<Url>,
    /// The logs.
    pub logs: Vec<LogEndpoint>,
    /// The timestamp authorities.
    pub timestamp_authorities: Vec<Url>,
}

/// A log and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEndpoint {
    /// Where it is.
    pub url: Url,
    /// What it speaks.
    pub version: LogVersion,
}

/// What a log speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogVersion {
    /// Rekor v1, which promises inclusion and says when.
    V1,
    /// Rekor v2, which proves inclusion and says no time.
    V2,
}

impl SigningConfig {
    /// What to show a signature to that is made `now` with a key.
    ///
    /// # Errors
    ///
    /// When that cannot be chosen, or is nothing.
    pub fn for_key(&self, now: Timestamp) -> Result<Endpoints, SigningConfigError> {
        let endpoints = self.endpoints(now)?;
        if endpoints.logs.is_empty() && endpoints.timestamp_authorities.is_empty() {
            return Err(SigningConfigError::Empty);
        }
        Ok(endpoints)
    }

    /// Who certifies an identity `now`, and what a signature with that certificate is shown to.
    ///
    /// # Errors
    ///
    /// When that cannot be chosen, or nothing would prove when it was signed.
    pub fn for_identity(&self, now: Timestamp) -> Result<Endpoints, SigningConfigError> {
        let mut endpoints = self.for_key(now)?;
        let authority = first(&self.certificate_authorities, "certificate authority", now)?;
        endpoints.certificate_authority = Some(authority);
        let says_when = |log: &LogEndpoint| log.version == LogVersion::V1;
        if endpoints.timestamp_authorities.is_empty() && !endpoints.logs.iter().any(says_when) {
            return Err(SigningConfigError::NoTime);
        }
        Ok(endpoints)
    }

    /// Who is asked `now` who somebody is.
    ///
    /// # Errors
    ///
    /// When nobody can be.
    pub fn identity_provider(&self, now: Timestamp) -> Result<Url, SigningConfigError> {
        first(&self.identity_providers, "identity provider", now)
    }

    fn endpoints(&self, now: Timestamp) -> Result<Endpoints, SigningConfigError> {
        let logs = newest(&self.logs, &[2, 1], LOGS, now)?;
        let stamps = newest(&self.timestamp_authorities, &[1], STAMPS, now)?;
        let logs = choose(logs, self.log_selector, LOGS)?;
        let stamps = choose(stamps, self.timestamp_selector, STAMPS)?;
        let log = |service: &Service| LogEndpoint {
            url: service.url.clone(),
            version: if service.version == 2 {
                LogVersion::V2
            } else {
                LogVersion::V1
            },
        };
        Ok(Endpoints {
            certificate_authority: None,
            logs: logs.into_iter().map(log).collect(),
            timestamp_authorities: stamps.iter().map(|service| service.url.clone()).collect(),
        })
    }
}

/// Those of the first of `versions` that has any now: newest first, one for each operator. Empty only if `services` is.
fn newest<'a>(
    services: &'a [Service],
    versions: &[u32],
    what: &'static str,
    now: Timestamp,
) -> Result<Vec<&'a Service>, SigningConfigError> {
    let mut current: Vec<&Service> = services
        .iter()
        .filter(|service| service.is_current(now))
        .collect();
    current.sort_by_key(|service| Reverse(service.start));
    for version in versions {
        let mut operators = BTreeSet::new();
        let found: Vec<&Service> = current
            .iter()
            .copied()
            .filter(|service| service.version == *version && operators.insert(&service.operator))
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let detail = if current.is_empty() {
        "none is in its time".to_owned()
    } else {
        format!(
            "those in their time are of major version {}",
            list(&current)
        )
    };
    Err(SigningConfigError::NoneUsable { what, detail })
}

/// The one service of its kind, to which identity tokens go.
fn first(
    services: &[Service],
    what: &'static str,
    now: Timestamp,
) -> Result<Url, SigningConfigError> {
    let found = newest(services, &[1], what, now)?;
    let Some(service) = found.first() else {
        let detail = "the list is empty".to_owned();
        return Err(SigningConfigError::NoneUsable { what, detail });
    };
    if !is_private(&service.url) {
        let url = service.url.origin().ascii_serialization();
        return Err(SigningConfigError::Insecure { url });
    }
    Ok(service.url.clone())
}

fn choose<'a>(
    mut services: Vec<&'a Service>,
    selector: Selector,
    what: &'static str,
) -> Result<Vec<&'a Service>, SigningConfigError> {
    let wanted = match selector {
        _ if services.is_empty() => return Ok(services),
        Selector::All => services.len(),
        Selector::Any => 1,
        Selector::Exact(count) => count,
        Selector::Undefined => return Err(SigningConfigError::Undefined { what }),
    };
    let found = services.len();
    if wanted > found {
        return Err(SigningConfigError::TooFew {
            what,
            wanted,
            found,
        });
    }
    services.truncate(wanted);
    Ok(services)
}

impl Service {
    fn is_current(&self, now: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= now) && self.end.is_none_or(|end| now <= end)
    }
}

/// Whether nobody on the way can read what is sent there.
pub(crate) fn is_private(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn list(services: &[&Service]) -> String {
    let versions: BTreeSet<String> = services
        .iter()
        .map(|service| service.version.to_string())
        .collect();
    versions.into_iter().collect::<Vec<_>>().join(", ")
}

const LOGS: &str = "logs";
const STAMPS: &str = "timestamp authorities";
