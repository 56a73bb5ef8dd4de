use std::collections::BTreeMap;

use registrywatcher::text::suggest;
use registrywatcher::watch::{DeployerName, Workload};
use toml::Value;

use super::Surroundings;
use crate::config::fault::Findings;
use crate::config::key::Key;

/// The key of a workload that names its deployer; all others are its address.
const DEPLOYER: &str = "deployer";

/// The workloads of one watch; `taken` remembers those of all, and where they stand.
pub(super) fn check(
    wires: Option<Vec<BTreeMap<String, String>>>,
    at: &Key,
    around: &Surroundings,
    taken: &mut BTreeMap<Workload, Key>,
    findings: &mut Findings<'_>,
) -> Option<Vec<Workload>> {
    let key = at.child("workloads");
    let wires = wires.filter(|wires| !wires.is_empty());
    let problem = "a watch needs a workload; write `workloads = [{ deployer = \"…\", … }]`";
    let wires = findings.require(&key, wires, problem)?;
    let expected = wires.len();
    let mut workloads = Vec::new();
    for (index, address) in wires.into_iter().enumerate() {
        let key = key.child(index);
        let Some(workload) = workload(address, &key, around, findings) else {
            continue;
        };
        if let Some(first) = taken.get(&workload) {
            findings.fault(
                &key,
                format!("`{workload}` stands at {first} already; keep one"),
            );
        } else {
            taken.insert(workload.clone(), key);
        }
        workloads.push(workload);
    }
    (workloads.len() == expected).then_some(workloads)
}

fn workload(
    mut address: BTreeMap<String, String>,
    at: &Key,
    around: &Surroundings,
    findings: &mut Findings<'_>,
) -> Option<Workload> {
    let key = at.child(DEPLOYER);
    let name = findings.require(
        &key,
        address.remove(DEPLOYER),
        "missing; name one of `[deployers]`",
    )?;
    if !around.deployers.contains(&name) {
        let known = around.deployers.iter().map(String::as_str);
        findings.fault(
            &key,
            format!("no deployer is named `{name}`; {}", suggest(&name, known)),
        );
        return None;
    }
    let deployer = findings.parse::<DeployerName>(&key, &name)?;
    Some(Workload {
        deployer,
        address: address.into(),
    })
}

/// A workload as an inline table.
pub(super) fn to_toml(workload: &Workload) -> Value {
    let deployer = [(DEPLOYER.to_owned(), Value::from(workload.deployer.as_str()))];
    let address = workload
        .address
        .iter()
        .map(|(key, value)| (key.to_owned(), Value::from(value)));
    Value::Table(deployer.into_iter().chain(address).collect())
}
