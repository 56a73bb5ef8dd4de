#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use askama::Template;
use poem::handler;

use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::{Banner, Frame, Here, Page};

#[derive(Template)]
#[template(path = "freeze.html")]
struct Freezes {
    frame: Frame,
    all: Option<Banner>,
    /// The watches that are frozen by themselves.
    some: Vec<(String, Banner)>,
    may_administer: bool,
    may_deploy: bool,
}

#[handler]
pub(crate) fn show(call: Call) -> Result<Page, Fault> {
    let now = call.site.now();
    let views = call.site.app.watches().into_iter();
    let some = views.filter(|view| call.visitor.sees(&view.watch.name));
    let some = some.filter_map(|view| {
        let banner = Banner::new(view.freeze.as_ref()?, now);
        Some((view.watch.name.to_string(), banner))
    });
    let page = Freezes {
        frame: call.frame(Here::Freeze, "Freeze"),
        all: call
            .site
            .app
            .frozen()
            .map(|freeze| Banner::new(&freeze, now)),
        some: some.collect(),
        may_administer: call.visitor.may_administer(),
        may_deploy: call.visitor.may_deploy(),
    };
    Page::of(&page)
}
