//! One wording of denials: `verify` speaks of an image as `check` does.

use super::outputs::{check, unsigned};
use super::snapshot;

#[tokio::test]
async fn verify_words_a_denial_as_check_does() {
    let shell = unsigned().await;
    let unsigned = shell
        .run("verify --key release.pub REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, unsigned, @r#"
    exit 1
    --- stdout
    --- stderr
    note: only the key is checked; no proof from a transparency log is demanded
    error: REGISTRY/shop/api@sha256:[…]: wanted a signature by this key, found none (not_found)
    hint: nothing is attached that is a signature; to sign it: `countersign sign --key KEY REGISTRY/shop/api@sha256:[…]`
    "#);
    shell
        .run("sign --key other.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let verified = shell
        .run("verify --key release.pub REGISTRY/shop/api:1")
        .await
        .is(1);
    let checked = check(&shell, "REGISTRY/shop/api:1").await.is(1);
    let nearest = |text: &str| {
        let lines = text.lines().map(str::trim_start);
        let nearest: Vec<_> = lines.filter(|line| line.starts_with("nearest ")).collect();
        nearest.join("\n")
    };
    let said = nearest(&verified.stderr);
    assert!(said.contains("(key_mismatch)"), "{said}");
    // An authority goes by its name in the policy, and by that of its file on the command line.
    assert_eq!(
        said.replace("release.pub", "release"),
        nearest(&checked.stdout)
    );
}

#[tokio::test]
async fn verify_could_not_look_in_the_words_of_check() {
    let shell = unsigned().await;
    let verified = shell
        .run("verify --key release.pub REGISTRY/shop/absent:1")
        .await;
    let checked = check(&shell, "REGISTRY/shop/absent:1").await;
    snapshot!(shell, verified, @r#"
    exit 3
    --- stdout
    --- stderr
    note: only the key is checked; no proof from a transparency log is demanded
    error: REGISTRY/shop/absent:1: could not look: REGISTRY has no image REGISTRY/shop/absent:1 (image_not_found)
      this says nothing about what is attached to the image
    hint: check the name and the tag; has the image been pushed?
    "#);
    snapshot!(shell, checked, @r#"
    exit 3
    --- stdout
    could not look: image REGISTRY/shop/absent:1
      REGISTRY/shop/absent:1: could not look: REGISTRY has no image REGISTRY/shop/absent:1 (image_not_found)

      image      REGISTRY/shop/absent:1
      used by    command line
      policy     production
        could not look: REGISTRY has no image REGISTRY/shop/absent:1 (image_not_found)
          this says nothing about what is attached to the image
          hint     check the name and the tag; has the image been pushed?
      reproduce  countersign check --policies DIR REGISTRY/shop/absent:1
    --- stderr
    "#);
}
