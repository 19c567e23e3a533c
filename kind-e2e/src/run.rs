//! What is played, in order: the rules, the command lines and registries, then identities and builds, then the cluster.

use std::process::ExitCode;
use std::rc::Rc;

use crate::runner::Runner;
use crate::tools::Tools;
use crate::{admission, buildkit, interop, keyless, library};

/// Plays the scenarios that the arguments choose.
pub(crate) fn run() -> ExitCode {
    let tools = match Tools::from_environment() {
        Ok(tools) => Rc::new(tools),
        Err(failure) => {
            println!("{failure}");
            return ExitCode::from(2);
        }
    };
    let mut runner = Runner::new(std::env::args().skip(1));
    library::play(&mut runner, &tools);
    interop::play(&mut runner, &tools);
    keyless::play(&mut runner, &tools);
    buildkit::play(&mut runner, &tools);
    admission::play(&mut runner, &tools);
    runner.finish()
}
