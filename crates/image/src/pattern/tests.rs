use serde::Deserialize;

use super::*;

fn matches(pattern: &str, repository: &str) -> Result<bool, &'static str> {
    let pattern: RepositoryPattern = pattern
        .parse()
        .map_err(|error: PatternError| error.code())?;
    Ok(pattern.matches(&repository.parse().expect("a repository")))
}

#[track_caller]
fn check(pattern: &str, repository: &str, matched: bool) {
    assert_eq!(
        matches(pattern, repository),
        Ok(matched),
        "{pattern} on {repository}"
    );
}

#[track_caller]
fn refuses(pattern: &str, code: &str) {
    assert_eq!(
        pattern
            .parse::<RepositoryPattern>()
            .map_err(|error| error.code()),
        Err(code),
        "{pattern}"
    );
}

#[test]
fn a_pattern_covers_whole_components() {
    check(
        "registry.example.com/team/*",
        "registry.example.com/team/app",
        true,
    );
    check(
        "registry.example.com/team/*",
        "registry.example.com/team/app/web",
        false,
    );
    check(
        "registry.example.com/team/*",
        "registry.example.com/team-x/app",
        false,
    );
    check(
        "registry.example.com/team/*",
        "registry.example.com.evil.org/team/app",
        false,
    );
    check(
        "registry.example.com/team",
        "registry.example.com/team-x",
        false,
    );
    check(
        "registry.example.com/*",
        "registry.example.com/team/app",
        false,
    );
    check(
        "registry.example.com/app-*",
        "registry.example.com/app-web",
        true,
    );
    check(
        "registry.example.com/*-*-web",
        "registry.example.com/a-b-c-web",
        true,
    );
    check(
        "registry.example.com/*-web",
        "registry.example.com/web",
        false,
    );
}

#[test]
fn two_stars_cover_any_number_of_components() {
    check(
        "registry.example.com/shop/**",
        "registry.example.com/shop/api",
        true,
    );
    check(
        "registry.example.com/shop/**",
        "registry.example.com/shop/api/v2",
        true,
    );
    check(
        "registry.example.com/shop/**",
        "registry.example.com/shop",
        true,
    );
    check(
        "registry.example.com/shop/**",
        "registry.example.com/shopping/api",
        false,
    );
    check(
        "registry.example.com/**/api",
        "registry.example.com/api",
        true,
    );
    check(
        "registry.example.com/**/api",
        "registry.example.com/a/b/api",
        true,
    );
    check(
        "registry.example.com/**/api",
        "registry.example.com/a/b/apis",
        false,
    );
    check("**/api", "ghcr.io/shop/api", true);
    check("**", "nginx", true);
    check("docker.io/**", "acme/app", true);
    check("docker.io/**", "ghcr.io/acme/app", false);
}

#[test]
fn patterns_are_canonical_as_references_are() {
    for pattern in [
        "nginx",
        "library/nginx",
        "docker.io/nginx",
        "index.docker.io/library/nginx",
        "docker.io/*",
        "ngin*",
    ] {
        check(pattern, "nginx", true);
        check(pattern, "acme/nginx", false);
    }
    check("acme/*", "docker.io/acme/app", true);
    check("localhost/*", "localhost/app", true);
    assert_eq!(
        "acme/*".parse::<RepositoryPattern>().unwrap().to_string(),
        "docker.io/acme/*"
    );
}

#[test]
fn what_is_shown_means_what_was_written() {
    for pattern in [
        "Registry/app",
        "registry:443/app",
        "REG*/**",
        "localhost/app",
        "**",
    ] {
        let read: RepositoryPattern = pattern.parse().unwrap();
        assert_eq!(read.to_string().parse(), Ok(read), "{pattern}");
    }
    check("Registry/app", "docker.io/registry/app", false);
    check("Registry/app", "registry:443/app", true);
}

#[test]
fn another_spelling_of_the_host_escapes_no_pattern() {
    for repository in [
        "registry.example.com/app",
        "Registry.Example.COM/app",
        "registry.example.com:443/app",
        "registry.example.com:0443/app",
    ] {
        check("registry.example.com/**", repository, true);
        check("REGISTRY.example.com:443/**", repository, true);
        check("registry.example.com:5000/**", repository, false);
    }
    check("[::1]:443/app", "[::1]/app", true);
    check("*.example.com/app", "registry.example.com/app", true);
    check(
        "*.example.com/app",
        "registry.example.com.evil.org/app",
        false,
    );
}

