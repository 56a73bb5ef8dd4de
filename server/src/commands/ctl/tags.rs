use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{Tag, TagPage};

use super::fault::Fault;
use super::service::Service;
use super::show::{moment, or_dash, plain, short};
use crate::table::Table;

/// How many are asked for at a time.
const PAGE: u64 = 200;

/// Prints a row for each tag that the repository of a watch has.
pub(super) async fn list(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    let mut listed = TagPage {
        items: Vec::new(),
        next: None,
    };
    loop {
        let request = service.client.list_tags().watch(watch.as_str());
        let mut request = request.limit(PAGE);
        if let Some(after) = &listed.next {
            request = request.after(after.as_str());
        }
        let page = request.send().await?.into_inner();
        listed.items.extend(page.items);
        listed.next = page.next;
        if listed.next.is_none() {
            break;
        }
    }
    service.output.answer(&listed, |listed| {
        if listed.items.is_empty() {
            return format!("{watch} has no tag yet");
        }
        let mut table = Table::new(["TAG", "DIGEST", "VERSION", "FIRST SEEN", "POLICY"]);
        for tag in &listed.items {
            table.row(row(tag));
        }
        table.to_string()
    })
}

fn row(tag: &Tag) -> [String; 5] {
    let policy = match &tag.rejection {
        Some(rejection) => plain(&rejection.message),
        None if tag.wanted => "wanted".to_owned(),
        None => "admitted".to_owned(),
    };
    [
        plain(&tag.tag),
        tag.digest.as_deref().map_or_else(|| "-".to_owned(), short),
        or_dash(tag.version.as_deref()),
        moment(tag.first_seen),
        policy,
    ]
}
