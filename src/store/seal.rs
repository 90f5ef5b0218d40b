//! The seal of a backup: one more page behind the last, with the SHA-256 of all before it.
//!
//! So a copy of which a byte is missing or changed is recognized wherever it was carried. SQLite reads no further than its last page.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::base::processor;
use crate::store::copy_error::CopyError;
use crate::store::files::{open_to_change, open_to_read};

/// How the page begins; the hash in hexadecimal follows, then zeros. No page of a database begins so: it would be an overflow page whose next
/// page is the 1.8 billionth.
const START: &[u8] = b"keyfob backup, SHA-256 of all before this page: ";

/// Whether the bytes of a copy could be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// They are those that the backup wrote.
    Equal,
    /// The copy has no seal: `keyfob backup` did not make it.
    NotCompared,
}

/// Seals a database file, and returns the SHA-256 of the file with its seal.
pub(super) fn seal(file: &mut File) -> io::Result<String> {
    let page_size = page_size(file)?.ok_or(ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(0))?;
    let mut all = Sha256::new();
    io::copy(&mut Hashing { from: &mut *file, hash: &mut all }, &mut io::sink())?;
    let page = page_of(&all.clone().finalize(), page_size);
    file.write_all(&page)?;
    all.update(&page);
    Ok(HEXLOWER.encode(&all.finalize()))
}

/// Copies a database file without its seal, if it has one.
/// # Errors
/// Fails if it has not the bytes that were sealed, or if without a seal it does not end where a page ends.
pub(super) fn copy_without(path: &Path, to: &mut File) -> Result<Bytes, CopyError> {
    let unreadable = |error| CopyError::File(path.to_owned(), error);
    let refused = |why: &str| CopyError::Unproven(path.to_owned(), why.to_owned());
    let mut file = open_to_read(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let page_size = page_size(&file).map_err(unreadable)?.ok_or_else(|| refused("it is not a keyfob database"))?;
    if !length.is_multiple_of(page_size) {
        return Err(refused("bytes are missing at its end, or there are more"));
    }
    let sealed = last_page(&file, length, page_size).map_err(unreadable)?;
    let content = length - sealed.as_ref().map_or(0, |_| page_size);
    let mut hash = Sha256::new();
    io::copy(&mut Hashing { from: (&mut file).take(content), hash: &mut hash }, to).map_err(unreadable)?;
    match sealed {
        None => Ok(Bytes::NotCompared),
        Some(seal) if seal == page_of(&hash.finalize(), page_size) => Ok(Bytes::Equal),
        Some(_) => Err(refused("it was changed after it was made")),
    }
}

/// Removes the seal of a backup that was put in the place of a data file. Must be called while this process has no connection to it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let file = open_to_change(path)?;
    let length = file.metadata()?.len();
    match page_size(&file)? {
        Some(page_size) if last_page(&file, length, page_size)?.is_some() => file.set_len(length - page_size),
        _ => Ok(()),
    }
}

/// Returns the size of the pages of a SQLite file; nothing if it is none.
fn page_size(file: &File) -> io::Result<Option<u64>> {
    let mut header = [0; 18];
    match file.read_exact_at(&mut header, 0) {
        Ok(()) if header.starts_with(b"SQLite format 3\0") => match u16::from_be_bytes([header[16], header[17]]) {
            1 => Ok(Some(65536)),
            size if size >= 512 => Ok(Some(size.into())),
            _ => Ok(None),
        },
        Ok(()) => Ok(None),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the last page if it is a seal.
fn last_page(file: &File, length: u64, page_size: u64) -> io::Result<Option<Vec<u8>>> {
    if length < 2 * page_size {
        return Ok(None);
    }
    let mut page = vec![0; usize::try_from(page_size).unwrap_or_default()];
    file.read_exact_at(&mut page, length - page_size)?;
    Ok(Some(page).filter(|page| page.starts_with(START)))
}

fn page_of(hash: &[u8], page_size: u64) -> Vec<u8> {
    let mut page = [START, HEXLOWER.encode(hash).as_bytes(), b"\n"].concat();
    page.resize(usize::try_from(page_size).unwrap_or_default(), 0);
    page
}

/// Hashes what is read through it.
struct Hashing<'h, R> {
    from: R,
    hash: &'h mut Sha256,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(&buffer[..read]);
        processor::end_slice_if_over();
        Ok(read)
    }
}
