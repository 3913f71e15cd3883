//! The commands and what each takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use igny8_integration_domain::account::Role;
use igny8_integration_domain::id::{AccountId, IntegrationId, SiteId, UserId};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::sync::Direction;

use crate::config::duration;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The API and, unless told otherwise, a worker in the same process (the default command)
    Serve(ServeArgs),
    /// A worker alone
    Worker,
    /// Apply migrations
    Migrate(MigrateArgs),
    /// For a first start: an account, its owner and a site, with a token and the site's key
    Bootstrap(BootstrapArgs),
    /// Accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Sites, their keys and webhook secrets
    #[command(subcommand)]
    Site(SiteCommand),
    /// People, their roles and the sites they may reach
    #[command(subcommand)]
    User(UserCommand),
    /// Tokens for operators and tests
    #[command(subcommand)]
    Token(TokenCommand),
    /// Start a sync as the API would
    Sync(SyncArgs),
    /// Stored credentials
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// Look whether the service, and a site, are well, and say what helps; changes nothing
    Doctor(DoctorArgs),
    /// Print the OpenAPI document
    Openapi,
    /// Write shell completions to standard output
    Completions { shell: clap_complete::Shell },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ServeArgs {
    /// Serve the API alone
    #[arg(long)]
    pub no_worker: bool,
    /// Refuse to start when migrations are pending
    #[arg(long)]
    pub no_migrate: bool,
    /// Write the address here when ready
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// Show the configuration with secrets redacted, and end
    #[arg(long)]
    pub print_config: bool,
}

impl ServeArgs {
    /// Flags may stand before the word `serve` and after it.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self {
            no_worker: self.no_worker || more.no_worker,
            no_migrate: self.no_migrate || more.no_migrate,
            ready_file: more.ready_file.or(self.ready_file),
            print_config: self.print_config || more.print_config,
        }
    }
}

#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Say what is applied and what is pending, and change nothing
    #[arg(long)]
    pub status: bool,
}

#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// Name of the account
    #[arg(long, value_name = "NAME")]
    pub account: String,
    /// The owner's e-mail address
    #[arg(long)]
    pub email: String,
    /// Address of the site
    #[arg(long, value_name = "URL")]
    pub site_url: String,
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account
    Create {
        #[arg(long)]
        name: String,
    },
    /// Change an account
    Set {
        id: AccountId,
        /// Whether its people and plugins are let in
        #[arg(long)]
        active: Option<bool>,
        /// What its integrations do about conflicts unless they say otherwise
        #[arg(long, value_name = "POLICY", value_parser = policy())]
        conflict_policy: Option<ConflictPolicy>,
    },
}

#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Make a site; its key is shown once
    Create {
        #[arg(long, value_name = "ID")]
        account: AccountId,
        #[arg(long)]
        name: String,
        #[arg(long)]
        url: String,
    },
    /// Make a new key, shown once; the old one holds for another 24 hours
    RotateKey {
        id: SiteId,
        /// End the old one at once; nodes that know it let it in for 2 s more
        #[arg(long)]
        now: bool,
    },
    /// Make a new webhook secret, shown once; the old one holds for another 24 hours
    RotateWebhookSecret {
        id: SiteId,
        /// End the old one at once; nodes that know it let it in for 2 s more
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a person
    Create {
        #[arg(long, value_name = "ID")]
        account: AccountId,
        #[arg(long)]
        email: String,
        /// developer, owner, admin, editor or viewer
        #[arg(long)]
        role: Role,
    },
    /// Change a person
    Set {
        id: UserId,
        /// Whether it is let in
        #[arg(long)]
        active: Option<bool>,
        /// developer, owner, admin, editor or viewer
        #[arg(long)]
        role: Option<Role>,
    },
    /// Let a person reach a site
    Grant {
        id: UserId,
        #[arg(long, value_name = "ID")]
        site: SiteId,
    },
    /// Let a person no longer reach a site
    Revoke {
        id: UserId,
        #[arg(long, value_name = "ID")]
        site: SiteId,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Issue a token for a person
    Issue {
        #[arg(long, value_name = "ID")]
        user: UserId,
        /// How long it holds
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
    },
}

#[derive(Debug, Args)]
pub struct SyncArgs {
    #[arg(value_name = "INTEGRATION_ID")]
    pub integration: IntegrationId,
    /// Which way
    #[arg(long, default_value = "both", value_parser = direction())]
    pub direction: Direction,
    /// List everything, not only what changed
    #[arg(long)]
    pub full: bool,
    /// Plan alone: change nothing, here or there
    #[arg(long)]
    pub dry_run: bool,
    /// Stay until it has ended
    #[arg(long)]
    pub wait: bool,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Address of a WordPress site to look at too
    #[arg(conflicts_with = "integration")]
    pub url: Option<String>,
    /// Look at the site of this integration, with its stored credentials
    #[arg(long, value_name = "ID")]
    pub integration: Option<IntegrationId>,
    /// Sign in to the site with the key in this file, which its plugin must accept
    #[arg(long, value_name = "FILE", requires = "url")]
    pub api_key_file: Option<PathBuf>,
    /// Sign in to the site as this user
    #[arg(long, value_name = "NAME", requires = "application_password_file")]
    pub username: Option<String>,
    /// The user's application password, in a file
    #[arg(long, value_name = "FILE", requires = "username", requires = "url")]
    pub application_password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum CredentialsCommand {
    /// Re-encrypt every stored secret that is not under the newest key
    Rotate,
}

fn policy() -> impl TypedValueParser<Value = ConflictPolicy> {
    let words = [ConflictPolicy::Ask, ConflictPolicy::PreferIgny8, ConflictPolicy::PreferWordpress];
    PossibleValuesParser::new(words.map(ConflictPolicy::as_str))
        .try_map(|word| ConflictPolicy::from_word(&word).ok_or(UnknownWord))
}

fn direction() -> impl TypedValueParser<Value = Direction> {
    let words = [Direction::Both, Direction::ToExternal, Direction::FromExternal, Direction::Metadata];
    PossibleValuesParser::new(words.map(Direction::as_str))
        .try_map(|word| Direction::from_word(&word).ok_or(UnknownWord))
}

#[derive(Debug, thiserror::Error)]
#[error("this word is not known")]
struct UnknownWord;
