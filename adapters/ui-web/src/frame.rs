use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use registrywatcher::freeze::{Freeze, Stops};

use crate::assets;
use crate::fault::Fault;
use crate::moment::{OnTheClock, When};
use crate::site::Site;
use crate::visitor::Visitor;

/// What stands around every page.
pub(crate) struct Frame {
    pub(crate) title: String,
    /// Which entry of the navigation it belongs to.
    pub(crate) here: Here,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) freeze: Option<Banner>,
    /// What was just done, as told once.
    pub(crate) notice: Option<&'static str>,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

/// Which entry of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Watches,
    Events,
    Registries,
    Freeze,
    Nowhere,
}

/// A freeze of all watches, as told on every page.
pub(crate) struct Banner {
    pub(crate) until: OnTheClock,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) what: &'static str,
}

impl Banner {
    pub(crate) fn new(freeze: &Freeze, now: DateTime<Utc>) -> Self {
        let at = freeze.until;
        Self {
            until: OnTheClock(When { at, now }),
            by: freeze.by.to_string(),
            reason: freeze.reason.clone(),
            what: match freeze.stops {
                Stops::Everything => "Deployments are frozen",
                Stops::Automatic => "Automatic deployments are frozen",
            },
        }
    }
}

impl Frame {
    pub(crate) fn new(
        site: &Site,
        visitor: Option<&Visitor>,
        here: Here,
        title: impl Into<String>,
    ) -> Self {
        let freeze = site.app.frozen().filter(|_| visitor.is_some());
        Self {
            title: title.into(),
            here,
            visitor: visitor.cloned(),
            freeze: freeze.map(|freeze| Banner::new(&freeze, site.now())),
            notice: None,
            style: assets::style().path.clone(),
            script: assets::script().path.clone(),
            icon: assets::icon().path.clone(),
        }
    }

    pub(crate) fn with_notice(self, name: Option<&str>) -> Self {
        Self {
            notice: name.and_then(notice),
            ..self
        }
    }

    /// Marks the entry of the navigation that the page belongs to.
    pub(crate) fn current(&self, name: &str) -> bool {
        let of_name = BTreeMap::from([
            ("watches", Here::Watches),
            ("events", Here::Events),
            ("registries", Here::Registries),
            ("freeze", Here::Freeze),
        ]);
        of_name.get(name) == Some(&self.here)
    }

    pub(crate) fn signed_in(&self) -> bool {
        self.visitor
            .as_ref()
            .is_some_and(|visitor| visitor.token.is_some())
    }
}

/// What was done, by the name under which the form that did it leads back.
fn notice(name: &str) -> Option<&'static str> {
    Some(match name {
        "deploy" => "The deployment is asked for, and starts as soon as its workloads are free.",
        "pin" => "The watch is pinned, and the tag is being deployed.",
        "track" => "The watch tracks again: its policy picks the tag.",
        "auto-on" => "Auto-deploy is on.",
        "auto-off" => "Auto-deploy is off: nothing is deployed without being asked for.",
        "hold" => "The watch is held until something newer appears.",
        "let-go" => "The watch is held no longer.",
        "roll-back" => "Going back to the image that ran well before.",
        "release" => "The image is released from quarantine.",
        "check" => "The registry was asked just now.",
        "promote" => "The canaries are promoted.",
        "abandon" => {
            "The deployment is given up, and the watch held until something newer appears."
        }
        "freeze" => "Deployments are frozen.",
        "unfreeze" => "The freeze has ended.",
        "sign-out" => "You are signed out.",
        _ => return None,
    })
}

/// A page that is rendered.
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn of(template: &impl Template) -> Result<Self, Fault> {
        Ok(Self(template.render()?))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Response::builder()
            .status(StatusCode::OK)
            .content_type("text/html; charset=utf-8")
            .body(self.0)
    }
}
