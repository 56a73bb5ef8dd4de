//! What README and `docs/` say is done as it says, by somebody who copies each block into a terminal.
//!
//! Only addresses differ: of the registry, of Nomad, and the ports that are listened on.

mod blocks;
mod links;
mod reader;
mod words;

use crate::documentation::blocks::{Block, pages, sections};
use crate::documentation::reader::{Reader, TAGS};
use crate::engines::place::{Kind, Place};
use registrywatcher_conformance::backends::DockerEngine;

/// The blocks of a page's section that somebody follows.
async fn follow(reader: &mut Reader, page: &str, section: &str) {
    let found = sections(page).remove(section);
    let blocks = found.unwrap_or_else(|| panic!("{page} has no section `{section}`"));
    for block in blocks.iter().filter(|block| block.excuse.is_none()) {
        reader.take(block).await;
    }
    reader.look_up();
}

/// The sections of a page that have a command which nothing excuses.
fn commanding(page: &str) -> Vec<String> {
    let commands = |block: &Block| block.language == "sh" && block.excuse.is_none();
    let sections = sections(page).into_iter();
    let commanding = sections.filter(|(_, blocks)| blocks.iter().any(commands));
    commanding.map(|(section, _)| section).collect()
}

/// The commands of a page stand in these sections and in no other, so that none is left out.
#[track_caller]
fn commands_are_in(page: &str, expected: &[&str]) {
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(
        commanding(page),
        expected,
        "{page}: follow every section that has commands in a test, or excuse them by a comment `not run: why`"
    );
}

#[test]
fn every_page_with_commands_has_a_test_and_every_block_says_what_it_is() {
    const FOLLOWED: [&str; 4] = [
        "README.md",
        "docs/go-service.md",
        "docs/operations.md",
        "docs/quick-start.md",
    ];
    let pages = pages();
    assert!(pages.len() > 8, "{pages:?}");
    for page in pages {
        if !FOLLOWED.contains(&page.as_str()) {
            commands_are_in(&page, &[]);
        }
        for block in sections(&page).into_values().flatten() {
            assert!(
                !block.language.is_empty(),
                "{page}: say what this is, such as `sh`:\n{}",
                block.text
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_configuration_on_a_page_is_accepted() {
    let mut count = 0;
    for page in pages() {
        for block in sections(&page).into_values().flatten() {
            if !block.text.starts_with("# registrywatcher.toml") {
                continue;
            }
            let mut reader = Reader::with_nomad().await;
            reader.take(&block).await;
            let check = Block {
                language: "sh".to_owned(),
                text: "registrywatcher config check".to_owned(),
                excuse: None,
            };
            reader.take(&check).await;
            count += 1;
        }
    }
    assert!(count > 4, "there are {count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_can_be_followed() {
    const STEPS: [&str; 4] = [
        "Deploy to Nomad",
        "Steer it",
        "Command line",
        "When something goes wrong",
    ];
    const PAGE: &str = "README.md";
    let watch = "Run a command for each new release";
    let go = "Coming from the Go service";
    commands_are_in(PAGE, &[&STEPS[..], &[watch, go]].concat());

    let mut reader = Reader::with_nomad().await;
    for section in STEPS {
        follow(&mut reader, PAGE, section).await;
    }
    let mut reader = Reader::with_nomad().await;
    reader.write("deploy.sh", "#!/bin/sh\necho \"$RW_TAG\" >> deployed\n");
    follow(&mut reader, PAGE, watch).await;
    reader.finds("deployed", "v1.5.0").await;
    let mut reader = Reader::with_the_go_services_file().await;
    follow(&mut reader, PAGE, go).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_quick_start_can_be_followed_alone() {
    const PAGE: &str = "docs/quick-start.md";
    let alone = ["A command for each release", "Nomad", "A webhook"];
    let last = "What next";
    commands_are_in(
        PAGE,
        &[&alone[..], &["Docker", "Docker Swarm", last]].concat(),
    );
    for section in alone {
        let mut reader = Reader::with_nomad().await;
        follow(&mut reader, PAGE, section).await;
        follow(&mut reader, PAGE, last).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_starts_with_a_real_engine_can_be_followed() {
    for (kind, section) in [(Kind::Docker, "Docker"), (Kind::Swarm, "Docker Swarm")] {
        let Some(place) = Place::open(kind, "web").await else {
            return;
        };
        for tag in TAGS {
            place.push(tag, DockerEngine::SERVE).await;
        }
        let mut reader = Reader::with_engine_of(&place).await;
        follow(&mut reader, "docs/quick-start.md", section).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_from_the_go_service_can_be_followed() {
    const PAGE: &str = "docs/go-service.md";
    let all = "Moving from the Go service";
    commands_are_in(PAGE, &[all]);
    let mut reader = Reader::with_the_go_services_file().await;
    follow(&mut reader, PAGE, all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_stopped_as_operations_say() {
    const PAGE: &str = "docs/operations.md";
    let stop = "Stop everything";
    commands_are_in(PAGE, &[stop]);
    let mut reader = Reader::with_nomad().await;
    follow(&mut reader, "docs/quick-start.md", "Nomad").await;
    follow(&mut reader, PAGE, stop).await;
}
