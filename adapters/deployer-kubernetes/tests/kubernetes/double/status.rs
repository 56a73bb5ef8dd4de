use serde_json::Value;

use super::pods::Pod;

/// Writes the counters of a status, of which the API leaves out those that are zero.
pub(super) fn write(object: &mut Value, pods: &[Pod], revision: &str, nodes: u64) {
    let standing = || pods.iter().filter(|pod| !pod.is_ending);
    let all = standing().count() as u64;
    let updated = standing().filter(|pod| pod.revision == revision).count() as u64;
    let ready = standing().filter(|pod| pod.is_ready()).count() as u64;
    let is_daemon = object["spec"]["replicas"].is_null();
    let counters = if is_daemon {
        vec![
            ("desiredNumberScheduled", nodes),
            ("currentNumberScheduled", all),
            ("updatedNumberScheduled", updated),
            ("numberReady", ready),
            ("numberAvailable", ready),
        ]
    } else {
        vec![
            ("replicas", pods.len() as u64),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
        ]
    };
    let status = object["status"].as_object_mut().expect("a status");
    for (counter, value) in counters {
        if value == 0 {
            status.remove(counter);
        } else {
            status.insert(counter.to_owned(), value.into());
        }
    }
}
