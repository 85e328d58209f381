//! How results are printed: tables that fit a terminal, JSON, CSV. One way for every verb.

use crate::cli::Format;
use crate::failure::Failure;
use crate::waiting::Waiting;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Write;
use std::path::Path;

/// Prints a line, and ends the verb where the reader of our output went away: `println!` would panic.
macro_rules! say {
    ($($text:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)))?
    };
}
pub(crate) use say;

/// A named list of rows, each an object.
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) rows: Vec<Value>,
}

impl Section {
    /// Rows of any struct that serialises to an object.
    pub(crate) fn new<T: Serialize>(name: &str, rows: &[T]) -> Result<Self, Failure> {
        let rows = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), rows })
    }
}

/// Figures with what waits in quarantine, which they may miss. Where anything waits: a field in JSON, a line above the tables. CSV has no place for
/// it, so there it goes to standard error.
pub(crate) fn print_figures<T: Serialize>(
    format: Format,
    document: &T,
    head: &[(&str, String)],
    sections: &[Section],
    waiting: &Waiting,
) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Figures<'a, T> {
        #[serde(flatten)]
        document: &'a T,
        #[serde(skip_serializing_if = "Waiting::is_nothing")]
        quarantine: &'a Waiting,
    }
    let mut head = head.to_vec();
    if let Some(line) = waiting.line() {
        if format == Format::Csv {
            eprintln!("daybook: quarantine: {line}");
        }
        head.insert(0, ("quarantine", line));
    }
    print(format, &Figures { document, quarantine: waiting }, &head, sections)
}

/// Prints a document: JSON as it is, tables and CSV by its sections. Facts above the tables stand in `head`.
pub(crate) fn print<T: Serialize>(
    format: Format,
    document: &T,
    head: &[(&str, String)],
    sections: &[Section],
) -> Result<(), Failure> {
    // Standard output writes line by line: a document of many rows has a million of them.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Format::Table => {
            write_head(&mut out, head)?;
            for section in sections.iter().filter(|section| !section.rows.is_empty()) {
                writeln!(out, "\n{}", section.name)?;
                writeln!(out, "{}", table(&section.rows))?;
            }
        }
        Format::Csv => {
            let [section] = sections else {
                let names: Vec<&str> = sections.iter().map(|section| section.name.as_str()).collect();
                return Err(Failure::Input(format!(
                    "CSV holds one view at a time: add --view with one of {}",
                    names.join(", ")
                )));
            };
            write_csv(&mut out, &section.rows)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Writes a section into a folder, as a CSV file of its name.
pub(crate) fn csv_file(folder: &Path, section: &Section) -> Result<(), Failure> {
    let path = folder.join(format!("{}.csv", section.name));
    let cannot = |error: &dyn std::fmt::Display| Failure::Input(format!("cannot write {}: {error}", path.display()));
    let file = std::fs::File::create(&path).map_err(|error| cannot(&error))?;
    write_csv(&mut std::io::BufWriter::new(file), &section.rows).map_err(|error| cannot(&error))
}

/// Prints `name  value` lines with the values below each other.
fn write_head(out: &mut impl Write, head: &[(&str, String)]) -> std::io::Result<()> {
    let width = head.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    head.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {value}"))
}

/// A table of rows; columns are the keys of the first row. One in which no row says anything is left out: CSV and JSON have
/// it, a terminal has better use for the width.
pub(crate) fn table(rows: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(terminal_width());
    let says_something = |column: &String| rows.iter().any(|row| !text(row.get(column)).is_empty());
    let columns: Vec<String> = columns(rows).into_iter().filter(says_something).collect();
    table.set_header(&columns);
    for row in rows {
        table.add_row(columns.iter().map(|column| text(row.get(column))));
    }
    for (at, column) in columns.iter().enumerate() {
        let values = || rows.iter().filter_map(|row| row.get(column));
        let is_number = |value: &Value| value.is_number() || value.as_str().is_some_and(is_amount);
        let is_numeric = values().next().is_some() && values().all(is_number);
        if let Some(column) = table.column_mut(at).filter(|_| is_numeric) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn write_csv(out: &mut impl Write, rows: &[Value]) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(out);
    let columns = columns(rows);
    if !columns.is_empty() {
        writer.write_record(&columns)?;
    }
    for row in rows {
        writer.write_record(columns.iter().map(|column| text(row.get(column))))?;
    }
    writer.flush()?;
    Ok(())
}

fn columns(rows: &[Value]) -> Vec<String> {
    rows.first().and_then(Value::as_object).map(|row| row.keys().cloned().collect()).unwrap_or_default()
}

fn is_amount(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && text.matches('-').count() < 2
}

/// A value in one cell: lists and maps joined.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| text(Some(item))).collect::<Vec<_>>().join(" "),
        Some(Value::Object(fields)) => pairs(fields),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
    }
}

fn pairs(fields: &Map<String, Value>) -> String {
    fields.iter().map(|(key, value)| format!("{key}={}", text(Some(value)))).collect::<Vec<_>>().join(" ")
}

/// Columns of the terminal; 160 where the output is no terminal, so that files and pipes do not wrap.
fn terminal_width() -> u16 {
    let from_terminal = rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| size.ws_col);
    let from_environment = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    from_terminal.filter(|&columns| columns > 0).or(from_environment).unwrap_or(160)
}
