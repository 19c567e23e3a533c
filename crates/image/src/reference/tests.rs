use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;

fn table<T: DeserializeOwned>(json: &str) -> Vec<T> {
    serde_json::from_str(json).expect("the table is JSON of this shape")
}

fn parse(text: &str) -> Result<Reference, ReferenceError> {
    text.parse()
}

#[track_caller]
fn refuses(text: &str, code: &str) {
    assert_eq!(
        parse(text).map_err(|error| error.code()),
        Err(code),
        "{text}"
    );
}

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[derive(Deserialize)]
struct ParseRow {
    input: String,
    repository: Option<String>,
    domain: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
    err: Option<String>,
}

/// `Parse` of distribution/reference does not normalise; where it finds no registry, Docker Hub is ours.
#[test]
fn parses_what_distribution_parses() {
    for row in table::<ParseRow>(include_str!(
        "../../../../tests/fixtures/image-refs/distribution-reference-parse.json"
    )) {
        let parsed = parse(&row.input);
        if let Some(error) = row.err {
            let code = match error.as_str() {
                // The one row that differs: that test links no SHA-512; kubelet and containerd do, and so do we.
                "digest.ErrDigestUnsupported" => {
                    assert!(
                        parsed.is_ok_and(|reference| reference.digest().is_some()),
                        "{}",
                        row.input
                    );
                    continue;
                }
                "digest.ErrDigestInvalidLength" => "digest_malformed",
                "ErrNameContainsUppercase" => "reference_uppercase",
                "ErrNameTooLong" => "reference_name_too_long",
                _ => {
                    assert!(parsed.is_err(), "{}", row.input);
                    continue;
                }
            };
            refuses(&row.input, code);
            continue;
        }
        let reference = parsed.unwrap();
        let repository = row.repository.unwrap();
        let normalised = match row.domain {
            Some(_) => repository,
            None if repository.contains('/') => format!("docker.io/{repository}"),
            None => format!("docker.io/library/{repository}"),
        };
        assert_eq!(
            reference.repository().to_string(),
            normalised,
            "{}",
            row.input
        );
        assert_eq!(
            reference.tag.as_deref().map(str::to_owned),
            row.tag,
            "{}",
            row.input
        );
        assert_eq!(
            reference.digest().map(ToString::to_string),
            row.digest,
            "{}",
            row.input
        );
        assert_eq!(reference.as_written(), row.input);
    }
}

#[derive(Deserialize)]
struct EquivalentRow {
    input: String,
    #[serde(alias = "expected")]
    equivalent: String,
}

#[test]
fn normalises_as_distribution_does() {
    for row in table::<EquivalentRow>(include_str!(
        "../../../../tests/fixtures/image-refs/distribution-parse-any.json"
    )) {
        if row.equivalent.starts_with("sha256:") {
            // `ParseAnyReference` also takes image ids, for engines that have a store of images; a kubelet refuses them.
            refuses(&row.input, "reference_ambiguous");
            continue;
        }
        let reference = parse(&row.input).unwrap();
        let shown = match (&reference.tag, reference.digest()) {
            (None, None) => reference.repository().to_string(),
            _ => reference.to_string(),
        };
        assert_eq!(shown, row.equivalent);
    }
}

