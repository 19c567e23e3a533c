//! All policies in force, and which of them cover an image.
//!
//! Refuses to exist without a policy.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use countersign_image::{Digest, Repository};
use jiff::Timestamp;

use crate::assemble::assemble;
use crate::exception::{self, KnownRules};
use crate::fields::Problems;
use crate::header::{Header, Kind};
use crate::library::{self, Library, Rules};
use crate::registry::KnownRegistries;
use crate::ruleset::set_name;
use crate::selector::Selection;
use crate::shared::{Shared, named_files};
use crate::trust_root::{BUILT_IN, KnownRoots};
use crate::yaml::{self, Node};
use crate::{
    Exceptions, ImageException, LoadError, LoadErrors, NamedTrustRoot, Namespace, Policy, Registry,
    SourceFile, TrustRootFacts, TrustRootOrigin, TrustRoots, document,
};

/// The policies in force.
#[derive(Debug)]
pub struct PolicySet {
    policies: Vec<Arc<Policy>>,
    /// In order of name.
    exceptions: Vec<Arc<ImageException>>,
    /// In order of host.
    registries: Vec<Registry>,
    trust_roots: Vec<NamedTrustRoot>,
    revision: String,
}

/// A policy that covers an image.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The policy.
    pub policy: &'a Arc<Policy>,
    /// Why its namespace selector could not be decided; it counts as matching then.
    pub undecided: Option<String>,
}

impl PolicySet {
    /// Loads policy documents, or says everything that is wrong with them. Files that end in `.rego` are rules for them,
    /// by the names of their folders: `rules/<category>/<id>/<id>.rego`; what stands in `sets/<name>.yaml` is a set of rules.
    ///
    /// `read` holds what was read for the [`trust_root_sources`](crate::trust_root_sources) of the documents.
    ///
    /// # Errors
    ///
    /// Every mistake in the documents, and documents without a policy.
    pub fn load(files: &[SourceFile], read: &TrustRoots) -> Result<Self, LoadErrors> {
        let named = named_files(files);
        let is_named = |file: &&SourceFile| named.iter().any(|path| path == Path::new(&file.path));
        let (held, others): (Vec<_>, Vec<_>) = files.iter().partition(is_named);
        let mut shared = Shared::default();
        held.iter().for_each(|file| shared.add_file(file));
        let (parts, documents): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|file| is_part(file));
        let mut errors = Vec::new();
        let rules = Rules::read(Library::shipped()?, parts.into_iter(), &mut errors);
        let mut problems: Vec<Problems> = documents
            .iter()
            .map(|file| Problems::new(&file.path))
            .collect();
        let trees: Vec<Vec<Node>> = documents
            .iter()
            .zip(&mut problems)
            .map(|(file, problems)| parse(file, problems))
            .collect();
        let mut loader = Loader {
            rules,
            shared,
            registries: KnownRegistries::default(),
            trust_roots: KnownRoots::default(),
            policies: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            incomplete: false,
        };
        let headers: Vec<Vec<Header<'_>>> = trees
            .iter()
            .zip(&mut problems)
            .map(|(tree, problems)| {
                let mut documents: Vec<&Node> = tree.iter().collect();
                documents.retain(|node| !loader.shared.add_config_map(node, problems));
                let documents = documents.into_iter();
                documents
                    .filter_map(|node| Header::read(node, problems))
                    .collect()
            })
            .collect();
        // In this order, for a document may stand before one that it names.
        for kinds in [
            &[Kind::Registry, Kind::TrustRoot] as &[Kind],
            &[Kind::ClusterImagePolicy, Kind::ImagePolicy],
            &[Kind::ImageException],
        ] {
            for (headers, problems) in headers.iter().zip(&mut problems) {
                for header in headers.iter().filter(|header| kinds.contains(&header.kind)) {
                    loader.add(*header, read, problems);
                }
            }
        }
        errors.extend(problems.into_iter().flat_map(Problems::into_errors));
        if loader.policies.is_empty() && errors.is_empty() {
            errors.push(no_policies(&documents));
        }
        if !errors.is_empty() {
            return Err(LoadErrors(errors));
        }
        Ok(loader.finish(revision(files, read)))
    }

    /// The policies, in order of name.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// The policies that cover images of `repository` in `namespace`.
    pub fn matching(&self, repository: &Repository, namespace: &Namespace) -> Vec<Match<'_>> {
        let matches = self.policies.iter().filter_map(|policy| {
            let undecided = match policy.covers(repository, namespace) {
                Selection::No => return None,
                Selection::Yes => None,
                Selection::Undecided(labels) => Some(format!(
                    "the namespace selector of policy {} asks for labels that are not known ({}); it counts as matching",
                    policy.name,
                    labels.join(", ")
                )),
            };
            Some(Match { policy, undecided })
        });
        matches.collect()
    }

    /// The exceptions that speak of this image, in this namespace, at this time. Without a digest, none applies that
    /// names one.
    pub fn exceptions(
        &self,
        repository: &Repository,
        digest: Option<&Digest>,
        namespace: &Namespace,
        now: Timestamp,
    ) -> Exceptions<'_> {
        Exceptions::find(&self.exceptions, repository, digest, namespace, now)
    }

    /// How hosts are spoken to that a document is about, in order of host.
    pub fn registries(&self) -> &[Registry] {
        &self.registries
    }

    /// The trust roots in force: those of documents, and those that are built in and used.
    pub fn trust_roots(&self) -> &[NamedTrustRoot] {
        &self.trust_roots
    }

    /// A hash of everything that decides: documents and rules, what was read for them, and library.
    pub fn revision(&self) -> &str {
        &self.revision
    }
}

