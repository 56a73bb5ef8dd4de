//! The Notifier port's contract over HTTP.

use async_trait::async_trait;
use registrywatcher::event::EventKind;
use registrywatcher::ports::Notifier;
use registrywatcher_conformance::notifier::NotifierHarness;
use registrywatcher_notifier_http::SlackNotifier;

use crate::sink::{Reply, SECRET, Sink};

struct Harness {
    sink: Sink,
    notifier: SlackNotifier,
}

#[async_trait]
impl NotifierHarness for Harness {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    fn untold(&self) -> EventKind {
        EventKind::WatchRetired
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
        let reply = Reply::status("429 Too Many Requests", "").with_header("retry-after", "60");
        self.sink.reply(reply);
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

async fn harness() -> Harness {
    let sink = Sink::start().await;
    Harness {
        notifier: sink.notifier(),
        sink,
    }
}

registrywatcher_conformance::notifier_suite!(harness);
