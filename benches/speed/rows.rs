//! What is measured.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::Plan;
use crate::baseline::{Baseline, Kind, raw_sqlite};
use crate::load::{Outcome, drive, once, request};
use crate::report::Row;
use crate::report::Target::{self, AtLeast, AtMost};
use crate::world::{App, KEYFOB, World, authorized, code_in, create as create_request, file_with, get as get_request, tokens_in};

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The median over the rounds of one rate against another, and both medians for the note.
fn ratio(measure: &'static str, target: Target, pairs: &[(f64, f64)], beneath: &str) -> Row {
    ratio_of("/s", measure, target, pairs, beneath)
}

/// The same for latencies.
fn latency_ratio(measure: &'static str, target: Target, pairs: &[(f64, f64)], beneath: &str) -> Row {
    ratio_of(" µs", measure, target, pairs, beneath)
}

fn ratio_of(unit: &str, measure: &'static str, target: Target, pairs: &[(f64, f64)], beneath: &str) -> Row {
    let figure = median(pairs.iter().map(|(ours, limit)| ours / limit).collect());
    let ours = median(pairs.iter().map(|(ours, _)| *ours).collect());
    let limit = median(pairs.iter().map(|(_, limit)| *limit).collect());
    Row { measure, figure: Some(figure), unit: " ×", target, note: format!("{ours:.0}{unit}, {beneath} {limit:.0}{unit}") }
}

pub fn plain(measure: &'static str, target: Target, unit: &'static str, figure: f64) -> Row {
    Row { measure, figure: Some(figure), unit, target, note: String::new() }
}

/// The same request again and again.
pub fn repeat(plan: &Plan, address: &str, connections: usize, request: &[u8]) -> Outcome {
    drive(address, connections, plan.time, &mut |_, _| request.to_vec())
}

fn any(plan: &Plan, address: &str, connections: usize) -> f64 {
    repeat(plan, address, connections, &get_request("template")).rate
}

fn reply_file(folder: &Path, reply: &str) -> std::path::PathBuf {
    let path = folder.join("reply");
    std::fs::write(&path, reply).expect("the reply is written");
    path
}

/// A file of its own for a measure that writes.
pub fn fresh_file(plan: &Plan, name: &str) -> std::path::PathBuf {
    let path = plan.folder.join(format!("{name}.db"));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    std::fs::copy(file_with(&plan.folder, 1000), &path).expect("a copy");
    path
}

/// The baselines that answer with the body of keyfob's reply to a request.
struct Baselines {
    plain: Baseline,
    with_headers: Baseline,
    listener: Baseline,
}

impl Baselines {
    fn answering(plan: &Plan, world: &World, request: &[u8]) -> Baselines {
        let reply = reply_file(&plan.folder, &once(&world.address, request));
        let start = |kind| Baseline::start(kind, &reply);
        Baselines { plain: start(Kind::Plain), with_headers: start(Kind::WithHeaders), listener: start(Kind::Listener) }
    }
}

/// The rates of these addresses, measured one after the other in each round.
fn rates<const N: usize>(plan: &Plan, addresses: [&str; N], connections: usize) -> Vec<[f64; N]> {
    (0..plan.rounds).map(|_| addresses.map(|address| any(plan, address, connections))).collect()
}

/// Adds to the note how many times the rate of another baseline the first rate is, and that rate.
fn also(row: Row, rounds: &[[f64; 3]], name: &str) -> Row {
    let (times, rate) =
        (median(rounds.iter().map(|[ours, _, other]| ours / other).collect()), median(rounds.iter().map(|r| r[2]).collect()));
    Row { note: format!("{}; {times:.2} × {name} {rate:.0}/s", row.note), ..row }
}

fn compared(measure: &'static str, target: Target, rounds: &[[f64; 3]], beneath: &str, other: &str) -> Row {
    let pairs: Vec<(f64, f64)> = rounds.iter().map(|[ours, limit, _]| (*ours, *limit)).collect();
    also(ratio(measure, target, &pairs, beneath), rounds, other)
}

