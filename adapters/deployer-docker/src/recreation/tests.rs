use super::*;
use serde_json::json;

const V41: ApiVersion = ApiVersion(1, 41);
const V44: ApiVersion = ApiVersion(1, 44);
const ID: &str = "5933a7d8006c9b96ed21f2a88f3238e733cb2afb023b47e68e2af647ddc06098";

/// The image that the container runs.
fn old_image() -> Image {
    Image::new(json!({ "Id": "sha256:old", "Config": {
        "Env": ["PATH=/bin", "MODE=old"], "Cmd": ["serve"], "Entrypoint": ["/app"], "WorkingDir": "/srv", "User": "app",
        "Labels": { "version": "1", "maintainer": "acme" }, "Volumes": { "/data": {} }, "ExposedPorts": { "80/tcp": {} },
        "Healthcheck": { "Test": ["CMD", "/check"], "Interval": 30 }, "StopSignal": "SIGQUIT",
    }}))
}

/// A container that has all from its image, changed by `change`.
fn container(change: impl FnOnce(&mut Value)) -> Container {
    let mut config = old_image().config().clone();
    config["Hostname"] = ID[..12].into();
    config["Image"] = "acme/web:v1".into();
    let mut raw = json!({
        "Id": ID, "Name": "/web", "Image": "sha256:old", "Config": config,
        "HostConfig": { "NetworkMode": "default", "Memory": 1 << 20 }, "Mounts": [],
        "NetworkSettings": { "Networks": {} },
    });
    change(&mut raw);
    Container::read(raw).unwrap()
}

fn recreated(version: ApiVersion, change: impl FnOnce(&mut Value)) -> Value {
    let new_image = Image::new(json!({ "Id": "sha256:new" }));
    let labels = [("registrywatcher.tag", "v2".to_owned())];
    Recreation {
        container: &container(change),
        old_image: Some(&old_image()),
        new_image: &new_image,
        reference: "acme/web@sha256:2",
        labels: &labels,
        version,
    }
    .body()
}

#[test]
fn nothing_that_the_old_image_set_is_frozen() {
    let body = recreated(V41, |_| {});
    assert_eq!(
        body,
        json!({
            "Image": "acme/web@sha256:2", "Env": [], "Labels": { "registrywatcher.tag": "v2" },
            "HostConfig": { "NetworkMode": "default", "Memory": 1 << 20 },
        })
    );
}

#[test]
fn everything_that_the_user_set_is_kept() {
    let body = recreated(V41, |raw| {
        let config = &mut raw["Config"];
        config["Env"] = json!(["PATH=/bin", "MODE=mine", "TOKEN=x"]);
        config["Labels"]["version"] = "mine".into();
        config["Labels"]["team"] = "shop".into();
        config["Volumes"]["/cache"] = json!({});
        config["User"] = "root".into();
        config["Hostname"] = "web.example".into();
        config["Healthcheck"]["Interval"] = 5.into();
        config["StopTimeout"] = 90.into();
        config["FromTheFuture"] = true.into();
    });
    assert_eq!(body["Env"], json!(["MODE=mine", "TOKEN=x"]));
    assert_eq!(
        body["Labels"],
        json!({ "version": "mine", "team": "shop", "registrywatcher.tag": "v2" })
    );
    assert_eq!(body["Volumes"], json!({ "/cache": {} }));
    assert_eq!(body["User"], "root");
    assert_eq!(body["Hostname"], "web.example");
    assert_eq!(
        body["Healthcheck"],
        json!({ "Interval": 5 }),
        "the rest is the new image's"
    );
    assert_eq!(body["StopTimeout"], 90);
    assert_eq!(body["FromTheFuture"], true);
    assert_eq!(body["WorkingDir"], Value::Null);
}

#[test]
fn a_command_is_inherited_only_with_its_entry_point() {
    let part = |entry: Value, command: Value| {
        let body = recreated(V41, |raw| {
            raw["Config"]["Entrypoint"] = entry;
            raw["Config"]["Cmd"] = command;
        });
        (body["Entrypoint"].clone(), body["Cmd"].clone())
    };
    assert_eq!(
        part(json!(["/app"]), json!(["debug"])),
        (Value::Null, json!(["debug"]))
    );
    assert_eq!(
        part(json!(["/bin/sh"]), json!(["serve"])),
        (json!(["/bin/sh"]), json!(["serve"])),
        "with another entry point the same command is the user's"
    );
    assert_eq!(
        part(Value::Null, json!(["serve"])),
        (json!([""]), json!(["serve"])),
        "an entry point that was taken away stays away"
    );
}

#[test]
fn marks_of_the_predecessor_go_and_compose_is_told_the_new_image() {
    let body = recreated(V41, |raw| {
        raw["Config"]["Labels"] = json!({
            "registrywatcher.deployment": "1", "registrywatcher.replaces": "x", "registrywatcher.policy": "semver",
            "com.docker.compose.image": "sha256:old", "com.docker.compose.config-hash": "h",
        });
    });
    assert_eq!(
        body["Labels"],
        json!({
            "registrywatcher.policy": "semver", "registrywatcher.tag": "v2",
            "com.docker.compose.image": "sha256:new", "com.docker.compose.config-hash": "h",
        })
    );
}

