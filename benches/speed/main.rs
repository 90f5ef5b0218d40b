//! How fast keyfob is, beside the limits beneath it. `cargo bench` measures everything, `cargo bench -- --help` says what else.
//!
//! The real binary runs on a real file and is loaded over keep-alive loopback connections. tiny_http that answers with the same body
//! and raw SQLite on the same disk are measured in the same rounds; ratios are taken within a round, and the median of three is reported.

mod baseline;
mod curve;
mod fair;
mod fixture;
mod load;
mod report;
mod rows;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use report::Row;

const HELP: &str = "cargo bench -- [flags]
  --rows A,B   measure only these: listener, get, create, oauth, openid, mixed, fair, million, list, start, fixture, memory, size
  --quick      one short round, and no file with a million clients
  --curve N    measure how the figures grow from 1,000 to N clients instead; 10,000,000 take 15 GB of disk
  --json       print JSON instead of a table
  --document   write the table into doc/speed.md, too, and the drawing of --curve beside it
  --folder F   keep the data files there; otherwise they are made anew in target/speed";

/// What to measure, and how long.
#[derive(Debug)]
pub struct Plan {
    pub rounds: usize,
    /// How long each load lasts.
    pub time: Duration,
    /// Nothing for all.
    rows: Option<Vec<String>>,
    pub with_a_million: bool,
    pub folder: PathBuf,
}

/// A group of measures and its name.
type Group = (&'static str, fn(&Plan) -> Vec<Row>);

const GROUPS: &[Group] = &[
    ("listener", rows::listener),
    ("get", rows::get),
    ("create", rows::create),
    ("oauth", rows::oauth),
    ("openid", rows::openid),
    ("mixed", rows::mixed),
    ("fair", fair::rows),
    ("million", rows::million),
    ("list", rows::list),
    ("start", rows::start),
    ("fixture", fixture::rows),
    ("memory", rows::memory),
    ("size", rows::size),
];

fn main() {
    let mut arguments = pico_args::Arguments::from_env();
    if arguments.contains("--help") {
        println!("{HELP}");
        return;
    }
    if arguments.contains("--answer") {
        let words: Vec<String> = arguments.finish().into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
        return baseline::answer(&words[0], Path::new(&words[1]));
    }
    // `cargo bench` adds it.
    let _ = arguments.contains("--bench");
    let (is_quick, is_json, is_document) = (arguments.contains("--quick"), arguments.contains("--json"), arguments.contains("--document"));
    let chosen: Option<String> = arguments.opt_value_from_str("--rows").expect("--rows A,B");
    let most: Option<usize> = arguments.opt_value_from_str("--curve").expect("--curve N");
    let folder: Option<PathBuf> = arguments.opt_value_from_str("--folder").expect("--folder F");
    let rest = arguments.finish();
    assert!(rest.is_empty(), "{rest:?} is not known\n{HELP}");
    let is_kept = folder.is_some();
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/speed"));
    std::fs::create_dir_all(&folder).expect("a folder is made");
    let plan = Plan {
        rounds: if is_quick { 1 } else { 3 },
        time: Duration::from_millis(if is_quick { 400 } else { 1500 }),
        rows: chosen.map(|rows| rows.split(',').map(str::to_owned).collect()),
        with_a_million: !is_quick,
        folder,
    };
    let document = |block: &str, table: &str| {
        if is_document {
            report::write(block, table)
        }
    };
    if let Some(most) = most {
        let (svg, table) = curve::draw(&plan, most);
        print!("{table}");
        document("curve", &table);
        if is_document {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/curve.svg"), svg).expect("the drawing is written");
        }
    } else {
        let rows = measure(&plan);
        print!("{}", if is_json { report::as_json(&rows) } else { report::as_table(&rows) });
        document("speed", &report::as_table(&rows));
    }
    if !is_kept {
        let _ = std::fs::remove_dir_all(&plan.folder);
    }
}

fn measure(plan: &Plan) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| plan.rows.as_ref().is_none_or(|rows| rows.iter().any(|row| row == name))) {
        eprintln!("measuring {name} …");
        rows.extend(measure(plan));
    }
    rows
}
