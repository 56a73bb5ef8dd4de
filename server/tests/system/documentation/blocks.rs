use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a page.
#[derive(Debug)]
pub(crate) struct Block {
    /// What stands behind its opening fence.
    pub(crate) language: String,
    pub(crate) text: String,
    /// Why it is not run, if a comment right before it says so.
    pub(crate) excuse: Option<String>,
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(page: &str) -> String {
    let path = repository().join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// README, and every page of `docs/`.
pub(crate) fn pages() -> Vec<String> {
    let docs = fs::read_dir(repository().join("docs")).unwrap();
    let files = docs
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    let docs = files.map(|path| format!("docs/{}", path.file_name().unwrap().display()));
    ["README.md".to_owned()].into_iter().chain(docs).collect()
}

/// The blocks of a page by the heading that they stand under.
pub(crate) fn sections(page: &str) -> BTreeMap<String, Vec<Block>> {
    let text = read(page);
    let mut lines = text.lines();
    let mut sections: BTreeMap<String, Vec<Block>> = BTreeMap::new();
    let (mut section, mut excuse) = (String::new(), None);
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        if let Some(language) = text.strip_prefix("```") {
            let indent = line.len() - text.len();
            let inside = lines.by_ref().take_while(|line| line.trim() != "```");
            let inside =
                inside.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n");
            sections.entry(section.clone()).or_default().push(Block {
                language: language.to_owned(),
                text: inside.collect(),
                excuse: excuse.take(),
            });
        } else if text.starts_with('#') {
            text.trim_start_matches('#').trim().clone_into(&mut section);
        } else if let Some(why) = text.strip_prefix("<!-- not run: ") {
            excuse = Some(why.trim_end_matches(" -->").to_owned());
        } else if !text.is_empty() {
            excuse = None;
        }
    }
    sections
}
