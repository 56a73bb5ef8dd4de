use askama::Template;
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::StatusCode;
use poem::{IntoResponse, Response};

use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::site::Site;
use crate::visitor::Visitor;

/// The page for what went wrong.
#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble<'a> {
    frame: Frame,
    fault: &'a Fault,
}

/// Tells what went wrong, in words for people.
pub(super) fn page(site: &Site, visitor: Option<&Visitor>, error: &poem::Error) -> Response {
    let fault = &fault(error);
    let frame = Frame::new(site, visitor, Here::Nowhere, fault.title);
    let mut response = match Page::of(&Trouble { frame, fault }) {
        Ok(page) => page.into_response(),
        Err(_) => Response::default(),
    };
    response.set_status(fault.status);
    response
}

fn fault(error: &poem::Error) -> Fault {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone();
    }
    if error.is::<NotFoundError>() {
        return Fault::no_page();
    }
    if error.is::<MethodNotAllowedError>() {
        let detail = "Go back to where you came from and use the form there.";
        return Fault::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "This address does not work like that.",
            detail,
        );
    }
    Fault {
        status: error.status(),
        ..Fault::broken_off()
    }
}

pub(super) fn timed_out() -> poem::Error {
    let detail = "It may have been done all the same: look before you try again.";
    Fault::new(StatusCode::SERVICE_UNAVAILABLE, "It took too long.", detail).into()
}

pub(super) fn session_over() -> Fault {
    let detail = "Nothing was done. Sign in, and do it again.";
    Fault::new(
        StatusCode::UNAUTHORIZED,
        "You are not signed in any more.",
        detail,
    )
}
