//! Every request that an unseen image of two platforms costs, and how deep each is chained. The documentation shows
//! these very tables.

use std::time::Duration;

use countersign_image::{Digest, ImageSource as _, Needs};
use countersign_registry::Client;
use countersign_testkit::{AttestationForm, BuildKitIndex, Fault, Layer, TestRegistry};

use crate::support::{BUNDLE, ENVELOPE, SIMPLE_SIGNING, bundle, client};

/// Much longer than a client needs to send what it sends together.
const ROUND_TRIP: Duration = Duration::from_millis(500);

const BY_TAG: &str = "
| 1 | `manifests/TAG` |
| 2 | `manifests/I.sig` `manifests/I.att` `referrers/I` `manifests/P1.sig` `manifests/P1.att` `referrers/P1` `manifests/P2.sig` `manifests/P2.att` `referrers/P2` `manifests/T1` `manifests/T1.sig` `referrers/T1` `manifests/T2` `manifests/T2.sig` `referrers/T2` |
| 3 | `blobs/SIG` `blobs/ATT` `manifests/R1` `manifests/R2` `manifests/R3` `blobs/S1` `blobs/S2` |
| 4 | `blobs/B1` `blobs/B2` `blobs/B3` |
";

const BY_DIGEST: &str = "
| 1 | `manifests/I` `manifests/I.sig` `manifests/I.att` `referrers/I` |
| 2 | `blobs/SIG` `blobs/ATT` `manifests/R1` `manifests/R2` `manifests/R3` `manifests/P1.sig` `manifests/P1.att` `referrers/P1` `manifests/P2.sig` `manifests/P2.att` `referrers/P2` `manifests/T1` `manifests/T1.sig` `referrers/T1` `manifests/T2` `manifests/T2.sig` `referrers/T2` |
| 3 | `blobs/B1` `blobs/B2` `blobs/B3` `blobs/S1` `blobs/S2` |
";

const BY_TAG_WITHOUT_API: &str = "
| 1 | `manifests/TAG` |
| 2 | `manifests/I.sig` `manifests/I.att` `referrers/I` `manifests/P1.sig` `manifests/P1.att` `referrers/P1` `manifests/P2.sig` `manifests/P2.att` `referrers/P2` `manifests/T1` `manifests/T1.sig` `referrers/T1` `manifests/T2` `manifests/T2.sig` `referrers/T2` |
| 3 | `blobs/SIG` `blobs/ATT` `manifests/I(tag)` `manifests/P1(tag)` `manifests/P2(tag)` `manifests/T1(tag)` `manifests/T2(tag)` `blobs/S1` `blobs/S2` |
| 4 | `manifests/R1` `manifests/R2` `manifests/R3` |
| 5 | `blobs/B1` `blobs/B2` `blobs/B3` |
";

/// The same, once the registry is known to have no API.
const BY_TAG_KNOWN_TO_LACK_API: &str = "
| 1 | `manifests/TAG` |
| 2 | `manifests/I.sig` `manifests/I.att` `manifests/I(tag)` `manifests/P1.sig` `manifests/P1.att` `manifests/P1(tag)` `manifests/P2.sig` `manifests/P2.att` `manifests/P2(tag)` `manifests/T1` `manifests/T1.sig` `manifests/T1(tag)` `manifests/T2` `manifests/T2.sig` `manifests/T2(tag)` |
| 3 | `blobs/SIG` `blobs/ATT` `manifests/R1` `manifests/R2` `manifests/R3` `blobs/S1` `blobs/S2` |
| 4 | `blobs/B1` `blobs/B2` `blobs/B3` |
";

/// An image of which everything in the tables is there, and the names that the tables give its parts.
struct Image {
    tag: String,
    built: BuildKitIndex,
    names: Vec<(String, String)>,
}

fn push(registry: &TestRegistry, tag: &str, form: AttestationForm) -> Image {
    let platforms = ["linux/amd64", "linux/arm64"];
    let statement = |child: &Digest| format!("provenance of {child}");
    let built = registry.push_buildkit_index("shop/api", tag, &platforms, form, |child| {
        vec![statement(child.digest())]
    });
    let mut names: Vec<(&str, Digest)> = Vec::new();
    let mut bundles = Vec::new();
    for name in ["B1", "B2", "B3"] {
        let content = format!("{tag} {name}");
        names.push((name, Digest::of(content.as_bytes())));
        bundles.push(registry.push_referrer(&built.index, BUNDLE, &[bundle(&content)]));
    }
    for (suffix, name, media_type) in [("sig", "SIG", SIMPLE_SIGNING), ("att", "ATT", ENVELOPE)] {
        let content = format!("{tag} {name}");
        names.push((name, Digest::of(content.as_bytes())));
        registry.push_attached_tag(&built.index, suffix, &[Layer::new(media_type, content)]);
    }
    for (name, child) in ["S1", "S2"].into_iter().zip(&built.children) {
        names.push((name, Digest::of(statement(child.digest()).as_bytes())));
    }
    let pushed = [("I", &built.index)]
        .into_iter()
        .chain(["P1", "P2"].into_iter().zip(&built.children))
        .chain(["T1", "T2"].into_iter().zip(&built.attestations))
        .chain(["R1", "R2", "R3"].into_iter().zip(&bundles));
    names.extend(pushed.map(|(name, pushed)| (name, pushed.digest().clone())));
    // The fallback tag is the bare stem; with a suffix it is another tag.
    let stems = names
        .iter()
        .map(|(name, digest)| (digest.tag_stem(), (*name).to_owned()));
    let digests = names
        .iter()
        .map(|(name, digest)| (digest.to_string(), (*name).to_owned()));
    let names = stems.chain(digests).collect();
    Image {
        tag: tag.to_owned(),
        built,
        names,
    }
}

