//! The TUF client against a repository that behaves, and against many that do not.

use std::path::Path;
use std::time::Duration;

use countersign_registry::{Settings, TufError, TufRepository, TufSource, TufTarget};
use countersign_testkit::{RawServer, TufRepository as Repository, TufServer};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::support::settings;

const NOW: &str = "2026-11-20T12:00:00Z";
const TARGET: &str = "trusted_root.json";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn repository() -> Repository {
    Repository::new(TARGET, b"the first root")
}

fn source(location: &str, root: Vec<u8>, cache: Option<&Path>) -> TufSource {
    TufSource {
        name: "private".to_owned(),
        location: Some(location.parse().unwrap()),
        root: Some(root),
        target: TARGET.to_owned(),
        cache: cache.map(Path::to_owned),
    }
}

fn open(repository: &Repository, server: &TufServer, cache: Option<&Path>) -> TufRepository {
    let source = source(&server.url(), repository.root(), cache);
    TufRepository::open(source, &settings(&[server.host()])).unwrap()
}

/// What comes of a first refresh.
async fn first(repository: &Repository) -> Result<TufTarget, TufError> {
    let server = repository.serve().await;
    open(repository, &server, None).refresh(at(NOW)).await
}

#[track_caller]
fn refused(outcome: Result<TufTarget, TufError>, code: &str) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_file_is_had_with_the_earliest_expiry_of_what_vouches_for_it() {
    let mut repository = repository();
    let target = first(&repository).await.unwrap();
    assert_eq!(target.bytes, b"the first root");
    assert_eq!((target.version, target.root_version), (1, 1));
    assert_eq!(target.expires, at("2027-01-01T00:00:00Z"));
    assert_eq!(target.refreshed, at(NOW));
    for (role, expiry) in [
        ("targets", "2026-12-24T00:00:00Z"),
        ("snapshot", "2026-12-23T00:00:00Z"),
        ("root", "2026-12-22T00:00:00Z"),
    ] {
        repository.expire(role, expiry);
        repository.renew_root();
        repository.publish();
        let target = first(&repository).await.unwrap();
        assert_eq!(target.expires, at(expiry), "{role}");
    }
}

#[tokio::test]
async fn a_directory_is_as_good_as_a_server() {
    let repository = repository();
    let directory = tempfile::tempdir().unwrap();
    repository.write(directory.path());
    let location = directory.path().display().to_string();
    let source = source(&location, repository.root(), None);
    let opened = TufRepository::open(source.clone(), &Settings::default()).unwrap();
    let target = opened.refresh(at(NOW)).await.unwrap();
    assert_eq!(target.bytes, b"the first root");
    // Without the directory there would be no newer root either, which must not look like an answer.
    drop(directory);
    refused(opened.refresh(at(NOW)).await, "tuf_unreadable");
}

#[tokio::test]
async fn a_refresh_asks_for_what_is_new_and_nothing_else() {
    let mut repository = repository();
    let server = repository.serve().await;
    let client = open(&repository, &server, None);
    client.refresh(at(NOW)).await.unwrap();
    assert_eq!(server.asked().len(), 5, "{:?}", server.asked());
    client.refresh(at(NOW)).await.unwrap();
    assert_eq!(server.asked()[5..], ["2.root.json", "timestamp.json"]);
    repository.put(TARGET, b"the second root");
    let target = client.refresh(at(NOW)).await.unwrap();
    assert_eq!(target.bytes, b"the second root");
    assert_eq!(target.version, 2);
}

#[tokio::test]
async fn keys_are_followed_from_root_to_root() {
    let mut repository = repository();
    let server = repository.serve().await;
    let client = open(&repository, &server, None);
    client.refresh(at(NOW)).await.unwrap();
    repository.rotate();
    repository.rotate();
    repository.put(TARGET, b"after two ceremonies");
    let target = client.refresh(at(NOW)).await.unwrap();
    assert_eq!(target.bytes, b"after two ceremonies");
    assert_eq!(target.root_version, 3);
    // Whoever has the first root alone gets there too.
    assert_eq!(first(&repository).await.unwrap().root_version, 3);
    assert_eq!(client.last_good().await.unwrap(), target);
}

