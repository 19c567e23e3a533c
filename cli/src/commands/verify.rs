//! `verify`: whether images are signed, or attested, by somebody.

use std::collections::BTreeMap;

use countersign_evidence::{Evidence, Signature, Statement, Verified, predicate};
use countersign_image::{Descriptor, Document, Needs, Reference};
use countersign_review::wording;
use countersign_signing::PredicateType;
use serde::Serialize;

use crate::args::{AnnotationArgs, OutputArgs, StorageArgs};
use crate::commands::attest::predicate_type;
use crate::failure::{Failure, signer_hint};
use crate::lookup::{self, Found, RejectionOut, SignerOut};
use crate::printer::{Output, Printer};
use crate::run::block_on;
use crate::source::{Place, SourceArgs};
use crate::status::ExitStatus;
use crate::trust::{Signer, SignerArgs};

/// Verify that images are signed by a key or an identity, or with --type that they are attested
///
/// Looks at every form: bundles, the tags .sig and .att, and what BuildKit put into a signed index. An index is signed if
/// it is signed itself, or if every child of it that runs is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    signer: SignerArgs,
    /// Demand an attestation of this type in place of a signature: a URI, or cosign's name for one
    #[arg(long = "type", value_name = "TYPE", value_parser = predicate_type, conflicts_with = "annotations")]
    pub(crate) kind: Option<PredicateType>,
    #[command(flatten)]
    annotations: AnnotationArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let wanted = Wanted {
        kind: args.kind.as_ref(),
        annotations: args.annotations.map()?,
    };
    let signer = args.signer.required()?;
    let needs = Needs {
        // Of an attestation too: what BuildKit put into the index counts by the signature of the index.
        signatures: true,
        attestations: wanted.kind.is_some(),
        unsigned_sboms: wanted.is_sbom(),
        config: false,
        repositories: args.storage.repository()?.into_iter().collect(),
    };
    let (source, references) = args.source.open()?;
    if signer.only_key {
        printer.note("note: only the key is checked; no proof from a transparency log is demanded");
    }
    block_on(async {
        let (mut results, mut status) = (Vec::new(), ExitStatus::Success);
        for reference in &references {
            let found = match lookup::find(&source, reference, &needs).await {
                Ok(found) => found,
                Err(failure) => {
                    status = status.and(printer.failure(&args.source.advise(failure)));
                    continue;
                }
            };
            let result = wanted.judge(reference, &found, &signer);
            if args.output.output == Output::Text {
                result.print(printer);
            }
            let place = args.source.place(&result.image);
            if let Some(failure) = result.failure(&wanted, &place) {
                status = status.and(printer.failure(&failure));
            }
            results.push(result);
        }
        if args.output.output == Output::Json {
            printer.json(&results)?;
        }
        Ok(status)
    })
}

/// What has to be there.
struct Wanted<'a> {
    kind: Option<&'a PredicateType>,
    annotations: BTreeMap<String, String>,
}

