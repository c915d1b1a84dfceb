//! Milestones in the history of learning machines: `cargo xtask milestone list | info ID | run ID`.
//!
//! The command itself belongs to the library, so that it is the same in everybody's program; here it is only started,
//! in release mode, in the folder and on the terminal of the caller.

use anyhow::Result;

use crate::process::library_command;

/// Repeat milestones in the history of learning machines, and measure them.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// list, info ID, run ID or --help
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Runs the command and ends this program with its status: 1 if a gate is not met, 2 for wrong usage.
///
/// # Errors
///
/// If cargo cannot be started.
pub(crate) fn run(args: &Args) -> Result<()> {
    library_command("milestone", &args.words)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    /// Nothing is taken out on the way, not even what looks like an option of this program.
    #[test]
    fn every_word_is_passed_on() {
        for line in ["", "--help", "run 04 --seeds 10 --json", "run --quick -h -- x", "-q list"] {
            let words: Vec<&str> = line.split_whitespace().collect();
            let program = Program::try_parse_from(["xtask"].iter().chain(&words)).expect(line);
            // The first `--` only ends the options, for the shell as for us.
            let expected: Vec<&str> = words.iter().copied().filter(|w| *w != "--").collect();
            let got: Vec<&str> =
                program.args.words.iter().map(String::as_str).filter(|w| *w != "--").collect();
            assert_eq!(got, expected, "{line}");
        }
    }
}
