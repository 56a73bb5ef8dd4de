//! Manual pages and shell completions, as packages carry them.

use std::path::Path;
use std::{fs, io};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

/// The shells whose users are served.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

/// Writes `man/<verb>.1`, one for each verb, and `completions/<file of the shell>` into `folder`.
pub fn write(folder: &Path) -> io::Result<()> {
    let pages = folder.join("man");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(Cli::command(), pages)?;
    let completions = folder.join("completions");
    fs::create_dir_all(&completions)?;
    for shell in SHELLS {
        let mut command_line = Cli::command();
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
            let page = page(name);
            assert!(page.contains(says), "no `{says}` in {name}:\n{page}");
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
            let knows = text.contains("healthcheck") && text.contains("dry-run");
            assert!(knows, "{file}");
        }
    }
}