impl Wanted<'_> {
    fn judge(&self, reference: &Reference, found: &Found, signer: &Signer) -> ResultOut {
        let evidence = found.verify(&signer.verifier, &found.collected.attachments);
        let (accepted, lacking) = self.covering(&evidence, &found.collected.content);
        ResultOut {
            reference: reference.as_written().to_owned(),
            image: found.image.to_string(),
            digest: found.image.digest().to_string(),
            found: accepted,
            others: self.others(&evidence),
            rejected: evidence.rejected.iter().map(RejectionOut::from).collect(),
            lacking,
            signer: signer.words,
        }
    }

    /// What covers the image: something about all of it, or something about each child that may run. In place of the
    /// latter, the children without.
    fn covering(&self, evidence: &Evidence, content: &Document) -> (Vec<FoundOut>, Vec<String>) {
        let whole = self.accepted(&evidence.covering(None));
        let children = match content {
            Document::Index(index) => index.runnable().unwrap_or_default(),
            Document::Manifest(_) => Vec::new(),
        };
        if !whole.is_empty() || children.is_empty() {
            return (whole, Vec::new());
        }
        let (mut accepted, mut lacking) = (Vec::new(), Vec::new());
        for child in &children {
            let of_child = self.accepted(&evidence.covering(Some(&child.digest)));
            if of_child.is_empty() {
                lacking.push(platform(child));
            }
            accepted.extend(of_child);
        }
        if lacking.is_empty() {
            (accepted, lacking)
        } else if accepted.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            (Vec::new(), lacking)
        }
    }

    fn accepted(&self, evidence: &Evidence) -> Vec<FoundOut> {
        let signatures = evidence.signatures.iter();
        let statements = evidence.statements.iter();
        match self.kind {
            None => signatures
                .filter(|found| self.accepts_signature(found))
                .map(FoundOut::signature)
                .collect(),
            Some(kind) => statements
                .filter(|found| kind.accepts(&found.value().predicate_type))
                .map(FoundOut::statement)
                .collect(),
        }
    }

    fn accepts_signature(&self, found: &Verified<Signature>) -> bool {
        self.annotations
            .iter()
            .all(|(key, value)| found.value().annotations.get(key) == Some(value))
    }

    /// What the signer did sign, and is not what is wanted.
    fn others(&self, evidence: &Evidence) -> Vec<FoundOut> {
        let signatures = evidence
            .signatures
            .iter()
            .filter(|found| self.kind.is_some() || !self.accepts_signature(found));
        let statements = evidence.statements.iter();
        let statements = statements.filter(|found| {
            self.kind
                .is_none_or(|kind| !kind.accepts(&found.value().predicate_type))
        });
        signatures
            .map(FoundOut::signature)
            .chain(statements.map(FoundOut::statement))
            .collect()
    }

    /// Of what counts for nothing, what may be meant: of the wanted kind or of none that is said; if none is, all.
    fn near<'a>(&self, rejected: &'a [RejectionOut]) -> Vec<&'a RejectionOut> {
        let is_meant = |rejection: &&RejectionOut| {
            rejection
                .predicate_type
                .as_deref()
                .is_none_or(|found| match self.kind {
                    Some(kind) => kind.accepts(found),
                    None => found == predicate::COSIGN_SIGN,
                })
        };
        let near: Vec<_> = rejected.iter().filter(is_meant).collect();
        if near.is_empty() {
            return rejected.iter().collect();
        }
        near
    }

    fn is_sbom(&self) -> bool {
        use predicate::Family::{CycloneDx, Spdx};
        self.kind
            .is_some_and(|kind| matches!(predicate::family(kind.uri()), Some(CycloneDx | Spdx)))
    }

    fn in_words(&self) -> String {
        match self.kind {
            Some(kind) => format!("an attestation of type {kind}"),
            None if self.annotations.is_empty() => "a signature".to_owned(),
            None => "a signature with these annotations".to_owned(),
        }
    }
}

#[derive(Serialize)]
struct ResultOut {
    reference: String,
    image: String,
    digest: String,
    #[serde(rename = "verified")]
    found: Vec<FoundOut>,
    others: Vec<FoundOut>,
    rejected: Vec<RejectionOut>,
    /// The children that nothing speaks of, where something speaks of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lacking: Vec<String>,
    #[serde(skip)]
    signer: &'static str,
}

impl ResultOut {
    fn print(&self, printer: &Printer) {
        if self.found.is_empty() {
            return;
        }
        printer.data(&self.image);
        for found in &self.found {
            printer.data(&format!("  {}", found.in_words()));
        }
    }

    fn failure(&self, wanted: &Wanted<'_>, place: &Place) -> Option<Failure> {
        if !self.found.is_empty() {
            return None;
        }
        let others = grouped(
            self.others.iter(),
            |one, other| one.kind() == other.kind(),
            |other| {
                let why = format!("signed by this {}", self.signer);
                wording::miss(&other.kind(), &other.manifest, &why)
            },
        );
        let rejected = wanted.near(&self.rejected);
        let near = grouped(
            rejected.iter(),
            |one, other| one.detail == other.detail,
            |rejection| rejection.line.clone(),
        );
        let lines: Vec<_> = others.into_iter().chain(near).collect();
        let found = match (self.lacking.as_slice(), lines.is_empty()) {
            ([], true) => "none".to_owned(),
            ([], false) => "none that counts".to_owned(),
            (lacking, _) => format!("none of {}, and none of the index", lacking.join(", ")),
        };
        let failure = Failure::denied(format!(
            "{}: wanted {} by this {}, found {found}",
            self.image,
            wanted.in_words(),
            self.signer,
        ));
        let nearest = rejected.first().filter(|_| self.others.is_empty());
        let advice = nearest.and_then(|nearest| signer_hint(nearest.cause, self.signer == "key"));
        let hint = self.hint(wanted, place);
        Some(
            failure
                .coded(nearest.map_or("not_found", |nearest| nearest.cause.code()))
                .detailed(wording::nearest(lines))
                .hinted(match advice.filter(|_| self.lacking.is_empty()) {
                    Some(advice) => format!("{hint}; {advice}"),
                    None => hint,
                }),
        )
    }

