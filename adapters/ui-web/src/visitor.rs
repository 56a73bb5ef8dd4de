use std::sync::Arc;

use poem::Request;

use registrywatcher::event::{Event, EventKind};
use registrywatcher::intent::Author;
use registrywatcher::token::{Role, Token};
use registrywatcher::watch::WatchName;

use crate::fault::Fault;
use crate::session;
use crate::site::Site;

/// Who looks at a page, and what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) author: Author,
    /// What they signed in with; nothing where everybody may do everything.
    pub(crate) token: Option<Arc<Token>>,
    /// What their forms carry, so that no page of somebody else's can send one.
    pub(crate) form_token: String,
}

impl Visitor {
    pub(crate) fn role(&self) -> Role {
        self.token.as_ref().map_or(Role::Admin, |token| token.role)
    }

    pub(crate) fn may_deploy(&self) -> bool {
        self.role() >= Role::Deployer
    }

    pub(crate) fn may_administer(&self) -> bool {
        self.role() >= Role::Admin && self.sees_everything()
    }

    /// Whether they may know of `watch`.
    pub(crate) fn sees(&self, watch: &WatchName) -> bool {
        let token = self.token.as_ref();
        token.is_none_or(|token| token.reach.includes(watch))
    }

    /// Whether they may know of every watch.
    pub(crate) fn sees_everything(&self) -> bool {
        let token = self.token.as_ref();
        token.is_none_or(|token| token.reach.is_everything())
    }

    /// Whether they may know of what an event tells: of what concerns all watches, only of freezes unless they see all.
    pub(crate) fn sees_event(&self, event: &Event) -> bool {
        let is_freeze = matches!(
            event.kind,
            EventKind::Frozen { .. } | EventKind::Unfrozen { .. }
        );
        match &event.watch {
            Some(watch) => self.sees(watch),
            None => is_freeze || self.sees_everything(),
        }
    }

    /// Refuses whoever may not do what takes `role`.
    pub(crate) fn ensure(&self, role: Role) -> Result<(), Fault> {
        if self.role() >= role {
            return Ok(());
        }
        Err(Fault::forbidden(format!(
            "You are signed in as {}, with the role {}; this takes the role {role}.",
            self.author,
            self.role()
        )))
    }

    /// Refuses whoever may not change what concerns all watches.
    pub(crate) fn ensure_administers(&self) -> Result<(), Fault> {
        self.ensure(Role::Admin)?;
        if self.sees_everything() {
            return Ok(());
        }
        Err(Fault::forbidden(
            "Your token is for some watches, and this concerns all of them.".to_owned(),
        ))
    }
}

/// Who sent a request, if they may see pages.
pub(crate) async fn of(site: &Site, request: &Request) -> Result<Option<Visitor>, Fault> {
    if site.door.is_open() {
        return Ok(Some(Visitor {
            author: Author::new("anonymous"),
            token: None,
            form_token: site.open_form_token.clone(),
        }));
    }
    session::resume(site, request).await
}
