use askama::Template;
use askama::filters::HtmlSafe;
use registrywatcher::deployment::{Origin, Runs};
use registrywatcher::image::{Digest, Image, Tag};
use registrywatcher::intent::Candidate;

/// A tag with the digest that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"<span class="image">
    {%- if let Some(tag) = tag %}<code class="tag">{{ tag }}</code>{% endif -%}
    {%- if let Some(digest) = digest %} <code class="digest" title="{{ digest }}">{{ digest.short() }}</code>{% endif -%}
    {%- if let Some(remark) = remark %} <span class="remark">{{ remark }}</span>{% endif -%}
    </span>"#,
    ext = "html"
)]
pub(crate) struct ImageChip {
    tag: Option<Tag>,
    digest: Option<Digest>,
    remark: Option<String>,
}

impl HtmlSafe for ImageChip {}

impl ImageChip {
    pub(crate) fn new(tag: Option<&Tag>, digest: Option<&Digest>) -> Self {
        Self {
            tag: tag.cloned(),
            digest: digest.cloned(),
            remark: None,
        }
    }

    pub(crate) fn of_candidate(candidate: &Candidate) -> Self {
        Self::of_tag(&candidate.tag, Some(&candidate.image))
    }

    pub(crate) fn of_tag(tag: &Tag, image: Option<&Image>) -> Self {
        Self::new(Some(tag), image.map(|image| &image.digest))
    }

    /// What a workload runs.
    pub(crate) fn of_runs(runs: &Runs) -> Self {
        let remark = match runs {
            Runs::Unknown { .. } => Some("not known"),
            Runs::Nothing => Some("nothing"),
            Runs::Something { origin, .. } => match origin {
                Origin::Ours => None,
                Origin::Assumed => Some("assumed from its tag"),
                Origin::Outside => Some("deployed by somebody else"),
            },
        };
        Self {
            remark: remark.map(str::to_owned),
            ..Self::new(runs.tag(), runs.image().map(|image| &image.digest))
        }
    }
}
