//! Builds for two platforms, with provenance in the index, and what a signature of each part of it covers.

use serde_json::{Value, json};

use super::Yard;
use crate::evidence::BUILDER;
use crate::failure::{Failure, Outcome, ensure};
use crate::kubectl::text;
use crate::kubelet::list;
use crate::registry::Image;

/// Where BuildKit puts its statements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// In image manifests that only the index says anything of.
    Classic,
    /// In OCI artifacts whose subject is the image.
    Artifact,
}

impl Form {
    pub(super) const BOTH: [Self; 2] = [Self::Classic, Self::Artifact];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Artifact => "artifact",
        }
    }
}

/// An index that BuildKit pushed.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) image: Image,
    /// Platform, image, and the manifest that holds the statements about it.
    pub(super) parts: [(&'static str, Image, Image); 2],
}

impl Build {
    /// Something in the same repository.
    pub(super) fn part(&self, digest: &str) -> Image {
        Image {
            digest: digest.to_owned(),
            ..self.image.clone()
        }
    }
}

impl Yard {
    /// Builds an image that no other has the digest of, with provenance that names this builder.
    pub(super) fn built(&self, builder: &str) -> Outcome<Build> {
        let image = self.registry.push("built/app")?;
        let folder = format!("context-{}", self.form.name());
        self.tools.folder(&folder)?;
        let recipe = "FROM scratch\nCOPY content /\n";
        self.tools.file(&format!("{folder}/Dockerfile"), recipe)?;
        self.tools
            .file(&format!("{folder}/content"), &image.repository)?;
        let artifact = self.form == Form::Artifact;
        self.daemon.build(
            &folder,
            &[
                format!("--opt=attest:provenance=mode=max,version=v1,builder-id={builder}"),
                format!("--opt=platform={}", PLATFORMS.join(",")),
                format!(
                    "--output=type=image,name={},push=true,oci-mediatypes=true,oci-artifact={artifact}",
                    image.by_tag()
                ),
            ],
        )?;
        self.read(image)
    }

    fn read(&self, image: Image) -> Outcome<Build> {
        let digest = self.tools.must("crane", ["digest", &image.by_tag()])?;
        let image = Image {
            digest: digest.stdout.trim().to_owned(),
            ..image
        };
        let index = self.manifest(&image)?;
        let entries = list(&index["manifests"]);
        let part = |digest: &str| Image {
            digest: digest.to_owned(),
            ..image.clone()
        };
        let find = |what: &str, wanted: &dyn Fn(&Value) -> bool| {
            let entry = entries.iter().find(|&entry| wanted(entry));
            let entry = entry.ok_or_else(|| Failure::new(format!("no {what} in {index}")))?;
            text(entry, "/digest").map(part)
        };
        let of = |platform: &'static str| {
            let architecture = platform.split('/').nth(1).unwrap_or_default();
            let child = find(platform, &|entry| {
                entry["platform"]["architecture"] == architecture
            })?;
            let statements = find("statements", &|entry| {
                entry["annotations"]["vnd.docker.reference.digest"] == child.digest.as_str()
            })?;
            Ok::<_, Failure>((platform, child, statements))
        };
        let [one, other] = PLATFORMS;
        let parts = [of(one)?, of(other)?];
        Ok(Build { image, parts })
    }

    pub(super) fn manifest(&self, image: &Image) -> Outcome<Value> {
        let manifest = self.tools.must("crane", ["manifest", &image.by_digest()])?;
        Ok(serde_json::from_str(&manifest.stdout)?)
    }
}

pub(super) fn it_is_that_form(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    for (_, child, statements) in &build.parts {
        let manifest = yard.manifest(statements)?;
        let found = (
            manifest["subject"]["digest"].as_str(),
            manifest["artifactType"].as_str(),
        );
        let wanted = match yard.form {
            Form::Classic => (None, None),
            Form::Artifact => (Some(child.digest.as_str()), Some(ARTIFACT)),
        };
        ensure(found == wanted, || format!("{found:?} in {manifest}"))?;
    }
    Ok(())
}

pub(super) fn unsigned_provenance_is_no_evidence(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    yard.verify(&yard.release, &build.image)?
        .exits(1)?
        .saying("wanted a signature by this key")?;
    yard.verify_provenance(&yard.release, &build.image)?
        .exits(1)?
        .saying("(unsigned)")?;
    let inspect = ["inspect", "--plain-http", &yard.registry.host];
    let reference = build.image.by_digest();
    yard.tools
        .must(
            "countersign",
            inspect.into_iter().chain([reference.as_str()]),
        )?
        .saying("unsigned")?
        .saying("https://slsa.dev/provenance/v1")
        .map(drop)
}

pub(super) fn a_signature_of_the_index_vouches_for_its_statements(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    yard.signs(&yard.release, &build, &build.image.digest)?;
    yard.verify(&yard.release, &build.image)?.exits(0)?;
    yard.verify_provenance(&yard.release, &build.image)?
        .exits(0)?
        .saying("linux/amd64")?
        .saying("linux/arm64")?;
    yard.verify_provenance(&yard.stranger, &build.image)?
        .exits(1)?
        .saying("nobody who is accepted signed that (unsigned)")?;
    yard.check(&build, &json!("all"))?.exits(0).map(drop)
}

pub(super) fn a_signature_of_one_image_covers_that_image_alone(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    let [(_, amd64, _), (_, arm64, _)] = &build.parts;
    yard.signs(&yard.release, &build, &amd64.digest)?;
    yard.verify(&yard.release, amd64)?.exits(0)?;
    yard.verify(&yard.release, arm64)?
        .exits(1)?
        .saying("nothing is attached")?;
    yard.verify(&yard.release, &build.image)?
        .exits(1)?
        .saying("of linux/arm64, and none of the index")?
        .saying("countersign sign --recursive")?;
    // It signed no statement.
    for image in [amd64, &build.image] {
        yard.verify_provenance(&yard.release, image)?
            .exits(1)?
            .saying("wanted an attestation of type")?;
    }
    yard.signs(&yard.release, &build, &arm64.digest)?;
    yard.verify(&yard.release, &build.image)?
        .exits(0)?
        .saying("linux/amd64")?
        .saying("linux/arm64")
        .map(drop)
}

pub(super) fn a_signature_of_what_holds_statements_vouches_for_them(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    let [(_, _, of_amd64), (_, _, of_arm64)] = &build.parts;
    yard.signs(&yard.release, &build, &of_amd64.digest)?;
    yard.verify_provenance(&yard.release, &build.image)?
        .exits(1)?
        .saying("of linux/arm64, and none of the index")?;
    yard.check(&build, &json!(["linux/amd64"]))?.exits(0)?;
    yard.check(&build, &json!("all"))?
        .exits(1)?
        .saying("linux/arm64: wanted provenance")?
        .never_saying("linux/amd64: ")?;
    yard.signs(&yard.release, &build, &of_arm64.digest)?;
    yard.verify_provenance(&yard.release, &build.image)?
        .exits(0)?;
    yard.check(&build, &json!("all"))?.exits(0)?;
    // What they speak of is not signed by that.
    yard.verify(&yard.release, &build.image)?
        .exits(1)?
        .saying("wanted a signature by this key")
        .map(drop)
}

const ARTIFACT: &str = "application/vnd.docker.attestation.manifest.v1+json";
const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];
