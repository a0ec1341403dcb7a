//! What reaches a terminal: text, tables, JSON.
//!
//! Everything that a tenant or the daemon wrote passes [`escaped`] or [`to_json`] before it is shown;
//! only the raw reply of a function does not, it goes to [`write()`] as it came.
//!
//! Always true: a reader that closed the pipe ends the command without a complaint.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use crate::errors::Failure;

/// Writes bytes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::reader_left(),
        _ => Failure::internal(format!("cannot write to standard output: {error}")),
    })
}

/// Writes text and a newline to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(format!("{text}\n").as_bytes())
}

/// Writes one JSON value and a newline to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(&to_json(value)?)
}

/// Writes text and a newline to standard error. There is nobody to tell if that fails.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// JSON text on one line that a terminal cannot take for a command. What serde_json leaves as it is
/// and can only stand inside strings is written as `\u` escapes; a bare line break can only stand
/// between values, and becomes a blank.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value)
        .map_err(|error| Failure::internal(format!("cannot write JSON: {error}")))?;
    Ok(text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            c if is_unsafe(c) => {
                // All of these are in the first plane. Writing to a string cannot fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
            c => safe.push(c),
        }
        safe
    }))
}

/// One line that shows `text` and cannot move the cursor, change colours, break the line or turn the
/// direction of writing.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
        safe
    })
}

/// The same for text of several lines, each of them indented.
pub(crate) fn escaped_lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| format!("{indent}{}", escaped(line).trim_end())).collect();
    lines.join("\n")
}

/// Control characters, line and paragraph separators, and what turns the direction of writing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}')
}

/// The first `most` characters of a long id.
pub(crate) fn short(id: &str, most: usize) -> String {
    escaped(&id.chars().take(most).collect::<String>())
}

/// How a column is lined up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table without lines: a header, then one line for each row. Cells are escaped here.
pub(crate) fn table<const N: usize>(
    columns: [(&str, Align); N],
    rows: &[[String; N]],
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.map(|(name, _)| Cell::new(name)));
    table.add_rows(rows.iter().map(|row| row.each_ref().map(|cell| Cell::new(escaped(cell)))));
    for (column, (_, align)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    table.trim_fmt().lines().map(str::to_owned).collect()
}

/// Names and values in two columns, without a header.
pub(crate) fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        rows.iter().map(|(name, value)| format!("{name:width$}  {}", escaped(value))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(escaped(text), expected);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        check("größe 12.4 MiB 漢字 🐝", "größe 12.4 MiB 漢字 🐝");
    }

    #[test]
    fn control_sequences_are_shown_and_not_obeyed() {
        check("\x1b[2Jgone", "\\u{1b}[2Jgone");
        check("\u{9b}31m", "\\u{9b}31m");
        check("a\x07\x08\x7f", "a\\u{7}\\u{8}\\u{7f}");
    }

    #[test]
    fn a_line_stays_one_line() {
        check("a\r\nskep: ok\tx\u{2028}y", "a\\r\\nskep: ok\\tx\\u{2028}y");
    }

    #[test]
    fn the_direction_of_writing_stays() {
        check("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c");
    }

    #[test]
    fn several_lines_are_indented_and_escaped_each() {
        assert_eq!(escaped_lines("at a\n  at \x1b[1m", "  "), "  at a\n    at \\u{1b}[1m");
    }

    #[test]
    fn json_leaves_nothing_that_a_terminal_obeys() {
        let text = to_json(&"\x1b[1m \u{9b}1m \x7f \u{202e} ä 🐝").unwrap();
        assert_eq!(text, r#""\u001b[1m \u009b1m \u007f \u202e ä 🐝""#);
        let back: String = serde_json::from_str(&text).unwrap();
        assert_eq!(back, "\x1b[1m \u{9b}1m \x7f \u{202e} ä 🐝");
    }

    #[test]
    fn json_that_came_on_several_lines_is_on_one() {
        let raw: &serde_json::value::RawValue = serde_json::from_str("{\r\n\t\"a\": 1}").unwrap();
        assert_eq!(to_json(&raw).unwrap(), "{   \"a\": 1}");
    }

    #[test]
    fn a_table_is_narrow_and_lines_numbers_up() {
        let rows = [
            ["shop".to_owned(), "7".to_owned(), "a".to_owned()],
            ["m\nx".to_owned(), "120".to_owned(), String::new()],
        ];
        let columns = [("APP", Align::Left), ("CALLS", Align::Right), ("X", Align::Left)];
        assert_eq!(table(columns, &rows), ["APP   CALLS  X", "shop      7  a", "m\\nx    120"]);
    }

    #[test]
    fn pairs_share_one_column() {
        assert_eq!(pairs(&[("a", "1".to_owned()), ("bcd", "2".to_owned())]), "a    1\nbcd  2");
    }

    #[test]
    fn an_id_is_cut_between_characters() {
        assert_eq!(short("äöüß", 2), "äö");
        assert_eq!(short("ab", 8), "ab");
    }
}
