//! How the figures grow with the number of clients, as one drawing.

use crate::Plan;
use crate::load::{drive, request};
use crate::rows::median;
use crate::world::{App, World, authorized, create, file_with, get, tokens_in};

/// The fewest clients; each size after it has ten times as many.
const FEWEST: usize = 1000;

/// How many families of tokens are refreshed in turn: each may be only so often.
const FAMILIES: usize = 8;

/// How often the server is started for its median.
const STARTS: usize = 5;

/// What is measured at each size, and its unit.
const MEASURES: [(&str, &str); 8] = [
    ("GET a client, p50", "µs"),
    ("page 1 of a list, p50", "µs"),
    ("search, p50", "ms"),
    ("register, p50", "µs"),
    ("refresh, p50", "µs"),
    ("start", "ms"),
    ("resident memory", "MiB"),
    ("file", "MiB"),
];

/// The figures with this many clients, in the order of [`MEASURES`].
struct Point {
    clients: usize,
    figures: [f64; MEASURES.len()],
}

/// Measures every size up to `most` clients, and returns the drawing and a table of the same figures.
pub fn draw(plan: &Plan, most: usize) -> (String, String) {
    let sizes = std::iter::successors(Some(FEWEST), |clients| clients.checked_mul(10)).take_while(|clients| *clients <= most);
    let points: Vec<Point> = sizes.map(|clients| measure(plan, clients)).collect();
    (as_svg(&points), as_table(&points))
}

fn measure(plan: &Plan, clients: usize) -> Point {
    eprintln!("measuring with {clients} clients …");
    let file = file_with(&plan.folder, clients);
    let start = median((0..STARTS).map(|_| World::start(&file).started_in.as_secs_f64() * 1000.0).collect());
    let world = World::start(&file);
    let p50 = |next: &mut dyn FnMut(&[u8]) -> Vec<u8>| drive(&world.address, 1, plan.time, &mut |_, reply| next(reply)).percentile(50);
    let authorized = authorized();
    let api = |query: &str| request("GET", &format!("/api/v3/{query}"), &authorized, "");
    let (mut turn, mut made) = (0, 0);
    let read = p50(&mut |_| {
        turn = (turn + 7919) % clients;
        get(&format!("bench-{:07}", turn + 1))
    });
    let list = p50(&mut |_| api("users/admin/clients?limit=20&page=1&field_mask=name"));
    let search = p50(&mut |_| api(&format!("search/clients?query=nch-{:07}&limit=20&field_mask=name", clients / 2))) / 1000.0;
    let register = p50(&mut |_| {
        made += 1;
        create(&format!("curve-{}-{made}", std::process::id()))
    });
    let app = App::register(&world.address, &format!("curve-{}", std::process::id())).expect("a client");
    let mut last: Vec<String> = app.pairs(FAMILIES).expect("tokens").into_iter().map(|(_, refresh)| refresh).collect();
    let mut family = 0;
    let refresh = p50(&mut |reply| {
        if let Some((_, refresh)) = tokens_in(reply) {
            last[family] = refresh;
        }
        family = (family + 1) % FAMILIES;
        app.refresh(&last[family])
    });
    let memory = world.memory();
    let file = std::fs::metadata(&file).expect("the file is there").len() as f64 / 1024.0 / 1024.0;
    Point { clients, figures: [read, list, search, register, refresh, start, memory, file] }
}

fn as_table(points: &[Point]) -> String {
    let mut table = "| Clients |".to_owned();
    MEASURES.iter().for_each(|(name, unit)| table.push_str(&format!(" {name}, {unit} |")));
    table.push_str(&format!("\n|---|{}\n", "---|".repeat(MEASURES.len())));
    for point in points {
        let cells: Vec<String> = point.figures.iter().map(|figure| short(*figure)).collect();
        table.push_str(&format!("| {} | {} |\n", grouped(point.clients), cells.join(" | ")));
    }
    table
}

// --- the drawing: a panel for each measure, in two rows; the number of clients grows by tens to the right, the figure from 0 up

const PANEL: (f64, f64) = (240.0, 170.0);
const PLOT: (f64, f64, f64, f64) = (46.0, 34.0, 180.0, 100.0);
const COLUMNS: usize = 4;

fn as_svg(points: &[Point]) -> String {
    let (width, height) = (PANEL.0 * COLUMNS as f64, PANEL.1 * MEASURES.len().div_ceil(COLUMNS) as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n\
         <title>Figures by number of clients</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (at, (name, unit)) in MEASURES.iter().enumerate() {
        let (left, top) = (PANEL.0 * (at % COLUMNS) as f64, PANEL.1 * (at / COLUMNS) as f64);
        svg.push_str(&format!("<g transform=\"translate({left} {top})\">\n{}</g>\n", panel(points, at, name, unit)));
    }
    svg + "</svg>\n"
}

fn panel(points: &[Point], at: usize, name: &str, unit: &str) -> String {
    let (left, top, width, height) = PLOT;
    let most = points.iter().map(|point| point.figures[at]).fold(f64::MIN_POSITIVE, f64::max);
    let steps = points.len().saturating_sub(1).max(1) as f64;
    let place = |(number, point): (usize, &Point)| (left + width * number as f64 / steps, top + height * (1.0 - point.figures[at] / most));
    let places: Vec<(f64, f64)> = points.iter().enumerate().map(place).collect();
    let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let bottom = top + height;
    let mut panel = format!(
        "<text x=\"{left}\" y=\"18\" font-weight=\"bold\">{name}</text>\n\
         <path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#888\"/>\n\
         <text x=\"{label}\" y=\"{top}\" dy=\"4\" text-anchor=\"end\">{} {unit}</text>\n\
         <text x=\"{label}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\n\
         <polyline points=\"{}\" fill=\"none\" stroke=\"#0a58ca\" stroke-width=\"2\"/>\n",
        short(most),
        line.join(" "),
        right = left + width,
        label = left - 5.0,
    );
    for ((x, y), point) in places.iter().zip(points) {
        let power = (point.clients as f64).log10().round();
        panel.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#0a58ca\"><title>{}: {} {unit}</title></circle>\n\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">10<tspan dy=\"-4\" font-size=\"8\">{power}</tspan></text>\n",
            grouped(point.clients),
            short(point.figures[at]),
            bottom + 16.0,
        ));
    }
    panel
}

/// With three digits that say something.
fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 10.0 => format!("{figure:.1}"),
        figure => format!("{figure:.2}"),
    }
}

/// `1,000,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}
