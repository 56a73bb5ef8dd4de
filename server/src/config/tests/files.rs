use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// The folder of the repository that holds all configuration files.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// A folder with the secrets that a text names in `/run/secrets`, and the text with their paths in that folder.
fn with_secrets(toml: &str) -> (tempfile::TempDir, String) {
    let secrets = tempfile::tempdir().unwrap();
    for mention in toml.split("/run/secrets/").skip(1) {
        let name = mention.split(['"', '\'']).next().unwrap();
        let text = match name {
            "database-url" => "postgres://rw:secret@db.example/rw".to_owned(),
            "signing" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            "slack" | "teams" | "audit-url" => {
                "https://hooks.slack.com/services/T000/B000/XXXX".to_owned()
            }
            // As `sha256sum` writes it.
            _ if name.ends_with(".sha256") => format!("{}  -", token_hash(name)),
            _ => format!("secret of {name}"),
        };
        fs::write(secrets.path().join(name), format!("{text}\n")).unwrap();
    }
    let text = toml.replace("/run/secrets", &secrets.path().display().to_string());
    (secrets, text)
}

#[test]
fn every_file_of_the_repository_is_accepted() {
    let mut files: Vec<PathBuf> = [folder(), folder().join("examples")]
        .iter()
        .flat_map(|folder| {
            fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    assert!(files.len() >= 5, "found {files:?}");
    for file in files {
        let (_secrets, toml) = with_secrets(&fs::read_to_string(&file).unwrap());
        let loaded = Sources::new().text(file.display().to_string(), toml).load();
        let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.warnings, [], "{}", file.display());
        assert_eq!(loaded.config.check_exposure(), Ok(()), "{}", file.display());
    }
}

/// The lines of `default.toml` that set a key, commented out or not, each with its section.
fn key_lines() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join("default.toml")).unwrap();
    let mut section = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if line.starts_with('[') {
            section = line.to_owned();
        } else if line
            .split_once(" = ")
            .is_some_and(|(key, _)| !key.is_empty() && !key.contains(' '))
        {
            lines.push((section.clone(), line.to_owned()));
        }
    }
    lines
}

#[test]
fn every_example_in_the_defaults_names_a_key_of_the_right_type() {
    // What an example may lack when it is taken out of its surroundings.
    const LACKS: [&str; 5] = [
        "cannot be read: No such file",
        "no deployer is named",
        "missing",
        "without",
        "a watch needs",
    ];
    let lines = key_lines();
    assert!(lines.len() > 40, "found {lines:?}");
    for (section, line) in lines {
        let error = Sources::new()
            .text(FILE, format!("{section}\n{line}"))
            .load()
            .err();
        for fault in error.map(|error| error.faults).unwrap_or_default() {
            let lacks = LACKS.iter().any(|problem| fault.problem.contains(problem));
            assert!(lacks, "{section} {line}: {fault}");
        }
    }
}

#[test]
fn the_defaults_name_every_key() {
    let lines = key_lines();
    for section in [
        "[server]",
        "[store]",
        "[poll]",
        "[rollout]",
        "[log]",
        "[notifications.team]",
        "[breaker]",
        "[replicas]",
        "[tag_log]",
        "[delivery]",
        "[[auth.tokens]]",
        "[registries.\"ghcr.io\"]",
        "[watches.web]",
    ] {
        let faults = faults_with(&format!("{section}\nzzzzzzzzzzzz = 1"), &[]);
        let fault = faults
            .iter()
            .find(|fault| fault.contains("zzzzzzzzzzzz"))
            .unwrap();
        let known = fault.split('`').skip(1).step_by(2);
        for key in known {
            let is_named = lines
                .iter()
                .any(|(at, line)| at == section && line.split(' ').next() == Some(key));
            assert!(is_named, "`{key}` of {section} is not in default.toml");
        }
    }
}

#[test]
fn a_missing_file_is_a_fault() {
    let error = Sources::new()
        .file("/nowhere/a.toml")
        .file("/nowhere/b.toml")
        .load()
        .unwrap_err();
    let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("/nowhere/a.toml: the file `/nowhere/a.toml` cannot be read: "),
        "{lines:?}"
    );
}

