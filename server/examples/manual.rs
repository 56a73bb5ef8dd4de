//! Writes the manual pages and the shell completions into a folder, as packages carry them.
//!
//! An example, so that neither the program nor its users carry what only packaging needs:
//! `cargo run --package registrywatcher-server --example manual -- FOLDER`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::Context;
use clap_complete::Shell;

/// The shells whose users are served, each with the name under which it looks for completions.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1).context("usage: manual FOLDER")?;
    write(&PathBuf::from(folder))?;
    Ok(())
}

/// Writes `man/<verb>.1`, one for each verb, and `completions/<file of the shell>`.
fn write(folder: &Path) -> io::Result<()> {
    let pages = folder.join("man");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(registrywatcher_server::command_line(), pages)?;
    let completions = folder.join("completions");
    fs::create_dir_all(&completions)?;
    for shell in SHELLS {
        let mut command_line = registrywatcher_server::command_line();
        clap_complete::generate_to(shell, &mut command_line, "registrywatcher", &completions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        folder
    }

    #[test]
    fn every_verb_has_a_page_that_says_what_it_does() {
        let folder = written();
        let page = |name: &str| {
            let path = folder.path().join("man").join(name);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        for (name, says) in [
            ("registrywatcher.1", "registrywatcher\\-serve"),
            (
                "registrywatcher-serve.1",
                "Decide and tell, and deploy nothing",
            ),
            ("registrywatcher-config-check.1", "REGISTRYWATCHER_CONFIG"),
            ("registrywatcher-ctl-deploy.1", "\\-\\-wait"),
        ] {
            assert!(
                page(name).contains(says),
                "no `{says}` in {name}:\n{}",
                page(name)
            );
        }
    }

    #[test]
    fn every_shell_has_completions_that_know_the_verbs() {
        let folder = written();
        for file in [
            "registrywatcher.bash",
            "registrywatcher.fish",
            "_registrywatcher",
        ] {
            let text = fs::read_to_string(folder.path().join("completions").join(file)).unwrap();
            assert!(
                text.contains("healthcheck") && text.contains("dry-run"),
                "{file}"
            );
        }
    }
}
