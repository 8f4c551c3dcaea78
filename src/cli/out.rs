//! Where words and results go.

use std::io::{self, Write};

use serde::Serialize;

/// Words for people.
pub(super) fn say(words: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(io::stderr(), "{words}");
}

/// A result, which programs may read.
pub(super) fn result(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// A result as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    result(&serde_json::to_string_pretty(value)?)
}

/// Columns as wide as they need to be; the last one is not filled up.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> anyhow::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        result(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Whether all that failed is that nobody reads on, as in `coprbox user list | head -1`.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
