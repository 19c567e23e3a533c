//! A BuildKit daemon of our own: its state, its socket and its containers are in a folder at home.
//!
//! It builds as root and nothing else; who is not root is told so.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use crate::failure::{Outcome, ensure};
use crate::process::{Ran, Server};
use crate::tools::Tools;

/// A running daemon.
pub(super) struct Daemon {
    tools: Rc<Tools>,
    address: String,
    server: Server,
}

impl Daemon {
    /// Starts one that pushes to a registry over plain HTTP.
    pub(super) fn start(tools: &Rc<Tools>, name: &str, registry: &str) -> Outcome<Self> {
        let user = Ran::of(Command::new("id").arg("-u"), "")?.exits(0)?;
        ensure(user.stdout.trim() == "0", || {
            "buildkitd needs root here: run these scenarios as root, or choose others".to_owned()
        })?;
        let folder = tools.folder(&format!("buildkit-{name}"))?;
        let at = |file: &str| folder.join(file).display().to_string();
        let address = format!("unix://{}", at("daemon.sock"));
        let configuration = configuration(&at, &address, &tools.peer("runc"), registry);
        std::fs::write(folder.join("buildkitd.toml"), configuration)?;
        let mut command = tools.command("buildkitd");
        command.args(["--config", &at("buildkitd.toml")]);
        let server = Server::start("buildkitd", command, &folder)?;
        let server = server.ready_when(Duration::from_secs(30), || {
            let workers = ["--addr", &address, "debug", "workers"];
            tools.must("buildctl", workers).map(drop)
        })?;
        Ok(Self {
            tools: Rc::clone(tools),
            address,
            server,
        })
    }

    /// Builds what a folder holds, and pushes it.
    pub(super) fn build(&self, folder: &str, options: &[String]) -> Outcome<Ran> {
        let head = ["--addr", &self.address, "build", "--progress=plain"];
        let (context, dockerfile) = (
            format!("--local=context={folder}"),
            format!("--local=dockerfile={folder}"),
        );
        let what = ["--frontend=dockerfile.v0", &context, &dockerfile];
        let options = options.iter().map(String::as_str);
        self.tools
            .must("buildctl", head.into_iter().chain(what).chain(options))
    }

    pub(super) fn logs(&self) -> String {
        self.server.tail(5)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Killed, it would leave behind what it has mounted.
        let _ = self.server.terminate();
    }
}

fn configuration(
    at: &impl Fn(&str) -> String,
    address: &str,
    runc: &Path,
    registry: &str,
) -> String {
    let (state, traces, runc) = (at("state"), at("traces.sock"), runc.display());
    format!(
        r#"
root = "{state}"
[grpc]
  address = ["{address}"]
[otel]
  socketPath = "{traces}"
[worker.oci]
  enabled = true
  snapshotter = "native"
  binary = "{runc}"
[worker.containerd]
  enabled = false
[registry."{registry}"]
  http = true
"#
    )
}
