//! One policy: whom it trusts and which rules must hold.
//!
//! Never allows what it could not evaluate.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_evidence::{Evidence, Signers, Verifier};
use countersign_image::{Descriptor, Needs, Reference, Repository, RepositoryPattern};
use serde::Serialize;

use crate::platforms::Platforms;
use crate::requirement::{self, Requirement};
use crate::rule::{Findings, Rule};
use crate::selector::{Selection, Selector};
use crate::{Input, Namespace, Scope, Verdict, Violation};

/// What a violation of a policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The workload is denied.
    #[default]
    Enforce,
    /// The workload is admitted with a warning.
    Warn,
    /// The workload is admitted; audit annotations and metrics tell.
    Audit,
}

impl Mode {
    /// The spelling used in documents, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
        }
    }
}

/// One policy, ready to judge.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: String,
    /// Whether it is a policy of one namespace.
    pub(crate) namespaced: bool,
    pub(crate) mode: Mode,
    pub(crate) include: Vec<RepositoryPattern>,
    pub(crate) exclude: Vec<RepositoryPattern>,
    pub(crate) selector: Selector,
    pub(crate) verifier: Verifier,
    pub(crate) needs: Needs,
    pub(crate) platforms: Platforms,
    pub(crate) requirements: Vec<Requirement>,
}

impl Policy {
    /// Its name, after that of its namespace if it is a policy of one: `shop/release`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a policy of one namespace. Such can only add requirements: an image that no other covers is covered
    /// by none.
    pub fn is_namespaced(&self) -> bool {
        self.namespaced
    }

    /// What a violation means.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Verifies evidence against the authorities of this policy.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What its rules need collected.
    pub fn needs(&self) -> Needs {
        self.needs.clone()
    }

    /// Whether its verdict may differ between the containers of one workload that run one image.
    pub fn reads_use(&self) -> bool {
        self.reads("workload", "container") || self.reads("image", "reference")
    }

    /// Whether its verdict on `reference` depends on what only a registry knows. Where it does not, it can be evaluated
    /// without anything that was gathered.
    pub fn looks_at(&self, reference: &Reference) -> bool {
        let is_pinned = reference.digest().is_some();
        let mut rules = self.all_rules().into_iter();
        self.platforms != Platforms::All || rules.any(|rule| rule.reads.beyond_the_name(is_pinned))
    }

    /// Whether some rule of it is given this key of a section of the input, such as `request` and `user`.
    pub fn reads(&self, section: &str, key: &str) -> bool {
        let mut rules = self.all_rules().into_iter();
        rules.any(|rule| rule.reads.has(section, key))
    }

    /// Whether it covers some namespaces only.
    pub fn selects_namespaces(&self) -> bool {
        !self.selector.is_empty()
    }

    /// What there is to judge: one body of evidence after the other, each with the platforms that it is for. `children`
    /// are those of an index that a node could run; `None` for a single manifest.
    ///
    /// Each scope is judged by itself, and [`Policy::combine`] makes one verdict of all. There may be none, where the
    /// policy demands platforms that the index does not have.
    pub fn scopes(&self, children: Option<&[Descriptor]>, evidence: &Arc<Evidence>) -> Vec<Scope> {
        match children {
            Some(children) => self.platforms.scopes(children, evidence),
            None => vec![Scope {
                evidence: Arc::clone(evidence),
                platforms: Vec::new(),
            }],
        }
    }

    /// The verdict of an image from those of its scopes: all must hold.
    pub fn combine(&self, judged: Vec<(Scope, Verdict)>) -> Verdict {
        let mut verdict = self.nothing_found();
        if judged.is_empty() {
            verdict.violations.push(self.no_platform());
        }
        verdict.merge(judged);
        verdict
    }

    /// Judges one image by one body of evidence. Synchronous, bounded, and never panics; run it off the threads that serve connections.
    pub fn evaluate(&self, input: &Input<'_>) -> Verdict {
        let mut verdict = self.nothing_found();
        verdict.authorities = self.vouchers(input);
        let accepts_keys = self.accepts_keys();
        let judge = |rule: &Rule| self.judge_rule(rule, input, accepts_keys);
        let mut findings = requirement::evaluate(&self.requirements, &judge);
        verdict.violations.append(&mut findings.violations);
        verdict.warnings.append(&mut findings.warnings);
        verdict
    }

    fn judge_rule(&self, rule: &Rule, input: &Input<'_>, accepts_keys: bool) -> Findings {
        let mut findings = rule.evaluate(input);
        if !accepts_keys {
            for violation in &mut findings.violations {
                // Rules do not see how an authority signs; whoever has no key signs without.
                violation.fix = violation
                    .fix
                    .take()
                    .map(|fix| fix.replace(" --key KEY", ""));
            }
        }
        findings
    }

    /// Its rules, those of alternatives and sets included.
    pub(crate) fn all_rules(&self) -> Vec<&Rule> {
        requirement::rules(&self.requirements)
    }

    fn accepts_keys(&self) -> bool {
        let mut authorities = self.verifier.authorities().iter();
        authorities.any(|authority| matches!(authority.signers, Signers::Keys(_)))
    }

    fn nothing_found(&self) -> Verdict {
        Verdict {
            policy: self.name.clone(),
            mode: self.mode,
            violations: Vec::new(),
            warnings: Vec::new(),
            authorities: Vec::new(),
            excepted: Vec::new(),
            near: Vec::new(),
        }
    }

    /// The index has none of the platforms that are demanded: nothing was judged, so nothing may run.
    fn no_platform(&self) -> Violation {
        Violation {
            rule: "platforms".to_owned(),
            code: "no_platform".to_owned(),
            message: format!(
                "wanted an image for {}, found none in the index",
                self.platforms
            ),
            details: serde_json::Value::Null,
            fix: Some("build the image for a platform that the policy lists".to_owned()),
            platforms: Vec::new(),
        }
    }

    /// Whether it covers images of `repository` in `namespace`.
    pub(crate) fn covers(&self, repository: &Repository, namespace: &Namespace) -> Selection {
        let matches = |patterns: &[RepositoryPattern]| {
            patterns.iter().any(|pattern| pattern.matches(repository))
        };
        if !matches(&self.include) || matches(&self.exclude) {
            return Selection::No;
        }
        self.selector.select(namespace)
    }

    /// The ids of its rules.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        let rules = self.all_rules().into_iter();
        rules.map(|rule| rule.id.as_str())
    }

    /// The authorities that vouch for something that a rule of this policy looks at.
    fn vouchers(&self, input: &Input<'_>) -> Vec<String> {
        let rules = self.all_rules();
        let reads = |list: &str| rules.iter().any(|rule| rule.reads.has("evidence", list));
        let mut names = BTreeSet::new();
        for (list, authorities) in input.vouchers() {
            if reads(list) {
                names.extend(authorities.iter().cloned());
            }
        }
        names.into_iter().collect()
    }
}
