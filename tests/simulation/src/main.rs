//! Runs the simulation: one seed with its trace, or a range of them.

use std::process::ExitCode;

use registrywatcher_simulation::{run, run_and_explain};

/// `registrywatcher-simulation 7` replays seed 7; `registrywatcher-simulation 0 2000` runs seeds 0 to 1999.
fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let outcome = match numbers[..] {
        [seed] => run(seed, None, true),
        [from, to] => {
            let mut outcomes = (from..to).map(|seed| run_and_explain(seed, None));
            let broken = outcomes.find(|outcome| outcome.violation.is_some());
            let Some(broken) = broken else {
                println!("seeds {from} to {to} break nothing");
                return ExitCode::SUCCESS;
            };
            broken
        }
        _ => {
            eprintln!("give one seed to replay it, or two for a range");
            return ExitCode::from(64);
        }
    };
    println!("{}", outcome.tell());
    match outcome.violation {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    }
}