const PLAIN: &str = "plain tiny_http";
const WITH_HEADERS: &str = "tiny_http with keyfob's headers";
const BEHIND: &str = "tiny_http behind the listener";

pub fn listener(plan: &Plan) -> Vec<Row> {
    let world = World::start(&file_with(&plan.folder, 1000));
    let of = Baselines::answering(plan, &world, &get_request("template"));
    let measure = |connections| rates(plan, [&of.listener.address, &of.plain.address, &of.with_headers.address], connections);
    vec![
        compared("tiny_http behind the listener, 16 connections", AtLeast(0.85), &measure(16), PLAIN, WITH_HEADERS),
        compared("tiny_http behind the listener, 64 connections", AtLeast(1.0), &measure(64), PLAIN, WITH_HEADERS),
    ]
}

pub fn get(plan: &Plan) -> Vec<Row> {
    let world = World::start(&file_with(&plan.folder, 1000));
    let of = Baselines::answering(plan, &world, &get_request("template"));
    let measure = |connections| rates(plan, [&world.address, &of.listener.address, &of.plain.address], connections);
    vec![
        compared("GET a client, every field, 16 connections", AtLeast(0.75), &measure(16), BEHIND, PLAIN),
        compared("GET a client, every field, 64 connections", AtLeast(0.75), &measure(64), BEHIND, PLAIN),
    ]
}

/// Registers clients, each with an ID of its own.
fn creating<'a>(name: &'a str, count: &'a mut u32) -> impl FnMut(usize, &[u8]) -> Vec<u8> + 'a {
    move |_, _| {
        *count += 1;
        create_request(&format!("{name}-{count}"))
    }
}

pub fn create(plan: &Plan) -> Vec<Row> {
    let world = World::start(&fresh_file(plan, "create"));
    let mut count = 0;
    let mut measure = |connections: usize| -> Vec<(f64, f64)> {
        let rounds = (0..plan.rounds).map(|_| {
            let ours = drive(&world.address, connections, plan.time, &mut creating("made", &mut count)).rate;
            (ours, raw_sqlite(&plan.folder, plan.time))
        });
        rounds.collect()
    };
    let (many, one) = (measure(64), measure(1));
    vec![
        ratio("register a client, durable, 64 connections", AtLeast(1.3), &many, "raw SQLite"),
        ratio("register a client, durable, 1 connection", AtLeast(0.5), &one, "raw SQLite"),
    ]
}

pub fn oauth(plan: &Plan) -> Vec<Row> {
    const REFRESH: (&str, Target) = ("refresh a token, durable, 64 connections", AtLeast(1.0));
    const INTROSPECT: (&str, Target) = ("introspect a token, 16 connections", AtLeast(0.6));
    let world = World::start(&fresh_file(plan, "oauth"));
    let (app, pairs) = match App::register(&world.address, "bench-app").and_then(|app| Ok((app.pairs(64)?, app))) {
        Ok((pairs, app)) => (app, pairs),
        Err(why) => {
            let skipped = |(measure, target)| Row { measure, figure: None, unit: " ×", target, note: format!("not measured: {why}") };
            return vec![skipped(REFRESH), skipped(INTROSPECT)];
        }
    };
    let introspect = app.introspect(&pairs[0].0);
    let of = Baselines::answering(plan, &world, &introspect);
    let introspected: Vec<[f64; 3]> = (0..plan.rounds)
        .map(|_| {
            [repeat(plan, &world.address, 16, &introspect).rate, any(plan, &of.listener.address, 16), any(plan, &of.plain.address, 16)]
        })
        .collect();
    // Each connection goes on with the refresh token that it got last.
    let mut last: Vec<String> = pairs.into_iter().map(|(_, refresh)| refresh).collect();
    let mut refreshed = Vec::new();
    for _ in 0..plan.rounds {
        let mut next = |connection: usize, reply: &[u8]| {
            if let Some((_, refresh)) = tokens_in(reply) {
                last[connection] = refresh;
            }
            app.refresh(&last[connection])
        };
        let ours = drive(&world.address, 64, plan.time, &mut next).rate;
        refreshed.push((ours, raw_sqlite(&plan.folder, plan.time)));
        // What was under way at the end of the round used its token up.
        last = app.pairs(64).expect("tokens as before").into_iter().map(|(_, refresh)| refresh).collect();
    }
    vec![ratio(REFRESH.0, REFRESH.1, &refreshed, "raw SQLite"), compared(INTROSPECT.0, INTROSPECT.1, &introspected, BEHIND, PLAIN)]
}

