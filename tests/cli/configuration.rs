use rstest::rstest;
use serde_json::Value;

use crate::harness::{Finished, igny8};

#[rstest]
#[case::unknown_flag(&["serve", "--nonsense"])]
#[case::unknown_command(&["dance"])]
#[case::missing_argument(&["bootstrap", "--account", "acme"])]
#[case::bad_id(&["token", "issue", "--user", "0"])]
#[case::bad_word(&["sync", "1", "--direction", "sideways"])]
fn bad_usage_ends_with_status_2(#[case] arguments: &[&str]) -> anyhow::Result<()> {
    let finished = Finished::of(&mut igny8(arguments))?;
    assert_eq!(finished.status, Some(2), "{finished:?}");
    assert!(finished.stdout.is_empty(), "{finished:?}");
    Ok(())
}

#[test]
fn a_bad_setting_ends_with_status_1_and_one_line() -> anyhow::Result<()> {
    let finished = Finished::of(igny8(&["migrate"]).env("IGNY8_RUN_LEASE", "soon"))?;
    assert!(finished.failure()?.starts_with("IGNY8_RUN_LEASE (environment), `soon`"), "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    Ok(())
}

#[test]
fn an_unknown_key_in_the_file_names_the_nearest_known_one() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("igny8-integration.toml");
    std::fs::write(&file, "databse_url = 'sqlite://x.db'\n")?;
    let finished = Finished::of(igny8(&["migrate", "--config"]).arg(&file))?;
    assert!(finished.failure()?.contains("did you mean `database_url`?"), "{finished:?}");
    Ok(())
}

#[test]
fn the_file_of_the_folder_is_read_where_none_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("igny8-integration.toml"), "workers = 3\n")?;
    let printed =
        Finished::of(igny8(&["serve", "--print-config", "--json"]).current_dir(folder.path()))?.json()?;
    assert_eq!(printed["workers"], "3");
    Ok(())
}

#[test]
fn the_printed_configuration_shows_no_secret() -> anyhow::Result<()> {
    let mut command = igny8(&["serve", "--print-config", "--json"]);
    command.env("IGNY8_JWT_SECRETS", "a-secret-of-more-than-thirty-two-bytes");
    command.env("IGNY8_DATABASE_URL", "sqlite:///tmp/x.db");
    let finished = Finished::of(&mut command)?;
    let printed = finished.json()?;
    assert_eq!(printed["database_url"], "sqlite:///tmp/x.db");
    assert_eq!(printed["credential_keys"], Value::Null);
    assert!(!finished.stdout.contains("a-secret-of"), "{finished:?}");
    Ok(())
}

#[rstest]
#[case("bash")]
#[case("zsh")]
#[case("fish")]
fn completions_are_written_for_a_shell(#[case] shell: &str) -> anyhow::Result<()> {
    let finished = Finished::of(&mut igny8(&["completions", shell]))?;
    assert_eq!(finished.status, Some(0));
    assert!(finished.stdout.contains("rotate-webhook-secret"), "{shell}");
    assert_eq!(Finished::of(&mut igny8(&["completions", shell, "--json"]))?.json()?["shell"], shell);
    Ok(())
}
