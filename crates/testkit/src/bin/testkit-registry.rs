//! An OCI registry in memory, for demonstrations and end-to-end tests.
//!
//! Nothing is kept when it stops, and nothing is safe about it: it is not for use beyond loopback.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of a few lines"
)]

use std::path::Path;
use std::process::ExitCode;

use countersign_testkit::{Builder, Issuer, TestRegistry};

const USAGE: &str = "\
usage: testkit-registry [--listen ADDRESS] [OPTION]...
  --listen ADDRESS             where to listen (127.0.0.1:0)
  --no-referrers               without the referrers API
  --no-artifacts               refuse manifests with an artifact type or a subject, and no referrers API
  --page-size COUNT            list at most COUNT referrers a page
  --basic-auth USER:PASSWORD   demand Basic authentication
  --token-auth USER:PASSWORD   demand tokens, issued at /token
  --layout REPOSITORY=DIR      load an OCI image layout
  --report                     write a line for each request to stderr
Prints `listening on ADDRESS` when it is ready.";

#[tokio::main]
async fn main() -> ExitCode {
    let mut layouts = Vec::new();
    let builder = match configure(std::env::args().skip(1), &mut layouts) {
        Ok(builder) => builder,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match builder.try_start().await {
        Ok(registry) => {
            for (repository, directory) in &layouts {
                registry.load_layout(Path::new(directory), repository);
            }
            println!("listening on {}", registry.host());
            registry.run().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn configure(
    mut arguments: impl Iterator<Item = String>,
    layouts: &mut Vec<(String, String)>,
) -> Result<Builder, String> {
    let mut builder = TestRegistry::builder();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("error: {argument} needs a value"))
        };
        builder = match argument.as_str() {
            "--listen" => builder.listen(&value()?),
            "--no-referrers" => builder.without_referrers(),
            "--no-artifacts" => builder.without_artifacts(),
            "--page-size" => builder.page_size(
                value()?
                    .parse()
                    .map_err(|_| "error: --page-size needs a number")?,
            ),
            "--basic-auth" => {
                let (user, password) = credentials(&value()?)?;
                builder.basic_auth(&user, &password)
            }
            "--token-auth" => {
                let (user, password) = credentials(&value()?)?;
                builder.token_auth(&Issuer::new(&user, &password))
            }
            "--layout" => {
                let value = value()?;
                let layout = value
                    .split_once('=')
                    .ok_or("error: --layout needs REPOSITORY=DIR")?;
                layouts.push((layout.0.to_owned(), layout.1.to_owned()));
                builder
            }
            "--report" => builder.report(),
            _ => return Err(format!("error: unknown argument {argument}")),
        };
    }
    Ok(builder)
}

fn credentials(text: &str) -> Result<(String, String), String> {
    let (user, password) = text
        .split_once(':')
        .ok_or("error: USER:PASSWORD needs a colon")?;
    Ok((user.to_owned(), password.to_owned()))
}