pub fn openid(plan: &Plan) -> Vec<Row> {
    let world = World::start(&fresh_file(plan, "openid"));
    let page = |measure, target| {
        let request = request("GET", target, "", "");
        let of = Baselines::answering(plan, &world, &request);
        let rounds: Vec<[f64; 3]> = (0..plan.rounds)
            .map(|_| [&world.address, &of.plain.address, &of.listener.address].map(|address| repeat(plan, address, 16, &request).rate))
            .collect();
        compared(measure, AtLeast(0.8), &rounds, PLAIN, BEHIND)
    };
    vec![
        exchanges(plan, &world),
        page("the keys of tokens (JWKS), 16 connections", "/oauth/keys"),
        page("OpenID Connect's metadata, 16 connections", "/.well-known/openid-configuration"),
    ]
}

/// How much longer a code takes to exchange if an ID token comes with it. Both take turns, so that the disk is the same for both.
fn exchanges(plan: &Plan, world: &World) -> Row {
    const SCOPES: [&str; 2] = ["openid offline_access RIGHT_USER_INFO", "RIGHT_USER_INFO"];
    let app = App::register(&world.address, "openid-app").expect("a client");
    app.signs_with("ES256");
    SCOPES.iter().for_each(|scope| drop(app.agree(scope).expect("a code")));
    let pairs: Vec<(f64, f64)> = (0..plan.rounds)
        .map(|_| {
            let (mut turn, mut sent, mut took) = (0, None, [Vec::new(), Vec::new()]);
            drive(&world.address, 1, plan.time, &mut |_, reply| {
                if let Some(code) = code_in(reply) {
                    sent = Some(Instant::now());
                    return app.exchange(&code);
                }
                if let Some(sent) = sent.take() {
                    took[turn].push(sent.elapsed().as_secs_f64() * 1_000_000.0);
                    turn = 1 - turn;
                }
                app.authorize(SCOPES[turn])
            });
            let [with, without] = took.map(median);
            (with, without)
        })
        .collect();
    latency_ratio("p50 of exchanging a code, with an ID token (ES256)", AtMost(1.15), &pairs, "without")
}

pub fn mixed(plan: &Plan) -> Vec<Row> {
    let world = World::start(&fresh_file(plan, "mixed"));
    let p99 = || repeat(plan, &world.address, 16, &get_request("template")).percentile(99);
    let figures: Vec<(f64, f64)> = (0..plan.rounds)
        .map(|round| {
            let idle = p99();
            let busy = std::thread::scope(|scope| {
                let name = format!("mixed-{round}");
                let (address, longer) = (&world.address, plan.time + Duration::from_millis(300));
                let writers = scope.spawn(move || drive(address, 16, longer, &mut creating(&name, &mut 0)).rate);
                std::thread::sleep(Duration::from_millis(150));
                let busy = p99();
                assert!(writers.join().is_ok_and(|rate| rate > 0.0), "nothing was written meanwhile");
                busy
            });
            (busy, idle)
        })
        .collect();
    let row = latency_ratio("p99 of reads while 16 connections write", AtMost(5.0), &figures, "idle");
    vec![Row { note: format!("{}, 16 connections read", row.note), ..row }]
}

