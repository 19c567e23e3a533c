//! Predicate types: their names, the families they fall into, and cosign's short names for them.
//!
//! Matches whole types only: a type that merely begins like a known one is not of its family.

mod check;

pub use check::{PredicateFlaw, check_predicate};

/// A signature written as a statement (cosign 3, and ours).
pub const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// cosign's wrapper for anything.
pub const COSIGN_CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";
/// cosign's vulnerability scan.
pub const COSIGN_VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
/// CycloneDX, any version.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// What some producers wrote for CycloneDX before in-toto settled on [`CYCLONEDX`].
pub const CYCLONEDX_SCHEMA: &str = "https://cyclonedx.org/schema";
/// in-toto link metadata.
pub const IN_TOTO_LINK: &str = "https://in-toto.io/Link/v1";
/// OpenVEX.
pub const OPENVEX: &str = "https://openvex.dev/ns";
/// SLSA provenance 0.1, which Google Cloud Build still writes.
pub const SLSA_PROVENANCE_V01: &str = "https://slsa.dev/provenance/v0.1";
/// SLSA provenance 0.2.
pub const SLSA_PROVENANCE_V02: &str = "https://slsa.dev/provenance/v0.2";
/// SLSA provenance 1.x.
pub const SLSA_PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// SPDX, any version.
pub const SPDX: &str = "https://spdx.dev/Document";
/// SLSA verification summary 1.x.
pub const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

/// A group of predicate types that say the same kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// CycloneDX SBOM.
    CycloneDx,
    /// SLSA provenance.
    Provenance,
    /// The image is signed.
    Sign,
    /// SPDX SBOM.
    Spdx,
    /// SLSA verification summary.
    VerificationSummary,
    /// Exploitability statement.
    Vex,
    /// Vulnerability scan.
    Vulnerabilities,
}

/// The family that `predicate_type` belongs to; `None` for one that we do not know.
#[must_use]
pub fn family(predicate_type: &str) -> Option<Family> {
    match predicate_type {
        COSIGN_SIGN => Some(Family::Sign),
        // Another version may have other fields, so these only.
        SLSA_PROVENANCE_V01 | SLSA_PROVENANCE_V02 | SLSA_PROVENANCE_V1 => Some(Family::Provenance),
        // What came before version 1 is of the family too, so that it is refused and not passed over.
        VERIFICATION_SUMMARY | VERIFICATION_SUMMARY_V02 => Some(Family::VerificationSummary),
        COSIGN_VULN => Some(Family::Vulnerabilities),
        CYCLONEDX_SCHEMA => Some(Family::CycloneDx),
        _ if version_of(predicate_type, CYCLONEDX).is_some() => Some(Family::CycloneDx),
        _ if version_of(predicate_type, SPDX).is_some() => Some(Family::Spdx),
        _ if version_of(predicate_type, OPENVEX).is_some() => Some(Family::Vex),
        _ if version_of(predicate_type, IN_TOTO_VULNS).is_some() => Some(Family::Vulnerabilities),
        _ => None,
    }
}

/// What `alias` stands for in cosign's `--type`; `None` for a name that is none of cosign's.
#[must_use]
pub fn from_alias(alias: &str) -> Option<&'static str> {
    Some(match alias {
        "custom" => COSIGN_CUSTOM,
        "cyclonedx" => CYCLONEDX,
        "link" => IN_TOTO_LINK,
        "openvex" => OPENVEX,
        // As in cosign: the unnumbered name is 0.2 and will stay it.
        "slsaprovenance" | "slsaprovenance02" => SLSA_PROVENANCE_V02,
        "slsaprovenance1" => SLSA_PROVENANCE_V1,
        "spdx" | "spdxjson" => SPDX,
        "vuln" => COSIGN_VULN,
        _ => return None,
    })
}

/// The version after `base`: `Some("")` for the bare base, `None` when the type is not of that base.
pub(crate) fn version_of<'a>(predicate_type: &'a str, base: &str) -> Option<&'a str> {
    let rest = predicate_type.strip_prefix(base)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let version = rest.strip_prefix("/v")?;
    let numbers = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.split('.').all(numbers).then_some(version)
}

const VERIFICATION_SUMMARY_V02: &str = "https://slsa.dev/verification_summary/v0.2";
const IN_TOTO_VULNS: &str = "https://in-toto.io/attestation/vulns";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_the_exact_base_or_the_base_and_a_version() {
        for (predicate_type, expected) in [
            ("https://spdx.dev/Document", Some(Family::Spdx)),
            ("https://spdx.dev/Document/v2.3", Some(Family::Spdx)),
            ("https://spdx.dev/Document/v3", Some(Family::Spdx)),
            ("https://cyclonedx.org/bom", Some(Family::CycloneDx)),
            ("https://cyclonedx.org/bom/v1.6", Some(Family::CycloneDx)),
            ("https://cyclonedx.org/schema", Some(Family::CycloneDx)),
            ("https://slsa.dev/provenance/v0.1", Some(Family::Provenance)),
            ("https://slsa.dev/provenance/v0.2", Some(Family::Provenance)),
            ("https://slsa.dev/provenance/v1", Some(Family::Provenance)),
            ("https://sigstore.dev/cosign/sign/v1", Some(Family::Sign)),
            ("https://openvex.dev/ns/v0.2.0", Some(Family::Vex)),
            (
                "https://slsa.dev/verification_summary/v1",
                Some(Family::VerificationSummary),
            ),
            (
                "https://slsa.dev/verification_summary/v0.2",
                Some(Family::VerificationSummary),
            ),
            (
                "https://in-toto.io/attestation/vulns/v0.1",
                Some(Family::Vulnerabilities),
            ),
        ] {
            assert_eq!(family(predicate_type), expected, "{predicate_type}");
        }
    }

    #[test]
    fn a_look_alike_is_of_no_family() {
        for predicate_type in [
            "",
            "https://spdx.dev/Documents",
            "https://spdx.dev/Document/",
            "https://spdx.dev/Document/v",
            "https://spdx.dev/Document/v2.",
            "https://spdx.dev/Document/v2.3/evil",
            "https://spdx.dev/Document/2.3",
            "https://spdx.dev/Documentv2.3",
            "https://spdx.dev/document",
            "http://spdx.dev/Document",
            " https://spdx.dev/Document",
            "https://cyclonedx.org/bom/v1.6?x",
            "https://cyclonedx.org/bom.evil",
            "https://slsa.dev/provenance/v1.0",
            "https://slsa.dev/provenance/v1/",
            "https://slsa.dev/provenance/v0.3",
            "https://slsa.dev/provenance",
            "https://slsa.dev/verification_summary/v1.0",
            "https://slsa.dev/verification_summary/v0.1",
            "https://sigstore.dev/cosign/sign/v2",
        ] {
            assert_eq!(family(predicate_type), None, "{predicate_type}");
        }
    }

    #[test]
    fn an_alias_means_what_it_means_to_cosign() {
        assert_eq!(
            from_alias("slsaprovenance"),
            Some("https://slsa.dev/provenance/v0.2")
        );
        assert_eq!(
            from_alias("slsaprovenance1"),
            Some("https://slsa.dev/provenance/v1")
        );
        assert_eq!(from_alias("spdxjson"), from_alias("spdx"));
        assert_eq!(from_alias("https://spdx.dev/Document"), None);
    }
}
