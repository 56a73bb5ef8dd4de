use chrono::TimeDelta;
use registrywatcher::app::{Asked, WatchView};
use registrywatcher::intent::Once;
use ring::digest::{Context, SHA256};

use crate::edge::Call;
use crate::fault::Fault;

/// The field that makes a form one demand, however often it is sent.
pub(super) const KEY: &str = "key";

/// How long a form is taken for one that was sent already.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// What makes the demand of a form for `content` one. Everybody has keys of their own, for each watch.
pub(super) fn once(call: &Call, view: &WatchView, content: &str) -> Result<Once, Fault> {
    let key = call.form.get(KEY);
    let key = key.ok_or_else(|| Fault::invalid("The form carries no key: load its page anew."))?;
    let parts = [
        "page",
        view.watch.name.as_str(),
        call.visitor.author.as_str(),
        key,
    ];
    Ok(Once::new(hash(&parts), hash(&[content])))
}

/// Whether that demand was made before.
pub(super) async fn was_asked(call: &Call, view: &WatchView, once: Once) -> Result<bool, Fault> {
    let asked = Asked {
        watch: view.watch.name.clone(),
        request: once.request(),
        at: call.site.now() - REMEMBERED,
    };
    let served = call.site.app.served(&asked).await?;
    Ok(served.is_pending || !served.deployments.is_empty())
}

/// The first half of a hash is enough where nobody gains by two that are equal.
fn hash(parts: &[&str]) -> u64 {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    let hash = context.finish();
    let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}
