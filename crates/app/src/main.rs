//! The binary: configuration, wiring, command line, worker loop and telemetry. It alone names adapters.

mod cli;
mod commands;
mod config;
mod data_dir;
mod database;
mod doctor;
mod jwks;
mod keys;
mod metrics;
mod node;
mod output;
mod serve;
mod shutdown;
mod system;
mod telemetry;
mod worker;

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use self::cli::{Command, CredentialsCommand, Request, TokenCommand};
use self::commands::Said;
use self::config::Config;
use self::data_dir::ServeLock;
use self::database::{Database, Pending};
use self::keys::Keys;
use self::node::Node;
use self::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(usage) => {
            // Help that nobody reads any more is no failure.
            let _ = usage.print();
            return ExitCode::from(if usage.use_stderr() { 2 } else { 0 });
        }
    };
    match run(request).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn run(request: Request) -> anyhow::Result<()> {
    let output = Output::new(request.json);
    match request.command {
        Command::Completions { shell } => return say(output, completions(shell)?),
        Command::Openapi => return say(output, commands::openapi()?),
        _ => {}
    }
    if let Command::Doctor(arguments) = &request.command {
        return say(output, doctor::doctor(&request.inputs, arguments).await?);
    }
    let config = Config::load(&request.inputs)?;
    if matches!(&request.command, Command::Serve(arguments) if arguments.print_config) {
        return say(output, Said::new(config.to_json(), config.to_toml()));
    }
    let telemetry = telemetry::start(&config.telemetry)?;
    let outcome = with_database(request.command, config, output).await;
    telemetry.shutdown().await;
    outcome
}

async fn with_database(command: Command, mut config: Config, output: Output) -> anyhow::Result<()> {
    for (name, meant) in config.unknown_variables() {
        tracing::warn!(name, meant, "there is no such setting");
    }
    if matches!(config.database, config::Database::Sqlite(_)) {
        data_dir::create_private(&config.data_dir)?;
    }
    let keys = Keys::resolve(&mut config)?;
    let database = Database::connect(&config.database)?;
    let _lock = match (&command, &config.database) {
        (Command::Serve(_), config::Database::Sqlite(path)) => Some(ServeLock::take(path)?),
        _ => None,
    };
    database.bring_up(pending(&command)).await?;
    let node = Node::new(&config, keys, database.storage())?;
    let said = match command {
        Command::Serve(arguments) => return serve::serve(&node, config, &arguments, output).await,
        Command::Worker => return serve::work(&node, output).await,
        Command::Migrate(arguments) => commands::migrate(&database, &arguments).await?,
        Command::Bootstrap(arguments) => commands::bootstrap(&node, &arguments).await?,
        Command::Account(command) => commands::account(&node, command).await?,
        Command::Site(command) => commands::site(&node, command).await?,
        Command::User(command) => commands::user(&node, command).await?,
        Command::Token(TokenCommand::Issue { user, ttl }) => commands::issue_token(&node, user, ttl).await?,
        Command::Sync(arguments) => commands::sync(&node, &arguments).await?,
        Command::Credentials(CredentialsCommand::Rotate) => commands::rotate_credentials(&node).await?,
        Command::Openapi => commands::openapi()?,
        Command::Completions { shell } => completions(shell)?,
        Command::Doctor(_) => bail!("doctor needs no node"),
    };
    say(output, said)
}

/// A first start and a service bring the database up to date; every other command leaves that to whoever decides it.
fn pending(command: &Command) -> Pending {
    match command {
        Command::Serve(arguments) if !arguments.no_migrate => Pending::Apply,
        Command::Bootstrap(_) => Pending::Apply,
        Command::Migrate(_) => Pending::Leave,
        _ => Pending::Refuse,
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Said> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    let script = String::from_utf8(script)?;
    Ok(Said::new(json!({ "shell": shell.to_string(), "script": script }), script))
}

fn say(output: Output, said: Said) -> anyhow::Result<()> {
    output.print(&said.json, &said.words);
    match said.failure {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}
