mod images;
mod swarm;

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::{DockerRegistry, skip};

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

/// The version of the API that the tests speak: that of the oldest engine.
const API: &str = "v1.41";
const TIMEOUT: Duration = Duration::from_mins(1);

/// A real Docker Engine in a folder of its own, and a registry that it pulls from; stopped and removed with this process.
///
/// Its containers have no network but those that a test makes: it runs without a bridge and leaves the machine's firewall
/// alone, so that any number of engines run side by side.
#[derive(Debug)]
pub struct DockerEngine {
    folder: PathBuf,
    registry: DockerRegistry,
    http: reqwest::Client,
    swarm: tokio::sync::OnceCell<()>,
    /// Holds the input whose end stops the engine.
    keeper: Child,
}

impl DockerEngine {
    /// Instructions of an image that runs until it is told to stop.
    pub const SERVE: &[&str] = &[r#"ENTRYPOINT ["/app"]"#, r#"CMD ["serve"]"#];
    /// Instructions of an image that says why, and exits with code 3 at once.
    pub const FAIL: &[&str] = &[r#"ENTRYPOINT ["/app"]"#, r#"CMD ["fail"]"#];

    /// The one engine of this process, started at first use; `None` where it cannot run, which is then printed.
    ///
    /// # Panics
    ///
    /// If it cannot run and `REGISTRYWATCHER_REQUIRE_BACKENDS` is `1`.
    pub fn shared() -> Option<&'static Self> {
        static ENGINE: OnceLock<Result<DockerEngine, String>> = OnceLock::new();
        let engine = ENGINE.get_or_init(Self::try_start);
        engine.as_ref().inspect_err(|why| skip(why)).ok()
    }

    /// Another engine, which ends when it is dropped; `None` where it cannot run, which is then printed.
    ///
    /// # Panics
    ///
    /// If it cannot run and `REGISTRYWATCHER_REQUIRE_BACKENDS` is `1`.
    pub fn start() -> Option<Self> {
        Self::try_start().inspect_err(|why| skip(why)).ok()
    }

    fn try_start() -> Result<Self, String> {
        if let Some(missing) = what_is_missing() {
            return Err(missing);
        }
        let registry = DockerRegistry::start(None).ok_or("there is no registry")?;
        let program = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/backends/docker_engine/app.c"
        );
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
        let folder = PathBuf::from(folder.trim_end());
        Ok(Self {
            http: client(&folder.join("docker.sock")),
            folder,
            registry,
            swarm: tokio::sync::OnceCell::new(),
            keeper,
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// Where it listens, as settings write it: `unix:///…`.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The registry that it pulls from, without credentials.
    pub fn registry(&self) -> &DockerRegistry {
        &self.registry
    }

    /// A request to its API, such as `GET` of `containers/json`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://docker/{API}/{path}"))
    }

    /// What it answers to `GET` of `path`; `None` where it has no such thing.
    ///
    /// # Panics
    ///
    /// If it refuses.
    pub async fn find(&self, path: &str) -> Option<Value> {
        let response = self.request(Method::GET, path).send().await;
        let response = response.expect("the engine answers");
        if response.status() == StatusCode::NOT_FOUND {
            return None;
        }
        let text = accepted(response).await;
        Some(serde_json::from_str(&text).expect("the engine answers in JSON"))
    }
}

impl Drop for DockerEngine {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Sends a request that the engine must accept, and gives the text of its answer.
///
/// # Panics
///
/// If it refuses.
pub async fn accept(request: RequestBuilder) -> String {
    accepted(request.send().await.expect("the engine answers")).await
}

async fn accepted(response: reqwest::Response) -> String {
    let status = response.status();
    let text = response.text().await.expect("the answer ends");
    // 304: it is started, or stopped, already.
    assert!(
        status.is_success() || status == StatusCode::NOT_MODIFIED,
        "{status}: {text}"
    );
    text
}

/// Keeps no connection open, for each belongs to the runtime of one test.
fn client(socket: &Path) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .unix_socket(socket)
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
        .build()
        .expect("a client of a socket")
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
