//! What a policy says about one image.
//!
//! Words no response: that is the business of the callers.

use serde::Serialize;

use crate::{Excepted, Mode, NearException, Scope};

/// The outcome of one policy for one image.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Name of the policy.
    pub policy: String,
    /// What a violation means.
    pub mode: Mode,
    /// What does not hold; empty: the image satisfies the policy.
    pub violations: Vec<Violation>,
    /// What rules warn about without denying.
    pub warnings: Vec<String>,
    /// Authorities that vouch for something the image carries, in order of name.
    pub authorities: Vec<String>,
    /// What does not hold, and is set aside by exceptions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excepted: Vec<Excepted>,
    /// Exceptions that name a rule which does not hold, and do not apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<NearException>,
}

impl Verdict {
    /// Takes what exceptions set aside in another verdict of the same policy, as far as it is not known.
    pub fn learn_exceptions(&mut self, other: Self) {
        for found in other.excepted {
            let known = |one: &Excepted| one.violation.says_the_same(&found.violation);
            if !self.excepted.iter().any(known) {
                self.excepted.push(found);
            }
        }
    }

    /// Takes the verdicts on the parts of one image. What several parts have in common is told once, and what only some
    /// of them have names their platforms.
    pub(crate) fn merge(&mut self, judged: Vec<(Scope, Self)>) {
        let parts = judged.len();
        let mut violations = Vec::new();
        let mut warnings = Vec::new();
        let mut excepted = Vec::new();
        for (part, (scope, verdict)) in judged.into_iter().enumerate() {
            for found in verdict.violations {
                share(
                    &mut violations,
                    found,
                    part,
                    &scope,
                    Violation::says_the_same,
                );
            }
            for found in verdict.warnings {
                share(&mut warnings, found, part, &scope, String::eq);
            }
            for found in verdict.excepted {
                share(&mut excepted, found, part, &scope, |one, other| {
                    one.violation.says_the_same(&other.violation)
                });
            }
            self.near.extend(verdict.near);
            self.authorities.extend(verdict.authorities);
        }
        self.near.sort();
        self.near.dedup();
        self.authorities.sort();
        self.authorities.dedup();
        self.violations.extend(violations.into_iter().map(|shared| {
            let platforms = shared.platforms_of(parts);
            Violation {
                platforms,
                ..shared.what
            }
        }));
        self.excepted.extend(excepted.into_iter().map(|shared| {
            let platforms = shared.platforms_of(parts);
            let mut excepted: Excepted = shared.what;
            excepted.violation.platforms = platforms;
            excepted
        }));
        self.warnings.extend(warnings.into_iter().map(|shared| {
            let platforms = shared.platforms_of(parts);
            on_platforms(&platforms, &shared.what)
        }));
    }
}

/// What was found of some parts of an image.
struct Shared<T> {
    what: T,
    /// The numbers of the parts, in order.
    parts: Vec<usize>,
    platforms: Vec<String>,
}

impl<T> Shared<T> {
    /// The platforms to name; none if it holds of all `parts`.
    fn platforms_of(&self, parts: usize) -> Vec<String> {
        if self.parts.len() == parts {
            Vec::new()
        } else {
            self.platforms.clone()
        }
    }
}

fn share<T>(
    all: &mut Vec<Shared<T>>,
    what: T,
    part: usize,
    scope: &Scope,
    same: impl Fn(&T, &T) -> bool,
) {
    // Whatever one part says twice is two things.
    let known = all
        .iter_mut()
        .find(|shared| !shared.parts.contains(&part) && same(&shared.what, &what));
    match known {
        Some(shared) => {
            shared.parts.push(part);
            shared.platforms.extend(scope.platforms.iter().cloned());
        }
        None => all.push(Shared {
            what,
            parts: vec![part],
            platforms: scope.platforms.clone(),
        }),
    }
}

/// `text`, after the platforms that it is about if it is not about all.
fn on_platforms(platforms: &[String], text: &str) -> String {
    match platforms {
        [] => text.to_owned(),
        named if named.len() <= PLATFORMS_NAMED => format!("{}: {text}", named.join(", ")),
        many => {
            let (named, rest) = many.split_at(PLATFORMS_NAMED);
            format!("{} and {} more: {text}", named.join(", "), rest.len())
        }
    }
}

/// One rule that does not hold, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// The rule: `signature/signed`, or `inline/<package>` for Rego in the policy itself.
    pub rule: String,
    /// Stable code within the rule.
    pub code: String,
    /// What was wanted and what was found.
    pub message: String,
    /// The same as data, with the nearest misses; null if the rule gave none.
    pub details: serde_json::Value,
    /// A command or action that would make the rule hold.
    pub fix: Option<String>,
    /// The platforms of the image for which it does not hold; empty if for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
}

impl Violation {
    /// The message, and for which platforms it holds if not for all.
    #[must_use]
    pub fn text(&self) -> String {
        on_platforms(&self.platforms, &self.message)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.rule, &self.code, &self.message, &self.fix)
            == (&other.rule, &other.code, &other.message, &other.fix)
    }
}

/// How many platforms a line names; it gives the number of the others.
const PLATFORMS_NAMED: usize = 4;
