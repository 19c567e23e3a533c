//! Images that others signed without a key of their own, in the wild: through a registry, and from the layout as it is.

use std::collections::BTreeMap;
use std::fs;

use countersign_evidence::{
    Authority, Content, Evidence, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot,
    Verifier,
};
use countersign_image::{Collected, ImageSource, Needs, Reference, Resolved};
use countersign_registry::Layout;
use serde_json::Value;

use crate::world::{World, fixtures};

#[tokio::test]
async fn every_keyless_image_has_its_verdict_in_a_registry_and_in_a_layout() {
    let cases = cases("keyless-cases.json");
    assert!(cases.len() > 4);
    for case in cases {
        for source in ["layout", "registry"] {
            let name = format!("{} from a {source}", case["case"]);
            let evidence = look(&case, case["identity"].as_str().unwrap(), source).await;
            let kind = case["predicate_type"].as_str().unwrap_or(PROVENANCE);
            let found = evidence
                .statements
                .iter()
                .find(|found| found.value().predicate_type == kind);
            if case["expect"] == "pass" {
                let found = found.unwrap_or_else(|| panic!("{name}: {:?}", evidence.rejected));
                let Content::Provenance(provenance) = &found.value().content else {
                    panic!("{name}: no provenance");
                };
                assert_eq!(
                    provenance.builder_id.as_deref(),
                    case["builder_id"].as_str(),
                    "{name}"
                );
                assert!(found.logged() && !found.times().is_empty(), "{name}");
            } else {
                assert!(found.is_none(), "{name}");
                let codes = evidence
                    .rejected
                    .iter()
                    .map(|rejection| rejection.reason.code());
                assert!(
                    codes.into_iter().any(|code| code == "log_missing"),
                    "{name}"
                );
            }
            // There is an attestation of each, and no signature.
            assert!(evidence.signatures.is_empty(), "{name}");

            let other = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v9.9.9";
            let evidence = look(&case, other, source).await;
            assert!(evidence.statements.is_empty(), "{name} as another identity");
        }
    }
}

#[tokio::test]
async fn a_source_or_builder_that_slsa_verifier_refuses_is_not_the_one_that_is_proved() {
    let case = cases("keyless-cases.json").remove(0);
    let evidence = look(&case, case["identity"].as_str().unwrap(), "layout").await;
    let Content::Provenance(provenance) = &evidence.statements[0].value().content else {
        panic!("it is provenance");
    };
    let source = provenance.source.as_ref().unwrap().uri.as_deref().unwrap();
    for option in cases("slsa-verifier-options.json") {
        let wanted = format!("https://{}", option["source"].as_str().unwrap());
        let same_source = source.trim_start_matches("git+") == wanted;
        let builder = option["pBuilderID"].as_str();
        let same_builder =
            builder.is_none_or(|builder| provenance.builder_id.as_deref() == Some(builder));
        let passes = option["expect"] == "pass";
        // Of branches and tags, which slsa-verifier compares as well, nothing is said here.
        if passes
            || option["err"]
                .as_str()
                .is_some_and(|error| error.contains("Source") || error.contains("Reusable"))
        {
            assert_eq!(same_source && same_builder, passes, "{}", option["name"]);
        }
    }
}

async fn look(case: &Value, identity: &str, source: &str) -> Evidence {
    let folder = fixtures()
        .join("layouts")
        .join(case["layout"].as_str().unwrap());
    let digest = case["image_digest"].as_str().unwrap();
    let (resolved, collected) = if source == "layout" {
        let reference = format!("localhost/layout@{digest}");
        collect(&Layout::open(&folder).unwrap(), &reference).await
    } else {
        let world = World::new().await;
        world.registry.load_layout(&folder, "case/image");
        let reference = world.name(&format!("case/image@{digest}"));
        collect(&world.client(), &reference).await
    };
    verifier(identity, case["issuer"].as_str().unwrap()).verify(
        &resolved.image,
        Some(&collected.content),
        &collected.attachments,
        crate::world::NOW.parse().unwrap(),
    )
}

async fn collect(source: &impl ImageSource, reference: &str) -> (Resolved, Collected) {
    let reference: Reference = reference.parse().unwrap();
    let resolved = source.resolve(&reference).await.unwrap();
    let needs = Needs {
        signatures: true,
        attestations: true,
        unsigned_sboms: true,
        config: false,
        repositories: vec![],
    };
    let collected = source.collect(&resolved, &needs).await.unwrap();
    (resolved, collected)
}

fn verifier(identity: &str, issuer: &str) -> Verifier {
    Verifier::new(vec![Authority {
        name: "ci".to_owned(),
        signers: Signers::Keyless(vec![IdentityMatcher {
            issuer: Some(Pattern::Exact(issuer.to_owned())),
            subject: Pattern::Exact(identity.to_owned()),
            claims: BTreeMap::new(),
        }]),
        trust_root: TrustRoot::built_in("public-good"),
        transparency: Transparency::LOG,
    }])
    .unwrap()
}

fn cases(file: &str) -> Vec<Value> {
    let path = fixtures().join("layouts").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";
