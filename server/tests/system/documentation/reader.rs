use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};

use super::blocks::Block;
use crate::child::RunningChild;
use crate::engines::place::Place;
use crate::program::Program;
use crate::service::Service;
use crate::site::add_job;
use crate::wait::eventually;

/// What a page calls everything, and the tags that there are of it.
const REPOSITORY: &str = "acme/web";
pub(crate) const TAGS: [&str; 4] = ["v1.0.0", "v1.3.0", "v1.4.0", "v1.5.0"];

/// The Go service's own sample, and its repository and job in there.
const GO_SAMPLE: &str = include_str!("../go_service/staging.toml");
const GO_REPOSITORY: &str = "some_prefix/registrywatcher";
const GO_NAME: &str = "registrywatcher";

/// Somebody with a terminal in an empty folder, a registry, and a Nomad.
pub(crate) struct Reader {
    program: Program,
    /// What the page says, and what it is here.
    addresses: Vec<(String, String)>,
    service: Option<Service>,
    /// What was started besides, and goes on.
    lasting: Vec<RunningChild>,
    _registry: SimulatedRegistry,
    _nomad: SimulatedNomad,
}

impl Reader {
    /// Whose Nomad runs an old release of `ghcr.io/acme/web`, by tag.
    pub(crate) async fn with_nomad() -> Self {
        let registry = SimulatedRegistry::start().await.unwrap();
        for tag in TAGS {
            registry.publish(REPOSITORY, tag);
        }
        let nomad = SimulatedNomad::start().await.unwrap();
        let image = format!("{}/{REPOSITORY}:{}", registry.host(), TAGS[0]);
        add_job(&nomad, "web", "server", &image);
        let mut reader = Self::new(registry, nomad);
        for secret in ["ghcr", "nomad"] {
            reader.write(secret, "a secret");
        }
        reader
    }

    /// Whose real Docker Engine runs the oldest release there.
    pub(crate) async fn with_engine_of(place: &Place) -> Self {
        place.run(TAGS[0]).await;
        let registry = SimulatedRegistry::start().await.unwrap();
        let nomad = SimulatedNomad::start().await.unwrap();
        let mut reader = Self::new(registry, nomad);
        reader.program.set("DOCKER_HOST", &place.engine());
        let image = ("ghcr.io/acme/web".to_owned(), place.repository());
        reader.addresses.insert(0, image);
        reader
    }

    /// Who has the Go service's file in the folder as well, filled in.
    pub(crate) async fn with_the_go_services_file() -> Self {
        let registry = SimulatedRegistry::start().await.unwrap();
        registry.publish(GO_REPOSITORY, TAGS[0]);
        let nomad = SimulatedNomad::start().await.unwrap();
        let image = format!("{}/{GO_REPOSITORY}:{}", registry.host(), TAGS[0]);
        add_job(&nomad, GO_NAME, GO_NAME, &image);
        let sample = GO_SAMPLE
            .replace("registry_scheme = \"https\"", "registry_scheme = \"http\"")
            .replace("registry-1.docker.io", &registry.host())
            .replace("$YOUR_AUTH_STRING_HERE", &STANDARD.encode("bot:secret"))
            .replace(
                "$YOUR_SLACK_URL_HERE",
                "https://hooks.slack.com/services/T/B/X",
            );
        let address = nomad.url();
        let mut reader = Self::new(registry, nomad);
        reader.write("staging.toml", &sample);
        reader.program.set("NOMAD_ADDR", &address);
        reader.program.set("DATABASE_URL", "sqlite://go.db");
        reader
    }

    fn new(registry: SimulatedRegistry, nomad: SimulatedNomad) -> Self {
        let mut program = Program::new("");
        let folder = program.folder().display().to_string();
        let tools = program.folder().join("tools");
        std::fs::create_dir(&tools).unwrap();
        symlink(
            env!("CARGO_BIN_EXE_registrywatcher"),
            tools.join("registrywatcher"),
        )
        .unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = format!("{}:{}", tools.display(), path.to_string_lossy());
        program.set("PATH", &path);
        program.set("REGISTRYWATCHER_SERVER__LISTEN", "127.0.0.1:0");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let addresses = [
            ("ghcr.io", registry.host()),
            ("https://nomad.example:4646", nomad.url()),
            ("/run/secrets", folder),
            ("9000", port.unwrap().port().to_string()),
            // Whoever copies it would see a refusal, which to `curl` is none.
            (
                "curl ",
                "curl --no-progress-meter --fail-with-body ".to_owned(),
            ),
        ];
        Self {
            program,
            addresses: addresses
                .map(|(said, here)| (said.to_owned(), here))
                .to_vec(),
            service: None,
            lasting: Vec::new(),
            _registry: registry,
            _nomad: nomad,
        }
    }

