use poem::{Route, get, post};

use crate::{actions, live, pages};

/// What the paths of pages begin with. The API has every other path.
const BEGINNINGS: [&str; 10] = [
    "",
    "assets",
    "deployments",
    "events",
    "freeze",
    "live",
    "registries",
    "sign-in",
    "sign-out",
    "watches",
];

/// Whether a path is that of a page, or of what belongs to pages.
pub fn serves(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    first.is_some_and(|first| BEGINNINGS.contains(&first))
}

/// Every page, and every form.
pub(crate) fn all() -> Route {
    let pages = Route::new()
        .at("/", get(pages::overview::show))
        .at("/watches/:subject", get(pages::watch::show))
        .at("/watches/:subject/tags", get(pages::tags::show))
        .at("/deployments/:subject", get(pages::deployment::show))
        .at("/events", get(pages::events::show))
        .at("/registries", get(pages::registries::show))
        .at("/freeze", get(pages::freeze::show))
        .at("/live", get(live::follow))
        .at(
            pages::sign_in::PATH,
            get(pages::sign_in::show).post(pages::sign_in::sign_in),
        )
        .at("/sign-out", post(pages::sign_in::sign_out));
    actions::add_to(pages)
}
