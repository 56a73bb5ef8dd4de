use std::fmt;
use std::time::Duration;

use super::releases::Count;
use super::strikes::Takeovers;

/// What came of a load.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) releases: Count,
    pub(super) takeovers: Takeovers,
    /// What the replicas had resident at the start, and at the end.
    pub(super) resident_kib: ([u64; 2], [u64; 2]),
}

impl Figures {
    /// The time which so many percent of all takeovers did not exceed.
    fn takeover(&self, percentile: usize) -> Duration {
        let Takeovers { killed, hung } = &self.takeovers;
        let mut sorted = [&**killed, hung].concat();
        sorted.sort_unstable();
        let rank = (sorted.len() * percentile).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count {
            pushed,
            deployed,
            twice,
            lost,
        } = self.releases;
        writeln!(f, "releases pushed        {pushed}")?;
        writeln!(f, "releases deployed      {deployed}")?;
        writeln!(f, "deployed twice         {twice}")?;
        writeln!(f, "lost                   {lost}")?;
        let Takeovers { killed, hung } = &self.takeovers;
        writeln!(f, "replicas killed        {}", killed.len())?;
        writeln!(f, "replicas suspended     {}", hung.len())?;
        let [p50, p99] = [50, 99].map(|percentile| self.takeover(percentile).as_secs_f64());
        writeln!(f, "takeover p50           {p50:.2} s")?;
        writeln!(f, "takeover p99           {p99:.2} s")?;
        let ([first, second], [first_end, second_end]) = self.resident_kib;
        let mib = |kib: u64| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024);
        writeln!(f, "memory at start        {}, {}", mib(first), mib(second))?;
        write!(
            f,
            "memory at end          {}, {}",
            mib(first_end),
            mib(second_end)
        )
    }
}
