use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::access::{Access, Caller, Presented, Role};
use crate::problem::{Fault, Kind};

/// The name of the security scheme in the document.
const SCHEME: &str = "token";

/// What an operation takes; written into its signature, from where both the check and the document come.
pub(crate) trait Takes {
    const ROLE: Role;

    /// Whether the operation itself looks which watches the caller may know of.
    ///
    /// Where it does not, a token that is for some watches only is admitted to the paths of these watches, and to no other
    /// path: what is forgotten is refused.
    const LOOKS: bool = false;
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

/// As `T`, but across watches: the operation leaves out, or refuses, what the caller may not know of ([`Caller::sees`]).
pub(crate) struct Across<T>(PhantomData<T>);

impl<T: Takes> Takes for Across<T> {
    const ROLE: Role = T::ROLE;
    const LOOKS: bool = true;
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
            description: Some(
                "A token of the configuration or of `registrywatcher token new`; not needed where there is none at all.",
            ),
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
        let caller = access.admit(&Presented::by(request), T::ROLE)?;
        match watch(request) {
            _ if T::LOOKS => {}
            Some(watch) => caller.ensure_sees(watch)?,
            None => caller.ensure_sees_everything()?,
        }
        Ok(Self {
            caller,
            takes: PhantomData,
        })
    }
}

/// The name of the watch in the path, where the path is that of a watch or of something that belongs to one.
fn watch(request: &Request) -> Option<&str> {
    // The framework numbers the parameters of a path.
    let named = request.raw_path_param("param0");
    let path = request.uri().path().trim_start_matches('/');
    let is_of_watch = path.starts_with("api/v1/watches/") || path.starts_with("tags/");
    named.filter(|_| is_of_watch)
}
