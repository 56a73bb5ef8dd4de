use askama::Template;
use askama::filters::HtmlSafe;
use registrywatcher::deployment::{Deployment, State};

/// How many deployments it shows.
pub(crate) const MOST: u32 = 14;

/// The last deployments of a watch, oldest first: up went well, down failed, in the middle neither.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"
    {%- if marks.is_empty() -%}<span class="spark none">no deployments yet</span>
    {%- else -%}<svg class="spark" viewBox="0 0 112 24" width="112" height="24" role="img" aria-label="{{ self.told() }}"><title>{{ self.told() }}</title><line class="axis" x1="0" x2="112" y1="12" y2="12"/>
    {%- for mark in marks -%}<rect class="{{ mark.kind }}" x="{{ mark.x }}" y="{{ mark.y }}" width="5" height="{{ mark.height }}" rx="1.5"/>{%- endfor -%}
    </svg>{%- endif -%}"#,
    ext = "html"
)]
pub(crate) struct Sparkline {
    marks: Vec<Mark>,
    good: usize,
    bad: usize,
}

impl HtmlSafe for Sparkline {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    kind: &'static str,
    x: usize,
    y: u32,
    height: u32,
}

impl Sparkline {
    /// Of deployments that are given newest first.
    pub(crate) fn new(deployments: &[Deployment]) -> Self {
        let shown = MOST as usize;
        let newest = deployments.iter().take(shown).rev();
        let missing = shown.saturating_sub(deployments.len());
        let marks = newest
            .zip(missing..)
            .map(|(deployment, place)| Mark::new(&deployment.state, 8 * place + 1));
        let of_kind = |kind: &'static str| {
            let is_it = move |mark: &&Mark| mark.kind == kind;
            move |marks: &[Mark]| marks.iter().filter(is_it).count()
        };
        let marks: Vec<Mark> = marks.collect();
        let (good, bad) = (of_kind("good")(&marks), of_kind("bad")(&marks));
        Self { marks, good, bad }
    }

    fn told(&self) -> String {
        let count = self.marks.len();
        let (good, bad) = (self.good, self.bad);
        match count {
            1 => format!("The one deployment: {good} succeeded, {bad} failed"),
            _ => format!("The last {count} deployments: {good} succeeded, {bad} failed"),
        }
    }
}

impl Mark {
    fn new(state: &State, x: usize) -> Self {
        let (kind, y, height) = match state {
            State::Succeeded { .. } => ("good", 2, 10),
            State::Failed { .. } => ("bad", 12, 10),
            State::Superseded { .. } | State::Abandoned { .. } => ("held", 10, 4),
            _ => ("busy", 7, 10),
        };
        Self { kind, x, y, height }
    }
}
