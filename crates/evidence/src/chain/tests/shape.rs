//! What a path may be made of, and whom its leaf names.

use rcgen::{
    BasicConstraints, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, SanType,
};

use super::*;
use crate::testing::ca::{ISSUER, email};

#[test]
fn a_leaf_must_be_for_signing_code_and_for_nothing_above_it() {
    let ca = Ca::root("ca");
    let root = root_of(&[(ALWAYS, &[&ca])]);
    let no_purpose = ca.leaf_with(|params| params.extended_key_usages.clear());
    let tls = ca.leaf_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let anything = ca.leaf_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    });
    let authority = ca.leaf_with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let signs_others = ca.leaf_with(|params| params.key_usages.push(KeyUsagePurpose::KeyCertSign));
    let agrees = ca.leaf_with(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]);
    for leaf in [no_purpose, tls, anything, authority, signs_others, agrees] {
        refused(
            verify(&leaf, &[], &root, &[SIGNED]),
            Reason::CertificatePurpose,
        );
        refused(
            verify_own(&Leaf::parse(&leaf).unwrap(), &[], &own(&[&ca]), &[SIGNED]),
            Reason::CertificatePurpose,
        );
    }
    let unsaid = ca.leaf_with(|params| params.key_usages.clear());
    let both = ca.leaf_with(|params| {
        params
            .extended_key_usages
            .insert(0, ExtendedKeyUsagePurpose::ServerAuth);
    });
    for leaf in [unsaid, both] {
        names(verify(&leaf, &[], &root, &[SIGNED]), WORKFLOW);
    }
}

