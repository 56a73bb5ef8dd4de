/// Whatever stands before the first section.
const TOP: &str = "Outside of all sections";

const HEAD: &str = "| key | default, or an example | |\n|---|---|---|\n";

/// A line of a file that comments on every key, and holds those without a default as comments themselves.
enum Line<'a> {
    Nothing,
    Comment(&'a str),
    Section(&'a str),
    Key {
        name: &'a str,
        value: &'a str,
        is_default: bool,
    },
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let uncommented = line.strip_prefix('#');
        if let Some(comment) = uncommented.filter(|text| text.is_empty() || text.starts_with(' ')) {
            return Self::Comment(comment.strip_prefix(' ').unwrap_or_default());
        }
        let text = uncommented.unwrap_or(line);
        if text.starts_with('[') {
            return Self::Section(text);
        }
        match text.split_once(" = ") {
            Some((name, value)) => Self::Key {
                name,
                value,
                is_default: uncommented.is_none(),
            },
            None => Self::Nothing,
        }
    }
}

/// A table for each section of `toml`, after what it says at its beginning.
pub(super) fn of(toml: &str) -> String {
    let (head, sections) = toml.split_once("\n\n").unwrap();
    let mut written = Written {
        text: head.lines().map(|line| paragraph(line) + "\n").collect(),
        ..Written::default()
    };
    written.text += "\n";
    for line in sections.lines() {
        written.take(&Line::of(line));
    }
    written.finish()
}

fn paragraph(line: &str) -> String {
    line.trim_start_matches('#').trim_start().to_owned()
}

#[derive(Default)]
struct Written<'a> {
    text: String,
    /// What was said since the last key or section.
    comment: Vec<&'a str>,
    /// The row that further keys may still join.
    row: Option<Row<'a>>,
    has_table: bool,
}

#[derive(Default)]
struct Row<'a> {
    comment: Vec<&'a str>,
    names: Vec<String>,
    values: Vec<String>,
}

impl<'a> Written<'a> {
    fn take(&mut self, line: &Line<'a>) {
        match *line {
            Line::Nothing => {}
            Line::Comment(text) => self.comment.push(text),
            Line::Section(name) => self.begin(&format!("`{name}`")),
            Line::Key {
                name,
                value,
                is_default,
            } => self.key(name, value, is_default),
        }
    }

    fn begin(&mut self, heading: &str) {
        self.end_row();
        if self.has_table {
            self.text += "\n";
        }
        self.text.extend(["## ", heading, "\n\n"]);
        if !self.comment.is_empty() {
            self.text += &(joined(&std::mem::take(&mut self.comment)) + "\n\n");
        }
        self.text += HEAD;
        self.has_table = true;
    }

    /// A key without a comment of its own belongs to the one before.
    fn key(&mut self, name: &str, value: &str, is_default: bool) {
        if !self.has_table {
            let comment = std::mem::take(&mut self.comment);
            self.begin(TOP);
            self.comment = comment;
        }
        if !self.comment.is_empty() {
            self.end_row();
        }
        let row = self.row.get_or_insert_default();
        row.comment.append(&mut self.comment);
        let example = if is_default { "" } else { "e.g. " };
        row.names.push(code(name));
        row.values.push(format!("{example}{}", code(value)));
    }

    fn end_row(&mut self) {
        let Some(row) = self.row.take() else { return };
        let cells = [
            row.names.join("<br>"),
            row.values.join("<br>"),
            in_cell(&row.comment),
        ];
        self.text.extend(["| ", &cells.join(" | "), " |\n"]);
    }

    fn finish(mut self) -> String {
        self.end_row();
        self.text + "\n"
    }
}

fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

/// A comment in one cell. Lines that are indented a little begin an item: what may be written, and what it means.
fn in_cell(lines: &[&str]) -> String {
    let mut cell = String::new();
    let mut is_list = false;
    for line in lines {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let item = text.split_once("  ").filter(|_| (2..=4).contains(&indent));
        let ends_list = is_list && indent == 0;
        is_list = item.is_some() || is_list && !ends_list;
        let before = if item.is_some() || ends_list {
            "<br>"
        } else if cell.is_empty() {
            ""
        } else {
            " "
        };
        cell += before;
        cell += &item.map_or_else(
            || escaped(text),
            |(written, meaning)| [code(written), escaped(meaning.trim_start())].join(": "),
        );
    }
    cell
}

pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Text that stays text, except for what stands in backquotes.
pub(super) fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = part.replace('|', "\\|");
        if index % 2 == 0 {
            part.replace('<', "\\<")
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("`")
}
