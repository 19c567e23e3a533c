//! crane against the registries: what ours must be able to do for others, not just for us.

use super::Bench;
use crate::failure::{Outcome, ensure};

pub(super) fn crane_pulls_what_it_pushed(bench: &Bench) -> Outcome {
    let image = bench.registry.push("crane/pushed")?;
    let folder = format!("{}-pulled", bench.registry.kind.name());
    bench
        .tools
        .must("crane", ["pull", "--format=oci", &image.by_tag(), &folder])?;
    let again = format!("{}-again:1.0", image.repository);
    bench.tools.must("crane", ["push", &folder, &again])?;
    has_digest(bench, &again, &image.digest)
}

pub(super) fn crane_lists_the_tags_it_set(bench: &Bench) -> Outcome {
    let image = bench.registry.push("crane/tagged")?;
    for tag in ["2.0", "latest"] {
        bench.tools.must("crane", ["tag", &image.by_tag(), tag])?;
    }
    let listed = bench.tools.must("crane", ["ls", &image.repository])?;
    let tags: Vec<_> = listed.stdout.lines().collect();
    ensure(tags == ["1.0", "2.0", "latest"], || {
        listed.describe("wanted three tags")
    })
}

pub(super) fn crane_copies_to_another_repository(bench: &Bench) -> Outcome {
    for image in [
        bench.registry.push("crane/one")?,
        bench.registry.push_index("crane/many")?,
    ] {
        let copy = format!("{}-copy:{}", image.repository, image.tag);
        bench
            .tools
            .must("crane", ["copy", &image.by_tag(), &copy])?;
        has_digest(bench, &copy, &image.digest)?;
    }
    Ok(())
}

pub(super) fn crane_finds_nothing_wrong_with_an_image(bench: &Bench) -> Outcome {
    for image in [
        bench.registry.push("crane/sound")?,
        bench.registry.push_index("crane/index")?,
    ] {
        bench
            .tools
            .must("crane", ["validate", "--remote", &image.by_digest()])?;
    }
    Ok(())
}

fn has_digest(bench: &Bench, reference: &str, digest: &str) -> Outcome {
    let found = bench.tools.must("crane", ["digest", reference])?;
    ensure(found.stdout.trim() == digest, || {
        found.describe(&format!("wanted {digest}"))
    })
}