#[test]
fn an_authority_that_is_not_for_signing_code_issues_no_such_certificate() {
    let top = Ca::root("top");
    let tls = top.sub_with("tls", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let root = root_of(&[(ALWAYS, &[&top])]);
    refused(
        verify(&tls.leaf(), &[&tls], &root, &[SIGNED]),
        Reason::CertificatePurpose,
    );
}

#[test]
fn a_critical_extension_that_nobody_knows_is_refused() {
    let ca = Ca::root("ca");
    let leaf = ca.leaf_with(|params| {
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions.push(unknown);
    });
    refused(
        verify(&leaf, &[], &root_of(&[(ALWAYS, &[&ca])]), &[SIGNED]),
        Reason::CertificateMalformed,
    );
}

#[test]
fn shipped_certificates_help_to_find_a_path_and_are_never_its_end() {
    let (top, stranger) = (Ca::root("top"), Ca::root("top"));
    let sub = top.sub("sub");
    let root = root_of(&[(ALWAYS, &[&top])]);
    names(verify(&sub.leaf(), &[&sub], &root, &[SIGNED]), WORKFLOW);
    names(
        verify(&sub.leaf(), &[&stranger, &sub, &top], &root, &[SIGNED]),
        WORKFLOW,
    );
    refused(
        verify(&sub.leaf(), &[], &root, &[SIGNED]),
        Reason::CertificateUntrusted,
    );
    // Same name, another key.
    let strange_sub = stranger.sub("sub");
    for shipped in [vec![], vec![&stranger], vec![&strange_sub, &stranger]] {
        refused(
            verify(&strange_sub.leaf(), &shipped, &root, &[SIGNED]),
            Reason::CertificateUntrusted,
        );
        refused(
            verify(&stranger.leaf(), &shipped, &root, &[SIGNED]),
            Reason::CertificateUntrusted,
        );
    }
}

#[test]
fn what_may_sign_no_certificate_is_no_intermediate() {
    let top = Ca::root("top");
    let root = root_of(&[(ALWAYS, &[&top])]);
    let leaf = top.sub_with("leaf", |params| params.is_ca = IsCa::NoCa);
    let wrong_key_usage = top.sub_with("sub", |params| {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
    });
    for sub in [leaf, wrong_key_usage] {
        refused(
            verify(&sub.leaf(), &[&sub], &root, &[SIGNED]),
            Reason::CertificateUntrusted,
        );
    }
}

#[test]
fn the_length_of_a_path_is_held_to_what_each_authority_allows() {
    let none = |params: &mut rcgen::CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    };
    let top = Ca::root("top");
    let last = top.sub_with("last", none);
    let below = last.sub("below");
    let strict_top = Ca::root_with("top", &PKCS_ECDSA_P256_SHA256, none);
    let below_top = strict_top.sub("below");
    for (leaf, shipped, chain) in [
        (below.leaf(), vec![&below], vec![&last, &top]),
        (below.leaf(), vec![&below, &last], vec![&top]),
        (below_top.leaf(), vec![&below_top], vec![&strict_top]),
        (below_top.leaf(), vec![], vec![&below_top, &strict_top]),
    ] {
        refused(
            verify(&leaf, &shipped, &root_of(&[(ALWAYS, &chain)]), &[SIGNED]),
            Reason::CertificateUntrusted,
        );
    }
    let root = root_of(&[(ALWAYS, &[&last, &top])]);
    names(verify(&last.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
    let root = root_of(&[(ALWAYS, &[&strict_top])]);
    names(verify(&strict_top.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
}

#[test]
fn long_chains_are_refused() {
    let top = Ca::root("top");
    let mut chain = vec![top.sub("1")];
    while chain.len() < 100 {
        let next = chain.last().unwrap().sub(&format!("{}", chain.len() + 1));
        chain.push(next);
    }
    let root = root_of(&[(ALWAYS, &[&top])]);
    let at_depth = |depth: usize| {
        let shipped: Vec<&Ca> = chain.iter().take(depth).collect();
        verify(&shipped.last().unwrap().leaf(), &shipped, &root, &[SIGNED])
    };
    names(at_depth(3), WORKFLOW);
    refused(at_depth(20), Reason::CertificateUntrusted);
    refused(at_depth(100), Reason::TooMany);
}

#[test]
fn constraints_on_names_hold_from_every_certificate_above() {
    let permitted = |subtree: GeneralSubtree| {
        move |params: &mut rcgen::CertificateParams| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![subtree],
                excluded_subtrees: vec![],
            });
        }
    };
    let hosts = permitted(GeneralSubtree::DnsName("good.example".to_owned()));
    let top = Ca::root_with("top", &PKCS_ECDSA_P256_SHA256, hosts);
    let sub = top.sub("sub");
    let named = |name| sub.leaf_with(|params| params.subject_alt_names = vec![name]);
    let host = |name: &str| named(SanType::DnsName(name.try_into().unwrap()));
    for (shipped, chain) in [(vec![], vec![&sub, &top]), (vec![&sub], vec![&top])] {
        let root = root_of(&[(ALWAYS, &chain)]);
        let at = |leaf: &[u8]| verify(leaf, &shipped, &root, &[SIGNED]);
        names(at(&named(email("a@bad.example"))), "a@bad.example");
        let detail = refused(at(&host("a.good.example")), Reason::CertificateMalformed);
        assert!(detail.contains("user name"), "a path was found: {detail}");
        let detail = refused(at(&host("a.bad.example")), Reason::CertificateUntrusted);
        assert!(detail.contains("NameConstraint"), "{detail}");
    }
    let chain = own(&[&sub, &top]);
    let at = |leaf: &[u8]| verify_own(&Leaf::parse(leaf).unwrap(), &[], &chain, &[SIGNED]);
    names(at(&host("a.good.example")), "a.good.example");
    refused(at(&host("a.bad.example")), Reason::CertificateUntrusted);

    // Constraints on other kinds of names are not computed: whoever they concern is refused.
    let people = permitted(GeneralSubtree::Rfc822Name("good.example".to_owned()));
    let top = Ca::root_with("top", &PKCS_ECDSA_P256_SHA256, people);
    let sub = top.sub("sub");
    let leaf = sub.leaf_with(|params| params.subject_alt_names = vec![email("a@good.example")]);
    let root = root_of(&[(ALWAYS, &[&sub, &top])]);
    refused(
        verify(&leaf, &[], &root, &[SIGNED]),
        Reason::CertificateUntrusted,
    );
    names(verify(&sub.leaf(), &[], &root, &[SIGNED]), WORKFLOW);
}

#[test]
fn authorities_may_have_any_kind_of_key() {
    for algorithm in [
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ECDSA_P521_SHA512,
        &PKCS_ED25519,
    ] {
        let ca = Ca::root_with("ca", algorithm, |_| {});
        let sub = ca.sub("sub");
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = sub.leaf_of(&key, |_| {});
        names(
            verify(&leaf, &[], &root_of(&[(ALWAYS, &[&sub, &ca])]), &[SIGNED]),
            WORKFLOW,
        );
        names(
            verify_own(
                &Leaf::parse(&leaf).unwrap(),
                &[],
                &own(&[&ca, &sub]),
                &[SIGNED],
            ),
            WORKFLOW,
        );
    }
}

#[test]
fn an_own_authority_names_hosts_and_people_and_vouches_for_no_issuer() {
    let (ca, other) = (Ca::root("ca"), Ca::root("ca"));
    let chain = own(&[&ca]);
    let named = |sans: Vec<SanType>, common: &[&str]| {
        let der = ca.leaf_with(|params| {
            params.subject_alt_names = sans;
            params.distinguished_name = DistinguishedName::new();
            for name in common {
                params.distinguished_name.push(DnType::CommonName, *name);
            }
        });
        verify_own(&Leaf::parse(&der).unwrap(), &[], &chain, &[SIGNED])
    };
    let host = || SanType::DnsName("build.example".try_into().unwrap());
    names(named(vec![host()], &["ignored"]), "build.example");
    names(named(vec![email("a@example")], &[]), "a@example");
    names(named(vec![], &["Release Team"]), "Release Team");
    refused(named(vec![], &[]), Reason::CertificateMalformed);
    refused(
        named(vec![host(), email("a@example")], &["Release Team"]),
        Reason::CertificateMalformed,
    );
    refused(
        named(
            vec![SanType::IpAddress([127, 0, 0, 1].into())],
            &["Release Team"],
        ),
        Reason::CertificateMalformed,
    );

    let leaf = Leaf::parse(&ca.leaf()).unwrap();
    let Identity::Certificate { issuer, claims, .. } =
        verify_own(&leaf, &[], &chain, &[SIGNED]).unwrap()
    else {
        panic!("a certificate's identity");
    };
    assert_eq!((issuer, claims.len()), (None, 0), "Fulcio's to say");

    let foreign = Leaf::parse(&other.leaf()).unwrap();
    refused(
        verify_own(
            &foreign,
            std::slice::from_ref(&other.der),
            &chain,
            &[SIGNED],
        ),
        Reason::CertificateUntrusted,
    );
}

#[test]
fn fulcio_names_exactly_one_subject_and_its_issuer() {
    let ca = Ca::root("ca");
    let root = root_of(&[(ALWAYS, &[&ca])]);
    let Identity::Certificate { issuer, .. } = verify(&ca.leaf(), &[], &root, &[SIGNED]).unwrap()
    else {
        panic!("a certificate's identity");
    };
    assert_eq!(issuer.as_deref(), Some(ISSUER));
    let host = ca.leaf_with(|params| {
        params.subject_alt_names = vec![SanType::DnsName("build.example".try_into().unwrap())];
    });
    let no_name = ca.leaf_with(|params| {
        params.subject_alt_names.clear();
        params
            .distinguished_name
            .push(DnType::CommonName, "somebody");
    });
    let two = ca.leaf_with(|params| params.subject_alt_names.push(email("a@example")));
    let no_issuer = ca.leaf_with(|params| params.custom_extensions.clear());
    for leaf in [host, no_name, two, no_issuer] {
        refused(
            verify(&leaf, &[], &root, &[SIGNED]),
            Reason::CertificateMalformed,
        );
    }
}
