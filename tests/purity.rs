//! The core does no I/O and reads no clock: its dependencies are on a list, and its sources name nothing that would.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it cannot go on"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

/// Everything that the core may be built with, each followed by what it brings along. None of it does I/O.
const ALLOWED: &[&str] = &[
    "registrywatcher",
    // Writes code, and so do the derives of serde, thiserror and tracing.
    "async-trait",
    "proc-macro2",
    "quote",
    "syn",
    "unicode-ident",
    // Without the feature that asks for the time.
    "chrono",
    "num-traits",
    "regex",
    "regex-automata",
    "regex-syntax",
    "aho-corasick",
    "memchr",
    "secrecy",
    "zeroize",
    "semver",
    "serde",
    "serde_core",
    "serde_derive",
    "thiserror",
    "thiserror-impl",
    "tracing",
    "tracing-attributes",
    "tracing-core",
    "once_cell",
    "pin-project-lite",
    // Without the features that make one.
    "uuid",
];

/// What the sources of the core must not name, and what to use instead.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        r"\bstd::(fs|process|env|os)\b",
        "an adapter or the server does that",
    ),
    // Addresses are plain values; everything else in that module opens sockets or resolves names.
    (
        r"\bstd::net::(Tcp|Udp|ToSocketAddrs|\{|\*)|\bstd::net;",
        "an adapter opens sockets",
    ),
    (
        r"\bstd::\{[^;]*\b(fs|net|process|env|os)\b",
        "an adapter or the server does that",
    ),
    (
        r"\bstd::io::(stdin|stdout|stderr)\b",
        "the server speaks to people",
    ),
    (
        r"\bthread::(sleep|spawn)\b",
        "sleeping and running are the runtime's",
    ),
    (
        r"\b(SystemTime|Instant|Utc|Local)::now\b",
        "ask the `Clock` port",
    ),
    (r"\bUuid::(new_v|now_v)", "ask the `Ids` port"),
    (
        r"\b(tokio|async_std|smol)::",
        "the core runs under any runtime, and in a simulation",
    ),
    (r"\b(e?println|e?print|dbg)!", "use `tracing`"),
];

#[test]
fn the_core_is_built_with_nothing_that_does_io() {
    let tree = cargo_tree(&["--prefix", "none", "--format", "{p}"]);
    let built_with: BTreeSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();
    assert!(
        built_with.len() > 1,
        "`cargo tree` lists no dependencies:\n{tree}"
    );

    let paths: Vec<String> = built_with
        .iter()
        .filter(|(name, _)| !ALLOWED.contains(name))
        .map(|(name, version)| cargo_tree(&["--invert", &format!("{name}@{version}")]))
        .collect();
    assert!(
        paths.is_empty(),
        "the core must not be built with these; if one does no I/O, add it to `ALLOWED`:\n\n{}",
        paths.join("\n")
    );

    let names: BTreeSet<&str> = built_with.iter().map(|(name, _)| *name).collect();
    let gone: Vec<&&str> = ALLOWED
        .iter()
        .filter(|name| !names.contains(*name))
        .collect();
    assert!(
        gone.is_empty(),
        "not needed any more, remove from `ALLOWED`: {gone:?}"
    );
}

#[test]
fn the_sources_of_the_core_name_nothing_that_does_io() {
    let mut findings = Vec::new();
    let sources = sources(&root().join("src"));
    assert!(!sources.is_empty(), "there are no sources to read");
    for path in sources {
        let shown = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string();
        findings.extend(forbidden_in(&shown, &fs::read_to_string(&path).unwrap()));
    }
    assert!(
        findings.is_empty(),
        "the core does no I/O:\n\n{}",
        findings.join("\n")
    );
}

#[test]
fn forbidden_names_are_found_where_they_stand() {
    let finds = |source: &str, line: usize| {
        let found = forbidden_in("x.rs", source);
        let place = format!("x.rs:{line}: ");
        assert!(
            found.len() == 1 && found[0].starts_with(&place),
            "{source:?}: {found:?}"
        );
    };
    finds("use std::fs;", 1);
    finds(
        "//! Words.\n\nuse std::{\n    collections::BTreeMap,\n    process,\n};",
        3,
    );
    finds("use std::net::TcpStream;", 1);
    finds("fn f() {\n    let now = Instant::now();\n}", 2);
    finds("fn f() { tokio::spawn(g()); }", 1);
    finds("fn f() { println!(\"x\"); }", 1);
    for innocent in [
        "use std::net::IpAddr;",
        "/// Not `tokio::spawn`.",
        "use std::fmt;",
    ] {
        assert_eq!(forbidden_in("x.rs", innocent), [""; 0], "{innocent:?}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The core's tree of normal dependencies, asked of Cargo without a network.
fn cargo_tree(options: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "registrywatcher", "--edges", "normal"])
        .args(["--offline", "--locked"])
        .args(options)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`cargo tree` failed: {problem}");
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// `("serde", "1.0.0")` of `serde v1.0.0 (*)`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// Every Rust source below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What `source` names that it must not, each with its place and what to do; comments may name what they like.
fn forbidden_in(path: &str, source: &str) -> Vec<String> {
    let comment = Regex::new(r"(?m)//.*$").unwrap();
    // The line break stays, so that places stay right.
    let code = comment.replace_all(source, "");
    let findings = FORBIDDEN.iter().flat_map(|(pattern, instead)| {
        let pattern = Regex::new(pattern).unwrap();
        let places: Vec<String> = pattern
            .find_iter(&code)
            .map(|found| {
                let line = 1 + code[..found.start()].matches('\n').count();
                let first = found.as_str().lines().next().unwrap_or_default();
                format!("{path}:{line}: `{first}`: {instead}")
            })
            .collect();
        places
    });
    findings.collect()
}
