//! BuildKit's attestation manifests: honest ones, and others.

use countersign_testkit::{AttestationForm, Fault, Layer, TestRegistry};

use crate::parts::{found_in, look_at, push_built};
use crate::support::{
    BUNDLE, ENVELOPE, OCI_MANIFEST, SIMPLE_SIGNING, api, bundle, client, code, found, word,
};

const FORMS: [AttestationForm; 2] = [AttestationForm::Classic, AttestationForm::Artifact];

#[tokio::test]
async fn statements_come_with_their_bytes_and_the_manifest_that_carries_them() {
    for form in FORMS {
        let registry = TestRegistry::start().await;
        let built = push_built(&registry, form);
        let collected = look_at(&registry).await;
        assert_eq!(found(&collected), ["statement@index"; 4], "{form:?}");
        for (position, attachment) in collected.attachments.iter().enumerate() {
            let (child, attesting) = (
                &built.children[position / 2],
                &built.attestations[position / 2],
            );
            let what = ["provenance", "SBOM"][position % 2];
            let statement = format!("{what} of {}", child.digest());
            assert_eq!(attachment.bytes.as_deref(), Some(statement.as_bytes()));
            assert_eq!(&attachment.manifest, attesting.digest());
        }
        // As an artifact it stands in the list of its image too, and is neither asked for nor counted again.
        assert_eq!(registry.log().repeated(), [""; 0], "{form:?}");
    }
}

#[tokio::test]
async fn collects_the_signatures_of_attestation_manifests() {
    for form in FORMS {
        let registry = TestRegistry::start().await;
        let built = push_built(&registry, form);
        let one = &built.attestations[0];
        let two = &built.attestations[1];
        let of_one = registry.push_referrer(one, BUNDLE, &[bundle("of one")]);
        let sig = [Layer::new(SIMPLE_SIGNING, "of two")];
        let of_two = registry.push_attached_tag(two, "sig", &sig);
        registry.push_attached_tag(two, "att", &[Layer::new(ENVELOPE, "of two")]);
        let collected = look_at(&registry).await;
        let names = [("T1", one), ("T2", two), ("R", &of_one), ("S", &of_two)];
        assert_eq!(
            found_in(&collected, &names),
            [
                "statement@index in T1",
                "statement@index in T1",
                "statement@index in T2",
                "statement@index in T2",
                "bundle@referrer in R",
                "signature@sig in S",
            ],
            "{form:?}"
        );
        let atts = format!("GET *{}.att", two.digest().tag_stem());
        assert_eq!(
            registry.log().count(&atts),
            0,
            "nobody attests attestations"
        );
    }
}

#[tokio::test]
async fn a_child_may_have_two_attestation_manifests() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let child = &built.children[0];
    let more = registry.push_attestation_manifest(child, AttestationForm::Artifact, &["x".into()]);
    let entries = [
        child.listed("linux", "amd64"),
        built.attestations[0].listed_as_attestation(child),
        more.listed_as_attestation(child),
    ];
    registry.push_list("shop/api", "1.0", &entries);
    let collected = look_at(&registry).await;
    let names = [("T", &built.attestations[0]), ("U", &more)];
    assert_eq!(
        found_in(&collected, &names),
        [
            "statement@index in T",
            "statement@index in T",
            "statement@index in U"
        ]
    );
}

#[tokio::test]
async fn one_attestation_manifest_listed_for_two_children_counts_for_its_own() {
    for swapped in [false, true] {
        let registry = TestRegistry::start().await;
        let built = push_built(&registry, AttestationForm::Artifact);
        let [one, two] = &built.children[..] else {
            panic!("two children")
        };
        let of_one = &built.attestations[0];
        let mut attestations = [
            of_one.listed_as_attestation(one),
            of_one.listed_as_attestation(two),
        ];
        if swapped {
            attestations.reverse();
        }
        let [first, second] = attestations;
        let entries = [
            one.listed("linux", "amd64"),
            two.listed("linux", "arm64"),
            first,
            second,
        ];
        registry.push_list("shop/api", "1.0", &entries);
        let collected = look_at(&registry).await;
        let names = [("T1", of_one), ("T2", &built.attestations[1])];
        assert_eq!(
            found_in(&collected, &names),
            [
                "statement@index in T1",
                "statement@index in T1",
                "statement@referrer in T2",
                "statement@referrer in T2",
            ],
            "{swapped}"
        );
        assert_eq!(registry.log().repeated(), [""; 0]);
    }
}