#[test]
fn a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, "[poll]\ninterval = '7s'").unwrap();
    let config = Sources::new().file(&file).load().unwrap().config;
    assert_eq!(config.poll.interval, Duration::from_secs(7));
}

#[test]
fn a_secret_is_read_from_its_file_without_the_last_line_break() {
    let toml = "[registries.'ghcr.io']\nusername = 'bot'\npassword_file = '/run/secrets/ghcr'\n\
                [store]\nurl_file = '/run/secrets/database-url'\n\
                [[auth.tokens]]\nname = 'a'\nrole = 'viewer'\ntoken_file = '/run/secrets/dashboard'";
    let (_secrets, toml) = with_secrets(toml);
    let config = load(&toml);
    let Some(Login::Password { password, .. }) =
        &config.registries[&"ghcr.io".parse().unwrap()].login
    else {
        panic!("a login");
    };
    assert_eq!(password.expose(), "secret of ghcr");
    assert_eq!(
        config.store.url.expose(),
        "postgres://rw:secret@db.example/rw"
    );
    assert_eq!(
        config.auth.tokens[0].token.hash,
        token_hash("secret of dashboard")
    );
}

#[test]
fn a_secret_is_given_once() {
    let toml = "[registries.'ghcr.io']\nusername = 'bot'\npassword = 'hunter2'\npassword_file = '/nowhere'";
    assert_eq!(
        faults_with(toml, &[]),
        [
            "test.toml: registries.\"ghcr.io\".password: given twice, as `password` and as `password_file`; keep one"
        ],
    );
    let environment = [
        ("REGISTRYWATCHER_STORE__URL", "sqlite://a.db"),
        ("REGISTRYWATCHER_STORE__URL_FILE", "/nowhere"),
    ];
    let faults = faults_with("", &environment);
    assert_eq!(
        faults,
        [
            "environment variable REGISTRYWATCHER_STORE__URL: store.url: given twice, as `url` and as `url_file`; keep one"
        ]
    );
}

#[test]
fn a_stronger_source_replaces_a_secret_in_either_form() {
    let (_secrets, toml) = with_secrets("[store]\nurl_file = '/run/secrets/database-url'");
    assert!(
        load(&toml).store.url.file().is_some(),
        "the default is replaced by a file"
    );
    let loaded = load_with(&toml, &[("REGISTRYWATCHER_STORE__URL", "sqlite://own.db")]);
    assert_eq!(loaded.config.store.url, Secret::inline("sqlite://own.db"));
}

#[test]
fn a_missing_or_empty_secret_file_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let empty = empty.display();
    let toml = format!(
        "docker_config = '/nowhere/config.json'\n\
         [registries.'ghcr.io']\nusername = 'bot'\npassword_file = '/nowhere/password'\nca_file = '/nowhere/ca.pem'\n\
         [store]\nurl_file = '{empty}'\n\
         [[auth.tokens]]\nname = 'a'\nrole = 'viewer'\ntoken_file = '{empty}'\n\
         [[auth.tokens]]\nname = 'b'\nrole = 'viewer'\nsha256_file = '{empty}'\n"
    );
    let problem = "cannot be read: No such file or directory (os error 2)";
    assert_eq!(
        faults_with(&toml, &[]),
        [
            format!("test.toml: docker_config: the file `/nowhere/config.json` {problem}"),
            "test.toml: store.url_file: the secret is empty".to_owned(),
            format!("test.toml: auth.tokens.0.token_file: the file `{empty}` holds no token"),
            "test.toml: auth.tokens.1.sha256_file: expected the 64 hexadecimal digits of a SHA-256"
                .to_owned(),
            format!(
                "test.toml: registries.\"ghcr.io\".password_file: the file `/nowhere/password` {problem}"
            ),
            format!(
                "test.toml: registries.\"ghcr.io\".ca_file: the file `/nowhere/ca.pem` {problem}"
            ),
        ]
    );
}
