mod config;
mod host;
mod networks;

use registrywatcher_docker_engine::ApiVersion;
use serde_json::{Map, Value, json};

use crate::container::Container;
use crate::image::Image;

/// How a container is made again with another image.
#[derive(Debug)]
pub(crate) struct Recreation<'a> {
    pub(crate) container: &'a Container,
    /// The image it runs; `None` where that is gone, and then everything is taken for its user's.
    pub(crate) old_image: Option<&'a Image>,
    pub(crate) new_image: &'a Image,
    /// The new image by its name, as the container is to have it written.
    pub(crate) reference: &'a str,
    pub(crate) labels: &'a [(&'static str, String)],
    pub(crate) version: ApiVersion,
}

/// Where Compose writes down which image it made a container of: it recreates one that has another.
const COMPOSE_IMAGE: &str = "com.docker.compose.image";

impl Recreation<'_> {
    /// What `POST /containers/create` is asked: what the user set, and nothing that came from the old image.
    pub(crate) fn body(&self) -> Value {
        let nothing = json!({});
        let inherited = self.old_image.map_or(&nothing, Image::config);
        let mut body = config::of_user(self.container, inherited);
        body.insert("Image".to_owned(), self.reference.into());
        self.label(&mut body);
        let mac_address = networks::take_mac_address(&mut body, self.version);
        body.insert("HostConfig".to_owned(), host::config(self.container));

        let mut endpoints = networks::endpoints(self.container, self.version);
        if let (Some((_, first)), Some(address)) = (endpoints.first_mut(), mac_address) {
            first["MacAddress"] = address;
        }
        if self.version < ApiVersion::SEVERAL_NETWORKS {
            endpoints.truncate(1);
        }
        if !endpoints.is_empty() {
            let endpoints: Map<String, Value> = endpoints.into_iter().collect();
            let networking = json!({ "EndpointsConfig": endpoints });
            body.insert("NetworkingConfig".to_owned(), networking);
        }
        body.into()
    }

    fn label(&self, body: &mut Map<String, Value>) {
        let labels = body.entry("Labels").or_insert_with(|| json!({}));
        if labels.is_null() {
            *labels = json!({});
        }
        let Some(labels) = labels.as_object_mut() else {
            return;
        };
        if let Some(image) = labels.get_mut(COMPOSE_IMAGE) {
            *image = self.new_image.id().into();
        }
        for (key, value) in self.labels {
            labels.insert((*key).to_owned(), value.as_str().into());
        }
    }
}

/// The networks that `made` is to be in beside those it is in already, as its predecessor was: before API 1.44 a container is
/// created in one, and connected to the others.
pub(crate) fn missing_networks(
    predecessor: &Container,
    made: &Container,
    version: ApiVersion,
) -> Vec<(String, Value)> {
    let mut endpoints = networks::endpoints(predecessor, version);
    endpoints.retain(|(name, _)| !made.networks().any(|(present, _)| present == name));
    endpoints
}

#[cfg(test)]
mod tests;
