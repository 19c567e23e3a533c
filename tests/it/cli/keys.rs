//! Key files and passwords: what is asked for, what is refused, and that it happens before a registry is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use countersign_signing::KeyFile;

use super::{Shell, UNSET, snapshot};

const SIGN: [&str; 4] = [
    "sign",
    "--key",
    "release.key",
    "registry.invalid/shop/api:1",
];

#[tokio::test]
async fn keygen_writes_a_pair_that_only_its_owner_can_read() {
    let shell = Shell::start().await;
    let ended = shell.run("keygen --output-key-prefix release").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    --- stderr
    private key written to release.key
    public key written to release.pub (sha256:[…])
    "#);

    assert_eq!(
        fs::metadata(shell.path("release.key"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    let KeyFile::Encrypted(key) =
        KeyFile::parse(&fs::read_to_string(shell.path("release.key")).unwrap()).unwrap()
    else {
        panic!("the key is not encrypted");
    };
    let public = fs::read_to_string(shell.path("release.pub")).unwrap();
    assert_eq!(
        key.open(b"correct horse").unwrap().public_key().to_pem(),
        public
    );
    assert_eq!(
        shell.run("public-key --key release.key").await.is(0).stdout,
        public
    );
}

#[tokio::test]
async fn keygen_never_overwrites_either_file() {
    let shell = Shell::with_locked_key().await;
    let before = fs::read(shell.path("release.key")).unwrap();
    shell
        .run("keygen --output-key-prefix release")
        .await
        .fails(2, "key_exists");
    shell
        .run("generate-key-pair --output-key-prefix release")
        .await
        .fails(2, "key_exists");
    assert_eq!(fs::read(shell.path("release.key")).unwrap(), before);

    fs::rename(shell.path("release.key"), shell.path("moved.key")).unwrap();
    shell
        .run("keygen --output-key-prefix release")
        .await
        .fails(2, "key_exists");
    assert!(!shell.path("release.key").exists());
}

#[tokio::test]
async fn keys_of_other_tools_are_imported() {
    let shell = Shell::start().await;
    let fixtures = crate::world::fixtures().join("key-files/import");
    for name in ["validecp384", "validrsa", "p256-sec1", "ed25519-pkcs8"] {
        let file = fixtures.join(name).with_extension("pem");
        shell
            .run(&format!(
                "keygen --output-key-prefix {name} --import {}",
                file.display()
            ))
            .await
            .is(0);
        let public = fs::read(fixtures.join(name).with_extension("pub")).unwrap();
        assert_eq!(
            fs::read(shell.path(name).with_extension("pub")).unwrap(),
            public,
            "{name}"
        );
    }
    let file = fixtures.join("invalidrsalargekey.pem");
    shell
        .run(&format!(
            "import-key-pair --output-key-prefix x --key {}",
            file.display()
        ))
        .await
        .fails(2, "key_unsupported");
    assert!(!shell.path("x.key").exists());
}

#[tokio::test]
async fn without_a_password_and_a_terminal_it_fails_at_once() {
    let shell = Shell::with_locked_key().await;
    let ended = shell
        .exactly(SIGN, &[("COUNTERSIGN_PASSWORD", UNSET)], "correct horse\n")
        .await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    error: the key needs a password, and there is no terminal to ask on (password_missing)
    hint: set COSIGN_PASSWORD or COUNTERSIGN_PASSWORD (empty if it has none), or use --password-file FILE
    "#);
}

#[tokio::test]
async fn a_wrong_password_is_said_before_a_registry_is_asked() {
    let shell = Shell::with_locked_key().await;
    shell.image("shop/api", "1", "one");
    let sign = [
        "sign",
        "--key",
        "release.key",
        "--plain-http",
        shell.registry.host(),
        &format!("{}/shop/api:1", shell.registry.host()),
    ];
    let ended = shell
        .exactly(sign, &[("COUNTERSIGN_PASSWORD", "wrong")], "")
        .await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    error: release.key: the password does not open the key (wrong_password)
    hint: it is taken from --password-env or --password-file, else COUNTERSIGN_PASSWORD, else COSIGN_PASSWORD
    "#);
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn passwords_come_from_flags_before_the_environment() {
    let shell = Shell::with_locked_key().await;
    shell.write("password", "correct horse\n");
    let public_key = ["public-key", "--key", "release.key"];
    for (flags, environment, opens) in [
        (
            &[][..],
            &[
                ("COUNTERSIGN_PASSWORD", UNSET),
                ("COSIGN_PASSWORD", "correct horse"),
            ][..],
            true,
        ),
        (&[], &[("COSIGN_PASSWORD", "wrong")], true),
        (
            &[],
            &[
                ("COUNTERSIGN_PASSWORD", "wrong"),
                ("COSIGN_PASSWORD", "correct horse"),
            ],
            false,
        ),
        (
            &["--password-file", "password"],
            &[("COUNTERSIGN_PASSWORD", "wrong")],
            true,
        ),
        (
            &["--password-env", "MINE"],
            &[("COUNTERSIGN_PASSWORD", "wrong"), ("MINE", "correct horse")],
            true,
        ),
        (&["--password-env", "MINE"], &[("MINE", "wrong")], false),
    ] {
        let ended = shell
            .exactly(public_key.iter().chain(flags), environment, "")
            .await;
        if opens {
            ended.is(0);
        } else {
            ended.fails(2, "wrong_password");
        }
    }
    let ended = shell
        .exactly(
            public_key.iter().chain(&["--password-env", "MINE"]),
            &[],
            "",
        )
        .await
        .is(2);
    assert!(
        ended.stderr.contains("password_missing"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_key_may_stand_in_the_environment() {
    let shell = Shell::with_locked_key().await;
    let key = fs::read_to_string(shell.path("release.key")).unwrap();
    let public = fs::read_to_string(shell.path("release.pub")).unwrap();
    let ended = shell
        .exactly(
            ["public-key", "--key", "env://SIGNING_KEY"],
            &[("SIGNING_KEY", &key)],
            "",
        )
        .await;
    assert_eq!(ended.is(0).stdout, public);
}

#[tokio::test]
async fn the_wrong_half_of_a_pair_is_said() {
    let shell = Shell::with_locked_key().await;
    shell
        .run("sign --key release.pub REGISTRY/shop/api:1")
        .await
        .fails(2, "key_not_private");
    shell
        .run("verify --key release.key REGISTRY/shop/api:1")
        .await
        .fails(2, "key_is_private");
    shell
        .run("verify --key absent.pub REGISTRY/shop/api:1")
        .await
        .fails(2, "file_unreadable");
    shell
        .run("verify --key env://ABSENT REGISTRY/shop/api:1")
        .await
        .fails(2, "file_unreadable");
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}
