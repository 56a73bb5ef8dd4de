//! Stop watches and scales.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::time::{ClockId, clock_gettime};

/// What one turn of a client came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Operations per second.
    pub(crate) rate: f64,
    /// Processor time of this process per operation, in microseconds.
    pub(crate) cpu: f64,
}

/// Times `work`, which is `operations` operations.
pub(crate) async fn sample(
    operations: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Sample> {
    let (began, cpu_before) = (Instant::now(), cpu_time());
    work.await?;
    let (wall, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu_before));
    let operations = count(operations);
    Ok(Sample {
        rate: operations / wall.as_secs_f64(),
        cpu: cpu.as_secs_f64() * 1e6 / operations,
    })
}

/// The processor time that this process has used so far.
pub(crate) fn cpu_time() -> Duration {
    elapsed_on(ClockId::ProcessCPUTime)
}

fn elapsed_on(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// The processor time that this thread has used so far.
pub(crate) fn thread_cpu_time() -> Duration {
    elapsed_on(ClockId::ThreadCPUTime)
}

/// The memory of this process that is resident, in KiB.
pub(crate) fn resident_kib() -> anyhow::Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok())
        .context("/proc/self/status tells no VmRSS")
}

/// The middle one of some values, in which a disturbance of one round does not show.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A count as a number to divide by.
#[expect(
    clippy::cast_precision_loss,
    reason = "no count here comes near to 2^52"
)]
pub(crate) fn count(value: usize) -> f64 {
    value as f64
}
