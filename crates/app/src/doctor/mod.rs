//! `doctor`: is this service fit to run, and what stands between it and a site? It looks and changes nothing: no
//! folder, key, table or row is made.

mod keys;
mod report;
mod service;
mod site;
mod stored;

use igny8_integration_domain::ports::Clock as _;

use self::report::{Item, Report};
use crate::cli::DoctorArgs;
use crate::commands::Said;
use crate::config::{Config, Inputs};
use crate::system::SystemClock;

pub async fn doctor(inputs: &Inputs, arguments: &DoctorArgs) -> anyhow::Result<Said> {
    let mut report = Report::default();
    match Config::load(inputs) {
        Ok(config) => examine(config, arguments, &mut report).await?,
        Err(error) => {
            let fix = "Mend this setting; serve --help lists them all.";
            report.service.push(Item::error("configuration", format!("{error:#}"), fix));
            report.service.push(Item::skipped("everything else", "needs the configuration"));
        }
    }
    Ok(report.said())
}

async fn examine(mut config: Config, arguments: &DoctorArgs, report: &mut Report) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let items = &mut report.service;
    service::configuration(&config, items);
    let outbound = service::outbound(&config, items)?;
    service::data_folder(&config, items);
    let keys = keys::look(&mut config, items);
    service::jwks(&config, items).await;
    let storage = service::database(&config, items).await;
    if let (Some(storage), Some(keys)) = (&storage, &keys) {
        stored::look(storage.as_ref(), &keys.credential, now, items).await;
    }
    match site::look(arguments, outbound, storage, keys).await {
        Ok(site) => report.site = site,
        Err(error) => {
            report.service.push(Item::error(
                "site",
                format!("{error:#}"),
                "Correct what the command was given.",
            ));
        }
    }
    Ok(())
}
