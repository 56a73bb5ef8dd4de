use std::path::Path;

use registrywatcher::ports::Environment;

/// Which container this program runs in, if it runs in one: that one cannot be stopped by us to be replaced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ourselves {
    mounts: String,
    control_group: String,
    hostname: String,
}

/// The files that Docker mounts from the container's own folder.
const MOUNTED: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

impl Ourselves {
    pub(crate) fn look(environment: &Environment) -> Self {
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
        Self {
            mounts: read("/proc/self/mountinfo"),
            control_group: read("/proc/self/cgroup"),
            hostname: environment("HOSTNAME").unwrap_or_default(),
        }
    }

    /// Whether we run in the container of that id.
    pub(crate) fn run_in(&self, id: &str) -> bool {
        if id.len() < 12 {
            return false;
        }
        // On the host itself the mounts of all containers are seen; only ours are mounted over these files.
        let is_mounted = self.mounts.lines().any(|line| {
            let mut fields = line.split(' ').skip(3);
            let (root, point) = (fields.next(), fields.next());
            point.is_some_and(|point| MOUNTED.contains(&point))
                && root.is_some_and(|root| root.contains(id))
        });
        is_mounted || self.control_group.contains(id) || id.get(..12) == Some(&self.hostname)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> String {
        "5933a7d8006c".to_owned() + &"0".repeat(52)
    }

    #[test]
    fn we_know_our_own_container_by_mounts_control_group_or_host_name() {
        let mounts = format!(
            "612 600 254:1 /var/lib/docker/containers/{}/hostname /etc/hostname rw - ext4 /dev/vda rw",
            id()
        );
        let by = |mounts: &str, control_group: &str, hostname: &str| Ourselves {
            mounts: mounts.into(),
            control_group: control_group.into(),
            hostname: hostname.into(),
        };
        assert!(by(&mounts, "", "").run_in(&id()));
        assert!(by("", &format!("4:memory:/docker/{}", id()), "").run_in(&id()));
        assert!(by("", "", "5933a7d8006c").run_in(&id()));
        assert!(!by("", "", "web").run_in(&id()));
    }

    #[test]
    fn the_mounts_of_other_containers_that_a_host_sees_are_not_ours() {
        let mounts = format!(
            "90 30 0:44 / /var/lib/docker/containers/{}/mounts/shm rw - tmpfs shm rw",
            id()
        );
        let host = Ourselves {
            mounts,
            ..Ourselves::default()
        };
        assert!(!host.run_in(&id()));
    }
}
