//! The configurations of an image: one for each platform that it can run on.
//!
//! All of them or a failure: whoever could make one of them unreadable must not be able to hide it from a rule.

use std::collections::BTreeMap;

use countersign_image::{
    Descriptor, Digest, Document, ImageConfig, JsonError, Manifest, Platform, SourceError, excerpt,
    limits, media_type,
};
use futures_util::future::try_join_all;

use crate::collect::Gathering;
use crate::store::Store;

impl<S: Store> Gathering<'_, S> {
    /// The configurations that `content` leads to, if some rule will look at them.
    pub(crate) async fn configs(
        &self,
        content: &Document,
    ) -> Result<Option<BTreeMap<String, ImageConfig>>, SourceError> {
        if !self.needs.config {
            return Ok(None);
        }
        let index = match content {
            // An artifact that nobody can run has none.
            Document::Manifest(manifest) if !has_config(manifest) => {
                return Ok(Some(BTreeMap::new()));
            }
            Document::Manifest(manifest) => {
                let config = self.config(manifest).await?;
                let name = name(config.platform.as_ref(), self.image.digest());
                return Ok(Some(BTreeMap::from([(name, config)])));
            }
            Document::Index(index) => index,
        };
        let children = index.runnable().map_err(|error| {
            let host = self.store.host(self.image.repository());
            SourceError::manifest(&host, &self.image.to_string(), &error)
        })?;
        let found = children.into_iter().map(async |child| {
            let config = self.config_of(child).await?;
            // The index decides which of its children a node runs; what it does not say, the child does.
            let platform = child.platform.as_ref().or(config.platform.as_ref());
            Ok((platform.cloned(), child, config))
        });
        Ok(Some(named(try_join_all(found).await?)))
    }

    async fn config_of(&self, child: &Descriptor) -> Result<ImageConfig, SourceError> {
        let repository = self.image.repository();
        let found = self.entry(repository, child).await?;
        let Document::Manifest(manifest) = found.parse()? else {
            return Err(self.malformed(child, "it is an index inside of an index".to_owned()));
        };
        if !has_config(&manifest) {
            let media_type = excerpt(&manifest.config.media_type);
            let detail = format!("it has no configuration of an image, but {media_type}");
            return Err(self.malformed(child, detail));
        }
        self.config(&manifest).await
    }

    async fn config(&self, manifest: &Manifest) -> Result<ImageConfig, SourceError> {
        let config = &manifest.config;
        let limit = limits::IMAGE_CONFIG_BYTES;
        let bytes = self.blob(self.image.repository(), config, limit).await?;
        ImageConfig::parse(&bytes)
            .map_err(|error: JsonError| self.malformed(config, error.to_string()))
    }

    fn malformed(&self, what: &Descriptor, detail: String) -> SourceError {
        let repository = self.image.repository();
        SourceError::MalformedResponse {
            host: self.store.host(repository),
            what: format!("{}@{}", repository.path(), what.digest),
            detail,
        }
    }
}

fn has_config(manifest: &Manifest) -> bool {
    let known = [media_type::OCI_CONFIG, media_type::DOCKER_CONFIG];
    known.contains(&manifest.config.media_type.as_str())
}

/// Each by its platform. Where several have one platform, as images of Windows do, each has its digest behind it.
fn named(
    found: Vec<(Option<Platform>, &Descriptor, ImageConfig)>,
) -> BTreeMap<String, ImageConfig> {
    let mut of_name: BTreeMap<String, BTreeMap<&Digest, ImageConfig>> = BTreeMap::new();
    for (platform, child, config) in found {
        let name = name(platform.as_ref(), &child.digest);
        let known = of_name.entry(name).or_default();
        known.insert(&child.digest, config);
    }
    let mut all = BTreeMap::new();
    for (name, configs) in of_name {
        let several = configs.len() > 1;
        all.extend(configs.into_iter().map(|(digest, config)| {
            let own = if several {
                format!("{name}@{digest}")
            } else {
                name.clone()
            };
            (own, config)
        }));
    }
    all
}

fn name(platform: Option<&Platform>, digest: &Digest) -> String {
    platform.map_or_else(|| digest.to_string(), ToString::to_string)
}
