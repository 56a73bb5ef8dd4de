//! The Notifier port's contract over its fake.

use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::event::EventKind;
use registrywatcher::ports::Notifier;
use registrywatcher_conformance::notifier::NotifierHarness;
use registrywatcher_memory::MemoryNotifier;

struct Harness(MemoryNotifier);

#[async_trait]
impl NotifierHarness for Harness {
    fn notifier(&self) -> &dyn Notifier {
        &self.0
    }

    fn untold(&self) -> EventKind {
        EventKind::WatchRetired
    }

    fn secret(&self) -> String {
        "memory-sink".to_owned()
    }

    async fn taken(&self) -> usize {
        self.0.delivered().len()
    }

    async fn refuse(&self) {
        self.0.refuse();
    }

    async fn ask_to_wait(&self) {
        self.0.break_down(Some(Duration::from_mins(1)));
    }

    async fn break_down(&self) {
        self.0.break_down(None);
    }

    async fn hang(&self) {
        self.0.hang();
    }

    async fn recover(&self) {
        self.0.recover();
    }
}

async fn harness() -> Harness {
    let sink = MemoryNotifier::new().with_patience(Duration::from_millis(20));
    sink.ignore(EventKind::WatchRetired.name());
    Harness(sink)
}

registrywatcher_conformance::notifier_suite!(harness);
