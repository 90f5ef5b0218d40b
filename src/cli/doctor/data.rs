//! Opens the data file from outside and checks what is in it, as far as that can be read.

use std::path::Path;

use crate::base::error::Result;
use crate::base::time::Time;
use crate::diagnostics::rows;
use crate::model::finding::Finding;
use crate::store::inspection::{Inspection, SchemaAge};

pub fn check(file: &Path, now: Time) -> Vec<Finding> {
    let opened = Inspection::open(file).map_err(|error| error.to_string());
    opened.and_then(|inspection| checked(&inspection, now).map_err(|error| error.chain())).unwrap_or_else(|why| {
        let remedy = "run this as the user of the server; if the file is damaged, restore the newest backup";
        vec![Finding::problem("integrity", format!("cannot read {}: {why}", file.display()), remedy)]
    })
}

fn checked(inspection: &Inspection, now: Time) -> Result<Vec<Finding>> {
    let errors = inspection.integrity_errors()?;
    if !errors.is_empty() {
        let text = format!("the data file is damaged: {}", errors.join("; "));
        return Ok(vec![Finding::problem("integrity", text, "stop the server and restore the newest backup")]);
    }
    let integrity = Finding::ok("integrity", "SQLite finds no damage");
    let schema = match inspection.schema()? {
        None => Finding::problem("schema", "this is not a keyfob data file", "name another one with --data"),
        Some(SchemaAge::Newer) => Finding::problem("schema", "the file was written by a newer keyfob", "upgrade keyfob"),
        Some(SchemaAge::Older) => {
            Finding::advice("schema", "the file is of an older version", "back it up: the next start upgrades it; this then looks into it")
        }
        Some(SchemaAge::Current) => {
            let (found, more) = inspection.read(|tx| Ok((rows::check(tx, now)?, rows::check_all_entities(tx, now)?)))?;
            let schema = Finding::ok("schema", "the file has the schema of this version");
            return Ok([integrity, schema].into_iter().chain(found).chain(more).collect());
        }
    };
    Ok(vec![integrity, schema])
}
