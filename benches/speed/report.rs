//! What was measured, as one table, as JSON, and as the block of doc/speed.md.

use serde_json::{Value, json};

/// How a figure meets its target.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// One figure.
pub struct Row {
    pub measure: &'static str,
    /// Nothing where it could not be measured; then the note says why.
    pub figure: Option<f64>,
    /// What the figure counts: ` ×` of something, ` ms`, ` MiB`, `/s`.
    pub unit: &'static str,
    pub target: Target,
    /// The figures behind a ratio, or why there is none.
    pub note: String,
}

impl Row {
    fn is_met(&self) -> Option<bool> {
        self.figure.map(|figure| match self.target {
            Target::AtLeast(least) => figure >= least,
            Target::AtMost(most) => figure <= most,
        })
    }

    fn cells(&self) -> [String; 5] {
        let wanted = match self.target {
            Target::AtLeast(least) => format!("≥ {}{}", rounded(least), self.unit),
            Target::AtMost(most) => format!("≤ {}{}", rounded(most), self.unit),
        };
        let verdict = match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "skipped",
        };
        let figure = self.figure.map_or("–".to_owned(), |figure| format!("{}{}", rounded(figure), self.unit));
        [self.measure.to_owned(), figure, wanted, verdict.to_owned(), self.note.clone()]
    }

    fn json(&self) -> Value {
        let (bound, target) = match self.target {
            Target::AtLeast(least) => ("at_least", least),
            Target::AtMost(most) => ("at_most", most),
        };
        json!({"measure": self.measure, "figure": self.figure, "unit": self.unit.trim(), bound: target, "met": self.is_met(), "note": self.note})
    }
}

/// With two digits where they say something.
fn rounded(figure: f64) -> String {
    if figure >= 100.0 {
        format!("{figure:.0}")
    } else if figure >= 10.0 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.2}")
    }
}

pub fn as_json(rows: &[Row]) -> String {
    format!("{:#}\n", Value::from(rows.iter().map(Row::json).collect::<Vec<_>>()))
}

pub fn as_table(rows: &[Row]) -> String {
    let mut table = "| Measure | Figure | Target | | Behind it |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        table.push_str(&format!("| {} |\n", row.cells().join(" | ")));
    }
    table
}

/// Writes the table into doc/speed.md, between `<!-- NAME: … -->` and `<!-- /NAME -->`.
pub fn write(name: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/speed.md");
    let document = std::fs::read_to_string(path).expect("doc/speed.md is read");
    let start = document.find(&format!("<!-- {name}:")).expect("the block begins");
    let start = start + document[start..].find("-->\n").expect("its first line ends") + 4;
    let end = document.find(&format!("<!-- /{name} -->")).expect("the block ends");
    std::fs::write(path, format!("{}{table}{}", &document[..start], &document[end..])).expect("doc/speed.md is written");
}
