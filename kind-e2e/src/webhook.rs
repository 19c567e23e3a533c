//! The webhook process, started with exactly the arguments that the rendered Deployment gives its container.
//!
//! The folder that the container works in becomes a folder at home, with the container's volumes below it. Arguments name
//! paths relative to that folder, and the addresses to listen on are values of the chart, so not one is changed. The
//! process is ready when the container's readiness probe says so.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::chart::Rendered;
use crate::failure::{Outcome, ensure};
use crate::kubectl::{Kubectl, text};
use crate::kubelet::{Mounts, container, list, port};
use crate::process::Server;
use crate::registry::get;
use crate::tools::Tools;

/// The webhook of a rendered Deployment.
#[derive(Debug)]
pub(crate) struct Webhook {
    tools: Rc<Tools>,
    folder: PathBuf,
    pub(crate) mounts: Mounts,
    args: Vec<String>,
    /// `127.0.0.1:PORT` and path of the readiness probe.
    readiness: (String, String),
    process: RefCell<Option<Server>>,
}

impl Webhook {
    pub(crate) fn start(
        tools: &Rc<Tools>,
        kubectl: &Kubectl,
        rendered: &Rendered,
    ) -> Outcome<Self> {
        let deployment = rendered.one("Deployment")?;
        let container = container(deployment)?;
        for left_to_the_image in ["command", "env", "envFrom"] {
            let value = &container[left_to_the_image];
            ensure(value.is_null(), || {
                format!("nothing here gives a process {value}")
            })?;
        }
        let folder = tools.folder("webhook")?;
        let mounts = Mounts::new(kubectl, deployment, &folder)?;
        let probe = &container["readinessProbe"]["httpGet"];
        let port = port(container, &probe["port"])?;
        let webhook = Self {
            tools: Rc::clone(tools),
            folder,
            mounts,
            args: list(&container["args"])
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            readiness: (
                format!("127.0.0.1:{port}"),
                text(probe, "/path")?.to_owned(),
            ),
            process: RefCell::new(None),
        };
        webhook.restart()?;
        Ok(webhook)
    }

    /// Starts the process anew and waits until it is ready.
    pub(crate) fn restart(&self) -> Outcome {
        self.process.replace(None);
        let mut command: Command = self.tools.command("countersign-webhook");
        command.args(&self.args).current_dir(&self.folder);
        let server = Server::start("countersign-webhook", command, self.tools.home())?;
        let server = server
            .ready_when(Duration::from_secs(20), || {
                self.ask(&self.readiness.1).map(drop)
            })
            .map_err(|failure| failure.during(self.args.join(" ")))?;
        self.process.replace(Some(server));
        Ok(())
    }

    /// Ends the process as Kubernetes does, and fails unless it ends well.
    pub(crate) fn stop(&self) -> Outcome {
        let Some(mut server) = self.process.take() else {
            return Ok(());
        };
        let status = server.terminate()?;
        ensure(status.success(), || {
            format!("SIGTERM: {status}\n{}", server.tail(20))
        })
    }

    /// Asks where the probes ask.
    pub(crate) fn ask(&self, path: &str) -> Outcome<String> {
        get(&self.readiness.0, path)
    }

    /// All that the process has logged so far.
    pub(crate) fn log(&self) -> String {
        self.process
            .borrow()
            .as_ref()
            .map(Server::log)
            .unwrap_or_default()
    }

    pub(crate) fn logs(&self) -> String {
        self.process
            .borrow()
            .as_ref()
            .map(|server| server.tail(4))
            .unwrap_or_default()
    }
}
