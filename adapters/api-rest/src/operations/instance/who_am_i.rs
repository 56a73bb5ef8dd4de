use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use registrywatcher::token;

use crate::access::Caller;
use crate::operations::Group;
use crate::permitted::{Across, Permitted, Viewing};
use crate::wire::Timestamp;

/// Who calls, and what they may do.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none, rename = "Caller")]
struct Identity {
    /// The name of the token, which is the author of what is asked for with it; `anonymous` where no token is needed.
    name: String,
    /// What they may do.
    role: Role,
    /// Whether no token is needed, so that everybody may do everything.
    anonymous: bool,
    /// The names of the watches that the token is for, each perhaps with a `*` at its end; left out if it is for all of them.
    watches: Option<Vec<String>>,
    /// When the token expires; left out if it does not.
    expires_at: Option<Timestamp>,
}

/// What a token allows; each role may do what the ones before it may. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Role {
    /// Read everything.
    Viewer,
    /// Change what is wanted, and ask for deployments.
    Deployer,
    /// Everything.
    Admin,
}

impl From<token::Role> for Role {
    fn from(role: token::Role) -> Self {
        match role {
            token::Role::Viewer => Self::Viewer,
            token::Role::Deployer => Self::Deployer,
            token::Role::Admin => Self::Admin,
        }
    }
}

impl From<&Caller> for Identity {
    fn from(caller: &Caller) -> Self {
        let token = caller.token();
        let watches = token.and_then(|token| match &token.reach {
            token::Reach::Everything => None,
            token::Reach::Only(patterns) => {
                Some(patterns.iter().map(ToString::to_string).collect())
            }
        });
        let expires_at = token.and_then(|token| token.expires_at);
        Self {
            name: caller.author.to_string(),
            role: caller.role().into(),
            anonymous: token.is_none(),
            watches,
            expires_at: expires_at.map(Timestamp::from),
        }
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// Whom the server takes the caller for.
    #[oai(status = 200)]
    Known(Json<Identity>),
}

pub(crate) struct WhoAmI;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Instance")]
impl WhoAmI {
    /// Say who calls
    ///
    /// The token's name, what it allows, for which watches, and until when.
    #[oai(path = "/whoami", method = "get", operation_id = "whoAmI")]
    async fn who_am_i(&self, caller: Permitted<Across<Viewing>>) -> Answer {
        Answer::Known(Json(Identity::from(&*caller)))
    }
}
