//! The configuration of an image: what it says of itself to whoever runs it.
//!
//! Refuses keys that differ from known ones by case alone: the readers of container runtimes take one for the other, so
//! such an image could run as another user than we see.
//!
//! Source: OCI image-spec `config.md`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Fields, JsonError, Platform, check_strict, excerpt};

/// What rules may see of the configuration of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// What it runs on, if it says that.
    pub platform: Option<Platform>,
    /// When it was made, as it writes that; absent where it only says that nobody knows.
    pub created: Option<String>,
    /// The user that its processes run as, with the group if one is named; absent where it names none.
    pub user: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl ImageConfig {
    /// Parses the content of a configuration.
    ///
    /// # Errors
    ///
    /// A [`JsonError`] for what is no configuration, or can be read in two ways.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        check_strict(bytes)?;
        let shape = |error: serde_json::Error| JsonError::Shape {
            detail: excerpt(&error.to_string()),
        };
        let document: Map<String, Value> = serde_json::from_slice(bytes).map_err(shape)?;
        only_as_spelt(
            &document,
            &["architecture", "config", "created", "os", "variant"],
        )?;
        if let Some(Value::Object(execution)) = document.get("config") {
            only_as_spelt(execution, &["Labels", "User"])?;
        }
        let Wire {
            architecture,
            config,
            created,
            os,
            variant,
        } = serde_json::from_value(Value::Object(document)).map_err(shape)?;
        let execution = config.map(|Fields(execution)| execution);
        let Execution { user, labels } = execution.unwrap_or_default();
        Ok(Self {
            platform: said(os)
                .zip(said(architecture))
                .map(|(os, architecture)| Platform {
                    os,
                    architecture,
                    variant: said(variant),
                }),
            created: said(created).filter(|created| created != NO_TIME),
            user: said(user),
            labels: labels.unwrap_or_default(),
        })
    }
}

/// A text that says something.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Refuses other spellings of `known` keys.
fn only_as_spelt(object: &Map<String, Value>, known: &[&str]) -> Result<(), JsonError> {
    for key in object.keys() {
        let other = |one: &&&str| key != *one && folded(key) == folded(one);
        if let Some(one) = known.iter().find(other) {
            return Err(JsonError::Shape {
                detail: format!("the key `{}` may be read as `{one}`", excerpt(key)),
            });
        }
    }
    Ok(())
}

/// `key` as readers in Go compare it: two letters beyond ASCII count as the `s` and `k` that they stand for.
fn folded(key: &str) -> String {
    let fold = |letter| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).collect()
}

#[derive(Deserialize)]
struct Wire {
    architecture: Option<String>,
    config: Option<Fields<Execution>>,
    created: Option<String>,
    os: Option<String>,
    variant: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Execution {
    user: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

/// What tools in Go write where they know no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        ImageConfig::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_configuration_is_read_as_runtimes_read_it() {
        let text = r#"{"architecture":"arm64","os":"linux","variant":"v8","created":"2026-11-20T08:00:00Z",
            "config":{"User":"65532:65532","Labels":{"team":"shop"},"Env":["A=b"]},"rootfs":{"type":"layers"}}"#;
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.platform.unwrap().to_string(), "linux/arm64/v8");
        assert_eq!(config.created.unwrap(), "2026-11-20T08:00:00Z");
        assert_eq!(config.user.unwrap(), "65532:65532");
        assert_eq!(config.labels.get("team").unwrap(), "shop");
    }

    #[test]
    fn what_it_does_not_say_is_absent() {
        for text in [
            "{}",
            r#"{"config":null,"created":null,"os":"linux"}"#,
            r#"{"architecture":"","os":"","config":{"User":"","Labels":null},"created":"0001-01-01T00:00:00Z"}"#,
        ] {
            let config = ImageConfig::parse(text.as_bytes()).unwrap();
            assert_eq!(config, ImageConfig::default(), "{text}");
        }
    }

    #[test]
    fn a_key_that_others_read_as_a_known_one_is_refused() {
        for (text, key) in [
            (r#"{"config":{"User":"65532","user":"0"}}"#, "`user`"),
            (r#"{"config":{"LABELS":{}}}"#, "`LABELS`"),
            ("{\"config\":{\"U\u{17f}er\":\"0\"}}", "`U\u{17f}er`"),
            (r#"{"Config":{"User":"0"}}"#, "`Config`"),
            (r#"{"OS":"linux"}"#, "`OS`"),
        ] {
            assert!(detail(text).contains(key), "{}", detail(text));
        }
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"config":["0"]}"#,
            r#"{"config":{"User":0}}"#,
            r#"{"config":{"User":"0","User":"1"}}"#,
            r#"{"config":{"Labels":{"a":null}}}"#,
        ] {
            assert!(ImageConfig::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
