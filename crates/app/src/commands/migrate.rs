use serde_json::json;

use super::Said;
use crate::cli::MigrateArgs;
use crate::database::Database;

pub async fn migrate(database: &Database, arguments: &MigrateArgs) -> anyhow::Result<Said> {
    if arguments.status {
        let pending = database.pending_migrations().await?;
        let words = match pending.len() {
            0 => "every migration is applied".to_owned(),
            _ => format!("pending: {}", pending.join(", ")),
        };
        return Ok(Said::new(json!({ "pending": pending }), words));
    }
    let applied = database.migrate().await?;
    let words = match applied.len() {
        0 => "every migration was applied already".to_owned(),
        _ => format!("applied: {}", applied.join(", ")),
    };
    Ok(Said::new(json!({ "applied": applied }), words))
}