impl Image {
    /// What `registry` was asked and how deep, by these names.
    fn asked(&self, registry: &TestRegistry) -> Vec<(usize, String)> {
        let asked = registry.log().depths().into_iter().map(|(depth, line)| {
            let path = line.replace("GET /v2/shop/api/", "");
            let path = path.replace(&format!("manifests/{}", self.tag), "manifests/TAG");
            (depth, self.named(path))
        });
        let mut asked: Vec<_> = asked.collect();
        asked.sort();
        asked
    }

    fn named(&self, path: String) -> String {
        for (text, name) in &self.names {
            if path.ends_with(text) && text.contains('-') {
                return format!("{}(tag)", path.replace(text, name));
            }
            if path.contains(text) {
                return path.replace(text, name);
            }
        }
        path
    }
}

/// What a table says is asked, and how deep.
fn rows(table: &str) -> Vec<(usize, String)> {
    let mut rows = Vec::new();
    for row in table.lines().filter(|row| !row.is_empty()) {
        let (depth, requests) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let requests = requests.split('`').skip(1).step_by(2);
        rows.extend(requests.map(|request| (depth.parse().unwrap(), request.to_owned())));
    }
    rows.sort();
    rows
}

async fn look(registry: &TestRegistry, client: &Client, reference: &str) -> usize {
    registry.log().clear();
    let needs = Needs {
        signatures: true,
        attestations: true,
        ..Needs::default()
    };
    let resolved = client.resolve(&reference.parse().unwrap()).await.unwrap();
    let collected = client.collect(&resolved, &needs).await.unwrap();
    assert_eq!(
        registry.log().repeated(),
        [""; 0],
        "no request is sent twice"
    );
    collected.attachments.len()
}

fn by_tag(registry: &TestRegistry, tag: &str) -> String {
    format!("{}/shop/api:{tag}", registry.host())
}

#[tokio::test]
async fn an_unseen_tag_costs_the_requests_of_the_table_four_deep() {
    for form in [AttestationForm::Classic, AttestationForm::Artifact] {
        let registry = TestRegistry::start().await;
        let image = push(&registry, "1.0", form);
        registry.fault(Fault::on("*").delay(ROUND_TRIP));
        let found = look(&registry, &client(&registry), &by_tag(&registry, "1.0")).await;
        assert_eq!(found, 7, "{form:?}");
        assert_eq!(image.asked(&registry), rows(BY_TAG), "{form:?}");
        assert_eq!(registry.log().depth(), 4);
    }
}

#[tokio::test]
async fn an_unseen_digest_costs_the_requests_of_the_table_three_deep() {
    let registry = TestRegistry::start().await;
    let image = push(&registry, "1.0", AttestationForm::Artifact);
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    let reference = image.built.index.image.to_string();
    assert_eq!(look(&registry, &client(&registry), &reference).await, 7);
    assert_eq!(image.asked(&registry), rows(BY_DIGEST));
    assert_eq!(registry.log().depth(), 3);
}

// What an index lists is known only once it has come.
#[tokio::test]
async fn an_unseen_digest_is_four_deep_where_something_hangs_on_what_it_lists() {
    let registry = TestRegistry::start().await;
    let image = push(&registry, "1.0", AttestationForm::Artifact);
    let attesting = &image.built.attestations[0];
    registry.push_referrer(attesting, BUNDLE, &[bundle("of T1")]);
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    let reference = image.built.index.image.to_string();
    assert_eq!(look(&registry, &client(&registry), &reference).await, 8);
    assert_eq!(registry.log().depth(), 4);
    let found = look(&registry, &client(&registry), &by_tag(&registry, "1.0")).await;
    assert_eq!((found, registry.log().depth()), (8, 4));
}

#[tokio::test]
async fn without_the_referrers_api_it_is_the_tables_one_deeper_until_that_is_known() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let first = push(&registry, "1.0", AttestationForm::Classic);
    let second = push(&registry, "2.0", AttestationForm::Classic);
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    let client = client(&registry);
    assert_eq!(look(&registry, &client, &by_tag(&registry, "1.0")).await, 7);
    assert_eq!(first.asked(&registry), rows(BY_TAG_WITHOUT_API));
    assert_eq!(registry.log().depth(), 5);
    assert_eq!(look(&registry, &client, &by_tag(&registry, "2.0")).await, 7);
    assert_eq!(second.asked(&registry), rows(BY_TAG_KNOWN_TO_LACK_API));
    assert_eq!(registry.log().depth(), 4);
}

// All that is known of an index is asked at once.
#[tokio::test]
async fn an_unseen_image_of_ten_platforms_is_four_deep_too() {
    let registry = TestRegistry::start().await;
    let platforms: Vec<String> = (0..10).map(|number| format!("linux/cpu{number}")).collect();
    let platforms: Vec<&str> = platforms.iter().map(String::as_str).collect();
    let form = AttestationForm::Artifact;
    let built = registry.push_buildkit_index("shop/api", "1.0", &platforms, form, |child| {
        vec![child.digest().to_string()]
    });
    registry.push_referrer(&built.attestations[9], BUNDLE, &[bundle("of the last")]);
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    let found = look(&registry, &client(&registry), &by_tag(&registry, "1.0")).await;
    assert_eq!(found, 11);
    assert_eq!(registry.log().depth(), 4);
    assert_eq!(
        registry.log().lines().len(),
        1 + 3 + 6 * 10 + 10 + 1 + 1,
        "the tag; the index's own; six for each platform; statements; the signature"
    );
}