#[test]
fn refuses_what_can_be_meant_in_two_ways() {
    refuses("", "pattern_empty");
    for pattern in ["*", "*/app", "*/**", "reg*/app"] {
        refuses(pattern, "pattern_ambiguous");
    }
    for pattern in [
        "nginx:1.*",
        "registry.example.com/app@sha256:*",
        "example.com:5000",
    ] {
        refuses(pattern, "pattern_tag_or_digest");
    }
    for pattern in [
        "example.com/",
        "example.com//app",
        "/app",
        "example.com/app**",
        "example.com/***",
        "example.com/App",
        "a b",
        "app?",
        "example.com/[a-z]",
    ] {
        refuses(pattern, "pattern_component");
    }
    let longest = "a".repeat(limits::PATTERN_BYTES - "docker.io/library/".len());
    assert!(longest.parse::<RepositoryPattern>().is_ok());
    refuses(&format!("{longest}a"), "pattern_too_long");
}

#[test]
fn matching_takes_no_more_than_pattern_times_name() {
    let pattern = format!("example.com/{}**/b", "**/a/".repeat(80));
    assert!(!matches(&pattern, &format!("example.com/{}c", "a/".repeat(120))).unwrap());
    let pattern = format!("example.com/{}b", "*a".repeat(200));
    assert!(!matches(&pattern, &format!("example.com/{}c", "a".repeat(240))).unwrap());
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GlobRow {
    image: String,
    glob: String,
    want_match: bool,
    #[serde(default)]
    want_err: bool,
}

/// Rows differ on purpose where that glob runs over whole references as text: tags in patterns, `**` as a part of a
/// component, and a first component that may be a registry or not. All of these are refused, none is read otherwise.
#[test]
fn agrees_with_policy_controller_wherever_a_pattern_has_one_meaning() {
    let mut refused = Vec::new();
    for row in serde_json::from_str::<Vec<GlobRow>>(include_str!(
        "../../../../tests/fixtures/image-refs/policy-controller-glob.json"
    ))
    .unwrap()
    {
        let pattern = row.glob.parse::<RepositoryPattern>();
        let repository = row.image.parse::<Repository>();
        match (pattern, repository) {
            (Ok(pattern), Ok(repository)) => {
                assert!(!row.want_err, "{}", row.glob);
                assert_eq!(
                    pattern.matches(&repository),
                    row.want_match,
                    "{} on {}",
                    row.glob,
                    row.image
                );
            }
            (Err(error), Ok(_)) if !row.want_err => refused.push((row.glob, error.code())),
            _ => assert!(row.want_err, "{} on {}", row.glob, row.image),
        }
    }
    let refused: Vec<_> = refused
        .iter()
        .map(|(glob, code)| (glob.as_str(), *code))
        .collect();
    assert_eq!(
        refused,
        [
            (
                "index.docker.io/library/foo:latest",
                "pattern_tag_or_digest"
            ),
            ("index.docker.**", "pattern_component"),
            (
                "index.docker.io/myuser/myapp:latest",
                "pattern_tag_or_digest"
            ),
            ("index.docker.**", "pattern_component"),
            ("ghc**", "pattern_component"),
            ("*/**", "pattern_ambiguous"),
            ("ghcr.io/foo**", "pattern_component"),
            ("*/*", "pattern_ambiguous"),
        ]
    );
}

#[derive(Deserialize)]
struct WildcardRow {
    pattern: String,
    text: String,
    matched: bool,
}

/// That table is about any text; its rows are tried as paths of one registry, in lower case. Those with `?` are
/// refused, those with a colon or an empty part are no repositories, and of the rest differ on purpose those whose `*`
/// would have to reach beyond its component.
#[test]
fn agrees_with_kyverno_wherever_a_star_stays_in_its_component() {
    let (mut agree, mut differ) = (0, Vec::new());
    for row in serde_json::from_str::<Vec<WildcardRow>>(include_str!(
        "../../../../tests/fixtures/image-refs/kyverno-wildcard.json"
    ))
    .unwrap()
    {
        let pattern = format!("example.com/{}", row.pattern.to_lowercase());
        let repository = format!("example.com/{}", row.text.to_lowercase()).parse::<Repository>();
        if row.pattern.contains('?') {
            refuses(&pattern, "pattern_component");
            continue;
        }
        let (Ok(pattern), Ok(repository)) = (pattern.parse::<RepositoryPattern>(), repository)
        else {
            assert!(
                row.text.is_empty() || row.text.contains(':') || row.text.ends_with('/'),
                "{}",
                row.text
            );
            continue;
        };
        if pattern.matches(&repository) == row.matched {
            agree += 1;
        } else {
            differ.push((row.pattern, row.text));
        }
    }
    let far = (
        "my-bucket/In*/Ka*/Ban".to_owned(),
        "my-bucket/India/Karnataka/Area1/Area2/Area3/Ban".to_owned(),
    );
    assert_eq!((agree, differ), (4, vec![far]));
}
