use serde_json::json;

use super::{
    call::Call,
    route::{Route, only_get},
};
use crate::{clock, nomad::error::ApiError};

/// `GET /v1/agent/self`
pub(super) fn this(call: &Call) -> Result<Route, ApiError> {
    only_get(call)?;
    Ok(Route::read(|state| {
        let settings = &state.settings;
        if settings.agent_self_forbidden {
            return (1, Err(ApiError::forbidden("Permission denied")));
        }
        let version = &settings.version;
        let answer = json!({
            "config": {
                "Datacenter": "dc1",
                "Name": "node-1",
                "Region": settings.region,
                "Version": {
                    "Version": version, "VersionPrerelease": "", "VersionMetadata": "", "Revision": "",
                },
            },
            "member": {
                "Name": format!("node-1.{}", settings.region),
                "Addr": "127.0.0.1",
                "Port": 4648,
                "Status": "alive",
                "Tags": {"build": version, "dc": "dc1", "region": settings.region, "role": "nomad"},
            },
            "stats": {"nomad": {"server": "true", "leader": "true"}},
        });
        (1, Ok(answer))
    }))
}

/// `GET /v1/status/leader`, which is empty while there is none.
pub(super) fn leader(call: &Call) -> Result<Route, ApiError> {
    only_get(call)?;
    Ok(Route::read(|state| {
        let leader = if state.faults.no_leader > 0 {
            ""
        } else {
            "127.0.0.1:4647"
        };
        (1, Ok(leader.into()))
    }))
}

/// `GET /v1/regions`
pub(super) fn regions(call: &Call) -> Result<Route, ApiError> {
    only_get(call)?;
    Ok(Route::read(|state| (1, Ok(json!([state.settings.region])))))
}

/// `GET /v1/acl/token/self`
pub(super) fn token(call: &Call) -> Result<Route, ApiError> {
    only_get(call)?;
    Ok(Route::read(|state| {
        let Some(secret) = &state.settings.token else {
            return (1, Err(ApiError::bad_request("ACL support disabled")));
        };
        let answer = json!({
            "AccessorID": "00000000-0000-0000-0000-0000000000aa",
            "SecretID": secret,
            "Name": "simulated",
            "Type": "client",
            "Policies": ["deploy"],
            "Roles": null,
            "Global": false,
            "CreateTime": clock::GO_ZERO_TIME,
            "ExpirationTime": null,
            "CreateIndex": 1,
            "ModifyIndex": 1,
        });
        (1, Ok(answer))
    }))
}
