//! Processes: commands that end, with what they said, and servers that do not outlive their owner.
//!
//! No command hangs a run: what has not ended after two minutes is killed, and has failed.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::tempfile;

use crate::failure::{BETWEEN_QUESTIONS, Failure, Outcome, ensure};

/// A command that ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    line: String,
    code: Option<i32>,
    /// What it wrote to its standard output.
    pub(crate) stdout: String,
    /// What it wrote to its standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command to its end, with this on its standard input.
    pub(crate) fn of(command: &mut Command, stdin: &str) -> Outcome<Self> {
        let line = line(command);
        // Files, not pipes: a command that says much never waits for a reader.
        let (mut input, mut stdout, mut stderr) = (tempfile()?, tempfile()?, tempfile()?);
        input.write_all(stdin.as_bytes())?;
        input.rewind()?;
        let mut child = command
            .stdin(input)
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()
            .map_err(|error| Failure::from(error).during(&line))?;
        let status = ended_within(COMMAND, &mut child)?;
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        Ok(Self {
            line,
            code: status.and_then(|status| status.code()),
            stdout: content(&mut stdout)?,
            stderr: content(&mut stderr)?,
        })
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Fails unless the command ended with this exit code.
    pub(crate) fn exits(self, code: i32) -> Outcome<Self> {
        ensure(self.code == Some(code), || {
            self.describe(&format!("wanted exit {code}"))
        })?;
        Ok(self)
    }

    /// Fails unless the command failed, whatever its code, and said why in these words.
    pub(crate) fn fails_saying(self, words: &str) -> Outcome<Self> {
        let failed = self.code.is_some_and(|code| code != 0);
        ensure(failed, || self.describe("wanted a failure"))?;
        self.saying(words)
    }

    /// Fails unless the command wrote these words, to either output.
    pub(crate) fn saying(self, words: &str) -> Outcome<Self> {
        let said = self.stdout.contains(words) || self.stderr.contains(words);
        ensure(said, || self.describe(&format!("wanted to read {words:?}")))?;
        Ok(self)
    }

    /// Fails if the command wrote these words, in whatever case.
    pub(crate) fn never_saying(self, words: &str) -> Outcome<Self> {
        let all = format!("{}\n{}", self.stdout, self.stderr).to_lowercase();
        let said = all.contains(&words.to_lowercase());
        ensure(!said, || {
            self.describe(&format!("wanted not to read {words:?}"))
        })?;
        Ok(self)
    }

    /// What happened, for a failure.
    pub(crate) fn describe(&self, wanted: &str) -> String {
        let code = self
            .code
            .map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
        let mut text = format!("{wanted}, got {code}\n$ {}", self.line);
        for said in [&self.stdout, &self.stderr] {
            if !said.trim().is_empty() {
                text.push('\n');
                text.push_str(last_lines(said, SAID_LINES).as_str());
            }
        }
        text
    }
}

/// A server that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a command whose output goes to `NAME.log` in a folder.
    pub(crate) fn start(name: &str, mut command: Command, folder: &Path) -> Outcome<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .map_err(|error| Failure::from(error).during(line(&command)))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Waits until a question is answered; fails, with the log, when the process ends or has had its time.
    pub(crate) fn ready_when(
        mut self,
        limit: Duration,
        mut ask: impl FnMut() -> Outcome,
    ) -> Outcome<Self> {
        let began = Instant::now();
        loop {
            let Err(last) = ask() else { return Ok(self) };
            if self.child.try_wait()?.is_some() || began.elapsed() > limit {
                let log = self.tail(20);
                return Err(last.during(format_args!("{} is not ready\n{log}\n", self.name)));
            }
            std::thread::sleep(BETWEEN_QUESTIONS);
        }
    }

    /// Asks the process to end, and waits until it has.
    pub(crate) fn terminate(&mut self) -> Outcome<ExitStatus> {
        let id = self.child.id().to_string();
        Ran::of(Command::new("kill").args(["-TERM", &id]), "")?.exits(0)?;
        ended_within(DRAIN, &mut self.child)?.ok_or_else(|| {
            Failure::new(format!(
                "{} did not end within {DRAIN:?} of SIGTERM",
                self.name
            ))
        })
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of the log, under the server's name.
    pub(crate) fn tail(&self, lines: usize) -> String {
        format!("--- {}\n{}", self.name, last_lines(&self.log(), lines))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either fails only when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended_within(limit: Duration, child: &mut Child) -> Outcome<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        let status = child.try_wait()?;
        if status.is_some() || began.elapsed() > limit {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn content(file: &mut File) -> Outcome<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    let last = lines
        .get(lines.len().saturating_sub(count)..)
        .unwrap_or_default();
    let cut = |line: &&str| line.chars().take(LINE_CHARS).collect::<String>();
    last.iter().map(cut).collect::<Vec<_>>().join("\n")
}

const COMMAND: Duration = Duration::from_secs(120);
const DRAIN: Duration = Duration::from_secs(40);
const SAID_LINES: usize = 40;
const LINE_CHARS: usize = 600;
