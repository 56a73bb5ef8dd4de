use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::blocks::{read, repository};

/// The first cells of the tables in a page's section.
fn first_cells(page: &str, section: &str) -> Vec<String> {
    let text = read(page);
    let heading = format!("## {section}\n");
    let (_, rest) = text
        .split_once(&heading)
        .unwrap_or_else(|| panic!("{page} has no `{section}`"));
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.map(|row| row.split(" | ").next().unwrap().to_owned());
    // Without the heading.
    cells.skip(1).collect()
}

/// What stands in backquotes at the beginning of a cell.
fn quoted(cell: &str) -> Option<&str> {
    let ticks = cell.len() - cell.trim_start_matches('`').len();
    let (fence, rest) = cell.split_at(ticks);
    let text = rest.split(fence).next().filter(|_| ticks > 0)?;
    Some(text.trim_end())
}

/// All sources of the program, as the compiler reads their texts: escapes undone, and lines that go on joined.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut text = String::new();
    for folder in ["src", "adapters", "server/src"] {
        collect(&repository().join(folder), &mut text);
    }
    let mut joined = String::new();
    for (index, piece) in text.split("\\\n").enumerate() {
        joined += if index == 0 {
            piece
        } else {
            piece.trim_start()
        };
    }
    joined.replace("\\\"", "\"")
}

#[test]
fn what_troubleshooting_quotes_is_what_the_program_says() {
    const PAGE: &str = "docs/troubleshooting.md";
    let sources = sources();
    let mut count = 0;
    for section in [
        "It does not start",
        "Nothing is deployed",
        "The registry",
        "The orchestrator",
    ] {
        for cell in first_cells(PAGE, section) {
            let Some(text) = quoted(&cell) else { continue };
            count += 1;
            assert!(
                sources.contains(text),
                "{PAGE} quotes `{text}`, which no source says"
            );
        }
    }
    assert!(count > 25, "only {count} texts are quoted");
}

#[test]
fn the_table_of_decisions_has_every_reason_for_holding() {
    let source = read("src/decision/hold.rs");
    let (_, names) = source.split_once("pub fn name(&self)").unwrap();
    let (names, _) = names.split_once("\n    }\n").unwrap();
    let names: BTreeSet<&str> = names.split('"').skip(1).step_by(2).collect();
    let cells = first_cells("docs/decisions.md", "3. Whether it may be");
    let told: BTreeSet<&str> = cells.iter().filter_map(|cell| quoted(cell)).collect();
    assert!(names.len() > 10);
    assert_eq!(told, names);
}
