//! `keyfob export --to tts`: writes everything that The Things Stack's Identity Server can take over.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::run::data_file::require;
use crate::cli::terminal::note;
use crate::store::backup::read_data;
use crate::tts::export;

/// Writes the SQL to a new file that only its owner can read, or to standard output, and says on standard error what was carried and what
/// not. A file that could not be completed is removed.
pub fn export(data: &Path, output: Option<&str>) -> Result<(), Failure> {
    require(data)?;
    let Some(path) = output else { return write(data, &mut io::stdout().lock(), "standard output") };
    let unwritten = |error: io::Error| Failure::Refused(format!("cannot write to {path}: {error}"));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unwritten)?;
    let done = write(data, &mut &file, path).and_then(|()| File::sync_all(&file).map_err(unwritten));
    if done.is_err() {
        // What failed is told; this failing too would add nothing.
        let _ = std::fs::remove_file(path);
    }
    done
}

fn write(data: &Path, out: &mut dyn Write, place: &str) -> Result<(), Failure> {
    let mut out = Remembering { out: BufWriter::new(out), failure: None };
    let report = read_data(data, |tx| export::write(tx, &mut out));
    let report = match (report, out.failure) {
        (_, Some(error)) if error.kind() == ErrorKind::BrokenPipe => return Err(Failure::Unread),
        (_, Some(error)) => return Err(Failure::Refused(format!("cannot write to {place}: {error}"))),
        (report, None) => report.map_err(|error| Failure::Refused(error.to_string()))?,
    };
    let carried: Vec<String> = report.carried.iter().map(|(table, rows)| format!("{rows} {table}")).collect();
    note(&format!("carried: {}", carried.join(", ")));
    report.left_out.iter().for_each(|(what, number)| note(&format!("left out: {number} {what}")));
    Ok(())
}

/// Keeps the first error of what is written to.
struct Remembering<W> {
    out: W,
    failure: Option<io::Error>,
}

impl<W: Write> Remembering<W> {
    fn remembered<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.failure.get_or_insert(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.remembered(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.remembered(done)
    }
}