#[test]
fn the_network_of_another_leaves_no_room_for_names_and_ports() {
    let body = recreated(V41, |raw| {
        raw["HostConfig"]["NetworkMode"] = "container:db".into();
        raw["HostConfig"]["PortBindings"] = json!({ "80/tcp": [{ "HostPort": "80" }] });
        raw["Config"]["Hostname"] = "db".into();
        raw["Config"]["ExposedPorts"]["81/tcp"] = json!({});
        raw["NetworkSettings"]["Networks"] = json!({ "bridge": {} });
    });
    for key in ["Hostname", "ExposedPorts", "NetworkingConfig"] {
        assert_eq!(body[key], Value::Null, "{key}");
    }
    assert_eq!(body["HostConfig"]["PortBindings"], Value::Null);
    assert_eq!(body["HostConfig"]["NetworkMode"], "container:db");
}

#[test]
fn volumes_without_a_name_stay_with_their_data() {
    let volume = "f".repeat(64);
    let body = recreated(V41, |raw| {
        raw["HostConfig"]["Binds"] = json!(["named:/named", "/host:/host:ro"]);
        raw["HostConfig"]["Mounts"] = json!([{ "Type": "volume", "Target": "/unnamed" }]);
        raw["Mounts"] = json!([
            { "Type": "volume", "Name": volume, "Destination": "/data", "RW": true },
            { "Type": "volume", "Name": "v2", "Destination": "/read", "RW": false },
            { "Type": "volume", "Name": "v3", "Destination": "/unnamed", "RW": true },
            { "Type": "volume", "Name": "named", "Destination": "/named", "RW": true },
            { "Type": "bind", "Source": "/host", "Destination": "/host", "RW": false },
        ]);
    });
    assert_eq!(
        body["HostConfig"]["Mounts"],
        json!([
            { "Type": "volume", "Source": "v3", "Target": "/unnamed" },
            { "Type": "volume", "Source": volume, "Target": "/data", "ReadOnly": false },
            { "Type": "volume", "Source": "v2", "Target": "/read", "ReadOnly": true },
        ])
    );
}

#[test]
fn what_docker_tells_otherwise_than_it_takes_it_is_put_right() {
    let body = recreated(V41, |raw| {
        raw["HostConfig"]["Links"] = json!(["/db:/web/database"]);
        raw["HostConfig"]["MemorySwappiness"] = json!(-1);
        raw["HostConfig"]["KernelMemory"] = 0.into();
    });
    let host = &body["HostConfig"];
    assert_eq!(host["Links"], json!(["db:database"]));
    assert_eq!(host["MemorySwappiness"], Value::Null);
    assert!(host.get("KernelMemory").is_none());
}

/// A container in two networks, of which `front` is the one it was created in.
fn in_two_networks(raw: &mut Value) {
    raw["HostConfig"]["NetworkMode"] = "front".into();
    raw["NetworkSettings"]["Networks"] = json!({
        "back": { "IPAMConfig": null, "Aliases": [&ID[..12]], "IPAddress": "10.2.0.9", "NetworkID": "b" },
        "front": {
            "IPAMConfig": { "IPv4Address": "10.1.0.7" }, "Aliases": ["web", &ID[..12]], "EndpointID": "e", "NetworkID": "f",
            "Gateway": "10.1.0.1", "IPAddress": "10.1.0.7", "MacAddress": "02:42:0a:01:00:07", "DNSNames": ["web"],
        },
    });
}

#[test]
fn of_its_networks_a_container_keeps_what_its_user_wanted() {
    let front = json!({ "IPAMConfig": { "IPv4Address": "10.1.0.7" }, "Aliases": ["web"] });
    let body = recreated(V41, in_two_networks);
    assert_eq!(
        body["NetworkingConfig"]["EndpointsConfig"],
        json!({ "front": front }),
        "before API 1.44 a container is created in one network"
    );
    let missing = missing_networks(&container(in_two_networks), &container(|_| {}), V41);
    assert_eq!(
        missing,
        [("front".into(), front.clone()), ("back".into(), json!({}))]
    );

    let body = recreated(V44, in_two_networks);
    let both = &body["NetworkingConfig"]["EndpointsConfig"];
    assert_eq!(both["front"], front);
    assert!(both.get("back").is_some());
}

#[test]
fn in_the_networks_of_the_engine_itself_there_are_no_aliases() {
    let body = recreated(V41, |raw| {
        raw["NetworkSettings"]["Networks"] = json!({ "bridge": { "Aliases": ["web"] } });
    });
    assert_eq!(
        body["NetworkingConfig"]["EndpointsConfig"],
        json!({ "bridge": {} })
    );
}

#[test]
fn a_mac_address_that_was_given_is_kept_where_the_version_wants_it() {
    let with_address = |raw: &mut Value| {
        in_two_networks(raw);
        raw["Config"]["MacAddress"] = "92:d0:c6:0a:29:33".into();
    };
    let body = recreated(V41, with_address);
    assert_eq!(body["MacAddress"], "92:d0:c6:0a:29:33");
    let body = recreated(V44, with_address);
    assert!(body.get("MacAddress").is_none());
    let front = &body["NetworkingConfig"]["EndpointsConfig"]["front"];
    assert_eq!(front["MacAddress"], "92:d0:c6:0a:29:33");
}
