use super::blocks::{pages, read, repository};

/// The targets of the links in a text, pictures included; what stands in comments is not shown.
fn targets(text: &str) -> Vec<&str> {
    let shown = text
        .split("<!--")
        .map(|part| part.split_once("-->").map_or(part, |(_, shown)| shown));
    let ends = shown.flat_map(|part| part.split("](").skip(1));
    ends.filter_map(|rest| rest.split([')', ' ']).next())
        .collect()
}

/// The anchor that a heading gets on the pages that show it.
fn anchor(heading: &str) -> String {
    let words = heading.to_lowercase().replace(' ', "-");
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

fn anchors(page: &str) -> Vec<String> {
    let text = read(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let (folder, _) = page.rsplit_once('/').unwrap_or_default();
        let text = read(&page);
        for target in targets(&text)
            .into_iter()
            .filter(|target| !target.contains("://"))
        {
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.clone(),
                file => format!("{folder}/{file}")
                    .trim_start_matches('/')
                    .to_owned(),
            };
            assert!(
                repository().join(&path).exists(),
                "{page} links to {target}, which does not exist"
            );
            assert!(
                fragment.is_empty() || anchors(&path).contains(&fragment.to_owned()),
                "{page} links to {target}; there are {:?}",
                anchors(&path)
            );
        }
    }
}
