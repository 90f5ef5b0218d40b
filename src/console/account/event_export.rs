//! Writes events as CSV or JSON, for other programs.

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::call::Call;
use crate::console::account::event_sentence::Sentence;
use crate::http::reply::Reply;
use crate::registry::history;
use crate::store::events::Event;

/// The most events that a file has.
pub const MOST: u32 = 1000;

/// From how many bytes on no more events are added.
const LONGEST: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    Json,
}

impl ExportFormat {
    pub const EVERY: &[ExportFormat] = &[ExportFormat::Csv, ExportFormat::Json];

    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Json => "json",
        }
    }
}

/// The columns of a file, beside the sentence.
const COLUMNS: &[&str] = &[
    "number",
    "happened_at",
    "name",
    "entity_kind",
    "entity_id",
    "account_id",
    "api_key_id",
    "oauth_client_id",
    "request_id",
    "times",
    "first_at",
    "old",
    "new",
];

/// Answers with the events as a file. `next` returns the address of the rest, before the event of this number.
pub fn file(call: &Call<'_>, format: ExportFormat, events: &[Event], end: Option<i64>, next: impl Fn(i64) -> String) -> Result<Reply> {
    let (mut rows, mut bytes, mut left) = (Vec::new(), 0, end);
    for (n, event) in events.iter().enumerate() {
        let row = match format {
            ExportFormat::Csv => csv_row(call, event)?,
            ExportFormat::Json => object(call, event)?.to_string(),
        };
        bytes += row.len();
        rows.push(row);
        if bytes > LONGEST && n + 1 < events.len() || n + 1 == MOST as usize {
            left = Some(event.number);
            break;
        }
    }
    let next = left.map(next);
    let (media_type, text) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", format!("{}\r\n{}", csv(["what"].iter().chain(COLUMNS)), rows.concat())),
        ExportFormat::Json => ("application/json", format!("{{\"events\":[{}],\"next\":{}}}\n", rows.join(",\n"), json!(next))),
    };
    let name = format!("attachment; filename=\"activity.{}\"", format.name());
    let reply = Reply::new(200, media_type, text.into_bytes()).with("Content-Disposition", name);
    Ok(match next {
        Some(next) => reply.with("Link", format!("<{next}>; rel=\"next\"")),
        None => reply,
    })
}

/// Returns an event as the API writes it, with what it is about and the sentence.
fn object(call: &Call<'_>, event: &Event) -> Result<Value> {
    let mut object = history::to_json(event);
    object["entity_kind"] = event.entity_kind.as_str().into();
    object["entity_id"] = event.entity_id.as_str().into();
    object["what"] = Sentence::of(call, event)?.text().into();
    Ok(object)
}

fn csv_row(call: &Call<'_>, event: &Event) -> Result<String> {
    let object = object(call, event)?;
    let texts = ["what"].iter().chain(COLUMNS).map(|name| match &object[*name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    Ok(csv(texts.collect::<Vec<_>>()) + "\r\n")
}

/// Writes a line (RFC 4180). What a spreadsheet would compute begins with an apostrophe: it comes from others.
fn csv(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cell = |cell: &str| {
        let begin = if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
        format!("\"{begin}{}\"", cell.replace('"', "\"\""))
    };
    cells.into_iter().map(|text| cell(text.as_ref())).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::csv;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(csv(["=1+1", "@a", "-2", "a\"b", "1=1", ""]), r#""'=1+1","'@a","'-2","a""b","1=1","""#);
    }
}
