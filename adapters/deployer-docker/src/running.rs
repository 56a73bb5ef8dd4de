use registrywatcher::deployment::Running;
use registrywatcher::image::{Digest, ImageReference};

use crate::container::Container;
use crate::image::Image;
use crate::mark::Mark;

/// What a container runs: by the digest under which its image was pulled, or else as it was written.
pub(crate) fn of(container: &Container, image: Option<&Image>) -> Option<Running> {
    let written = container
        .image_as_written()
        .or_else(|| image?.any_reference())?;
    let digests = image.map_or_else(Vec::new, |image| image.digests(written.repository()));
    let mark = Mark::read(container).filter(|mark| digests.contains(&mark.digest));
    let known = |digest: Option<&Digest>| digest.filter(|it| digests.contains(it)).cloned();
    let digest = known(mark.as_ref().map(|mark| &mark.digest))
        .or_else(|| known(written.digest()))
        .or_else(|| digests.first().cloned())
        .or_else(|| written.digest().cloned());
    Some(Running {
        image: match digest {
            Some(digest) => at(&written, &digest),
            None => written,
        },
        tag: mark.as_ref().and_then(|mark| mark.tag.clone()),
        platform: image.and_then(Image::platform),
        mark: mark.map(|mark| mark.deployment),
    })
}

/// `written` with its tag, at `digest`.
fn at(written: &ImageReference, digest: &Digest) -> ImageReference {
    let pinned = written.at_digest(digest.clone());
    let tagged = written.tag().and_then(|tag| {
        format!("{}:{tag}@{digest}", written.spelling())
            .parse()
            .ok()
    });
    tagged.unwrap_or(pinned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::digest;
    use serde_json::json;

    #[track_caller]
    fn runs(written: &str, repo_digests: &[String], expected: Option<&str>) {
        let container = Container::read(json!({
            "Id": "c", "Name": "/web", "Image": "sha256:i", "Config": { "Image": written },
        }))
        .unwrap();
        let image =
            Image::new(json!({ "RepoDigests": repo_digests, "RepoTags": ["acme/web:here"] }));
        let running = of(&container, Some(&image)).map(|running| running.image.to_string());
        assert_eq!(running.as_deref(), expected, "{written}");
    }

    #[test]
    fn what_runs_is_told_by_the_digest_of_its_repository_and_never_by_an_id() {
        let known = |repository: &str, n: u8| format!("{repository}@{}", digest(n));
        let (second, third) = (known("acme/web", 2), known("acme/web", 3));
        let elsewhere = [known("mirror.example/web", 1), second.clone()];
        let tagged = format!("acme/web:v1@{}", digest(2));
        runs("acme/web:v1", &elsewhere, Some(&tagged));
        runs("acme/web", &elsewhere, Some(&second));
        runs("acme/web:v1", &[], Some("acme/web:v1"));
        runs(&third, &[second, third.clone()], Some(&third));
        runs("sha256:e8ccc5b84582c761", &[], Some("acme/web:here"));
    }
}
