mod http;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use registrywatcher::image::Digest;

use super::skip;
use http::Http;

/// Serves an empty registry on a free port, says which address, and removes all when its input ends.
///
/// The input ends with the process that holds it, however that one ends, so no registry outlives its test.
const SCRIPT: &str = r#"
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/registrywatcher-registry.XXXXXX")
cd "$folder"
server=
stop() {
    [ -z "$server" ] || { kill -TERM "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$folder"
}
give_up() {
    cat log >&2
    exit 1
}
trap stop EXIT
auth=
if [ -n "$1" ]; then
    htpasswd -Bbn "$1" "$2" >htpasswd
    auth="auth: {htpasswd: {realm: test, path: $folder/htpasswd}}"
fi
cat >config.yml <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/data}, delete: {enabled: true}}
http: {addr: '127.0.0.1:0'}
$auth
END
docker-registry serve config.yml >log 2>&1 </dev/null &
server=$!
tries=0
address=
while [ -z "$address" ]; do
    kill -0 "$server" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || give_up
    sleep 0.02
    address=$(sed -n 's/.*msg="listening on \([^"]*\)".*/\1/p' log)
done
echo "$address"
cat >/dev/null
"#;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// An empty JSON object, which serves every image as its configuration, and its digest.
const CONFIG: &str = "{}";
const CONFIG_DIGEST: &str =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// Debian's `docker-registry`, started for one test and stopped and removed after it.
#[derive(Debug)]
pub struct DockerRegistry {
    http: Http,
    keeper: Child,
}

impl DockerRegistry {
    /// Starts an empty registry on a free port of the loopback interface, for one `(user, password)` or for everybody;
    /// `None` where its programs are not installed, which is then printed.
    ///
    /// # Panics
    ///
    /// If the registry does not start; or if it is not installed and `REGISTRYWATCHER_REQUIRE_BACKENDS` is `1`.
    pub fn start(login: Option<(&str, &str)>) -> Option<Self> {
        let needed: &[&str] = match login {
            None => &["docker-registry"],
            Some(_) => &["docker-registry", "htpasswd"],
        };
        if let Some(missing) = needed.iter().find(|program| !is_installed(program)) {
            skip(&format!("{missing} is not installed"));
            return None;
        }
        let (user, password) = login.unwrap_or_default();
        let mut keeper = in_a_group_of_its_own("sh")
            .args(["-c", SCRIPT, "sh", user, password])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("no shell can be started for the registry: {error}"));
        let mut address = String::new();
        let answer = keeper.stdout.take().map(BufReader::new);
        let read = answer.map(|mut answer| answer.read_line(&mut address));
        assert!(
            matches!(read, Some(Ok(length)) if length > 0),
            "docker-registry did not start; its log is above"
        );
        Some(Self {
            http: Http::new(address.trim_end(), login),
            keeper,
        })
    }

    /// The registry part of an image reference, `127.0.0.1:41523`.
    pub fn host(&self) -> &str {
        self.http.address()
    }

    /// Pushes an image under `tag`, and gives its digest. The same `content` is the same image, whatever its tag.
    ///
    /// # Panics
    ///
    /// If the registry refuses.
    pub fn push(&self, repository: &str, tag: &str, content: &str) -> Digest {
        self.push_config(repository);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{CONFIG_DIGEST}","size":{size}}},"layers":[],"annotations":{{"example.content":{content:?}}}}}"#,
            size = CONFIG.len(),
        );
        let path = format!("/v2/{repository}/manifests/{tag}");
        let pushed = self.http.send("PUT", &path, MANIFEST, &manifest);
        pushed
            .header("docker-content-digest")
            .expect("a registry tells the digest of what was pushed")
            .parse()
            .expect("a registry's digest is one")
    }

    /// Deletes an image, and with it every tag that points to it.
    ///
    /// # Panics
    ///
    /// If the registry refuses.
    pub fn delete(&self, repository: &str, digest: &Digest) {
        let path = format!("/v2/{repository}/manifests/{digest}");
        self.http.send("DELETE", &path, MANIFEST, "");
    }

    fn push_config(&self, repository: &str) {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.http.send("POST", &path, "text/plain", "");
        let location = begun
            .header("location")
            .expect("an upload has an address")
            .to_owned();
        let path = location
            .strip_prefix(&format!("http://{}", self.host()))
            .unwrap_or(&location);
        let path = format!("{path}&digest={CONFIG_DIGEST}");
        self.http
            .send("PUT", &path, "application/octet-stream", CONFIG);
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // The end of its input is what ends it.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn is_installed(program: &str) -> bool {
    let tried = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok()
}

/// Apart from the process group of the test, so that an interrupt from the terminal does not stop the clearing up.
fn in_a_group_of_its_own(program: &str) -> Command {
    use std::os::unix::process::CommandExt;

    let mut command = Command::new(program);
    command.process_group(0);
    command
}
