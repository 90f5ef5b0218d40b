//! `keyfob export --to tts`: writes everything that The Things Stack's Identity Server can take over.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::base::private_file::PrivateFile;
use crate::cli::failure::Failure;
use crate::cli::run::data_file::require;
use crate::cli::terminal::note;
use crate::store::backup::read_data;
use crate::tts::export;

/// Writes the SQL to a file that only its owner can read, or to standard output, and says on standard error what was carried and what not.
pub fn export(data: &Path, output: Option<&str>) -> Result<(), Failure> {
    require(data)?;
    let Some(path) = output else { return write(data, &mut io::stdout().lock(), "standard output") };
    let mut file = PrivateFile::create(Path::new(path)).map_err(|error| unwritten(path, &error))?;
    write(data, &mut file, path)?;
    file.put().map_err(|error| unwritten(path, &error))
}

fn unwritten(place: &str, error: &io::Error) -> Failure {
    Failure::Refused(format!("cannot write to {place}: {error}"))
}

fn write(data: &Path, out: &mut dyn Write, place: &str) -> Result<(), Failure> {
    let mut out = Remembering { out: BufWriter::new(out), failure: None };
    let report = read_data(data, |tx| export::write(tx, &mut out));
    let report = match (report, out.failure) {
        (_, Some(error)) if error.kind() == ErrorKind::BrokenPipe => return Err(Failure::Unread),
        (_, Some(error)) => return Err(unwritten(place, &error)),
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
