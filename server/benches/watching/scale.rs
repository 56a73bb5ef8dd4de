use crate::report::Report;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Scale {
    is_trial: bool,
    /// Whether only what reading over the API costs is measured.
    pub(crate) only_api: bool,
    /// Watches on the fast registry, and in memory.
    pub(crate) watches: usize,
    /// How often each thing is measured, by turns with the others.
    pub(crate) rounds: usize,
    /// Requests of the raw loader to the fast registry in one round.
    pub(crate) raw_requests: usize,
    /// Reads of a watch over the API in one round.
    pub(crate) reads: usize,
    /// Repositories that are pushed to distribution.
    pub(crate) pushed_repositories: usize,
    /// Tags of each of them.
    pub(crate) pushed_tags: usize,
    /// Requests to distribution in one round, by each client.
    pub(crate) distribution_requests: usize,
    /// Listings of ten thousand tags in one round.
    pub(crate) listings: usize,
}

impl Scale {
    /// Everything where cargo says that this is a benchmark and nobody asks for less.
    pub(crate) fn of(arguments: &[String]) -> Self {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let scale = if has("--bench") && !has("--quick") {
            Self::full()
        } else {
            Self::quick()
        };
        Self {
            only_api: has("--only=api"),
            ..scale
        }
    }

    /// Says so where too little is measured to say anything about the goals.
    pub(crate) fn mention(&self, report: &mut Report) {
        if self.is_trial {
            report.note("Everything was only tried: these are no measurements.".to_owned());
        }
    }

    fn full() -> Self {
        Self {
            is_trial: false,
            only_api: false,
            watches: 10_000,
            rounds: 5,
            raw_requests: 20_000,
            reads: 40_000,
            pushed_repositories: 200,
            pushed_tags: 5,
            distribution_requests: 1_000,
            listings: 60,
        }
    }

    fn quick() -> Self {
        Self {
            is_trial: true,
            only_api: false,
            watches: 200,
            rounds: 1,
            raw_requests: 400,
            reads: 400,
            pushed_repositories: 10,
            pushed_tags: 2,
            distribution_requests: 40,
            listings: 4,
        }
    }
}