    /// What to do: attach what is lacking, or see what there is.
    fn hint(&self, wanted: &Wanted<'_>, place: &Place) -> String {
        let image = match place {
            Place::Registry(image) => image,
            Place::Layout(_) if !self.lacking.is_empty() => {
                return "sign the index, which covers every child, and save it again".to_owned();
            }
            Place::Layout(words) => {
                let nothing = match wanted.kind {
                    _ if !self.others.is_empty() || !self.rejected.is_empty() => "",
                    None => "nothing is attached that is a signature; ",
                    Some(_) => "nothing is attached; ",
                };
                return format!(
                    "{nothing}`countersign inspect {words}` shows all that the layout holds"
                );
            }
        };
        let key = match self.signer {
            "key" => " --key KEY",
            _ => "",
        };
        if !self.lacking.is_empty() {
            return format!(
                "sign the index, which covers every child: `countersign sign --recursive{key} {image}`"
            );
        }
        if !self.others.is_empty() || !self.rejected.is_empty() {
            return format!("`countersign inspect {image}` shows all that is attached");
        }
        match wanted.kind {
            None => format!(
                "nothing is attached that is a signature; to sign it: `countersign sign{key} {image}`"
            ),
            Some(kind) => format!(
                "nothing is attached; to attest it: `countersign attest{key} --type {kind} --predicate FILE {image}`"
            ),
        }
    }
}

/// One line for all that are alike.
fn grouped<'a, T: 'a>(
    items: impl Iterator<Item = &'a T>,
    alike: impl Fn(&T, &T) -> bool,
    line: impl Fn(&T) -> String,
) -> Vec<String> {
    let mut groups: Vec<(&T, usize)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(first, _)| alike(first, item)) {
            Some((_, more)) => *more += 1,
            None => groups.push((item, 0)),
        }
    }
    let lines = groups.into_iter().map(|(first, more)| match more {
        0 => line(first),
        more => format!("{}; {more} more like it", line(first)),
    });
    lines.collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate_type: Option<String>,
    format: &'static str,
    manifest: String,
    #[serde(flatten)]
    signer: SignerOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    annotations: BTreeMap<String, String>,
}

impl FoundOut {
    fn signature(found: &Verified<Signature>) -> Self {
        Self::new(found, None, found.value().annotations.clone())
    }

    fn statement(found: &Verified<Statement>) -> Self {
        Self::new(
            found,
            Some(found.value().predicate_type.clone()),
            BTreeMap::new(),
        )
    }

    fn new<T>(
        found: &Verified<T>,
        predicate_type: Option<String>,
        annotations: BTreeMap<String, String>,
    ) -> Self {
        Self {
            predicate_type,
            format: found.format().as_str(),
            manifest: found.manifest().to_string(),
            signer: SignerOut::new(found),
            platform: found.platform().map(ToString::to_string),
            annotations,
        }
    }

    fn in_words(&self) -> String {
        let of = self.platform.as_ref();
        let of = of.map_or_else(String::new, |platform| format!(" of {platform}"));
        format!("{}{of}, {}", self.what(), self.signer.in_words())
    }

    fn what(&self) -> String {
        format!("{}, {} {}", self.kind(), self.format, self.manifest)
    }

    fn kind(&self) -> String {
        let what = wording::what(self.predicate_type.as_deref());
        let annotations = self.annotations.iter();
        let annotations: String = annotations
            .map(|(key, value)| format!(" {key}={value}"))
            .collect();
        what + &annotations
    }
}

/// The platform of a child, else its digest.
fn platform(child: &Descriptor) -> String {
    match &child.platform {
        Some(platform) => platform.to_string(),
        None => child.digest.to_string(),
    }
}
