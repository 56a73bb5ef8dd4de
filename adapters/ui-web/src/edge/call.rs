use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use registrywatcher::app::WatchView;

use super::Fields;
use crate::fault::Fault;
use crate::frame::{Frame, Here};
use crate::site::Site;
use crate::visitor::Visitor;

/// One request of somebody who may see pages.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) site: Arc<Site>,
    pub(crate) visitor: Visitor,
    /// What stands behind the `?` of the address.
    pub(crate) query: Fields,
    pub(crate) form: Fields,
    /// What the path is about: the name of a watch, or the identity of a deployment.
    pub(crate) subject: String,
}

impl<'a> FromRequest<'a> for Call {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let (Some(site), Some(visitor)) = (request.data::<Arc<Site>>(), request.data::<Visitor>())
        else {
            return Err(Fault::broken_off().into());
        };
        Ok(Self {
            site: Arc::clone(site),
            visitor: visitor.clone(),
            query: Fields::of_query(request),
            form: request.data::<Fields>().cloned().unwrap_or_default(),
            subject: request
                .raw_path_param("subject")
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

impl Call {
    /// The watch that the path is about.
    pub(crate) fn watch(&self) -> Result<WatchView, Fault> {
        self.site.watch(&self.visitor, &self.subject)
    }

    pub(crate) fn frame(&self, here: Here, title: impl Into<String>) -> Frame {
        Frame::new(&self.site, Some(&self.visitor), here, title).with_notice(self.query.get("did"))
    }
}
