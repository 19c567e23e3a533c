//! The serving certificate as values of the Helm chart.
//!
//! Only what the chart needs: the authority's key never leaves its folder.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Error;
use crate::certificate::{Certificate, Pair};

/// A YAML document with `tls.crt`, `tls.key` and `tls.caBundle`, for `helm install -f -`.
///
/// # Errors
/// When the certificate was issued by another authority: no API server would trust it.
pub fn helm_values(authority: &Certificate, serving: &Pair) -> Result<String, Error> {
    if !serving.certificate().was_issued_by(authority) {
        return Err(Error::ForeignCertificate {
            path: "tls.crt".into(),
        });
    }
    Ok(format!(
        "tls:\n  crt: {}\n  key: {}\n  caBundle: {}\n",
        STANDARD.encode(serving.certificate().pem()),
        STANDARD.encode(serving.key_pem()),
        STANDARD.encode(authority.pem()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, Lifetime, Names};
    use jiff::Timestamp;

    fn names() -> Names {
        ["a.svc"].iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn the_values_hold_the_certificate_its_key_and_the_authority() {
        let (life, now) = (Lifetime::days(10).unwrap(), Timestamp::UNIX_EPOCH);
        let authority = Authority::generate(life, now).unwrap();
        let serving = authority.issue(&names(), life, now).unwrap();
        let values = helm_values(authority.certificate(), &serving).unwrap();
        let of = |key: &str| {
            let line = values
                .lines()
                .find_map(|line| line.trim().strip_prefix(key))
                .unwrap();
            String::from_utf8(STANDARD.decode(line.trim()).unwrap()).unwrap()
        };
        assert_eq!(of("crt:"), serving.certificate().pem());
        assert_eq!(of("caBundle:"), authority.certificate().pem());
        assert_eq!(of("key:"), serving.key_pem());
    }

    #[test]
    fn a_certificate_of_another_authority_makes_no_values() {
        let (life, now) = (Lifetime::days(10).unwrap(), Timestamp::UNIX_EPOCH);
        let serving = Authority::generate(life, now)
            .unwrap()
            .issue(&names(), life, now)
            .unwrap();
        let stranger = Authority::generate(life, now).unwrap();
        let refusal = helm_values(stranger.certificate(), &serving).unwrap_err();
        assert_eq!(refusal.code(), "foreign_certificate");
    }
}
