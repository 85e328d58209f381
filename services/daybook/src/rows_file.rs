//! All rows of a replay in one JSON file, written as they come.
//!
//! The document holds one list after the other, but rows come by partner. So each list is written to a file of its own
//! first, and these are put together at the end: memory holds the rows of some partners only.

use crate::cancel::Unfinished;
use crate::failure::Failure;
use daybook_replay::ViewsHead;
use daybook_views::PartnerRows;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The file in the making.
pub(crate) struct RowsFile {
    path: PathBuf,
    lists: Vec<List>,
}

/// One list of rows.
struct List {
    name: String,
    rows: u64,
    file: BufWriter<File>,
    _unfinished: Unfinished,
}

impl RowsFile {
    /// Begins a file; nothing stands under its name before it is whole.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let mut lists = Vec::new();
        for name in lists_of(&PartnerRows::default())?.keys() {
            let (unfinished, file) = begin(path, name)?;
            lists.push(List { name: name.clone(), rows: 0, file: BufWriter::new(file), _unfinished: unfinished });
        }
        Ok(Self { path: path.to_owned(), lists })
    }

    /// Adds a partner's rows. Partners must come in order.
    pub(crate) fn add(&mut self, rows: &PartnerRows) -> Result<(), Failure> {
        let rows = lists_of(rows)?;
        for list in &mut self.lists {
            for row in rows.get(&list.name).and_then(Value::as_array).into_iter().flatten() {
                list.file.write_all(if list.rows == 0 { b"\n    " } else { b",\n    " })?;
                serde_json::to_writer(&mut list.file, row).map_err(std::io::Error::from)?;
                list.rows += 1;
            }
        }
        Ok(())
    }

    /// Puts the document together and gives it its name.
    pub(crate) fn finish(self, head: &ViewsHead) -> Result<(), Failure> {
        let (unfinished, file) = begin(&self.path, "whole")?;
        let mut whole = BufWriter::new(file);
        write!(whole, "{{")?;
        for (at, (name, value)) in serde_json::to_value(head)?.as_object().into_iter().flatten().enumerate() {
            write!(whole, "{}\n  {name:?}: {value}", if at == 0 { "" } else { "," })?;
        }
        for list in self.lists {
            let mut file = list.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.rewind()?;
            write!(whole, ",\n  {:?}: [", list.name)?;
            std::io::copy(&mut file, &mut whole)?;
            whole.write_all(if list.rows == 0 { b"]" } else { b"\n  ]" })?;
        }
        writeln!(whole, "\n}}")?;
        whole.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        unfinished.finish(&self.path)?;
        Ok(())
    }
}

fn lists_of(rows: &PartnerRows) -> Result<serde_json::Map<String, Value>, Failure> {
    match serde_json::to_value(rows)? {
        Value::Object(lists) => Ok(lists),
        _ => Ok(serde_json::Map::new()),
    }
}

/// A part beside the file that was asked for, so that the last rename stays in one file system.
fn begin(path: &Path, part: &str) -> Result<(Unfinished, File), Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| Failure::Input(format!("{} is no name of a file: write one", path.display())))?;
    let part = path.with_file_name(format!(".{name}.{}.{part}.part", std::process::id()));
    let cannot = |error| Failure::Input(format!("cannot write {}: {error}; choose another --output", part.display()));
    Unfinished::create(part.clone()).map_err(cannot)
}
