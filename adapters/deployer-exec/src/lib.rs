//! The Deployer port over a command of your own.
//!
//! For each deployment the command runs once, without a shell, and its exit code decides: a script that calls `ssh`,
//! `helm` or `ansible-playbook` is all that a technology without an adapter needs.
//!
//! ```toml
//! [deployers.hooks]
//! kind = "exec"
//! command = ["/etc/registrywatcher/deploy.sh", "--quiet"] # or else `registrywatcher-deploy`, as the PATH finds it
//! environment = { STAGE = "production" }      # what the command gets besides the variables below
//! inherit_environment = ["SSH_AUTH_SOCK"]     # what it gets of our own environment
//! working_directory = "/srv/web"
//! timeout = "10m"                             # then SIGTERM, and after `grace` SIGKILL, to all it has started
//! grace = "10s"
//! show_output = false                         # whether what it writes goes to our own output as well
//!
//! [watches.web]
//! workloads = [{ deployer = "hooks", name = "web" }]
//! ```
//!
//! # What the command is told
//!
//! Its environment is empty but for `environment`, `inherit_environment`, `PATH` (ours, unless it is set in
//! `environment`, since the command itself is looked up in it) and these variables, all of them always set:
//!
//! | variable | holds |
//! |---|---|
//! | `RW_IMAGE` | the image by digest, `ghcr.io/acme/web@sha256:…` |
//! | `RW_REPOSITORY`, `RW_TAG`, `RW_DIGEST` | its parts |
//! | `RW_PREVIOUS_TAG`, `RW_PREVIOUS_DIGEST` | what ran before; empty where it is not known |
//! | `RW_DEPLOYMENT_ID` | the deployment; the same id means the same deployment |
//! | `RW_FORCED` | `true` if the workload is to be replaced although it runs the image already, else `false` |
//! | `RW_WORKLOAD_<KEY>` | each part of the workload's address: `RW_WORKLOAD_NAME` is `web` above |
//!
//! The same stands as one JSON object on its standard input: the names above in lower case without `rw_`, `null` for what
//! is not known, `forced` as a boolean and `workload` as an object.
//!
//! # What its exit means
//!
//! | exit | the deployment |
//! |---|---|
//! | 0 | succeeded |
//! | 75 (`EX_TEMPFAIL`), a signal, the timeout | failed by no fault of the image; it is tried again later |
//! | 126, 127, or a command that cannot be started | failed by the configuration |
//! | any other code | failed by fault of the image, which is quarantined |
//!
//! The last lines of its standard error (or else its standard output) are the reason that people see. What it leaves
//! running in the background is left alone when it exits by itself; such a process should redirect its output.
//!
//! # What cannot be known here
//!
//! A command cannot be asked what runs, so the last deployment that succeeded stands in, and no failure is ever reported
//! as restored. It carries no mark either: when the service stops, its commands are killed, and a deployment that was
//! rolling runs again afterwards *with the same id*. So a command runs **at least once** for each deployment and must
//! bear being repeated. Of one address at most one command runs: a newer deployment stops the older one first.

mod address;
mod deployer;
mod input;
mod outcome;
mod process_group;
mod program;
mod runs;
mod settings;
mod tail;

pub use deployer::ExecDeployer;
pub use settings::Settings;
