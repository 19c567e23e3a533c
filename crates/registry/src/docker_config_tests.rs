//! Docker's configuration as people have it.

use super::*;

const CONFIG: &str = r#"{
    "auths": {
        "https://index.docker.io/v1/": {"auth": "aHViOnA6dw=="},
        "registry.example": {"username": "u", "password": "p"},
        "registry.example/team": {"auth": "dGVhbTpwdw"},
        "https://tokens.example:5000/v2/": {"identitytoken": "id", "auth": "PHRva2VuPjo="},
        "raw.example": {"registrytoken": "raw"},
        "kept-by-helper.example": {}
    },
    "credHelpers": {"ecr.example": "ecr-login"},
    "credsStore": "desktop",
    "HttpHeaders": {"User-Agent": "x"}
}"#;

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

#[test]
fn finds_the_credential_of_exactly_that_registry() {
    let config = DockerConfig::parse(CONFIG.as_bytes()).unwrap();
    for (repository, found) in [
        ("nginx", Some(basic("hub", "p:w"))),
        ("docker.io/acme/app", Some(basic("hub", "p:w"))),
        ("registry.example/app", Some(basic("u", "p"))),
        ("registry.example/team/app", Some(basic("team", "pw"))),
        ("registry.example/team2/app", Some(basic("u", "p"))),
        ("registry.example:443/app", None),
        ("registry.example.evil.test/app", None),
        ("sub.registry.example/app", None),
        (
            "tokens.example:5000/app",
            Some(Credential::IdentityToken("id".to_owned())),
        ),
        ("tokens.example/app", None),
        (
            "raw.example/app",
            Some(Credential::RegistryToken("raw".to_owned())),
        ),
        ("kept-by-helper.example/app", None),
    ] {
        let repository: Repository = repository.parse().unwrap();
        assert_eq!(
            config.credential(&repository),
            found.as_ref(),
            "{repository}"
        );
    }
}

#[test]
fn names_the_helper_to_ask() {
    let config = DockerConfig::parse(CONFIG.as_bytes()).unwrap();
    let ecr: Repository = "ecr.example/app".parse().unwrap();
    let hub: Repository = "nginx".parse().unwrap();
    assert_eq!(config.helper(&ecr), Some("ecr-login"));
    assert_eq!(config.helper(&hub), Some("desktop"));
    assert_eq!(DockerConfig::server_address(&ecr), "ecr.example");
    assert_eq!(
        DockerConfig::server_address(&hub),
        "https://index.docker.io/v1/"
    );
}

#[test]
fn refuses_what_is_no_credential_and_repeats_none_of_it() {
    for (json, code) in [
        (
            r#"{"auths":{"a.example":{"auth":"hunter2!"}}}"#,
            "docker_config_entry",
        ),
        (
            r#"{"auths":{"a.example":{"auth":"aHVudGVyMg=="}}}"#,
            "docker_config_entry",
        ),
        (r#"{"auths":["hunter2"]}"#, "docker_config_malformed"),
        ("hunter2", "docker_config_malformed"),
    ] {
        let error = DockerConfig::parse(json.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{json}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn never_prints_a_secret() {
    let config = DockerConfig::parse(CONFIG.as_bytes()).unwrap();
    let hub: Repository = "nginx".parse().unwrap();
    let shown = format!("{config:?} {:?}", config.credential(&hub));
    assert!(
        shown.contains("docker.io") && !shown.contains("p:w"),
        "{shown}"
    );
}