/// What has been loaded so far.
struct Loader {
    rules: Rules,
    shared: Shared,
    registries: KnownRegistries,
    trust_roots: KnownRoots,
    /// By name, each with the place where it stands.
    policies: BTreeMap<String, (String, Policy)>,
    exceptions: BTreeMap<String, (String, ImageException)>,
    /// Whether some policy could not be read, so that its rules are not known.
    incomplete: bool,
}

impl Loader {
    fn add(&mut self, header: Header<'_>, read: &TrustRoots, problems: &mut Problems) {
        match header.kind {
            Kind::ClusterImagePolicy | Kind::ImagePolicy => self.add_policy(header, problems),
            Kind::ImageException => self.add_exception(header, problems),
            Kind::Registry => self.registries.add(header, &self.shared, problems),
            Kind::TrustRoot => self.trust_roots.add(header, read, problems),
        }
    }

    fn add_exception(&mut self, header: Header<'_>, problems: &mut Problems) {
        let policies = self.policies.values();
        let rules = KnownRules {
            ids: (self.rules.ids())
                .chain(policies.flat_map(|(_, policy)| policy.rule_ids()))
                .collect(),
            complete: !self.incomplete,
        };
        let Some(exception) = exception::read(&header, &rules, problems) else {
            return;
        };
        let stands = problems.place(header.name_at);
        if let Some((first, _)) = self.exceptions.get(&exception.name) {
            let name = &exception.name;
            let message = format!("the exception `{name}` is defined already in {first}");
            problems.report(header.name_at, "duplicate_name", message);
            return;
        }
        self.exceptions
            .insert(exception.name.clone(), (stands, exception));
    }

    fn add_policy(&mut self, header: Header<'_>, problems: &mut Problems) {
        let mut own = problems.fresh();
        let definition = document::read(header, &self.trust_roots, &mut own);
        let policy =
            definition.and_then(|found| assemble(found, &self.rules, &self.shared, &mut own));
        problems.absorb(own);
        let Some(policy) = policy else {
            self.incomplete = true;
            return;
        };
        if let Some((first, _)) = self.policies.get(&policy.name) {
            let message = format!("the policy `{}` is defined already in {first}", policy.name);
            problems.report(header.name_at, "duplicate_name", message);
            return;
        }
        let stands = problems.place(header.name_at);
        self.policies.insert(policy.name.clone(), (stands, policy));
    }

    fn finish(self, revision: String) -> PolicySet {
        let policies: Vec<Arc<Policy>> = self
            .policies
            .into_values()
            .map(|(_, policy)| Arc::new(policy))
            .collect();
        let exceptions = self.exceptions.into_values();
        let mut trust_roots: Vec<NamedTrustRoot> = self.trust_roots.into_roots().collect();
        trust_roots.extend(built_in_roots(&policies));
        PolicySet {
            policies,
            exceptions: exceptions.map(|(_, exception)| exception.into()).collect(),
            registries: self.registries.into_registries().collect(),
            trust_roots,
            revision,
        }
    }
}

/// The roots that are compiled in and that some authority uses, each once.
fn built_in_roots(policies: &[Arc<Policy>]) -> impl Iterator<Item = NamedTrustRoot> {
    let authorities = policies
        .iter()
        .flat_map(|policy| policy.verifier.authorities());
    let roots: BTreeMap<&str, _> = authorities
        .filter_map(|authority| authority.trust_root.as_ref())
        .filter(|root| BUILT_IN.contains(&root.name()))
        .map(|root| (root.name(), root))
        .collect();
    roots.into_values().map(|root| NamedTrustRoot {
        root: Arc::clone(root),
        origin: TrustRootOrigin::BuiltIn,
        facts: TrustRootFacts::default(),
    })
}

fn parse(file: &SourceFile, problems: &mut Problems) -> Vec<Node> {
    yaml::parse(file).unwrap_or_else(|error| {
        problems.add(error);
        Vec::new()
    })
}

/// Whether `file` is a rule or a set of rules, and no document.
pub(crate) fn is_part(file: &SourceFile) -> bool {
    // A directory of documents may be called `sets`, too.
    let is_document = || {
        file.text
            .lines()
            .any(|line| line.starts_with("apiVersion:"))
    };
    file.path.ends_with(".rego") || set_name(&file.path).is_some() && !is_document()
}

fn no_policies(documents: &[&SourceFile]) -> LoadError {
    let path = documents.first().map_or("policies", |file| &file.path);
    LoadError {
        hint: Some("add a document of kind ClusterImagePolicy".to_owned()),
        ..LoadError::new(path, "no_policies", "there is no policy")
    }
}

fn revision(files: &[SourceFile], read: &TrustRoots) -> String {
    let library = library::files();
    let files = library.iter().chain(files);
    let files = files.map(|file| (file.path.as_str(), file.text.as_bytes()));
    let mut all = Vec::new();
    for (name, content) in files.chain(read.contents()) {
        // Lengths keep one file's end from reading as the next one's beginning.
        all.extend(format!("{name} {}\n", content.len()).into_bytes());
        all.extend(content);
    }
    Digest::of(&all).to_string()
}
