//! The built-in kinds that run images, as one table.
//!
//! Goes by group and kind, whatever the version; kinds of other groups are not workloads, their pods are.

/// Whether objects of this kind hold a pod or a pod template.
#[must_use]
pub fn is_workload_kind(api_version: &str, kind: &str) -> bool {
    pod_in(api_version, kind).is_some()
}

/// Where objects of a kind keep their pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodIn {
    /// The object is the pod.
    Object,
    /// `template`
    Template,
    /// `spec.template`
    SpecTemplate,
    /// `spec.jobTemplate.spec.template`
    JobTemplate,
}

impl PodIn {
    /// The path of the pod's `spec`.
    pub(crate) fn spec_path(self) -> &'static str {
        match self {
            Self::Object => "spec",
            Self::Template => "template.spec",
            Self::SpecTemplate => "spec.template.spec",
            Self::JobTemplate => "spec.jobTemplate.spec.template.spec",
        }
    }
}

/// Where objects of this kind keep their pod, if they have one.
pub(crate) fn pod_in(api_version: &str, kind: &str) -> Option<PodIn> {
    let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
    KINDS
        .iter()
        .find(|row| row.0 == group && row.1 == kind)
        .map(|row| row.2)
}

/// `extensions` is where controllers lived before `apps`; API servers up to 1.15 still send it.
const KINDS: &[(&str, &str, PodIn)] = &[
    ("", "Pod", PodIn::Object),
    ("", "PodTemplate", PodIn::Template),
    ("", "ReplicationController", PodIn::SpecTemplate),
    ("apps", "DaemonSet", PodIn::SpecTemplate),
    ("apps", "Deployment", PodIn::SpecTemplate),
    ("apps", "ReplicaSet", PodIn::SpecTemplate),
    ("apps", "StatefulSet", PodIn::SpecTemplate),
    ("batch", "CronJob", PodIn::JobTemplate),
    ("batch", "Job", PodIn::SpecTemplate),
    ("extensions", "DaemonSet", PodIn::SpecTemplate),
    ("extensions", "Deployment", PodIn::SpecTemplate),
    ("extensions", "ReplicaSet", PodIn::SpecTemplate),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_by_group() {
        assert_eq!(pod_in("v1", "Pod"), Some(PodIn::Object));
        assert_eq!(pod_in("batch/v1beta1", "CronJob"), Some(PodIn::JobTemplate));
        assert!(is_workload_kind("extensions/v1beta1", "Deployment"));
        for (api_version, kind) in [
            ("apps/v1", "Pod"),
            ("v1", "Deployment"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("metrics.k8s.io/v1beta1", "Pod"),
            ("v1", "pod"),
            ("v1", "PodList"),
            ("apps.openshift.io/v1", "Deployment"),
            ("", ""),
        ] {
            assert!(!is_workload_kind(api_version, kind), "{api_version} {kind}");
        }
    }
}
