/// What becomes of allocations that run a certain image.
#[derive(Debug, Clone)]
pub(super) struct ImageRule {
    /// A part of the image reference: a tag, a digest, a repository.
    pub(super) pattern: String,
    pub(super) fate: Fate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The driver cannot start it, and says why.
    DriverFailure(String),
    /// It runs, and its checks fail.
    Unhealthy,
    /// It never becomes healthy or unhealthy.
    Stalled,
}

pub(super) fn fate_of<'a>(rules: &'a [ImageRule], image: &str) -> Option<&'a Fate> {
    let rule = rules.iter().find(|rule| image.contains(&rule.pattern));
    rule.map(|rule| &rule.fate)
}
