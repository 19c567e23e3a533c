//! Registries: how one host is spoken to, where that differs from what every host gets.
//!
//! Refuses credentials, mirrors and patterns of hosts: what one document says is about its own host alone.

use std::collections::BTreeMap;

use countersign_evidence::check_tls_authorities;
use countersign_image::{Repository, excerpt};

use crate::fields::{Fields, Problems, name, text};
use crate::header::Header;
use crate::shared::{Shared, inside};
use crate::yaml::{Node, Value};

/// A `Registry`: how one host is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its name.
    pub name: String,
    /// `host` or `host:port`, as image references have it.
    pub host: String,
    /// Whether it is spoken to without TLS.
    pub plain_http: bool,
    /// PEM of the certificate authorities that are trusted for this host too.
    pub ca_pem: Option<String>,
}

/// The registries of all documents.
#[derive(Debug, Default)]
pub(crate) struct KnownRegistries {
    /// By host, each with the place where it stands.
    registries: BTreeMap<String, (String, Registry)>,
}

impl KnownRegistries {
    /// Takes the document of `header`, and says what is wrong with it.
    pub(crate) fn add(&mut self, header: Header<'_>, shared: &Shared, problems: &mut Problems) {
        let Some(registry) = read(&header, shared, problems) else {
            return;
        };
        let mut known = self.registries.values();
        if let Some((first, _)) = known.find(|(_, known)| known.name == registry.name) {
            let message = format!(
                "the registry `{}` is defined already in {first}",
                registry.name
            );
            problems.report(header.name_at, "duplicate_name", message);
        } else if let Some((first, _)) = self.registries.get(&registry.host) {
            let message = format!("{first} is about the host {} already", registry.host);
            let hint = "say all of a host in one document";
            problems.advise(header.name_at, "duplicate_host", message, hint);
        } else {
            let stands = problems.place(header.name_at);
            self.registries
                .insert(registry.host.clone(), (stands, registry));
        }
    }

    /// In order of host.
    pub(crate) fn into_registries(self) -> impl Iterator<Item = Registry> {
        self.registries.into_values().map(|(_, registry)| registry)
    }
}

/// The file that `document` has certificates in, if it is a registry with one.
pub(crate) fn ca_file(document: &Node) -> Option<&str> {
    document.field("kind").filter(|kind| kind.is("Registry"))?;
    match &document.field("spec")?.field("ca")?.field("file")?.value {
        Value::Text(path) => Some(path),
        _ => None,
    }
}

fn read(header: &Header<'_>, shared: &Shared, problems: &mut Problems) -> Option<Registry> {
    let known = ["host", "plainHttp", "ca", "mirrors", "credentials"];
    let before = problems.count();
    let spec = Fields::open(header.spec, "spec", &known, problems)?;
    if spec.get("credentials").is_some() {
        let message = "documents hold no credentials";
        let hint = "give them to the webhook by --docker-config, and to the CLI by `docker login`";
        problems.advise(
            spec.key("credentials"),
            "unsupported_feature",
            message,
            hint,
        );
    }
    if spec.get("mirrors").is_some() {
        let message =
            "mirrors are not supported yet: every image is asked of the host that it names";
        let hint = "leave the field out";
        problems.advise(spec.key("mirrors"), "unsupported_feature", message, hint);
    }
    let host = spec.require("host", problems);
    let host = host.and_then(|node| host_name(node, problems));
    let plain = spec
        .get("plainHttp")
        .and_then(|node| boolean(node, problems));
    let plain_http = plain.unwrap_or_default();
    let ca = spec.get("ca");
    if let (true, Some(_)) = (plain_http, ca) {
        let message = "plainHttp goes without TLS, and ca is about TLS";
        let hint = "leave one of them out";
        problems.advise(spec.key("ca"), "invalid_value", message, hint);
    }
    let ca_pem = ca.and_then(|node| certificates(node, shared, problems));
    let registry = Registry {
        name: header.name.to_owned(),
        host: host?.to_owned(),
        plain_http,
        ca_pem,
    };
    (problems.count() == before).then_some(registry)
}

/// A registry as image references name it: everything else would be about no image.
fn host_name<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    let written = name(node, "host", problems)?;
    let lower = written.to_ascii_lowercase();
    let repository = format!("{lower}/x").parse::<Repository>();
    let meant = repository.as_ref().map(Repository::registry).ok();
    if meant == Some(written) {
        return meant.and(Some(written));
    }
    let message = format!("`{}` is no registry that images name", excerpt(written));
    let hint = match meant {
        Some(meant) if meant.contains(&lower) || lower == "index.docker.io" => {
            format!("write it as images do: `{}`", excerpt(meant))
        }
        _ => "name one host in full, as `registry.example.com` or `registry.example.com:5000`: \
              there are no patterns, schemes or paths"
            .to_owned(),
    };
    problems.advise(node.at, "invalid_value", message, hint);
    None
}

fn boolean(node: &Node, problems: &mut Problems) -> Option<bool> {
    match node.value {
        Value::Bool(value) => Some(value),
        _ => {
            let message = format!("plainHttp is {}, wanted a boolean", node.kind());
            problems.report(node.at, "wrong_type", message);
            None
        }
    }
}

fn certificates(node: &Node, shared: &Shared, problems: &mut Problems) -> Option<String> {
    let known = ["pem", "file"];
    let fields = Fields::open(node, "ca", &known, problems)?;
    let (what, at, pem) = match fields.exactly_one(&known, problems)? {
        ("pem", value) => ("pem".to_owned(), value.at, text(value, "pem", problems)?),
        (_, value) => {
            let path = inside(value, problems)?;
            let Some(file) = shared.file(problems.path(), path) else {
                let message = format!("the file `{}` is not among what was read", excerpt(path));
                let hint = "an artifact holds no such file: write the certificates as `pem`";
                problems.advise(value.at, "ca_unavailable", message, hint);
                return None;
            };
            (
                format!("the file `{}`", excerpt(path)),
                value.at,
                file.text.as_str(),
            )
        }
    };
    if let Err(error) = check_tls_authorities(pem) {
        let message = format!("{what} cannot be used: {error}");
        let hint = "give -----BEGIN CERTIFICATE----- blocks of authorities, and nothing else";
        problems.advise(at, error.code(), message, hint);
        return None;
    }
    Some(pem.to_owned())
}
