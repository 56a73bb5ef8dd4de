//! Runs the simulation: one seed with its trace, or a range of them.

use std::process::ExitCode;

use registrywatcher_simulation::run;

/// `registrywatcher-simulation 7` replays seed 7; `registrywatcher-simulation 0 2000` runs seeds 0 to 1999.
fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    let numbers: Vec<u64> = arguments.filter_map(|text| text.parse().ok()).collect();
    match numbers[..] {
        [seed] => {
            let outcome = run(seed, None, true);
            println!("{}", outcome.tell());
            code(outcome.violation.is_none())
        }
        [from, to] => code(survey(from, to)),
        _ => {
            eprintln!("give one seed to replay it, or two for a range");
            ExitCode::from(64)
        }
    }
}

/// Runs each seed of a range, and tells which of them break something.
fn survey(from: u64, to: u64) -> bool {
    let mut broken = 0;
    for seed in from..to {
        if let Some(violation) = run(seed, None, false).violation {
            let (invariant, problem) = (violation.invariant, violation.problem);
            println!("seed {seed} breaks {invariant:?}: {problem}");
            broken += 1;
        }
    }
    println!(
        "{broken} of {} seeds break something",
        to.saturating_sub(from)
    );
    broken == 0
}

fn code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