#[tokio::test]
async fn what_expired_is_refused_whoever_signed_it() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        repository.expire(role, "2026-11-20T11:59:59Z");
        repository.renew_root();
        repository.publish();
        let text = refused(first(&repository).await, "tuf_expired");
        assert_eq!(
            text,
            format!("the {role} metadata expired at 2026-11-20T11:59:59Z")
        );
    }
}

#[tokio::test]
async fn a_repository_that_stands_still_expires() {
    let repository = repository();
    let server = repository.serve().await;
    let client = open(&repository, &server, None);
    let target = client.refresh(at(NOW)).await.unwrap();
    refused(
        client.refresh(at("2027-01-01T00:00:01Z")).await,
        "tuf_expired",
    );
    assert_eq!(client.last_good().await.unwrap(), target);
}

#[tokio::test]
async fn nothing_older_is_accepted_than_what_was_seen() {
    let mut repository = repository();
    let before = repository.copy();
    repository.put(TARGET, b"the second root");
    let server = repository.serve().await;
    let cache = tempfile::tempdir().unwrap();
    let client = open(&repository, &server, Some(cache.path()));
    let newest = client.refresh(at(NOW)).await.unwrap();
    repository.restore(before);
    refused(client.refresh(at(NOW)).await, "tuf_rollback");
    // Nor by another process that has the same cache.
    let restarted = open(&repository, &server, Some(cache.path()));
    refused(restarted.refresh(at(NOW)).await, "tuf_rollback");
    assert_eq!(restarted.last_good().await.unwrap(), newest);
    // One that saw nothing cannot know.
    assert_eq!(first(&repository).await.unwrap().bytes, b"the first root");
}

#[tokio::test]
async fn too_few_signatures_are_none() {
    let mut usurped = repository();
    usurped.usurp();
    refused(first(&usurped).await, "tuf_untrusted");

    for role in ["timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        repository.demand(role, 2);
        repository.renew_root();
        repository.publish();
        let text = refused(first(&repository).await, "tuf_untrusted");
        assert!(text.contains(&format!("role {role}: 1/2")), "{text}");
    }
}

#[tokio::test]
async fn one_key_that_signs_twice_signs_once() {
    let mut repository = repository();
    repository.demand("timestamp", 2);
    repository.renew_root();
    repository.publish();
    alter(&repository, "timestamp.json", |timestamp| {
        let signature = timestamp["signatures"][0].clone();
        timestamp["signatures"]
            .as_array_mut()
            .unwrap()
            .push(signature);
    });
    refused(first(&repository).await, "tuf_untrusted");
}

#[tokio::test]
async fn the_root_of_another_repository_vouches_for_nothing() {
    let (ours, theirs) = (repository(), repository());
    let server = theirs.serve().await;
    refused(
        open(&ours, &server, None).refresh(at(NOW)).await,
        "tuf_untrusted",
    );
}

fn alter(repository: &Repository, path: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut json = serde_json::from_slice(&repository.file(path).unwrap()).unwrap();
    change(&mut json);
    repository.set(path, json.to_string().as_bytes());
}