#[test]
fn a_digest_decides_as_it_does_in_the_runtime() {
    for row in table::<EquivalentRow>(include_str!(
        "../../../../tests/fixtures/image-refs/distribution-parse-docker-ref.json"
    )) {
        let reference = parse(&row.input).unwrap();
        let resolved = match reference.digest() {
            Some(digest) => reference.pin(digest.clone()).to_string(),
            None => reference.to_string(),
        };
        assert_eq!(resolved, row.equivalent);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RepositoryRow {
    remote_name: String,
    familiar_name: String,
    full_name: String,
    ambiguous_name: String,
    domain: String,
}

#[test]
fn splits_registry_and_path_as_distribution_does() {
    for row in table::<RepositoryRow>(include_str!(
        "../../../../tests/fixtures/image-refs/distribution-repository-info.json"
    )) {
        let spellings = [&row.familiar_name, &row.full_name, &row.ambiguous_name];
        for spelling in spellings
            .into_iter()
            .filter(|spelling| !spelling.is_empty())
        {
            let repository: Repository = spelling.parse().unwrap();
            assert_eq!(repository.registry(), row.domain, "{spelling}");
            assert_eq!(repository.path(), row.remote_name, "{spelling}");
            assert_eq!(repository.to_string(), row.full_name, "{spelling}");
        }
    }
}

#[derive(Deserialize)]
struct NameRow {
    input: String,
    expect: String,
}

#[test]
fn accepts_the_names_that_distribution_accepts() {
    for row in table::<NameRow>(include_str!(
        "../../../../tests/fixtures/image-refs/distribution-names.json"
    )) {
        assert_eq!(
            parse(&row.input).is_ok(),
            row.expect == "ok",
            "{}",
            row.input
        );
    }
}

#[derive(Deserialize)]
struct KubeletRow {
    input: String,
    #[serde(default)]
    repo: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    digest: String,
    expect: String,
}

#[test]
fn reads_an_image_as_the_kubelet_does() {
    for row in table::<KubeletRow>(include_str!(
        "../../../../tests/fixtures/image-refs/kubernetes-parse-image-name.json"
    )) {
        let Ok(reference) = parse(&row.input) else {
            assert_eq!(row.expect, "error", "{}", row.input);
            continue;
        };
        assert_eq!(row.expect, "ok", "{}", row.input);
        assert_eq!(
            reference.repository().to_string(),
            row.repo,
            "{}",
            row.input
        );
        assert_eq!(
            reference.tag().unwrap_or_default(),
            row.tag,
            "{}",
            row.input
        );
        assert_eq!(
            reference
                .digest()
                .map(ToString::to_string)
                .unwrap_or_default(),
            row.digest,
            "{}",
            row.input
        );
    }
}

#[derive(Deserialize)]
struct GgcrRow {
    kind: String,
    input: String,
    weak: String,
}

/// The weak mode is what verifiers built on it parse with. Nothing in this table differs from the runtime, but for bare
/// registries: they are no references, and are tried with a path.
#[test]
fn accepts_what_go_containerregistry_accepts() {
    for row in table::<GgcrRow>(include_str!(
        "../../../../tests/fixtures/image-refs/ggcr-names.json"
    )) {
        let mut text = row.input.replace("validDigest", &format!("sha256:{HEX}"));
        if row.kind == "registry" {
            text.push_str("/app");
        }
        assert_eq!(parse(&text).is_ok(), row.weak == "ok", "{text}");
    }
}

#[derive(Deserialize)]
struct ConnaisseurRow {
    input: String,
    context: String,
    identifier: String,
    error: bool,
}

/// That table calls Docker Hub `index.docker.io`, and takes `localhost/test-image` for a repository there, which the
/// runtime pulls from the host `localhost`.
#[test]
fn differs_from_connaisseur_only_where_the_runtime_does() {
    for row in table::<ConnaisseurRow>(include_str!(
        "../../../../tests/fixtures/image-refs/connaisseur-image.json"
    )) {
        let Ok(reference) = parse(&row.input) else {
            assert!(row.error, "{}", row.input);
            continue;
        };
        assert!(!row.error, "{}", row.input);
        let decides = reference
            .digest()
            .map_or_else(|| reference.tag().unwrap().to_owned(), ToString::to_string);
        assert_eq!(decides, row.identifier, "{}", row.input);
        let theirs = row.context.replace("index.docker.io/", "docker.io/");
        let ours = reference.repository().to_string();
        if row.input == "localhost/test-image:latest" {
            assert_eq!(
                (ours.as_str(), theirs.as_str()),
                ("localhost/test-image", "docker.io/localhost/test-image")
            );
        } else {
            assert_eq!(ours, theirs, "{}", row.input);
        }
    }
}

#[test]
fn every_spelling_of_docker_hub_is_one_repository() {
    for text in [
        "nginx",
        "library/nginx",
        "docker.io/nginx",
        "docker.io/library/nginx",
        "index.docker.io/nginx:latest",
    ] {
        let reference = parse(text).unwrap();
        assert_eq!(reference.to_string(), "docker.io/library/nginx:latest");
        assert_eq!(reference.repository().api_host(), "registry-1.docker.io");
    }
    assert_eq!(
        parse("ghcr.io/nginx").unwrap().repository().api_host(),
        "ghcr.io"
    );
}

#[test]
fn a_tag_beside_a_digest_is_kept_and_decides_nothing() {
    let reference = parse(&format!("example.com/app:1.4@sha256:{HEX}")).unwrap();
    assert_eq!(reference.tag(), Some("1.4"));
    let pinned = reference.pin(reference.digest().unwrap().clone());
    assert_eq!(pinned.to_string(), format!("example.com/app@sha256:{HEX}"));
    assert_eq!(pinned.with_tag("1.4"), reference.to_string());
    assert_eq!(parse(&format!("app@sha256:{HEX}")).unwrap().tag(), None);
}

#[test]
fn hostile_references_are_refused_with_a_code() {
    refuses("", "reference_empty");
    refuses(HEX, "reference_ambiguous");
    for text in [
        " ",
        " nginx",
        "nginx ",
        "nginx\n",
        "ngi\0nx",
        "nginx\u{202e}",
        "ngіnx",
        "a%2Fb/c",
        "https://example.com/app",
    ] {
        refuses(text, "reference_malformed");
    }
    refuses("user:password@example.com/app", "digest_malformed");
    for text in [
        "example.com./app",
        "-example.com/app",
        "exa_mple.com/app",
        "example.com:/app",
        "[::1/app",
        "[]:5000/app",
        "[::1]x:1/app",
    ] {
        refuses(text, "reference_registry");
    }
    for text in [
        "example.com:0/app",
        "example.com:65536/app",
        "example.com:99999999999/app",
        "example.com:+1/app",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    for text in [
        "example.com/../app",
        "example.com//app",
        "example.com/app/",
        "/app",
        "a..b",
        "a___b",
        "a._b",
        "-a",
        "a-",
        "example.com/",
    ] {
        refuses(text, "reference_path");
    }
    for text in [
        "app:",
        "app:-1",
        "app:.x",
        "app:a:b",
        "example.com/app:a/b",
        &format!("app:{}", "a".repeat(129)),
    ] {
        refuses(text, "reference_tag");
    }
    for text in [
        "app@",
        "app@sha256:",
        "app@sha256:12",
        &format!("app@sha256:{HEX}@sha256:{HEX}"),
    ] {
        refuses(text, "digest_malformed");
    }
    refuses(
        &format!("app@sha256:{}", HEX.to_uppercase()),
        "digest_malformed",
    );
    refuses(&format!("app@md5:{HEX}"), "digest_algorithm");
    refuses("example.com/App", "reference_uppercase");
    refuses(&"a".repeat(10 * 1024), "reference_too_long");
}

#[test]
fn names_are_at_most_255_bytes_with_their_registry() {
    let path = "a".repeat(255 - "example.com/".len());
    assert!(parse(&format!("example.com/{path}:{}", "t".repeat(128))).is_ok());
    refuses(&format!("example.com/{path}a"), "reference_name_too_long");
}

#[test]
fn separators_within_a_path_follow_the_grammar() {
    for text in ["a.b", "a_b", "a__b", "a-b", "a---b", "a1.b2_c3__d4-e5", "0"] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_repository_takes_no_tag_and_no_digest() {
    for text in ["nginx:1", &format!("nginx@sha256:{HEX}")] {
        assert_eq!(
            text.parse::<Repository>().map_err(|error| error.code()),
            Err("reference_path")
        );
    }
}

#[test]
fn a_canonical_reference_means_itself() {
    for text in [
        "nginx",
        "localhost/app:1",
        "UPPER/app",
        "[::1]:5000/a/b@sha512:",
    ] {
        let text = text.replace("sha512:", &format!("sha512:{HEX}{HEX}"));
        let canonical = parse(&text).unwrap().to_string();
        assert_eq!(parse(&canonical).unwrap().to_string(), canonical);
    }
}

#[test]
fn common_mistakes_come_with_a_hint() {
    for text in [
        "https://example.com/app",
        "nginx ",
        HEX,
        "Nginx",
        "app@sha256:12",
    ] {
        assert!(parse(text).unwrap_err().hint().is_some(), "{text}");
    }
}
