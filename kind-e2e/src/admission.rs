//! Pods, created with `kubectl` in a cluster where the chart is installed: admitted or denied, and why.
//!
//! Only a denial by our webhook counts as one: an API server that could not ask has not been told no.

mod changes;
mod charted;
mod images;
mod keyless;
mod scope;
mod stage;
mod words;

use std::rc::Rc;

use serde_json::Value;

use self::stage::Stage;
use crate::failure::{Outcome, ensure};
use crate::kubectl::Namespace;
use crate::process::Ran;
use crate::runner::{Runner, Scenario, scenarios};
use crate::tools::Tools;

/// Plays all scenarios in one cluster.
pub(crate) fn play(runner: &mut Runner, tools: &Rc<Tools>) {
    runner.suite("admission", SCENARIOS, || Stage::start(tools));
}

const SCENARIOS: &[Scenario<Stage>] = &scenarios![
    charted::the_chart_passes_lint,
    charted::the_chart_refuses_values_it_does_not_know,
    charted::the_chart_says_how_to_get_certificates,
    charted::the_service_leads_to_the_port_that_serves,
    charted::the_webhook_answers_probes_and_scrapes,
    images::admits_a_signed_pod,
    images::admits_a_signed_index,
    images::rejects_an_unsigned_pod,
    images::rejects_a_strangers_signature,
    images::rejects_what_no_policy_covers,
    images::rejects_an_unsigned_init_container,
    images::rejects_an_unsigned_image_volume,
    images::judges_every_container_of_a_pod,
    images::judges_ephemeral_containers,
    images::admits_what_was_built_and_described,
    images::pins_the_tag_that_was_judged,
    images::rejects_a_tag_that_was_moved,
    keyless::admits_what_a_workflow_signed,
    keyless::rejects_what_another_workflow_signed,
    keyless::rejects_a_key_in_place_of_a_workflow,
    changes::rejects_an_image_changed_in_place,
    changes::admits_a_signed_image_changed_in_place,
    changes::lets_labels_change_when_the_registry_is_gone,
    changes::says_that_it_could_not_look_when_the_registry_is_gone,
    changes::deletes_what_it_would_not_admit,
    changes::admits_a_pod_once_it_is_signed,
    scope::does_not_touch_unlabelled_namespaces,
    scope::does_not_touch_its_own_namespace,
    scope::does_not_touch_the_control_planes_namespace,
    scope::rejects_a_deployment_before_its_pods,
    scope::rejects_every_kind_that_makes_unsigned_pods,
    scope::admits_every_kind_that_makes_signed_pods,
    scope::leaves_the_templates_of_deployments_as_written,
    scope::judges_a_dry_run_and_creates_nothing,
    scope::touches_nothing_that_runs_no_image,
    words::a_denial_names_policy_rule_digest_and_command,
    words::a_policy_in_warn_mode_warns,
    words::a_policy_in_audit_mode_admits_in_silence,
    words::the_audit_log_names_digest_policy_and_authority,
    words::the_log_has_one_line_for_each_review,
    charted::a_renewed_certificate_is_served_without_a_restart,
    changes::nothing_unsigned_passes_while_the_webhook_is_down,
];

/// Creates an object, and fails unless it is admitted.
fn accepts(namespace: &Namespace, manifest: &Value) -> Outcome<Ran> {
    namespace.create(manifest, [])?.exits(0)
}

/// Creates an object, and fails unless our webhook denies it.
fn rejects(namespace: &Namespace, manifest: &Value) -> Outcome<Ran> {
    denied(namespace.create(manifest, [])?)
}

/// Fails unless a command ended with a denial by our webhook.
fn denied(ran: Ran) -> Outcome<Ran> {
    let ran = ran.exits(1)?;
    let ours = ran
        .stderr
        .contains("countersign.dev\" denied the request: ");
    ensure(ours, || ran.describe("wanted a denial by our webhook"))?;
    Ok(ran)
}
