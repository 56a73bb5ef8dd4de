use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::skip;

/// Makes a cluster, serves it on a socket inside its folder, says which folder, and removes all when its input ends.
///
/// The input ends with the process that holds it, however that one ends, so no cluster outlives its test.
const SCRIPT: &str = r#"
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/registrywatcher-postgres.XXXXXX")
cd "$folder"
server=
stop() {
    [ -z "$server" ] || { kill -INT "$server" 2>/dev/null && wait "$server"; } || true
    rm -rf "$folder"
}
give_up() {
    cat log >&2
    exit 1
}
trap stop EXIT
"$1/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync \
    >log 2>&1 || give_up
"$1/postgres" -D data -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=200 \
    >>log 2>&1 </dev/null &
server=$!
tries=0
until "$1/pg_isready" --quiet --host="$folder"; do
    kill -0 "$server" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || give_up
    sleep 0.05
done
echo "$folder"
cat >/dev/null
"#;

/// Where distributions put the programs of a Postgres server; the first that is there is taken.
const PROGRAMS: [&str; 8] = [
    "/usr/lib/postgresql/18/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
    "/usr/lib/postgresql/14/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// A throw-away Postgres cluster: started once per test process, stopped and removed when that ends.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    /// Holds the input whose end stops the cluster.
    _keeper: Child,
}

impl Postgres {
    /// The cluster of this process, or `None` where Postgres is not installed, which is then printed.
    ///
    /// # Panics
    ///
    /// If the cluster does not start; or if it is not installed and `REGISTRYWATCHER_REQUIRE_BACKENDS` is `1`.
    pub fn start() -> Option<&'static Self> {
        static CLUSTER: OnceLock<Option<Postgres>> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(|| {
            let mut folders = PROGRAMS.iter().map(Path::new);
            let programs = folders.find(|folder| is_complete(folder));
            programs.map(|programs| Self::serve(programs.to_owned()))
        });
        if cluster.is_none() {
            skip("PostgreSQL's server programs are not installed");
        }
        cluster.as_ref()
    }

    /// Makes an empty database, and gives its URL.
    ///
    /// # Panics
    ///
    /// If the cluster refuses.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let created = Command::new(self.programs.join("createdb"))
            .arg("--host")
            .arg(&self.folder)
            .args(["--username=postgres", "--template=template0", &name])
            .status();
        assert!(
            created.is_ok_and(|status| status.success()),
            "the cluster makes no database"
        );
        let folder = self.folder.display();
        // A password that the cluster does not ask for, so that a test can look for it where it must not appear.
        format!("postgres://postgres:hunter2@localhost/{name}?host={folder}&sslmode=disable")
    }

    fn serve(programs: PathBuf) -> Self {
        let mut keeper = as_server_user()
            .args(["sh", "-c", SCRIPT, "sh"])
            .arg(&programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("no shell can be started for the cluster: {error}"));
        let mut folder = String::new();
        let answer = keeper.stdout.take().map(BufReader::new);
        let read = answer.map(|mut answer| answer.read_line(&mut folder));
        assert!(
            matches!(read, Some(Ok(length)) if length > 0),
            "the Postgres cluster did not start; its log is above"
        );
        let folder = PathBuf::from(folder.trim_end());
        Self {
            programs,
            folder,
            databases: AtomicU32::new(0),
            _keeper: keeper,
        }
    }
}

/// Whether `folder` has all the programs that are needed; some systems link only a few of them.
fn is_complete(folder: &Path) -> bool {
    let needed = ["initdb", "postgres", "pg_isready", "createdb"];
    needed.iter().all(|program| folder.join(program).is_file())
}

/// `env`, as the user `postgres` where this process is root's, as whom the server refuses to run.
///
/// Apart from the process group of the test, so that an interrupt from the terminal does not stop the clearing up.
fn as_server_user() -> Command {
    use std::os::unix::process::CommandExt;

    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "env"]);
        command
    } else {
        Command::new("env")
    };
    command.process_group(0);
    command
}
