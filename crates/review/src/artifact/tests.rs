use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

fn artifact(files: &[(&str, &str)]) -> PolicyArtifact {
    let files = files.iter().map(|(path, text)| {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        ((*path).to_owned(), bytes)
    });
    PolicyArtifact {
        files: files.collect(),
    }
}

fn write(directory: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

type Change = fn(&mut Manifest);

/// What [`listed`] says of a manifest after `change`.
fn refusal(change: impl FnOnce(&mut Manifest)) -> String {
    let bytes = artifact(&[("a.yaml", "a"), ("rules/shop/owner/owner.rego", "b")])
        .manifest()
        .unwrap();
    let Document::Manifest(mut manifest) = Document::parse(&bytes, None).unwrap() else {
        panic!("no manifest");
    };
    change(&mut manifest);
    listed(&Document::Manifest(manifest)).unwrap_err()
}

#[test]
fn a_directory_comes_back_as_it_was_and_always_makes_the_same_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let wanted = [
        ("a.yaml", "a"),
        ("roots/lab.json", "{}"),
        ("rules/shop/owner/owner.rego", "package x"),
        ("rules/shop/owner/owner_test.rego", "package x_test"),
        ("z.yml", ""),
    ];
    write(directory.path(), &wanted);
    write(
        directory.path(),
        &[
            ("README.md", "no"),
            (".git/a.yaml", "no"),
            (".b.yaml", "no"),
        ],
    );
    let read = PolicyArtifact::from_directory(directory.path()).unwrap();
    assert_eq!(read, artifact(&wanted));
    let mut reversed = wanted;
    reversed.reverse();
    assert_eq!(
        read.manifest().unwrap(),
        artifact(&reversed).manifest().unwrap()
    );
    let copy = directory.path().join("copy/of/it");
    read.write_to(&copy).unwrap();
    assert_eq!(PolicyArtifact::from_directory(&copy).unwrap(), read);
}

#[test]
fn a_manifest_lists_each_file_by_its_name_digest_and_size() {
    let bytes = artifact(&[("a.yaml", "a")]).manifest().unwrap();
    let document = Document::parse(&bytes, None).unwrap();
    let files = listed(&document).unwrap();
    let [(path, layer)] = files.as_slice() else {
        panic!("{files:?}");
    };
    assert_eq!((*path, layer.size), ("a.yaml", 1));
    assert_eq!(layer.digest, Digest::of(b"a"));
}

#[test]
fn paths_that_lead_elsewhere_are_refused_before_anything_is_fetched() {
    for path in [
        "",
        "/etc/a.yaml",
        "../a.yaml",
        "rules/../../a.yaml",
        "./a.yaml",
        "a//b.yaml",
        ".hidden.yaml",
        "rules/.git/a.yaml",
        "a\\..\\b.yaml",
        "c:a.yaml",
        "a\n.yaml",
        "a\u{202e}.yaml",
        "a b.yaml",
        "a.yaml/",
        "a/b/c/d/e/f/g/h/i.yaml",
        "a.sh",
        "yaml",
    ] {
        let refused = refusal(|manifest| {
            let title = manifest.layers[0].annotations.get_mut(TITLE).unwrap();
            path.clone_into(title);
        });
        assert!(refused.starts_with("file "), "{path:?}: {refused}");
        assert!(!refused.contains('\n'), "{refused}");
    }
    let long = format!("{}.yaml", "a".repeat(PATH_TOO_LONG));
    assert!(unfit(&long, 1).is_some());
    assert!(unfit("rules/shop/owner/owner.rego", 1).is_none());
}

#[test]
fn what_is_no_list_of_policies_is_refused() {
    let cases: [(Change, &str); 6] = [
        (|manifest| manifest.artifact_type = None, "found an image"),
        (
            |manifest| manifest.artifact_type = Some("application/vnd.x\u{1b}".to_owned()),
            "found application/vnd.x\\u{1b}",
        ),
        (|manifest| manifest.layers.clear(), "no files"),
        (
            |manifest| manifest.layers[0].media_type = media_type::OCI_CONFIG.to_owned(),
            "another type",
        ),
        (
            |manifest| manifest.layers[0].annotations.clear(),
            "a path is made of",
        ),
        (
            |manifest| {
                let mut again = manifest.layers[0].clone();
                again
                    .annotations
                    .insert(TITLE.to_owned(), "A.yaml".to_owned());
                manifest.layers.push(again);
            },
            "listed twice",
        ),
    ];
    for (change, says) in cases {
        let refused = refusal(change);
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn more_or_larger_files_than_policies_have_are_refused_by_what_the_manifest_says() {
    let refused = refusal(|manifest| manifest.layers[0].size = 1024 * 1024 + 1);
    assert!(refused.contains("larger than 1048576 bytes"), "{refused}");
    let many = |size: u64, count: usize| {
        refusal(|manifest| {
            let layer = manifest.layers[0].clone();
            manifest.layers = (0..count)
                .map(|number| {
                    let mut layer = layer.clone();
                    let path = format!("{number}.yaml");
                    layer.annotations.insert(TITLE.to_owned(), path);
                    layer.size = size;
                    layer
                })
                .collect();
        })
    };
    assert!(many(1024 * 1024, 17).contains("more than 16777216 bytes"));
    assert!(many(1, 513).contains("more than 512 files"));
}

#[test]
fn links_and_names_that_not_every_system_takes_do_not_become_an_artifact() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("a.yaml", "a")]);
    symlink("/etc/passwd", directory.path().join("b.yaml")).unwrap();
    let refused = PolicyArtifact::from_directory(directory.path()).unwrap_err();
    assert_eq!(refused.code(), "policies_unfit");
    assert!(refused.to_string().contains("b.yaml: a link"), "{refused}");
    fs::remove_file(directory.path().join("b.yaml")).unwrap();
    // A folder behind a link is not looked into.
    symlink("/etc", directory.path().join("etc")).unwrap();
    write(directory.path(), &[("b c.yaml", "b")]);
    let refused = PolicyArtifact::from_directory(directory.path()).unwrap_err();
    assert!(
        refused.to_string().contains("b c.yaml: a path"),
        "{refused}"
    );
}

#[test]
fn nothing_is_written_over() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("mine.txt", "mine")]);
    let refused = artifact(&[("a.yaml", "a")])
        .write_to(directory.path())
        .unwrap_err();
    assert_eq!(refused.code(), "policies_unfit");
    assert!(!directory.path().join("a.yaml").exists());
}

const PATH_TOO_LONG: usize = 251;
