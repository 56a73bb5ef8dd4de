use registrywatcher::ports::DeployError;
use registrywatcher::watch::Workload;

/// Where a workload is in Nomad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) namespace: String,
    pub(crate) job: String,
    pub(crate) group: Option<String>,
    pub(crate) task: Option<String>,
}

const SHAPE: &str = "an address has `job` (or `name`), and perhaps `namespace`, `group` and `task`";

impl Address {
    /// Reads the address of `workload`; `namespace` holds where it names none.
    pub(crate) fn read(workload: &Workload, namespace: &str) -> Result<Self, DeployError> {
        let invalid = |problem| DeployError::InvalidAddress {
            workload: workload.clone(),
            problem,
        };
        let known = ["job", "name", "group", "task", "namespace"];
        for (key, value) in workload.address.iter() {
            if !known.contains(&key) {
                return Err(invalid(format!("`{key}` is unknown; {SHAPE}")));
            }
            if value.is_empty() {
                return Err(invalid(format!("`{key}` is empty; {SHAPE}")));
            }
        }
        let part = |key: &str| workload.address.get(key).map(str::to_owned);
        let namespace = part("namespace").unwrap_or_else(|| namespace.to_owned());
        if namespace == "*" {
            return Err(invalid(
                "the namespace `*` means all of them; name one".to_owned(),
            ));
        }
        // What every kind of deployer calls the name of a workload.
        let job = match (part("job"), part("name")) {
            (Some(job), None) | (None, Some(job)) => job,
            (None, None) => return Err(invalid(format!("`job` is missing; {SHAPE}"))),
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "`job` and `name` are the same; give one".to_owned(),
                ));
            }
        };
        Ok(Self {
            namespace,
            job,
            group: part("group"),
            task: part("task"),
        })
    }

    /// Whether the address covers a task of this name in that group.
    pub(crate) fn covers(&self, group: &str, task: &str) -> bool {
        self.group.as_ref().is_none_or(|wanted| wanted == group)
            && self.task.as_ref().is_none_or(|wanted| wanted == task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;

    #[test]
    fn an_address_names_a_job_and_perhaps_a_part_of_it() {
        let read = |parts| Address::read(&workload("nomad", parts), "default");
        let address = read(&[("job", "a/b"), ("task", "web")]).unwrap();
        assert_eq!(
            (address.namespace.as_str(), address.job.as_str()),
            ("default", "a/b")
        );
        assert!(address.covers("any", "web") && !address.covers("any", "db"));
        assert_eq!(
            read(&[("job", "a"), ("namespace", "apps")])
                .unwrap()
                .namespace,
            "apps"
        );
    }

    #[test]
    fn a_job_may_be_given_as_every_kind_of_deployer_gives_a_name() {
        let read = |parts| Address::read(&workload("nomad", parts), "default").unwrap();
        assert_eq!(read(&[("name", "web")]), read(&[("job", "web")]));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_shape() {
        for (parts, found) in [
            (&[][..], "`job` is missing"),
            (&[("job", "")], "`job` is empty"),
            (&[("job", "a"), ("tasks", "b")], "`tasks` is unknown"),
            (&[("job", "a"), ("namespace", "*")], "name one"),
            (&[("job", "a"), ("name", "a")], "give one"),
        ] {
            let error = Address::read(&workload("nomad", parts), "default").unwrap_err();
            assert!(
                matches!(error, DeployError::InvalidAddress { .. }),
                "{error}"
            );
            assert!(error.to_string().contains(found), "{error}");
        }
    }
}
