/// How many items a page has if the client does not say.
pub(crate) fn default_limit() -> u32 {
    50
}

/// How often is read for one page, where little of what is found may be seen.
const MOST_READS: u32 = 20;

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

/// A page of what a caller may see of all that is read for it.
///
/// It is read on until the page is full, but not for ever: a page of a caller who sees little may be short, or empty, and
/// still have a cursor.
pub(crate) struct Filling<T, C> {
    limit: Limit,
    seen: Vec<T>,
    last: Option<C>,
    reads_left: u32,
    is_end: bool,
}

impl<T, C: Clone> Filling<T, C> {
    pub(crate) fn new(limit: Limit) -> Self {
        Self {
            limit,
            seen: Vec::new(),
            last: None,
            reads_left: MOST_READS,
            is_end: false,
        }
    }

    pub(crate) fn wants_more(&self) -> bool {
        !self.is_end && self.reads_left > 0 && self.seen.len() < self.limit.to_read() as usize
    }

    /// The cursor of what was read last, to read on from there.
    pub(crate) fn last(&self) -> Option<C> {
        self.last.clone()
    }

    /// Takes what `is_seen` of the next [`to_read`](Limit::to_read) items.
    pub(crate) fn add(
        &mut self,
        read: Vec<T>,
        is_seen: impl Fn(&T) -> bool,
        cursor: impl Fn(&T) -> C,
    ) {
        self.reads_left -= 1;
        self.is_end = read.len() < self.limit.to_read() as usize;
        self.last = read.last().map(cursor).or(self.last.take());
        self.seen.extend(read.into_iter().filter(is_seen));
    }

    /// The items of the page, and where the next one begins if more may follow.
    pub(crate) fn page(self, cursor: impl Fn(&T) -> C) -> (Vec<T>, Option<C>) {
        let gave_up = !self.is_end && self.seen.len() < self.limit.to_read() as usize;
        let last = self.last.filter(|_| gave_up);
        let (items, next) = self.limit.page(self.seen, cursor);
        (items, next.or(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of two of the numbers below `end` that `is_seen`, read from the first on.
    fn pages(end: u32, is_seen: impl Fn(&u32) -> bool) -> Vec<(Vec<u32>, Option<u32>)> {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let mut page = Filling::new(Limit(2));
            while page.wants_more() {
                let first = page.last().or(after).map_or(0, |last| last + 1);
                page.add((first..end).take(3).collect(), &is_seen, |n| *n);
            }
            let page = page.page(|n| *n);
            after = page.1;
            pages.push(page);
            if after.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn a_page_is_filled_from_as_many_reads_as_it_takes() {
        assert_eq!(pages(0, |_| true), [(vec![], None)]);
        assert_eq!(pages(2, |_| true), [(vec![0, 1], None)]);
        assert_eq!(pages(3, |_| true), [(vec![0, 1], Some(1)), (vec![2], None)]);
        let tens = pages(35, |n| n % 10 == 0);
        assert_eq!(tens, [(vec![0, 10], Some(10)), (vec![20, 30], None)]);
        assert_eq!(pages(35, |_| false), [(vec![], None)]);
    }

    #[test]
    fn a_page_of_one_who_sees_little_ends_before_everything_is_read() {
        let pages = pages(100, |n| *n == 99);
        assert_eq!(pages, [(vec![], Some(59)), (vec![99], None)]);
    }
}
