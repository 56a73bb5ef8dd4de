use askama::Template;
use registrywatcher::app::{WatchView, WorkloadView};
use registrywatcher::freeze::{Freeze, Stops};
use registrywatcher::watch::Workload;

use super::once::KEY;
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::parts::ImageChip;
use crate::site::secret;

/// The field that tells on which revision of the intent somebody decided.
pub(super) const REVISION: &str = "revision";

/// Asks whether to do something, and says what will happen.
pub(super) struct Question {
    pub(super) title: String,
    /// Where the form is sent.
    pub(super) action: String,
    /// Where to go instead.
    pub(super) back: String,
    pub(super) moves: Vec<Move>,
    /// What will happen, a sentence each.
    pub(super) says: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) fields: Vec<Field>,
    pub(super) button: String,
    pub(super) is_dangerous: bool,
}

/// What becomes of one workload.
pub(super) struct Move {
    pub(super) workload: String,
    pub(super) from: ImageChip,
    pub(super) to: ImageChip,
}

/// What is to be filled in.
pub(super) enum Field {
    /// Why it is done.
    Reason {
        label: &'static str,
        hint: &'static str,
    },
    /// For how long.
    Minutes { given: String },
    /// Whether to do it although deployments are frozen.
    Override,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct Ask<'a> {
    frame: Frame,
    form_token: &'a str,
    question: Question,
}

impl Question {
    /// About one watch; its answer is sent to the address that asks.
    pub(super) fn of_watch(view: &WatchView, verb: &str, title: String, button: &str) -> Self {
        let name = &view.watch.name;
        Self {
            title,
            action: format!("/watches/{name}/{verb}"),
            back: format!("/watches/{name}"),
            moves: Vec::new(),
            says: Vec::new(),
            warnings: Vec::new(),
            hidden: vec![(REVISION, view.intent.revision.to_string())],
            fields: Vec::new(),
            button: button.to_owned(),
            is_dangerous: false,
        }
    }

    pub(super) fn says(mut self, sentence: impl Into<String>) -> Self {
        self.says.push(sentence.into());
        self
    }

    pub(super) fn says_if(self, is_so: bool, sentence: impl Into<String>) -> Self {
        if is_so { self.says(sentence) } else { self }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    pub(super) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Makes it one demand, however often it is sent.
    pub(super) fn once(self) -> Result<Self, Fault> {
        let key = secret().ok_or_else(Fault::broken_off)?;
        Ok(self.with(KEY, key))
    }

    /// What becomes of the workloads that are deployed to: all, or one.
    pub(super) fn moves(
        mut self,
        view: &WatchView,
        only: Option<&Workload>,
        to: &ImageChip,
    ) -> Self {
        let is_meant = |it: &&WorkloadView| only.is_none_or(|only| it.workload == *only);
        let meant: Vec<&WorkloadView> = view.workloads.iter().filter(is_meant).collect();
        self.moves = meant
            .iter()
            .map(|it| Move {
                workload: it.workload.to_string(),
                from: ImageChip::of_runs(&it.runs),
                to: to.clone(),
            })
            .collect();
        let rolls_out = meant.iter().any(|it| it.in_flight.is_some());
        let in_order = meant.len() > 1 && !view.watch.parallel;
        self.says_if(
            in_order,
            "They are rolled out in this order, each after the one before runs it; a failure stops the rest.",
        )
        .says_if(rolls_out, "What is being rolled out now gives way to it.")
    }

    /// Tells of a freeze that stops what is asked for, and lets an admin override it.
    pub(super) fn minds_freezes(mut self, call: &Call, view: &WatchView) -> Self {
        let freezes = [view.freeze.clone(), call.site.app.frozen()];
        let stops = |freeze: &Freeze| freeze.stops == Stops::Everything;
        let Some(freeze) = freezes.into_iter().flatten().find(stops) else {
            return self;
        };
        let (by, reason) = (&freeze.by, &freeze.reason);
        let may = call.visitor.may_administer();
        let what = if may {
            "Tick the box to deploy all the same."
        } else {
            "This is refused until it ends; an admin may override it."
        };
        self.warnings
            .push(format!("{by} froze deployments: {reason}. {what}"));
        if may {
            self.field(Field::Override)
        } else {
            self
        }
    }

    pub(super) fn page(self, call: &Call) -> Result<Page, Fault> {
        Page::of(&Ask {
            frame: call.frame(Here::Watches, &self.title),
            form_token: &call.visitor.form_token,
            question: self,
        })
    }
}

/// The revision on which a form was decided, if it says one.
pub(super) fn revision(call: &Call) -> Result<u64, Fault> {
    call.form
        .need(REVISION, "the revision that the form was made for")
}

/// Why something is done, which must be said.
pub(super) fn reason(call: &Call) -> Result<String, Fault> {
    call.form.need("reason", "a reason, for those who wonder")
}