// The list of the other image has it too, and makes it no better.
#[tokio::test]
async fn survives_an_attestation_manifest_that_is_listed_for_another_child() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Artifact);
    let [one, two] = &built.children[..] else {
        panic!("two children")
    };
    let of_two = &built.attestations[1];
    let entries = [
        one.listed("linux", "amd64"),
        two.listed("linux", "arm64"),
        of_two.listed_as_attestation(one),
    ];
    registry.push_list("shop/api", "1.0", &entries);
    let collected = look_at(&registry).await;
    let malformed = format!(
        "malformed(its subject is {}, or described otherwise, where the index says {})@index in T2",
        two.digest(),
        one.digest()
    );
    let names = [("T1", &built.attestations[0]), ("T2", of_two)];
    assert_eq!(
        found_in(&collected, &names),
        [
            malformed.as_str(),
            "statement@referrer in T1",
            "statement@referrer in T1"
        ]
    );
}

#[tokio::test]
async fn survives_an_attestation_manifest_that_is_something_else() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Artifact);
    let one = &built.children[0];
    let text = String::from_utf8(built.attestations[0].bytes.to_vec()).unwrap();
    let push = |text: String| registry.push_manifest("shop/api", OCI_MANIFEST, text);
    let typed = push(text.replace("vnd.docker.attestation", "vnd.example.attestation"));
    let sized = push(text.replace(
        &format!("\"size\":{}}}", one.bytes.len()),
        &format!("\"size\":{}}}", one.bytes.len() + 1),
    ));
    let garbage = push("garbage".to_owned());
    for (attesting, reason) in [
        (
            &typed,
            "it is listed as an attestation manifest and says that it is application/vnd.example.attestation.manifest.v1+json",
        ),
        (&sized, "its subject is sha256:"),
        (&garbage, "not valid JSON"),
        (
            &built.index,
            "an index is listed as an attestation manifest",
        ),
    ] {
        let entries = [
            one.listed("linux", "amd64"),
            attesting.listed_as_attestation(one),
        ];
        registry.push_list("shop/api", "1.0", &entries);
        let collected = look_at(&registry).await;
        let first = &collected.attachments[0];
        assert!(
            word(first).starts_with(&format!("malformed({reason}")),
            "{}",
            word(first)
        );
        assert!(word(first).ends_with("@index"), "{}", word(first));
        assert_eq!((&first.manifest, &first.bytes), (attesting.digest(), &None));
    }
}

#[tokio::test]
async fn what_an_index_lists_and_is_not_there_is_missing_and_not_absent() {
    for form in FORMS {
        let registry = TestRegistry::start().await;
        let built = push_built(&registry, form);
        let attesting = built.attestations[1].digest();
        for (pattern, status, expected) in [
            (format!("manifests/{attesting}"), 404, "attachment_missing"),
            (format!("manifests/{attesting}"), 500, "registry_error"),
            ("blobs/*".to_owned(), 404, "attachment_missing"),
        ] {
            registry.fault(Fault::on(&format!("GET */{pattern}")).status(status));
            let code = code(&client(&registry), &api(&registry)).await;
            assert_eq!(code, expected, "{form:?} {pattern}");
            registry.clear_faults();
        }
    }
}

// Whoever can push can make such a referrer. It is shown, under a manifest that the judged index does not list.
#[tokio::test]
async fn an_attestation_manifest_that_no_index_lists_is_a_referrer_of_its_image() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let statement = ["forged provenance".to_owned()];
    let (child, form) = (&built.children[0], AttestationForm::Artifact);
    let forged = registry.push_attestation_manifest(child, form, &statement);
    let collected = look_at(&registry).await;
    let names = [
        ("T1", &built.attestations[0]),
        ("T2", &built.attestations[1]),
        ("F", &forged),
    ];
    assert_eq!(
        found_in(&collected, &names),
        [
            "statement@index in T1",
            "statement@index in T1",
            "statement@index in T2",
            "statement@index in T2",
            "statement@referrer in F",
        ]
    );
}

#[tokio::test]
async fn entries_that_attest_nothing_in_this_index_are_not_asked_for() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let [one, two] = &built.children[..] else {
        panic!("two children")
    };
    let mut other_kind = built.attestations[0].listed_as_attestation(one);
    other_kind["annotations"]["vnd.docker.reference.type"] = "signature".into();
    for entry in [other_kind, built.attestations[1].listed_as_attestation(two)] {
        registry.push_list("shop/api", "1.0", &[one.listed("linux", "amd64"), entry]);
        registry.log().clear();
        let collected = look_at(&registry).await;
        assert_eq!(found(&collected), [""; 0]);
        assert_eq!(registry.log().count("GET */manifests/sha256:*"), 0);
    }
}
