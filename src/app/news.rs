use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Wakes those who wait until something more is stored. It needs no runtime, and costs nothing while nobody waits.
#[derive(Debug, Default)]
pub(super) struct News(Mutex<Board>);

#[derive(Debug, Default)]
struct Board {
    /// How often there was news.
    count: u64,
    /// Whether nobody is to wait any more.
    closed: bool,
    waiting: BTreeMap<u64, Waker>,
    places: u64,
}

impl News {
    /// How often there was news; what is read after this call and is too old is made up for by [`after`](Self::after).
    pub(super) fn count(&self) -> u64 {
        self.board().count
    }

    pub(super) fn is_closed(&self) -> bool {
        self.board().closed
    }

    /// Returns once there was news more than `heard` times, or nobody is to wait any more.
    pub(super) fn after(&self, heard: u64) -> impl Future<Output = ()> + Send + '_ {
        Listening {
            news: self,
            heard,
            place: None,
        }
    }

    pub(super) fn tell(&self) {
        let waiting = {
            let mut board = self.board();
            board.count += 1;
            std::mem::take(&mut board.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    pub(super) fn close(&self) {
        self.board().closed = true;
        self.tell();
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Listening<'a> {
    news: &'a News,
    heard: u64,
    place: Option<u64>,
}

impl Future for Listening<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut board = self.news.board();
        if board.count > self.heard || board.closed {
            return Poll::Ready(());
        }
        let place = self.place.unwrap_or(board.places);
        board.places = board.places.max(place + 1);
        let before = board.waiting.insert(place, context.waker().clone());
        drop(board);
        drop(before);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // The lock is free again before the waker is dropped, which may drop others that wait.
            let _waker = self.news.board().waiting.remove(&place);
        }
    }
}
