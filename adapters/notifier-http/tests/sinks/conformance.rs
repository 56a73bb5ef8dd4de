//! The Notifier port's contract, over each sink.

use async_trait::async_trait;
use registrywatcher::event::EventKind;
use registrywatcher::ports::Notifier;
use registrywatcher_conformance::notifier::NotifierHarness;

use crate::sink::{Reply, SECRET, Sink};

struct Harness<N> {
    sink: Sink,
    notifier: N,
    wait: Reply,
}

impl<N> Harness<N> {
    async fn start(notifier: impl FnOnce(&str) -> N) -> Self {
        let sink = Sink::start().await;
        Self {
            notifier: notifier(&sink.url()),
            sink,
            wait: Reply::status("429 Too Many Requests", "").with_header("retry-after", "60"),
        }
    }
}

#[async_trait]
impl<N: Notifier> NotifierHarness for Harness<N> {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    fn untold(&self) -> EventKind {
        EventKind::WatchAdded {
            repository: "ghcr.io/acme/web".parse().unwrap(),
        }
    }

    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    async fn taken(&self) -> usize {
        self.sink.taken()
    }

    /// Quotes the path, as the pages of many servers do.
    async fn refuse(&self) {
        self.sink.reply(Reply::status(
            "404 Not Found",
            &format!("no /services/{SECRET} here"),
        ));
    }

    async fn ask_to_wait(&self) {
        self.sink.reply(self.wait.clone());
    }

    async fn break_down(&self) {
        self.sink.reply(Reply::Broken);
    }

    async fn hang(&self) {
        self.sink.reply(Reply::Silence);
    }

    async fn recover(&self) {
        self.sink.reply(Reply::ok());
    }
}

mod slack {
    use super::*;

    async fn harness() -> impl NotifierHarness {
        Harness::start(crate::notifiers::slack).await
    }

    registrywatcher_conformance::notifier_suite!(harness);
}

mod teams {
    use super::*;

    async fn harness() -> impl NotifierHarness {
        Harness::start(crate::notifiers::teams).await
    }

    registrywatcher_conformance::notifier_suite!(harness);
}

mod discord {
    use super::*;

    /// Without `Retry-After`, so that the wait is the one that Discord puts into the body.
    async fn harness() -> impl NotifierHarness {
        let body =
            r#"{"message": "You are being rate limited.", "retry_after": 60.0, "global": false}"#;
        Harness {
            wait: Reply::status("429 Too Many Requests", body),
            ..Harness::start(crate::notifiers::discord).await
        }
    }

    registrywatcher_conformance::notifier_suite!(harness);
}

mod mattermost {
    use super::*;

    async fn harness() -> impl NotifierHarness {
        Harness::start(crate::notifiers::mattermost).await
    }

    registrywatcher_conformance::notifier_suite!(harness);
}

mod cloudevents {
    use registrywatcher_memory::MemoryClock;

    use super::*;

    async fn harness() -> impl NotifierHarness {
        Harness::start(|url| crate::notifiers::cloudevents(url, &MemoryClock::new())).await
    }

    // All clauses but the one on kinds that are not told: there is none.
    registrywatcher_conformance::notifier_suite! { @clauses harness =>
        a_delivered_event_arrives_once_for_each_ok,
        a_refusal_is_rejected_and_a_sink_that_is_down_unavailable,
        a_sink_that_does_not_answer_is_given_up,
        no_error_names_the_sinks_address,
    }
}
