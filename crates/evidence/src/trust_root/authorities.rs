//! Authorities of a trust root: of certificates, and of timestamps.
//!
//! Refuses chains that are empty or too long, and certificates that do not read or are not signed by those that follow them.

use countersign_image::{Digest, Fields, limits};

use super::{AuthorityFacts, CertificateAuthority, TrustRootError, read, wire};
use crate::base64;
use crate::certificate::CaCertificate;
use crate::chain::Anchors;
use crate::timestamp::TimestampAuthority;

type Read<T> = Result<(Vec<T>, Vec<AuthorityFacts>), TrustRootError>;

pub(super) fn of_certificates(
    authorities: Vec<Fields<wire::Authority>>,
) -> Read<CertificateAuthority> {
    each("certificate authority", authorities, |chain, facts| {
        let certificates = chain
            .iter()
            .map(|der| CaCertificate::parse(der))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(CertificateAuthority {
            anchors: Anchors::of_chain(&certificates)?,
            valid: facts.validity,
        })
    })
}

pub(super) fn of_timestamps(authorities: Vec<Fields<wire::Authority>>) -> Read<TimestampAuthority> {
    each("timestamp authority", authorities, |chain, facts| {
        let name = facts
            .uri
            .clone()
            .or_else(|| Some(Digest::of(chain.first()?).to_string()));
        TimestampAuthority::new(name.unwrap_or_default(), &chain, facts.validity)
    })
}

fn each<T>(
    kind: &str,
    authorities: Vec<Fields<wire::Authority>>,
    read_one: impl Fn(Vec<Vec<u8>>, &AuthorityFacts) -> Result<T, String>,
) -> Read<T> {
    let one = |(index, Fields(authority)): (usize, Fields<wire::Authority>)| {
        let place = format!("{kind} {}", index + 1);
        let facts = facts(
            authority.subject,
            authority.uri,
            authority.valid_for.as_ref(),
            &place,
        )?;
        chain(&authority.cert_chain.0)
            .and_then(|chain| read_one(chain, &facts))
            .map(|read| (read, facts))
            .map_err(|detail| TrustRootError::Certificate { place, detail })
    };
    authorities.into_iter().enumerate().map(one).collect()
}

fn facts(
    subject: Option<Fields<wire::Subject>>,
    uri: Option<String>,
    valid_for: Option<&Fields<wire::Window>>,
    place: &str,
) -> Result<AuthorityFacts, TrustRootError> {
    let Fields(subject) = subject.unwrap_or_default();
    Ok(AuthorityFacts {
        organization: subject.organization,
        common_name: subject.common_name,
        uri: uri.filter(|uri| !uri.is_empty()),
        validity: read::window(valid_for, place)?,
    })
}

fn chain(chain: &wire::Chain) -> Result<Vec<Vec<u8>>, String> {
    let certificates = &chain.certificates;
    let (count, limit) = (certificates.len(), limits::CERTIFICATES);
    if count == 0 {
        return Err("it has no certificate".to_owned());
    }
    if count > limit {
        return Err(format!(
            "it has {count} certificates, where {limit} are allowed"
        ));
    }
    certificates
        .iter()
        .map(|Fields(certificate)| base64::decode(&certificate.raw_bytes))
        .collect::<Option<_>>()
        .ok_or_else(|| "a certificate of it is not base64".to_owned())
}
