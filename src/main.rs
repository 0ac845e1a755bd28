//! Parse, start logging, dispatch, exit.

use std::process::ExitCode;

use clap::Parser;
use jsarena::cli::Cli;
use jsarena::cmd::{self, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return fail(&Failure::Usage(cmd::one_line(&error))),
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    cmd::start_logging(&cli);
    match cmd::dispatch(cli) {
        Ok(verdict) => ExitCode::from(verdict.exit_code()),
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("jsarena: {failure}");
    ExitCode::from(failure.exit_code())
}