    /// Writes a file that may be run.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        let path = self.program.folder().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Waits until a file holds `text`.
    pub(crate) async fn finds(&self, name: &str, text: &str) {
        let path = self.program.folder().join(name);
        eventually(&format!("`{text}` in {name}"), async || {
            let found = std::fs::read_to_string(&path).ok()?;
            found.contains(text).then_some(())
        })
        .await;
    }

    /// Does what a block says: runs commands, and writes what begins with the comment of a name into that file.
    pub(crate) async fn take(&mut self, block: &Block) {
        let text = self.here(&block.text);
        if block.language == "sh" {
            for step in Step::all(&text) {
                self.run(step).await;
            }
        } else if let Some(name) = text.strip_prefix("# ").and_then(|rest| rest.lines().next()) {
            self.write(name, &text);
        }
    }

    /// Whatever goes on still does.
    pub(crate) fn look_up(&mut self) {
        for child in &mut self.lasting {
            assert!(!child.has_ended(), "it ended: {}", child.stderr());
        }
    }

    fn here(&self, text: &str) -> String {
        let replace = |text: String, (said, here): &(String, String)| text.replace(said, here);
        self.addresses.iter().fold(text.to_owned(), replace)
    }

    async fn run(&mut self, step: Step<'_>) {
        match step {
            Step::Serve(line) => self.serve(line).await,
            Step::Lasting(line) => {
                let child = self.program.shell(&format!("exec {line}"));
                self.lasting.push(child);
            }
            Step::Check(line) => {
                let ended = self.program.shell(line).ended().await;
                // Whether there is something to do.
                assert!(matches!(ended.code, Some(0 | 2)), "{line}: {ended:?}");
            }
            Step::Script(script) => {
                let ended = self.program.shell(script).ended().await;
                assert_eq!(ended.code, Some(0), "{script}: {ended:?}");
            }
        }
    }

    async fn serve(&mut self, line: &str) {
        let child = self.program.shell(&format!("exec {line}"));
        let service = Service::of(child).await;
        let url = service.url().to_owned();
        let watches = service.read("/api/v1/watches").await;
        let watch = watches["items"][0]["name"].as_str().unwrap().to_owned();
        // Whoever reads on is slower than a rollout.
        service.decides(&watch, "up_to_date").await;
        self.program.set("REGISTRYWATCHER_SERVER", &url);
        let address = url.trim_start_matches("http://").to_owned();
        self.addresses.push(("localhost:8080".to_owned(), address));
        self.service = Some(service);
    }
}

/// What is typed at once.
enum Step<'a> {
    /// The service, in a terminal of its own.
    Serve(&'a str),
    /// Whatever else goes on, in a terminal of its own.
    Lasting(&'a str),
    /// `check`, whose exit code tells what it found.
    Check(&'a str),
    /// Commands that end.
    Script(&'a str),
}

impl<'a> Step<'a> {
    fn all(text: &'a str) -> Vec<Self> {
        let (mut steps, mut from, mut at) = (Vec::new(), 0, 0);
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            if let Some(step) = Self::alone(line.trim_end()) {
                steps.extend(Self::script(&text[from..at]));
                steps.push(step);
                from = end;
            }
            at = end;
        }
        steps.extend(Self::script(&text[from..]));
        steps
    }

    fn alone(line: &'a str) -> Option<Self> {
        let is = |start: &str| line.starts_with(start);
        if is("registrywatcher serve") {
            Some(Self::Serve(line))
        } else if is("registrywatcher check") {
            Some(Self::Check(line))
        } else if is("registrywatcher watch") && !line.contains("--once")
            || is("python3 ")
            || line.contains("--follow")
        {
            Some(Self::Lasting(line))
        } else {
            None
        }
    }

    fn script(text: &'a str) -> Option<Self> {
        (!text.trim().is_empty()).then_some(Self::Script(text))
    }
}