pub fn million(plan: &Plan) -> Vec<Row> {
    const FEW: usize = 1000;
    let many = if plan.with_a_million { 1_000_000 } else { 50_000 };
    let label =
        |row: Row| if plan.with_a_million { row } else { Row { note: format!("{} (with 50,000, not 1,000,000)", row.note), ..row } };
    let (small, large) = (World::start(&fresh_file(plan, "few")), World::start(&file_with(&plan.folder, many)));
    let mut count = 0;
    let compare = |measure: &'static str, next: &mut dyn FnMut(usize, usize) -> Vec<u8>| {
        let mut p50 =
            |world: &World, clients: usize| drive(&world.address, 1, plan.time, &mut |number, _| next(number, clients)).percentile(50);
        let pairs: Vec<(f64, f64)> = (0..plan.rounds).map(|_| (p50(&large, many), p50(&small, FEW))).collect();
        label(latency_ratio(measure, AtMost(1.5), &pairs, "with 1,000 clients"))
    };
    let mut turn = 0;
    let list = |query: &str| request("GET", &format!("/api/v3/{query}"), &authorized(), "");
    let rows = [
        compare("p50 of GET at 1,000,000 clients", &mut |_, clients| {
            turn = (turn + 7919) % clients;
            get_request(&format!("bench-{:07}", turn + 1))
        }),
        compare("p50 of page 1 of the list at 1,000,000", &mut |_, _| list("users/admin/clients?limit=20&page=1&field_mask=name")),
        compare("p50 of registering at 1,000,000", &mut |_, _| {
            count += 1;
            create_request(&format!("more-{}-{count}", std::process::id()))
        }),
    ];
    let p50 = |query: &str| repeat(plan, &large.address, 1, &list(query)).percentile(50) / 1000.0;
    let deep = format!("users/admin/clients?limit=20&page={}&field_mask=name", if plan.with_a_million { 20_001 } else { 2_001 });
    rows.into_iter()
        .chain([
            label(plain(
                "substring search at 1,000,000 clients, p50",
                AtMost(5.0),
                " ms",
                p50("search/clients?query=nch-0012345&limit=20&field_mask=name"),
            )),
            label(plain("page at offset 400,000 at 1,000,000, p50", AtMost(20.0), " ms", p50(&deep))),
        ])
        .collect()
}

pub fn list(plan: &Plan) -> Vec<Row> {
    let world = World::start(&file_with(&plan.folder, 1000));
    let request = request(
        "GET",
        "/api/v3/users/admin/clients?limit=100&page=1&field_mask=name,description,redirect_uris,grants,rights,state",
        &authorized(),
        "",
    );
    let size = once(&world.address, &request).len();
    let rate = median((0..plan.rounds).map(|_| repeat(plan, &world.address, 1, &request).rate).collect());
    vec![Row { note: format!("{} kB a reply", size / 1000), ..plain("100 clients in a reply, 1 connection", AtLeast(1000.0), "/s", rate) }]
}

pub fn start(plan: &Plan) -> Vec<Row> {
    let file = file_with(&plan.folder, 10_000);
    let starts = (0..9).map(|_| World::start(&file).started_in.as_secs_f64() * 1000.0).collect();
    vec![plain("start to the ready line, 10,000 clients", AtMost(20.0), " ms", median(starts))]
}

pub fn memory(plan: &Plan) -> Vec<Row> {
    let world = World::start(&fresh_file(plan, "memory"));
    once(&world.address, &get_request("template"));
    let idle = world.memory();
    let held: Vec<std::net::TcpStream> = (0..2000).map(|_| std::net::TcpStream::connect(&world.address).expect("it accepts")).collect();
    once(&world.address, &get_request("template"));
    let with_idle = world.memory();
    drop(held);
    any(plan, &world.address, 64);
    let mut count = 0;
    drive(&world.address, 64, plan.time, &mut creating("memory", &mut count));
    let loaded = world.memory();
    vec![
        plain("resident memory, idle", AtMost(12.0), " MiB", idle),
        Row { note: "after reads and writes".to_owned(), ..plain("resident memory under 64 connections", AtMost(32.0), " MiB", loaded) },
        plain("resident memory with 2,000 idle connections", AtMost(24.0), " MiB", with_idle),
    ]
}

pub fn size(_: &Plan) -> Vec<Row> {
    let bytes = std::fs::metadata(KEYFOB).expect("the binary is there").len();
    vec![plain("stripped release binary", AtMost(9.25), " MiB", bytes as f64 / 1024.0 / 1024.0)]
}
