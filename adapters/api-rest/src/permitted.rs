use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use poem::http::header::AUTHORIZATION;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::access::{Access, Caller, Role};
use crate::problem::{Fault, Kind};

/// The name of the security scheme in the document.
const SCHEME: &str = "token";

/// What an operation takes; written into its signature, from where both the check and the document come.
pub(crate) trait Takes {
    const ROLE: Role;
}

/// Reading.
pub(crate) struct Viewing;

impl Takes for Viewing {
    const ROLE: Role = Role::Viewer;
}

/// Changing what is wanted, and asking for deployments.
pub(crate) struct Deploying;

impl Takes for Deploying {
    const ROLE: Role = Role::Deployer;
}

/// Changing what holds for all watches, or what keeps mistakes back.
pub(crate) struct Administering;

impl Takes for Administering {
    const ROLE: Role = Role::Admin;
}

/// A caller who may do what takes the role of `T`.
pub(crate) struct Permitted<T> {
    caller: Caller,
    takes: PhantomData<fn() -> T>,
}

impl<T> Deref for Permitted<T> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<'a, T: Takes> ApiExtractor<'a> for Permitted<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("A token of the configuration; not needed when none is configured."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let Some(access) = request.data::<Arc<Access>>() else {
            return Err(Fault::new(Kind::Internal, "nobody said who may call").into());
        };
        let caller = access.admit(request.header(AUTHORIZATION), T::ROLE)?;
        Ok(Self {
            caller,
            takes: PhantomData,
        })
    }
}
