//! What a folder of certificates keeps, renews and refuses.

use super::*;
use jiff::SignedDuration;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn after(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

fn names() -> Names {
    ["countersign.countersign.svc", "127.0.0.1"]
        .iter()
        .map(|n| n.parse().unwrap())
        .collect()
}

fn days(days: u32) -> Lifetime {
    Lifetime::days(days).unwrap()
}

fn issue(folder: &Folder, at: Timestamp) -> Result<Issued, Error> {
    folder.issue(&names(), days(90), days(3650), at)
}

fn fresh() -> (tempfile::TempDir, Folder) {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::new(parent.path().join("tls"));
    (parent, folder)
}

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::metadata(folder.0.join(name))
        .unwrap()
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn issuing_writes_four_files_and_only_the_owner_reads_the_keys() {
    let (_parent, folder) = fresh();
    assert!(issue(&folder, now()).unwrap().new_authority);
    let mut files: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    assert_eq!(mode(&folder, "ca.key"), 0o600);
    assert_eq!(mode(&folder, "tls.key"), 0o600);
    assert_eq!(
        fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(folder.serving_pair().is_ok());
}

#[test]
fn issuing_again_keeps_the_authority_and_changes_the_key() {
    let (_parent, folder) = fresh();
    let first = issue(&folder, now()).unwrap();
    let key = folder.read(KEY).unwrap();
    let second = issue(&folder, after(1)).unwrap();
    assert!(!second.new_authority);
    assert_eq!(first.authority.pem(), second.authority.pem());
    assert_ne!(folder.read(KEY).unwrap(), key);
}

#[test]
fn half_an_authority_is_refused_and_nothing_is_written() {
    for half in [CA_CERTIFICATE, CA_KEY] {
        let (_parent, folder) = fresh();
        issue(&folder, now()).unwrap();
        let serving = folder.read(CERTIFICATE).unwrap();
        fs::remove_file(folder.0.join(half)).unwrap();
        assert_eq!(issue(&folder, now()).unwrap_err().code(), "half_authority");
        assert!(!folder.0.join(half).exists());
        assert_eq!(folder.read(CERTIFICATE).unwrap(), serving);
    }
}

#[test]
fn the_certificate_of_another_authority_with_our_key_is_refused() {
    let ((_one, ours), (_two, theirs)) = (fresh(), fresh());
    issue(&ours, now()).unwrap();
    issue(&theirs, now()).unwrap();
    fs::copy(theirs.0.join(CA_CERTIFICATE), ours.0.join(CA_CERTIFICATE)).unwrap();
    assert_eq!(issue(&ours, now()).unwrap_err().code(), "key_mismatch");
}

#[test]
fn a_serving_certificate_of_somebody_else_is_not_overwritten() {
    let ((_one, ours), (_two, theirs)) = (fresh(), fresh());
    issue(&ours, now()).unwrap();
    issue(&theirs, now()).unwrap();
    fs::copy(theirs.0.join(CERTIFICATE), ours.0.join(CERTIFICATE)).unwrap();
    assert_eq!(
        issue(&ours, now()).unwrap_err().code(),
        "foreign_certificate"
    );
    fs::remove_file(ours.0.join(CA_CERTIFICATE)).unwrap();
    fs::remove_file(ours.0.join(CA_KEY)).unwrap();
    assert_eq!(
        issue(&ours, now()).unwrap_err().code(),
        "foreign_certificate"
    );
}

#[test]
fn an_authority_that_has_ended_is_refused_with_a_hint() {
    let (_parent, folder) = fresh();
    issue(&folder, now()).unwrap();
    let refusal = issue(&folder, after(3651)).unwrap_err();
    assert_eq!(refusal.code(), "authority_not_valid");
    assert!(refusal.hint().is_some());
}

#[test]
fn renewing_waits_until_a_third_of_the_life_is_left() {
    let (_parent, folder) = fresh();
    issue(&folder, now()).unwrap();
    let before = folder.read(CERTIFICATE).unwrap();
    assert!(matches!(
        folder.renew(None, false, after(50)).unwrap(),
        Renewal::NotDue(_)
    ));
    assert_eq!(folder.read(CERTIFICATE).unwrap(), before);

    let Renewal::Renewed(renewed) = folder.renew(None, false, after(61)).unwrap() else {
        panic!("a third is left: it must be renewed");
    };
    assert_eq!(renewed.names(), &names());
    assert_eq!(renewed.until(), after(151));
    assert!(folder.serving_pair().is_ok());
}

#[test]
fn renewing_can_be_forced() {
    let (_parent, folder) = fresh();
    issue(&folder, now()).unwrap();
    let renewed = folder.renew(Some(days(7)), true, after(1)).unwrap();
    assert!(matches!(renewed, Renewal::Renewed(renewed) if renewed.until() == after(8)));
}

#[test]
fn an_empty_folder_has_nothing_to_renew() {
    let (_parent, folder) = fresh();
    let refusal = folder.renew(None, true, now()).unwrap_err();
    assert_eq!(refusal.code(), "nothing_issued");
}
