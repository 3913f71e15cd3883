//! The command line: what can be asked, and the flags that every setting has.

mod arguments;
mod flags;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

pub use self::arguments::*;

use crate::config::Inputs;

/// Connects igny8 to the sites that its accounts own.
#[derive(Debug, Parser)]
#[command(name = "igny8-integration", version, arg_required_else_help = false)]
pub struct Cli {
    /// Configuration file; by default igny8-integration.toml where it exists
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten, next_help_heading = "Options of serve, which is the default command")]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// A command line that was understood.
pub struct Request {
    pub command: Command,
    pub json: bool,
    pub inputs: Inputs,
}

/// Understands the arguments, or says what is wrong with them; clap's own exit codes are 0 for help and 2
/// for bad usage.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    let inputs = Inputs::of_process(cli.config, flags::given(&matches));
    Ok(Request { command: chosen(cli.serve, cli.command)?, json: cli.json, inputs })
}

/// The command. Flags of `serve` that stand before another one are a mistake.
fn chosen(serve: ServeArgs, named: Option<Command>) -> Result<Command, clap::Error> {
    match named {
        None => Ok(Command::Serve(serve)),
        Some(Command::Serve(more)) => Ok(Command::Serve(serve.and(more))),
        Some(other) if serve == ServeArgs::default() => Ok(other),
        Some(_) => {
            let said = "only serve takes --no-worker, --no-migrate, --ready-file and --print-config";
            Err(command().error(ErrorKind::ArgumentConflict, said))
        }
    }
}

pub fn command() -> clap::Command {
    Cli::command().args(flags::all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, clap::Error> {
        parse(std::iter::once("igny8-integration").chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() -> anyhow::Result<()> {
        let request = parsed("--bind 127.0.0.1:0")?;
        assert!(matches!(request.command, Command::Serve(_)));
        assert_eq!(request.inputs.flags["bind"], "127.0.0.1:0");
        Ok(())
    }

    #[test]
    fn flags_of_serve_need_no_word_serve_and_go_with_no_other_command() -> anyhow::Result<()> {
        for line in ["--no-worker --ready-file /r", "--no-worker serve --ready-file /r"] {
            let Command::Serve(serve) = parsed(line)?.command else { anyhow::bail!("{line}") };
            let ready_file = Some(PathBuf::from("/r"));
            assert_eq!(serve, ServeArgs { no_worker: true, ready_file, ..ServeArgs::default() }, "{line}");
        }
        let refused = parsed("--no-worker worker").err().map(|error| error.exit_code());
        assert_eq!(refused, Some(2));
        Ok(())
    }

    #[test]
    fn help_shows_every_form_of_a_secret() {
        let help = command().render_long_help().to_string();
        for form in [
            "--jwt-secrets ",
            "[IGNY8_JWT_SECRETS]",
            "--jwt-secrets-file ",
            "[IGNY8_JWT_SECRETS_FILE]",
            "--credential-keys ",
            "[IGNY8_CREDENTIAL_KEYS]",
            "--credential-keys-file ",
            "[IGNY8_CREDENTIAL_KEYS_FILE]",
        ] {
            assert!(help.contains(form), "{form}");
        }
    }

    #[test]
    fn a_setting_may_be_given_before_and_after_the_command() -> anyhow::Result<()> {
        let request = parsed("--data-dir /a serve --run-lease 5s --jwt-secrets-file /b")?;
        let flags: Vec<_> = request.inputs.flags.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(flags, [("data_dir", "/a"), ("jwt_secrets_file", "/b"), ("run_lease", "5s")]);
        Ok(())
    }

    #[test]
    fn bad_usage_is_status_2_and_help_is_0() {
        for (line, status) in [("serve --nonsense", 2), ("dance", 2), ("--help", 0), ("--version", 0)] {
            assert_eq!(parsed(line).err().map(|error| error.exit_code()), Some(status), "{line}");
        }
    }
}
