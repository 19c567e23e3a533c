//! What `check` and `images` read: files, directories, lists and stdin, and what none of them says.

use std::fs;

use serde_json::{Value, json};

use super::checking::{CHECK, POD, release, shop};
use super::outputs::unsigned;
use super::{Shell, snapshot};

#[tokio::test]
async fn where_results_mix_a_bad_file_comes_before_a_denial_before_could_not_look() {
    let shell = shop().await;
    let absent = POD.replace("shop/api:1", "shop/absent:1");
    shell.write("absent.yaml", &absent);
    shell.write("broken.yaml", "apiVersion: v1\nkind: Pod\nspec: 7\n");
    shell.run(&format!("{CHECK} -f absent.yaml")).await.is(3);
    shell
        .run(&format!("{CHECK} -f absent.yaml -f pod.yaml"))
        .await
        .is(1);
    let ended = shell
        .run(&format!(
            "{CHECK} -f absent.yaml -f pod.yaml -f broken.yaml"
        ))
        .await
        .is(2);
    assert!(
        ended.stderr.contains("error: broken.yaml: "),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stdout.contains("denied: Pod shop/api (pod.yaml)"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn json_is_written_whatever_happens_to_the_manifests_and_says_which_could_not_be_read() {
    let shell = shop().await;
    shell.write(
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n",
    );
    let ended = shell.run(&format!("{CHECK} -o json -f service.yaml")).await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    {
      "outcome": "admit",
      "errors": [],
      "unknown": [],
      "reviews": []
    }
    --- stderr
    nothing here runs an image
    "#);

    shell.write(
        "broken.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: 7\n",
    );
    let check = format!("{CHECK} -o json -f broken.yaml -f absent.yaml");
    let ended = shell.run(&check).await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    {
      "outcome": "error",
      "errors": [
        "cannot read absent.yaml: no such file or directory (file_unreadable)",
        "broken.yaml: Pod p: the object's spec cannot be read: invalid type: integer `7`, expected an object (workload_shape)"
      ],
      "unknown": [],
      "reviews": []
    }
    --- stderr
    error: cannot read absent.yaml: no such file or directory (file_unreadable)
    hint: check the path
    error: broken.yaml: Pod p: the object's spec cannot be read: invalid type: integer `7`, expected an object (workload_shape)
    hint: `kubectl apply --dry-run=server` names the field
    "#);
    let check = format!("{CHECK} -o json -f broken.yaml -f pod.yaml");
    let check = shell.run(&check).await.is(2).json();
    assert_eq!(check["outcome"], "error");
    assert_eq!(check["reviews"][0]["outcome"], "deny");
}

#[tokio::test]
async fn what_holds_no_manifest_or_no_workload_is_said() {
    let shell = shop().await;
    fs::create_dir(shell.path("empty")).unwrap();
    shell.write("empty.yaml", "# nothing\n");
    for command in [CHECK, "images"] {
        for named in ["empty", "empty.yaml"] {
            shell
                .run(&format!("{command} -f {named}"))
                .await
                .fails(2, "manifests_missing");
        }
    }
    shell.write(
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n",
    );
    let ended = shell.run("images -f service.yaml").await.is(0);
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("", "nothing here runs an image\n")
    );
}

#[tokio::test]
async fn one_warning_about_an_image_is_enough() {
    let shell = shop().await;
    release(&shell).await;
    shell.write("two.yaml", &POD.replace("name: api, n", "name: two, n"));
    let ended = shell
        .run(&format!("{CHECK} -f pod.yaml -f two.yaml"))
        .await
        .is(0);
    assert_eq!(
        ended.stderr.matches("warning: ").count(),
        1,
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn manifests_come_from_directories_lists_and_stdin() {
    let shell = shop().await;
    release(&shell).await;
    fs::create_dir_all(shell.path("manifests/deeper")).unwrap();
    shell.write(
        "manifests/a.yaml",
        &format!("{POD}---\n{}", POD.replace("name: api, n", "name: two, n")),
    );
    shell.write(
        "manifests/deeper/b.yml",
        &POD.replace("name: api, n", "name: three, n"),
    );
    shell.write("manifests/notes.txt", "not a manifest");
    let admitted = |stdout: &str| {
        stdout
            .lines()
            .filter(|line| line.starts_with("admitted: "))
            .count()
    };
    assert_eq!(
        admitted(
            &shell
                .run(&format!("{CHECK} -f manifests"))
                .await
                .is(0)
                .stdout
        ),
        2
    );
    assert_eq!(
        admitted(
            &shell
                .run(&format!("{CHECK} -R -f manifests"))
                .await
                .is(0)
                .stdout
        ),
        3
    );

    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": format!("{}/shop/api:1", shell.registry.host())}]}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}},
    ]});
    let words = [
        "check",
        "--policies",
        "policies",
        "-f",
        "-",
        "--plain-http",
        shell.registry.host(),
    ];
    let ended = shell.exactly(words, &[], &list.to_string()).await.is(0);
    assert_eq!(ended.stdout, "admitted: Pod a (stdin)\n");
    fs::create_dir(shell.path("empty")).unwrap();
    shell.run(&format!("{CHECK} -f empty")).await.is(2);
}

#[tokio::test]
async fn what_only_a_cluster_knows_is_said_and_not_assumed() {
    let shell = shop().await;
    release(&shell).await;
    let selecting = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    let selecting = selecting.replace(
        "  authorities:",
        "  namespaceSelector: {matchLabels: {team: shop}}\n  authorities:",
    );
    shell.write("policies/production.yaml", &selecting);
    let ended = shell.run(&format!("{CHECK} REGISTRY/shop/api:1")).await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    admitted: image REGISTRY/shop/api:1
    --- stderr
    not known here: the namespace (--namespace NAME says it)
    warning: REGISTRY/shop/api:1 is a tag, judged as sha256:[…]: write REGISTRY/shop/api@sha256:[…], for the node will ask again what the tag means
    warning: REGISTRY/shop/api:1: the namespace selector of policy production asks for labels that are not known (team); it counts as matching
    "#);

    // Rego of one's own may look at everything.
    let rego = "  rules:\n    - rego: |\n        package own\n        deny contains {\"code\": \"no\", \"msg\": \"no\"} if input.request.user.name == \"nobody\"\n";
    let own = selecting
        .replace("name: production", "name: own")
        .replace("  rules:\n", rego);
    shell.write("policies/own.yaml", &own);
    let ended = shell
        .run(&format!("{CHECK} REGISTRY/shop/api:1"))
        .await
        .is(0);
    let all = "not known here: who creates it (request.user), the namespace (--namespace NAME says it), the pod around a bare image";
    assert!(ended.stderr.contains(all), "{}", ended.stderr);
    fs::remove_file(shell.path("policies/own.yaml")).unwrap();

    // A namespace that comes with the manifests decides: here, that no policy covers its pods.
    shell.write(
        "namespace.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: other}}\n",
    );
    let ended = shell
        .run(&format!("{CHECK} -f namespace.yaml -f pod.yaml"))
        .await
        .is(1);
    assert!(ended.stdout.contains("(unmatched)"), "{}", ended.stdout);
    assert!(!ended.stderr.contains("labels"), "{}", ended.stderr);
}

#[tokio::test]
async fn images_lists_what_manifests_run() {
    let shell = Shell::start().await;
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec:\n  initContainers: [{name: i, image: nginx}]\n  containers: [{name: c, image: 'ghcr.io/acme/api:1'}]\n  volumes: [{name: v, image: {reference: 'acme/model@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'}}]\n";
    let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n";
    let list = "---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: 'UPPER'}]}}}}}}\n";
    let ended = shell
        .exactly(["images", "-f", "-"], &[], &format!("{pod}{role}{list}"))
        .await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    Pod shop/api  (stdin)
      spec.initContainers[0].image                             nginx                                                                               docker.io/library/nginx:latest
      spec.containers[0].image                                 ghcr.io/acme/api:1                                                                  ghcr.io/acme/api:1
      spec.volumes[0].image.reference                          acme/model@sha256:[…]  docker.io/acme/model@sha256:[…]
    CronJob j  (stdin)
      spec.jobTemplate.spec.template.spec.containers[0].image  UPPER                                                                               (no valid reference)
    --- stderr
    error: stdin: spec.jobTemplate.spec.template.spec.containers[0].image: the repository path has upper case: library/UPPER (reference_uppercase)
    hint: write the path in lower case; only a registry or a tag may have upper case
    "#);

    let ended = shell.exactly(["images", "-f", "-"], &[], "a: [").await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    error: stdin:1:4: unclosed bracket '[' (manifest_malformed)
    hint: a manifest holds Kubernetes objects, as YAML or JSON
    "#);
}

#[tokio::test]
async fn pod_templates_of_other_kinds_are_read_where_a_flag_says_they_are() {
    let shell = shop().await;
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: api, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: api, image: REGISTRY/shop/api:1}\n";
    shell.write("rollout.yaml", rollout);
    let check = format!("{CHECK} -f rollout.yaml");
    let blind = shell.run(&check).await.is(0);
    assert_eq!(blind.stderr, "nothing here runs an image\n");
    let flag = "--pod-template Rollout.argoproj.io=spec.template";
    let denied = shell
        .run(&format!("{check} {flag} -o json"))
        .await
        .is(1)
        .json();
    let review = &denied["reviews"][0];
    assert_eq!(review["name"], "Rollout shop/api");
    assert_eq!(review["code"], "signature/signed:unsigned");
    assert_eq!(review["images"][0]["lines"], json!([8]));
    let listed = shell
        .run(&format!("images -f rollout.yaml {flag}"))
        .await
        .is(0);
    let path = "spec.template.spec.containers[0].image";
    assert!(listed.stdout.contains(path), "{}", listed.stdout);

    // A path that leads nowhere hides no image.
    let misspelt = format!("{check} --pod-template Rollout.argoproj.io=spec.templates");
    let refused = shell.run(&misspelt).await;
    assert!(
        refused.stderr.contains("rollout.yaml: Rollout api: "),
        "{}",
        refused.stderr
    );
    refused.fails(2, "workload_incomplete");
    for wrong in ["Rollout=spec.template", "Deployment.apps=spec.template"] {
        shell
            .run(&format!("{check} --pod-template {wrong}"))
            .await
            .is(2);
    }
}

