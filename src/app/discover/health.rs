use crate::app::App;
use crate::discovery::Fault;
use crate::watch::DeployerName;

/// How it is with the discovery of workloads at one deployer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryHealth {
    /// Which deployer.
    pub deployer: DeployerName,
    /// How many workloads asked to be watched when it could last be asked; `None` before the first time.
    pub found: Option<usize>,
    /// Why it could not be asked the last time, if it could not.
    pub fault: Option<String>,
    /// The workloads that cannot be watched as their labels are.
    pub faults: Vec<Fault>,
}

impl App {
    /// How it is with discovery, by deployer; `None` where no workloads are looked for.
    pub fn discovery(&self) -> Option<Vec<DiscoveryHealth>> {
        let discovery = self.settings.discovery.as_ref()?;
        let answers = self.answers();
        let health = |deployer: &DeployerName| {
            let faults = answers.faults.iter();
            let faults = faults.filter(|fault| fault.workload.deployer == *deployer);
            DiscoveryHealth {
                deployer: deployer.clone(),
                found: answers.known.get(deployer).map(Vec::len),
                fault: answers.unreachable.get(deployer).cloned(),
                faults: faults.cloned().collect(),
            }
        };
        Some(discovery.deployers.keys().map(health).collect())
    }
}
