use std::fmt;

/// The goals, and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    goal: u8,
    what: &'static str,
    bound: Bound,
    measured: f64,
}

/// When a goal is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn admits(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::AtMost(most) => measured <= most,
        }
    }
}

impl Report {
    /// Sets what was measured beside the goal.
    pub(crate) fn row(&mut self, goal: u8, what: &'static str, bound: Bound, measured: f64) {
        self.rows.push(Row {
            goal,
            what,
            bound,
            measured,
        });
        self.rows.sort_by_key(|row| row.goal);
    }

    /// Says something beside the table.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::AtLeast(least) => format!(">= {least:.2}"),
            Self::AtMost(most) => format!("<= {most:.2}"),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n#  {:<70}  {:>8}  {:>8}  reached",
            "", "goal", "measured"
        )?;
        for row in &self.rows {
            let reached = if row.bound.admits(row.measured) {
                "yes"
            } else {
                "no"
            };
            writeln!(
                f,
                "{}  {:<70}  {:>8}  {:>8.2}  {reached}",
                row.goal, row.what, row.bound, row.measured
            )?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}
