use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use registrywatcher_conformance::backends::{DockerRegistry, skip};

/// Serves an engine inside a folder, pushes two releases of an image that does nothing, runs the older one as `web`, says
/// which folder, and removes all when its input ends, which it does with the process that holds it.
const SCRIPT: &str = r#"
set -eu
repository=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/registrywatcher-engine.XXXXXX")
cd "$folder"
engine=
stop() {
    [ -z "$engine" ] || { kill -TERM "$engine" && wait "$engine"; } 2>/dev/null || true
    awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
        while read -r mounted; do umount -l "$mounted" || true; done
    rm -rf "$folder"
}
trap stop EXIT
trap 'tail -n 20 log >&2; exit 1' INT TERM
mkdir root
cc -static -Os -o root/app -x c - 2>log <<'END'
#include <signal.h>
#include <unistd.h>
static void stop(int number) { _exit(0); }
int main(void) { for (signal(SIGTERM, stop);;) pause(); }
END
tar -C root -cf app.tar app
dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" --host "unix://$folder/docker.sock" \
    --bridge=none --iptables=false --shutdown-timeout=2 >log 2>&1 </dev/null &
engine=$!
export DOCKER_HOST=unix://$folder/docker.sock
tries=0
until docker info >/dev/null 2>&1; do
    kill -0 "$engine" 2>/dev/null && [ $((tries += 1)) -lt 300 ] || kill -TERM $$
    sleep 0.1
done
for tag in v1.0.0 v1.5.0; do
    docker import --change 'CMD ["/app"]' --change "ENV TAG=$tag" app.tar "$repository:$tag" >/dev/null
    docker push --quiet "$repository:$tag" >/dev/null
done
docker run --detach --network none --name web "$repository:v1.0.0" >/dev/null
echo "$folder"
cat >/dev/null
"#;

/// A real engine with a container `web`, and a registry with an image of it and a newer one.
pub(crate) struct Engine {
    folder: PathBuf,
    registry: DockerRegistry,
    /// Holds the input whose end stops the engine.
    _keeper: Child,
}

impl Engine {
    /// `None` where it cannot run, which is then printed.
    pub(crate) fn start(repository: &str) -> Option<Self> {
        let registry = DockerRegistry::start(None)?;
        if let Some(missing) = what_is_missing() {
            skip(&missing);
            return None;
        }
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(format!("{}/{repository}", registry.host()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Apart from the test, so that an interrupt from the terminal does not stop the clearing up.
            .process_group(0)
            .spawn()
            .unwrap();
        let mut folder = String::new();
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        said.read_line(&mut folder).unwrap();
        if folder.is_empty() {
            keeper.wait().unwrap();
            skip("dockerd cannot run here; its log is above");
            return None;
        }
        Some(Self {
            folder: PathBuf::from(folder.trim_end()),
            registry,
            _keeper: keeper,
        })
    }

    /// As `DOCKER_HOST` has it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}/docker.sock", self.folder.display())
    }

    /// Of the registry.
    pub(crate) fn host(&self) -> String {
        self.registry.host().to_owned()
    }
}

fn what_is_missing() -> Option<String> {
    let folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
    let is_there = |program: &&str| {
        folders
            .iter()
            .any(|folder| Path::new(folder).join(program).is_file())
    };
    let mut programs = ["dockerd", "docker", "containerd", "runc", "cc"].into_iter();
    if let Some(program) = programs.find(|program| !is_there(program)) {
        return Some(format!("{program} is not installed"));
    }
    let is_root = rustix::process::geteuid().is_root();
    (!is_root).then(|| "dockerd runs as root alone".to_owned())
}
