use registrywatcher_client::types::{Caller, Registry};

use super::fault::Fault;
use super::service::Service;
use super::show::{moment, plain};
use crate::table::Table;

/// Prints a row for each registry: whether it answers, and what it lets us ask still.
pub(super) async fn registries(service: &Service) -> Result<(), Fault> {
    let listed = service.client.list_registries().send().await?.into_inner();
    service.output.answer(&listed, |listed| {
        if listed.items.is_empty() {
            return "no registry".to_owned();
        }
        let mut table = Table::new(["REGISTRY", "HEALTH", "WATCHES", "QUOTA", "SEEN", "FAULT"]);
        for registry in &listed.items {
            table.row(row(registry));
        }
        table.to_string()
    })
}

fn row(registry: &Registry) -> [String; 6] {
    let quota = registry.quota.as_ref();
    let fault = registry.faults.first();
    [
        plain(&registry.host),
        if registry.healthy { "well" } else { "faulty" }.to_owned(),
        registry.watches.to_string(),
        quota.map_or_else(
            || "-".to_owned(),
            |quota| format!("{} of {}", quota.remaining, quota.limit),
        ),
        registry.seen_at.map_or_else(|| "-".to_owned(), moment),
        fault.map_or_else(String::new, |fault| {
            plain(&format!("{}: {}", fault.repository, fault.message))
        }),
    ]
}

/// Prints as whom the service takes us.
pub(super) async fn whoami(service: &Service) -> Result<(), Fault> {
    let caller = service.client.who_am_i().send().await?.into_inner();
    service.output.answer(&caller, who)
}

fn who(caller: &Caller) -> String {
    let watches = match caller.watches.as_slice() {
        [] => "all watches".to_owned(),
        watches => plain(&watches.join(", ")),
    };
    let until = caller.expires_at.map(moment);
    let until = until.map_or_else(String::new, |at| format!(", until {at}"));
    let name = plain(&caller.name);
    format!("{name}: {} for {watches}{until}", caller.role)
}
