/// How many items a page has if the client does not say.
pub(crate) fn default_limit() -> u32 {
    50
}

/// How many items a page has at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) u32);

impl Limit {
    /// How many items to read: one more than are shown, to see whether more follow.
    pub(crate) fn to_read(self) -> u32 {
        self.0 + 1
    }

    /// The items of the page, and the cursor of the last one if more follow.
    pub(crate) fn page<T, C>(
        self,
        mut read: Vec<T>,
        cursor: impl Fn(&T) -> C,
    ) -> (Vec<T>, Option<C>) {
        let shown = self.0 as usize;
        let more = read.len() > shown;
        read.truncate(shown);
        let next = read.last().filter(|_| more).map(cursor);
        (read, next)
    }
}
