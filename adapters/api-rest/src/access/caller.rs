use std::sync::Arc;

use registrywatcher::event::{Event, EventKind};
use registrywatcher::intent::Author;
use registrywatcher::token::{Role, Token};
use registrywatcher::watch::WatchName;

use crate::problem::{Fault, Kind};

/// Who sent a request, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) author: Author,
    /// What they presented; nothing where everybody may do everything.
    token: Option<Arc<Token>>,
}

impl Caller {
    pub(super) fn anonymous() -> Self {
        Self {
            author: Author::new("anonymous"),
            token: None,
        }
    }

    pub(super) fn bearing(token: Arc<Token>) -> Self {
        Self {
            author: token.name.clone(),
            token: Some(token),
        }
    }

    /// The token that they presented, if one is needed.
    pub(crate) fn token(&self) -> Option<&Token> {
        self.token.as_deref()
    }

    pub(crate) fn role(&self) -> Role {
        self.token().map_or(Role::Admin, |token| token.role)
    }

    /// Whether they may know of `watch`.
    pub(crate) fn sees(&self, watch: &WatchName) -> bool {
        self.token().is_none_or(|token| token.reach.includes(watch))
    }

    /// Whether they may know of every watch.
    pub(crate) fn sees_everything(&self) -> bool {
        self.token().is_none_or(|token| token.reach.is_everything())
    }

    /// Whether they may know of what an event tells. A freeze of all watches concerns everybody's; other events of no watch tell
    /// of sinks and of others' tokens.
    pub(crate) fn sees_event(&self, event: &Event) -> bool {
        let is_freeze = |kind: &EventKind| {
            matches!(kind, EventKind::Frozen { .. } | EventKind::Unfrozen { .. })
        };
        match &event.watch {
            Some(watch) => self.sees(watch),
            None => self.sees_everything() || is_freeze(&event.kind),
        }
    }

    /// Refuses a caller who may not do what takes `role`.
    pub(crate) fn ensure(&self, role: Role) -> Result<(), Fault> {
        if self.role() >= role {
            return Ok(());
        }
        let (has, takes) = (with_article(self.role()), with_article(role));
        let detail = format!("`{}` is {has}, and this takes {takes}", self.author);
        Err(Fault::new(Kind::Forbidden, detail))
    }

    /// Refuses a caller whose token is not for the watch of this name, in the words for one that does not exist: which others
    /// there are is not told.
    pub(crate) fn ensure_sees(&self, watch: &str) -> Result<(), Fault> {
        let is_seen = |name| self.sees(&name);
        if self.sees_everything() || watch.parse().is_ok_and(is_seen) {
            return Ok(());
        }
        Err(Fault::unknown_watch(watch))
    }

    /// Refuses a caller whose token is for some watches only.
    pub(crate) fn ensure_sees_everything(&self) -> Result<(), Fault> {
        if self.sees_everything() {
            return Ok(());
        }
        let detail = format!(
            "the token of `{}` is for some watches, and this concerns all",
            self.author
        );
        Err(Fault::new(Kind::Forbidden, detail))
    }
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Deployer => "a deployer",
        Role::Admin => "an admin",
    }
}
