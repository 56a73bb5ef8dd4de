use reqwest::Method;
use serde_json::{Value, json};

use super::{DockerEngine, accept};

impl DockerEngine {
    /// Makes it the manager of a swarm of its own, if it is not yet.
    ///
    /// # Panics
    ///
    /// If the engine refuses.
    pub async fn lead_swarm(&self) {
        let init = || async {
            let address = self.swarm_address();
            // Tests count tasks that are over.
            let spec = json!({ "Orchestration": { "TaskHistoryRetentionLimit": 100 } });
            let body = json!({
                "ListenAddr": self.swarm_listener(), "AdvertiseAddr": address, "Spec": spec,
            });
            let init = self.request(Method::POST, "swarm/init").json(&body);
            accept(init).await;
        };
        self.swarm.get_or_init(init).await;
    }

    /// Makes it a worker of the swarm that `manager` leads, which gives it no tasks.
    ///
    /// # Panics
    ///
    /// If one of the engines refuses.
    pub async fn work_for(&self, manager: &Self) {
        let swarm = accept(manager.request(Method::GET, "swarm")).await;
        let swarm: Value = serde_json::from_str(&swarm).expect("JSON");
        let body = json!({
            "ListenAddr": self.swarm_listener(), "AdvertiseAddr": self.swarm_address(),
            "RemoteAddrs": [manager.swarm_listener()], "JoinToken": swarm["JoinTokens"]["Worker"],
            "Availability": "drain",
        });
        let join = self.request(Method::POST, "swarm/join").json(&body);
        accept(join).await;
    }

    fn swarm_listener(&self) -> String {
        format!("{}:2377", self.swarm_address())
    }

    /// A loopback address of its own. A swarm's nodes gossip on port 7946, which cannot be set, so that engines side by
    /// side differ by address instead.
    fn swarm_address(&self) -> String {
        let [_, high, middle, low] = self.keeper.id().to_be_bytes();
        format!("127.{}.{middle}.{low}", high + 1)
    }
}