#[tokio::test]
async fn what_comes_from_a_chart_is_told_by_its_template() {
    let shell = unsigned().await;
    let rendered = HELM.replace("REGISTRY", shell.registry.host());
    let piped = async |format: &str| {
        let words = [
            "check",
            "--policies",
            "policies",
            "--unpinned",
            "allow",
            "-o",
            format,
            "-f",
            "-",
        ];
        let words = words
            .iter()
            .copied()
            .chain(["--plain-http", shell.registry.host()]);
        shell.exactly(words, &[], &rendered).await.is(1).stdout
    };
    let text = piped("text").await;
    let objects: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("denied: "))
        .collect();
    assert_eq!(
        objects,
        [
            "denied: Deployment shop/api (stdin, shop/templates/api.yaml)",
            "denied: CronJob shop/clean (stdin, shop/templates/clean.yaml)",
            "denied: Pod shop/test (stdin, shop/templates/clean.yaml)",
        ]
    );
    let github = piped("github").await;
    let files: Vec<_> = github
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(
        files,
        [
            "::error file=shop/templates/api.yaml",
            "::error file=shop/templates/clean.yaml",
            "::error file=shop/templates/clean.yaml",
        ]
    );
    let sarif: Value = serde_json::from_str(&piped("sarif").await).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        *location,
        json!({"artifactLocation": {"uri": "shop/templates/api.yaml"}})
    );
}

/// As `helm template` writes it: comments only where a condition left nothing, hooks, several objects of one template.
const HELM: &str = r#"---
# Source: shop/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
---
# Source: shop/templates/nothing.yaml
# There is nothing to do.
---
# Source: shop/templates/api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {spec: {containers: [{name: api, image: "REGISTRY/shop/api:1"}]}}}
---

---
# Source: shop/templates/clean.yaml
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean, namespace: shop}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: "REGISTRY/shop/api:1"}]}}}}}
---
# Source: shop/templates/clean.yaml
apiVersion: v1
kind: Pod
metadata:
  name: test
  namespace: shop
  annotations: {"helm.sh/hook": test}
spec: {containers: [{name: c, image: "REGISTRY/shop/api:1"}]}
"#;
