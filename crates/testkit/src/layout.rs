//! Loads an OCI image layout into a registry.
//!
//! Files are stored under the digest that names them, whether or not they hash to it: what a client makes of a lie is
//! what the tests are about.

use std::fs;
use std::path::Path;

use countersign_image::Digest;
use serde_json::Value;

use crate::registry::TestRegistry;

impl TestRegistry {
    /// Loads every blob of the layout at `directory`, and the tags that its index gives by
    /// `org.opencontainers.image.ref.name` or by the `kind` that `cosign save` writes.
    pub fn load_layout(&self, directory: &Path, repository: &str) {
        let index: Value = read_json(&directory.join("index.json"));
        let listed = index["manifests"].as_array().cloned().unwrap_or_default();
        let algorithms = fs::read_dir(directory.join("blobs")).expect("a layout has blobs");
        for algorithm in algorithms {
            let algorithm = algorithm.expect("a directory can be listed");
            for file in fs::read_dir(algorithm.path()).expect("a directory can be listed") {
                let file = file.expect("a directory can be listed");
                let name = format!(
                    "{}:{}",
                    algorithm.file_name().display(),
                    file.file_name().display()
                );
                // Other files, such as notes, are no blobs.
                if let Ok(digest) = name.parse::<Digest>() {
                    self.load_blob(
                        repository,
                        &digest,
                        fs::read(file.path()).expect("a blob can be read"),
                    );
                }
            }
        }
        self.load_tags(repository, &listed);
    }

    fn load_blob(&self, repository: &str, digest: &Digest, bytes: Vec<u8>) {
        if let Some(media_type) = manifest_type(&bytes) {
            self.swap_manifest(repository, digest, &media_type, bytes.clone());
        }
        self.swap_blob(repository, digest, bytes);
    }

    fn load_tags(&self, repository: &str, listed: &[Value]) {
        let image = listed.iter().find(|entry| {
            let kind = entry["annotations"]["kind"].as_str();
            kind.is_some_and(|kind| kind.starts_with("dev.cosignproject.cosign/image"))
        });
        for entry in listed {
            let digest: Digest = entry["digest"]
                .as_str()
                .unwrap_or_default()
                .parse()
                .expect("index.json names digests");
            // The index knows the media type of a manifest that does not say it.
            if let Some((media_type, bytes)) = entry["mediaType"]
                .as_str()
                .zip(self.manifest_bytes(repository, &digest))
            {
                self.swap_manifest(repository, &digest, media_type, bytes);
            }
            let annotations = &entry["annotations"];
            if let Some(name) = annotations["org.opencontainers.image.ref.name"].as_str() {
                let tag = name.rsplit([':', '/']).next().unwrap_or(name);
                self.move_tag(repository, tag, &digest);
            }
            let suffix = match annotations["kind"].as_str() {
                Some("dev.cosignproject.cosign/sigs") => "sig",
                Some("dev.cosignproject.cosign/atts") => "att",
                _ => continue,
            };
            let image = image
                .and_then(|image| image["digest"].as_str())
                .expect("cosign save keeps the image first");
            self.move_tag(
                repository,
                &format!("{}.{suffix}", image.replace(':', "-")),
                &digest,
            );
        }
    }

    fn manifest_bytes(&self, repository: &str, digest: &Digest) -> Option<bytes::Bytes> {
        self.store().blob(repository, digest)
    }
}

/// The media type of what looks like a manifest or an index.
fn manifest_type(bytes: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    document.get("schemaVersion")?;
    let implied = if document["manifests"].is_array() {
        "application/vnd.oci.image.index.v1+json"
    } else {
        "application/vnd.oci.image.manifest.v1+json"
    };
    Some(document["mediaType"].as_str().unwrap_or(implied).to_owned())
}

fn read_json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(directory: &Path, content: &str) -> String {
        let digest = Digest::of(content.as_bytes());
        fs::write(directory.join("blobs/sha256").join(digest.hex()), content).unwrap();
        digest.to_string()
    }

    #[tokio::test]
    async fn loads_blobs_and_tags_as_cosign_and_others_record_them() {
        let manifest_type = "application/vnd.oci.image.manifest.v1+json";
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        let untyped = json!({"schemaVersion": 2, "config": {}, "layers": []}).to_string();
        let image = write(directory.path(), &untyped);
        let signature = json!({"schemaVersion": 2, "mediaType": manifest_type, "layers": [1]});
        let signature = write(directory.path(), &signature.to_string());
        let blob = write(directory.path(), "not a manifest");
        let entry = |digest: &str, key: &str, value: &str| json!({"mediaType": manifest_type, "digest": digest, "annotations": {key: value}});
        let listed = [
            entry(
                &image,
                "org.opencontainers.image.ref.name",
                "docker.io/shop/api:1.0",
            ),
            entry(&image, "kind", "dev.cosignproject.cosign/image"),
            entry(&signature, "kind", "dev.cosignproject.cosign/sigs"),
        ];
        let index = json!({"schemaVersion": 2, "manifests": listed});
        fs::write(directory.path().join("index.json"), index.to_string()).unwrap();

        let registry = TestRegistry::start().await;
        registry.load_layout(directory.path(), "shop/api");
        let attached = format!("{}.sig", image.replace(':', "-"));
        assert_eq!(registry.tags("shop/api"), ["1.0", attached.as_str()]);
        assert_eq!(
            registry.tagged("shop/api", "1.0").unwrap().to_string(),
            image
        );
        assert_eq!(
            registry.tagged("shop/api", &attached).unwrap().to_string(),
            signature
        );
        assert!(registry.manifest("shop/api", &image).is_some());
        assert!(registry.manifest("shop/api", &blob).is_none());
    }
}
