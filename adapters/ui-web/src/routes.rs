use poem::{Route, get, post};

use crate::{live, pages};

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
    Route::new()
        .at("/", get(pages::overview::show))
        .at("/live", get(live::follow))
        .at(
            pages::sign_in::PATH,
            get(pages::sign_in::show).post(pages::sign_in::sign_in),
        )
        .at("/sign-out", post(pages::sign_in::sign_out))
}
