//! A real Docker Engine, started once for all tests of this process, and stopped and removed with it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use registrywatcher_conformance::backends::{DockerRegistry, skip};

/// Builds the program of the images, serves an engine inside a folder, says which folder, and removes all when its input
/// ends, which it does with the process that holds it.
const SCRIPT: &str = r#"
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/registrywatcher-docker.XXXXXX")
cd "$folder"
engine=
stop() {
    [ -z "$engine" ] || { kill -TERM "$engine" && wait "$engine"; } 2>/dev/null || true
    # What an engine that was killed leaves mounted.
    awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
        while read -r mounted; do umount -l "$mounted" || true; done
    rm -rf "$folder"
}
give_up() {
    tail -n 20 log >&2
    exit 1
}
trap stop EXIT
mkdir root
cc -static -Os -o root/app "$1" 2>log || give_up
tar -C root -cf app.tar app
dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
    --host "unix://$folder/docker.sock" --bridge=none --iptables=false --shutdown-timeout=2 >log 2>&1 </dev/null &
engine=$!
tries=0
until grep -q 'API listen on' log; do
    kill -0 "$engine" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || give_up
    sleep 0.05
done
echo "$folder"
cat >/dev/null
"#;

/// The engine, and a registry that it pulls from.
pub(crate) struct Daemon {
    folder: PathBuf,
    pub(crate) registry: DockerRegistry,
    /// Holds the input whose end stops the engine.
    _keeper: Child,
}

impl Daemon {
    /// The engine of this process, or `None` where it cannot run, which is then printed.
    pub(crate) fn start() -> Option<&'static Self> {
        static DAEMON: OnceLock<Result<Daemon, String>> = OnceLock::new();
        let daemon = DAEMON.get_or_init(|| {
            let registry = DockerRegistry::start(None).ok_or("there is no registry")?;
            match what_is_missing() {
                Some(missing) => Err(missing),
                None => Self::serve(registry),
            }
        });
        daemon.as_ref().inspect_err(|why| skip(why)).ok()
    }

    fn serve(registry: DockerRegistry) -> Result<Self, String> {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/app.c");
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "sh", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Apart from the process group of the test, so that an interrupt from the terminal does not stop the clearing up.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("no shell can be started for dockerd: {error}"))?;
        let mut folder = String::new();
        let answer = keeper.stdout.take().map(BufReader::new);
        let read = answer.map(|mut answer| answer.read_line(&mut folder));
        if !matches!(read, Some(Ok(length)) if length > 0) {
            return Err("dockerd cannot run here; its log is above".to_owned());
        }
        Ok(Self {
            folder: PathBuf::from(folder.trim_end()),
            registry,
            _keeper: keeper,
        })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// A file system that holds `/app` alone.
    pub(crate) fn file_system(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("app.tar")).expect("the script has made it")
    }
}

fn what_is_missing() -> Option<String> {
    let programs = ["dockerd", "containerd", "runc", "cc"];
    let folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
    let is_there = |program: &&&str| {
        folders
            .iter()
            .any(|folder| Path::new(folder).join(program).is_file())
    };
    if let Some(program) = programs.iter().find(|program| !is_there(program)) {
        return Some(format!("{program} is not installed"));
    }
    let id = Command::new("id").arg("-u").output();
    let is_root = id.is_ok_and(|id| id.stdout == b"0\n");
    (!is_root).then(|| "dockerd runs as root alone".to_owned())
}
