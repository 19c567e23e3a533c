//! The guides, command by command: what they tell the reader to do works, and prints what they say it does.

use std::fs;
use std::path::Path;

use super::{Ended, Shell};

/// Commands, what they exit with, and lines that they print.
struct Block {
    script: String,
    code: i32,
    prints: Vec<String>,
}

#[tokio::test]
async fn a_rule_is_written_as_the_guide_says() {
    let shell = Shell::start().await;
    shell.registry.push_image("shop/api", "1.0", "a good build");
    let blocks = blocks("docs/guides/write-a-rule.md");
    assert!(blocks.len() >= 7, "{}", blocks.len());
    for block in blocks {
        let ended = run(&shell, &block.script).await;
        assert_eq!(ended.code, block.code, "{}\n{ended:#?}", block.script);
        for line in &block.prints {
            let said = ended.stdout.contains(line) || ended.stderr.contains(line);
            assert!(said, "{line}\n{}\n{ended:#?}", block.script);
        }
    }
}

async fn run(shell: &Shell, script: &str) -> Ended {
    let folder = super::binary().parent().unwrap().to_owned();
    let mut command = tokio::process::Command::new("bash");
    let output = command
        .args(["-euo", "pipefail", "-c", script])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env("HOME", shell.folder.path())
        .env("COSIGN_PASSWORD", "")
        .env("REGISTRY", shell.registry.host())
        .current_dir(shell.folder.path())
        .output()
        .await
        .unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The blocks `sh` of a page, each with the block `text` that follows it.
fn blocks(page: &str) -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join(page)).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    for fence in page.split("\n```").skip(1).step_by(2) {
        let (kind, text) = fence.split_once('\n').unwrap_or((fence, ""));
        match kind {
            "sh" => blocks.push(Block {
                code: exit_code(text),
                script: text.to_owned(),
                prints: Vec::new(),
            }),
            "text" => {
                let last = blocks.last_mut().unwrap();
                last.prints.extend(text.lines().map(str::to_owned));
            }
            other => panic!("a block of {other:?} is neither run nor printed"),
        }
    }
    blocks
}

/// A command that is to fail says so, and is the last of its block.
fn exit_code(script: &str) -> i32 {
    let said = script.trim_end().rsplit_once("# exits with ");
    said.map_or(0, |(_, code)| code.parse().unwrap())
}
