//! The seeds of the fuzzer, and each of them cut and changed a little, in a fixed order: what `make fuzz` does without end.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_tests::fuzz::{TARGETS, Target};

#[test]
fn every_target_survives_its_seeds_and_what_little_changes_make_of_them() {
    for target in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for path in &seeds {
            let seed = fs::read(path).unwrap();
            for form in 0..4 {
                // `attachment` reads a form before the content, which it finds behind its annotations.
                (target.run)(&[&[form], [0; 6].as_slice(), &seed].concat());
            }
            (target.run)(&seed);
            for changed in changed(&seed) {
                (target.run)(&changed);
            }
        }
    }
}

#[test]
fn every_target_is_a_binary_of_the_fuzzer() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for target in TARGETS {
        let name = target.name;
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not built"
        );
        let main = fs::read_to_string(root().join(format!("fuzz/targets/{name}.rs"))).unwrap();
        assert!(
            main.contains(&format!("fuzz::{name}(")),
            "{name} runs something else"
        );
    }
}

/// A few cuts and single changes, spread over the whole.
fn changed(seed: &[u8]) -> Vec<Vec<u8>> {
    let places = (1..PLACES).map(|place| seed.len() * place / PLACES);
    let cut = places.clone().map(|place| seed[..place].to_vec());
    let flipped = places.filter_map(|place| {
        let mut changed = seed.to_vec();
        *changed.get_mut(place)? ^= 0x20;
        Some(changed)
    });
    cut.chain(flipped).collect()
}

fn seeds(target: &Target) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for seed in target.seeds {
        gather(&root().join("fixtures").join(seed), &mut found);
    }
    found.sort();
    found
}

fn gather(path: &Path, found: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        found.push(path.to_owned());
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        gather(&entry.unwrap().path(), found);
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

const PLACES: usize = 6;