#[tokio::test]
async fn what_was_altered_is_refused() {
    let altered = repository();
    let path = altered
        .copy()
        .into_keys()
        .find(|path| path.starts_with("targets/"));
    altered.set(&path.unwrap(), b"the false root");
    refused(first(&altered).await, "tuf_mismatch");

    for (path, code) in [
        ("timestamp.json", "tuf_untrusted"),
        ("1.snapshot.json", "tuf_mismatch"),
        ("1.targets.json", "tuf_untrusted"),
    ] {
        let altered = repository();
        alter(&altered, path, |metadata| {
            metadata["signed"]["expires"] = "2036-01-01T00:00:00Z".into();
        });
        refused(first(&altered).await, code);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_every_place() {
    let deep = "[".repeat(10_000);
    let garbage = [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        "{\"signed\": {}}",
        &deep,
        "{\"signed\": [], \"signatures\": 1}",
        "{\"signed\": {\"_type\": \"timestamp\", \"version\": -1}, \"signatures\": []}",
    ];
    for path in [
        "2.root.json",
        "timestamp.json",
        "1.snapshot.json",
        "1.targets.json",
    ] {
        for text in garbage {
            let altered = repository();
            altered.set(path, text.as_bytes());
            let error = first(&altered).await.unwrap_err();
            // The snapshot's hash is known beforehand.
            let expected = if path == "1.snapshot.json" {
                "tuf_mismatch"
            } else {
                "tuf_malformed"
            };
            assert_eq!(error.code(), expected, "{path} {text:.40}: {error}");
        }
    }
}

#[tokio::test]
async fn a_root_that_is_none_is_refused_at_once() {
    for root in ["", "{}", "null"] {
        let source = source("/nowhere", root.into(), None);
        let error = TufRepository::open(source, &Settings::default()).unwrap_err();
        assert_eq!(error.code(), "tuf_malformed", "{error}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let repository = repository();
    repository.remove("1.snapshot.json");
    let text = refused(first(&repository).await, "tuf_missing");
    assert_eq!(text, "1.snapshot.json is not in the repository");

    let other = Repository::new("something_else.json", b"");
    let text = refused(first(&other).await, "tuf_target_missing");
    assert_eq!(text, "the repository has no trusted_root.json");
}

/// CVE-2026-24137.
#[tokio::test]
async fn no_name_in_the_metadata_is_a_path() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x.trusted_root.json"), "1234").unwrap();
    let directory = outside.path().join("a/b");
    let mut repository = repository();
    repository.list(TARGET, "../../../x", 4);
    repository.write(&directory);
    let location = directory.display().to_string();
    let on_disk = source(&location, repository.root(), None);
    let on_disk = TufRepository::open(on_disk, &Settings::default()).unwrap();
    refused(on_disk.refresh(at(NOW)).await, "tuf_malformed");

    let server = repository.serve().await;
    let served = open(&repository, &server, None);
    refused(served.refresh(at(NOW)).await, "tuf_malformed");
    assert_eq!(server.asked().last().unwrap(), "2.targets.json");

    let wanted = TufSource {
        target: "../trusted_root.json".to_owned(),
        ..source(&location, repository.root(), None)
    };
    let error = TufRepository::open(wanted, &Settings::default()).unwrap_err();
    assert_eq!(error.code(), "tuf_malformed");
}

#[tokio::test]
async fn what_is_larger_than_such_files_are_is_refused() {
    let huge = vec![b' '; 5 * 1024 * 1024];
    for path in [
        "2.root.json",
        "timestamp.json",
        "1.snapshot.json",
        "1.targets.json",
    ] {
        let repository = repository();
        repository.set(path, &huge);
        refused(first(&repository).await, "tuf_too_large");
    }
    let longer = repository();
    let path = longer
        .copy()
        .into_keys()
        .find(|path| path.starts_with("targets/"));
    longer.set(&path.unwrap(), &huge);
    refused(first(&longer).await, "tuf_too_large");

    // Not even asked for.
    let mut announced = repository();
    announced.list(TARGET, &"0".repeat(64), 1 << 30);
    let text = refused(first(&announced).await, "tuf_too_large");
    assert_eq!(text, "trusted_root.json is larger than 1048576 bytes");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    let server = RawServer::start([head.as_bytes(), &[b' '; 4096]].concat(), true).await;
    let client = source(
        &format!("http://{}", server.host()),
        repository().root(),
        None,
    );
    let client = TufRepository::open(client, &settings(&[&server.host()])).unwrap();
    refused(client.refresh(at(NOW)).await, "tuf_too_large");
}

#[tokio::test]
async fn a_repository_that_cannot_be_reached_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let settings = Settings {
        request_timeout: Duration::from_millis(200),
        ..settings(&[&host])
    };
    let source = source(&format!("http://{host}"), repository().root(), None);
    let client = TufRepository::open(source, &settings).unwrap();
    let text = refused(client.refresh(at(NOW)).await, "tuf_timeout");
    assert_eq!(text, format!("http://{host} did not answer in time"));
    drop(silent);
    let text = refused(client.refresh(at(NOW)).await, "tuf_unreachable");
    assert!(text.starts_with(&host), "{text}");
    assert_eq!(client.last_good().await, None);
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_taken_for_an_absence() {
    for status in ["500 Oops", "401 Who", "204 Nothing", "429 Slower"] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let server = RawServer::start(answer, false).await;
        let source = source(
            &format!("http://{}", server.host()),
            repository().root(),
            None,
        );
        let client = TufRepository::open(source, &settings(&[&server.host()])).unwrap();
        let text = refused(client.refresh(at(NOW)).await, "tuf_unreachable");
        assert!(text.contains(&status[..3]), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_where_a_registrys_would_be() {
    let repository = repository();
    let server = repository.serve().await;
    for (target, code) in [
        (format!("http://{}/timestamp.json", server.host()), None),
        (
            "http://169.254.169.254/latest".to_owned(),
            Some("tuf_unreachable"),
        ),
        (
            "https://169.254.169.254/latest".to_owned(),
            Some("tuf_unreachable"),
        ),
        ("file:///etc/passwd".to_owned(), Some("tuf_unreachable")),
    ] {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let from = RawServer::start(answer, false).await;
        let hosts = [from.host(), server.host().to_owned()];
        let source = source(&format!("http://{}", from.host()), repository.root(), None);
        let settings = settings(&[&hosts[0], &hosts[1]]);
        let client = TufRepository::open(source, &settings).unwrap();
        let error = client.refresh(at(NOW)).await.unwrap_err();
        match code {
            Some(code) => assert_eq!(error.code(), code, "{error}"),
            // Followed: what is there is a timestamp, and no root.
            None => assert_eq!(error.code(), "tuf_malformed", "{error}"),
        }
    }
}

#[tokio::test]
async fn plain_http_is_spoken_to_named_hosts_only() {
    let source = source("http://tuf.example/", repository().root(), None);
    let error = TufRepository::open(source, &settings(&["other.example"])).unwrap_err();
    assert_eq!(error.code(), "tuf_location", "{error}");
}

#[test]
fn a_location_is_a_directory_or_a_url_to_which_names_can_be_added() {
    use countersign_registry::TufLocation::{self, Directory, Url};
    for text in [
        "",
        "ftp://tuf.example",
        "file:///repository",
        "https://user:secret@tuf.example",
        "https://tuf.example/?token=secret",
        "https://tuf.example/#here",
        "https://",
    ] {
        let error = text.parse::<TufLocation>().unwrap_err();
        assert_eq!(error.code(), "tuf_location", "{text}");
    }
    for text in ["https://tuf.example/mirror", "https://tuf.example/mirror/"] {
        let Ok(Url(url)) = text.parse() else {
            panic!("{text}")
        };
        assert_eq!(url.as_str(), "https://tuf.example/mirror/");
    }
    let directory = Directory("/var/lib/tuf".into());
    assert_eq!("/var/lib/tuf".parse::<TufLocation>().unwrap(), directory);
}

#[test]
fn the_public_repositories_are_known_by_name() {
    let named = |name: &str| TufSource {
        name: name.to_owned(),
        location: None,
        root: None,
        target: TARGET.to_owned(),
        cache: None,
    };
    for (name, url) in [
        ("public-good", "https://tuf-repo-cdn.sigstore.dev/"),
        ("github", "https://tuf-repo.github.com/"),
    ] {
        let repository = TufRepository::open(named(name), &Settings::default()).unwrap();
        assert_eq!(repository.location().to_string(), url);
    }
    let error = TufRepository::open(named("private"), &Settings::default()).unwrap_err();
    assert_eq!(error.code(), "tuf_unknown");
    let by_url = TufSource {
        location: Some("https://tuf-repo-cdn.sigstore.dev".parse().unwrap()),
        ..named("sigstore")
    };
    assert!(TufRepository::open(by_url, &Settings::default()).is_ok());
    // A mirror of a public one needs no root of its own; one of a private one does.
    let mirror = |name: &str| TufSource {
        location: Some("/var/lib/tuf".parse().unwrap()),
        ..named(name)
    };
    assert!(TufRepository::open(mirror("github"), &Settings::default()).is_ok());
    assert!(TufRepository::open(mirror("private"), &Settings::default()).is_err());
}

#[tokio::test]
async fn a_restart_needs_no_network() {
    let mut repository = repository();
    repository.rotate();
    let server = repository.serve().await;
    let cache = tempfile::tempdir().unwrap();
    let target = open(&repository, &server, Some(cache.path()))
        .refresh(at(NOW))
        .await
        .unwrap();
    let asked = server.asked().len();
    let restarted = open(&repository, &server, Some(cache.path()));
    assert_eq!(restarted.last_good().await.unwrap(), target);
    assert_eq!(server.asked().len(), asked);
    // One file, whatever the names in the repository are.
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_failed_refresh_changes_nothing_that_is_kept() {
    let mut repository = repository();
    let server = repository.serve().await;
    let cache = tempfile::tempdir().unwrap();
    let client = open(&repository, &server, Some(cache.path()));
    let target = client.refresh(at(NOW)).await.unwrap();
    // A new timestamp is there already, what it names is not.
    repository.put(TARGET, b"the second root");
    repository.remove("2.snapshot.json");
    refused(client.refresh(at(NOW)).await, "tuf_missing");
    assert_eq!(client.last_good().await.unwrap(), target);
    let restarted = open(&repository, &server, Some(cache.path()));
    assert_eq!(restarted.last_good().await.unwrap(), target);
}

#[tokio::test]
async fn what_its_reader_cannot_use_is_not_kept() {
    let mut repository = repository();
    let server = repository.serve().await;
    let cache = tempfile::tempdir().unwrap();
    let client = open(&repository, &server, Some(cache.path()));
    let target = client.refresh(at(NOW)).await.unwrap();
    repository.put(TARGET, b"in a form of the future");
    let answer = client.ask(at(NOW)).await.unwrap();
    assert_eq!(answer.target().bytes, b"in a form of the future");
    drop(answer);
    assert_eq!(client.last_good().await.unwrap(), target);
    let restarted = open(&repository, &server, Some(cache.path()));
    assert_eq!(restarted.last_good().await.unwrap(), target);
}

#[tokio::test]
async fn a_cache_is_believed_nothing() {
    let (ours, theirs) = (repository(), repository());
    let server = ours.serve().await;
    let cache = tempfile::tempdir().unwrap();
    let target = open(&ours, &server, Some(cache.path()))
        .refresh(at(NOW))
        .await
        .unwrap();
    let file = std::fs::read_dir(cache.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let good = std::fs::read_to_string(&file).unwrap();
    let base64 = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    let (first, second) = (base64(b"the first root"), base64(b"the false root"));
    let timestamp = |of: &Repository| base64(&of.file("timestamp.json").unwrap());
    for bad in [
        String::new(),
        "null".to_owned(),
        "{\"refreshed\": \"2026-11-20T12:00:00Z\", \"files\": {}}".to_owned(),
        good.replace(&first, &second),
        good.replace(&first, "%"),
        good.replace(&timestamp(&ours), &timestamp(&theirs)),
        " ".repeat(17 * 1024 * 1024),
    ] {
        assert_ne!(bad, good);
        std::fs::write(&file, &bad).unwrap();
        let client = open(&ours, &server, Some(cache.path()));
        assert_eq!(client.last_good().await, None, "{bad:.200}");
        assert_eq!(client.refresh(at(NOW)).await.unwrap().bytes, target.bytes);
        assert_eq!(client.last_good().await.unwrap(), target);
    }
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_nothing_else() {
    let repository = repository();
    let server = repository.serve().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let client = open(&repository, &server, Some(file.path()));
    let target = client.refresh(at(NOW)).await.unwrap();
    assert_eq!(client.last_good().await.unwrap(), target);
}
