//! The metrics, as Prometheus asks for them: each line is held against the text format, and the dashboard against the metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use keyfob::base::time::Clock;
use keyfob::metrics::table::METRICS;
use keyfob::registry::refusal::REASONS;
use keyfob::routes::ROUTES;
use serde_json::Value;

use crate::client::{send, send_to_host};
use crate::folder::Folder;
use crate::process::Process;

/// What one scrape exports: the kind of each metric, and the values of its samples by name and labels.
#[derive(Debug, Default)]
struct Exported {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

impl Exported {
    /// Reads the text format strictly: HELP, then TYPE, then the samples of a metric, once.
    #[track_caller]
    fn parse(text: &str) -> Exported {
        let mut exported = Exported::default();
        let (mut helped, mut current) = (String::new(), (String::new(), String::new()));
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help text");
                assert!(help.ends_with('.') && !help.contains('\\'), "{line}");
                helped = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert_eq!(name, helped, "the help text comes first");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(exported.kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} comes twice");
                current = (name.to_owned(), kind.to_owned());
            } else {
                let (name, labels, value) = sample(line);
                let (metric, kind) = (&current.0, &current.1);
                let suffix = name.strip_prefix(metric.as_str()).unwrap_or_else(|| panic!("{line} is below {metric}"));
                let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line} is below {metric}");
                assert_eq!(suffix == "_bucket", labels.contains_key("le"), "{line}");
                assert_eq!(exported.samples.insert((name, labels), value), None, "{line} comes twice");
            }
        }
        exported
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }
}

/// Reads `name{label="value",…} number`.
#[track_caller]
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("the labels end")),
        None => (series, ""),
    };
    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
    let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').expect("a label has a value");
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("the value is quoted");
        assert!(value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'), "{line}");
        (name.to_owned(), value.to_owned())
    });
    (name.to_owned(), pairs.collect(), value.parse().unwrap_or_else(|_| panic!("{line}: no number")))
}

/// A server with a listener for metrics, and the address of that.
fn start(folder: &Folder, more: &[&str]) -> (Process, String) {
    let arguments = [&["--data", "keyfob.db", "--metrics-listen", "0"], more].concat();
    let server = Process::start(&folder.0, "", &arguments);
    let metrics = server.ready["metrics"].as_str().and_then(|url| url.strip_prefix("http://")).and_then(|url| url.strip_suffix("/metrics"));
    let metrics = metrics.expect("an address").to_owned();
    assert!(metrics.starts_with("127.0.0.1:"), "{metrics}");
    (server, metrics)
}

#[track_caller]
fn scrape(metrics: &str) -> (String, Exported) {
    let reply = send(metrics, "GET", "/metrics", &[], "");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let exported = Exported::parse(&reply.body);
    (reply.body, exported)
}

#[test]
fn the_metrics_count_what_happened() {
    let folder = Folder::new("metrics");
    let (server, metrics) = start(&folder, &[]);
    let client = r#"{"client":{"ids":{"client_id":"my-app"},"redirect_uris":["https://x.example/"],"rights":["RIGHT_USER_INFO"]}}"#;
    for status in [200, 409] {
        assert_eq!(server.send("POST", "/api/v3/users/admin/clients", client).status, status);
    }
    assert_eq!(send(&server.address, "GET", "/nothing/of-mine", &[], "").status, 404);
    let forwarded = [("X-Forwarded-For", "192.0.2.1")];
    let body = "grant_type=authorization_code&code=x&client_id=my-app&client_secret=wrong&redirect_uri=https://x.example/";
    let form = [("Content-Type", "application/x-www-form-urlencoded"), forwarded[0]];
    assert_eq!(send(&server.address, "POST", "/oauth/token", &form, body).status, 401);
    TcpStream::connect(&server.address)
        .and_then(|mut stream| stream.write_all(b"no HTTP\r\n\r\n").map(|()| stream))
        .map(drain)
        .expect("400");

    let (_, exported) = scrape(&metrics);
    let requests = |route, status| exported.value("keyfob_requests_total", &[("route", route), ("status", status)]);
    assert_eq!([requests("client.create", "200"), requests("client.create", "409")], [Some(1.0); 2]);
    assert_eq!([requests("none", "404"), requests("oauth.token", "401")], [Some(1.0); 2]);
    let durations = |name: &str, more: &[(&str, &str)]| exported.value(name, &[&[("route", "client.create")], more].concat());
    assert_eq!(durations("keyfob_request_duration_seconds_count", &[]), Some(2.0));
    assert_eq!(durations("keyfob_request_duration_seconds_bucket", &[("le", "+Inf")]), Some(2.0));
    assert!(durations("keyfob_request_duration_seconds_sum", &[]).is_some_and(|sum| sum > 0.0 && sum < 60.0));
    let one = |name: &str| exported.value(name, &[]).unwrap_or_else(|| panic!("{name} is missing"));
    assert_eq!(exported.value("keyfob_refusals_total", &[("reason", "client_secret_wrong")]), Some(1.0));
    assert_eq!(exported.value("keyfob_rejections_total", &[("status", "400")]), Some(1.0));
    assert_eq!(exported.value("keyfob_clients", &[("state", "approved")]), Some(2.0), "my-app and the built-in one");
    assert_eq!(
        [one("keyfob_forwarded_by_untrusted_total"), one("keyfob_live_tokens"), one("keyfob_commit_failures_total")],
        [1.0, 0.0, 0.0]
    );
    assert!(one("keyfob_commit_writes_sum") >= one("keyfob_commit_writes_count") && one("keyfob_commit_writes_count") >= 3.0);
    assert_eq!(one("keyfob_commit_duration_seconds_count"), one("keyfob_commit_writes_count"));
    assert!(one("keyfob_connections_accepted_total") >= 5.0 && one("keyfob_connections_limit") > 8.0);
    let wal = std::fs::metadata(folder.file("keyfob.db-wal")).expect("the log is there").len();
    assert!(wal > 0 && one("keyfob_wal_bytes") == wal as f64, "{wal}: {}", one("keyfob_wal_bytes"));
    assert!(one("process_resident_memory_bytes") > 1e6 && one("process_open_fds") > 5.0 && one("process_cpu_seconds_total") > 0.0);
    assert!(one("process_start_time_seconds") > 1.7e9);
}

/// Reads until the peer closes the connection.
fn drain(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

#[test]
fn a_refused_guess_is_counted() {
    let folder = Folder::new("metrics-guesses");
    let (server, metrics) = start(&folder, &[]);
    let guess = r#"{"old":"Wrong-passw0rd","new":"Other-passw0rd"}"#;
    while send(&server.address, "PUT", "/api/v3/users/admin/password", &[], guess).status != 429 {}
    assert!(scrape(&metrics).1.value("keyfob_throttled_guesses_total", &[]).is_some_and(|count| count >= 1.0));
}

#[test]
fn every_metric_of_the_table_is_exported_with_its_labels_and_no_other() {
    let folder = Folder::new("metrics-table");
    let (server, metrics) = start(&folder, &[]);
    server.is_alive();
    let (_, exported) = scrape(&metrics);
    let listed: BTreeMap<String, String> = METRICS.iter().map(|metric| (metric.name.to_owned(), metric.kind.name().to_owned())).collect();
    assert_eq!(exported.kinds, listed);
    for metric in METRICS {
        let is_well_named = ["keyfob_", "process_"].iter().any(|prefix| metric.name.starts_with(prefix));
        assert!(is_well_named && (metric.kind.name() == "counter") == metric.name.ends_with("_total"), "{}", metric.name);
        let labels: BTreeSet<&str> = metric.labels.iter().copied().collect();
        let samples = exported.samples.keys().filter(|(name, _)| base(name, &exported.kinds) == metric.name);
        for (name, found) in samples {
            let found: BTreeSet<&str> = found.keys().map(String::as_str).filter(|label| *label != "le").collect();
            assert_eq!(found, labels, "{name}");
        }
    }
}

/// Returns the metric that a sample belongs to.
fn base<'n>(name: &'n str, kinds: &BTreeMap<String, String>) -> &'n str {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|suffix| name.strip_suffix(suffix));
    of_histogram.into_iter().find(|name| kinds.get(*name).is_some_and(|kind| kind == "histogram")).unwrap_or(name)
}

#[test]
fn strangers_choose_no_label_and_find_no_metrics_on_the_public_port() {
    let folder = Folder::new("metrics-strangers");
    let (server, metrics) = start(&folder, &[]);
    for target in ["/metrics", "/metrics/", "/chosen-by-me?chosen-by-me=1", "/api/v3/clients/chosen-by-me", "/%22%7D"] {
        assert!([401, 404].contains(&send(&server.address, "GET", target, &[("X-Request-Id", "chosen-by-me")], "").status), "{target}");
    }
    let body = "grant_type=refresh_token&refresh_token=chosen-by-me&client_id=chosen-by-me&client_secret=chosen-by-me";
    let refused = send(&server.address, "POST", "/oauth/token", &[("Content-Type", "application/x-www-form-urlencoded")], body);
    assert!([400, 401].contains(&refused.status), "{}", refused.body);
    let (text, exported) = scrape(&metrics);
    assert!(!text.contains("chosen-by-me"), "{text}");
    let known: BTreeSet<&str> =
        ROUTES.iter().map(|route| route.name).chain(["none"]).chain(REASONS.iter().map(|reason| reason.name)).collect();
    for (_, labels) in exported.samples.keys() {
        assert!(
            labels.iter().all(|(name, value)| !["route", "reason"].contains(&name.as_str()) || known.contains(value.as_str())),
            "{labels:?}"
        );
    }
    for (method, target, status) in
        [("GET", "/", 404), ("GET", "/api/v3/auth_info", 404), ("POST", "/metrics", 405), ("HEAD", "/metrics", 200)]
    {
        assert_eq!(send(&metrics, method, target, &[], "").status, status, "{method} {target}");
    }
}

#[test]
fn a_web_page_cannot_read_the_metrics_under_a_name_of_its_own() {
    let folder = Folder::new("metrics-rebinding");
    let (_server, metrics) = start(&folder, &[]);
    let port = metrics.rsplit_once(':').expect("a port").1;
    let named = |host: &str| send_to_host(&metrics, host, "GET", "/metrics", &[], "").status;
    for host in ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example:80", "x.localhost.example"] {
        assert_eq!(named(host), 421, "{host}");
    }
    for host in ["127.0.0.1", "LocalHost", "[::1]:9464", "10.0.0.5:80", "keyfob:9464", &format!("localhost:{port}")] {
        assert_eq!(named(host), 200, "{host}");
    }
}

#[test]
fn many_and_slow_connections_do_not_keep_a_monitor_waiting() {
    let folder = Folder::new("metrics-slow");
    let (_server, metrics) = start(&folder, &[]);
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&metrics).expect("it accepts");
        // A half request; the listener may have closed the connection to make room.
        let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHo");
        slow.push(stream);
        scrape(&metrics);
    }
}

#[test]
fn the_address_for_metrics_is_off_unless_it_is_set_and_never_the_public_one() {
    let folder = Folder::new("metrics-off");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    assert!(server.ready.get("metrics").is_none(), "{}", server.ready);
    let taken = ["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--metrics-listen", &server.address];
    let output = crate::binary::keyfob(&folder.0, &taken, &[]).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && errors.contains("--metrics-listen"), "{errors}");
    let output = crate::binary::keyfob(&folder.0, &["serve", "--ephemeral", "--metrics-listen", "nowhere"], &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_monitor_is_told_when_the_last_backup_was_made_and_that_the_next_one_fails() {
    let folder = Folder::new("metrics-backups");
    let backups = folder.file("backups");
    let (_server, metrics) = start(&folder, &["--backup-folder", "backups", "--backup-every", "1s"]);
    let begun = Instant::now();
    let wait_for = |failing: f64| loop {
        let (_, exported) = scrape(&metrics);
        let one = |name: &str| exported.value(name, &[]).unwrap_or_else(|| panic!("{name} is missing"));
        let made = one("keyfob_last_backup_timestamp_seconds");
        if made > 0.0 && one("keyfob_backup_failing") == failing {
            return made;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "made at {made}, and failing is never {failing}");
        sleep(Duration::from_millis(100));
    };
    let now = Clock::System.now().seconds() as f64;
    let made = wait_for(0.0);
    assert!((made - now).abs() < 60.0, "{made} is not about {now}");
    std::fs::rename(&backups, folder.file("elsewhere")).expect("the backups are moved");
    // A backup may create the folder again at the same time.
    while std::fs::write(&backups, "no folder").is_err() {
        let _ = std::fs::remove_dir_all(&backups);
    }
    assert!(wait_for(1.0) >= made, "a failure does not hide when the last good one was made");
}

/// The names of metrics in a query of the dashboard, with the labels that it names.
fn named(query: &str, kinds: &BTreeMap<String, String>) -> Vec<(String, BTreeSet<String>)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
        let (word, after) = (&rest[start..end], &rest[end..]);
        if word.starts_with("keyfob_") || word.starts_with("process_") {
            let matchers = after.strip_prefix('{').and_then(|after| after.split('}').next()).unwrap_or_default();
            let labels = matchers.split(',').filter_map(|matcher| matcher.split(['=', '!']).next()).map(str::trim);
            let grouping = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next()).flat_map(|labels| labels.split(','));
            let labels =
                labels.chain(grouping.map(str::trim)).filter(|label| !label.is_empty() && !["instance", "job", "le"].contains(label));
            assert!(kinds.contains_key(base(word, kinds)), "{query}: there is no {word}");
            found.push((word.to_owned(), labels.map(str::to_owned).collect()));
        }
        rest = after;
    }
    found
}

#[test]
fn every_query_of_the_dashboard_finds_what_the_server_exports() {
    let folder = Folder::new("metrics-dashboard");
    let (server, metrics) = start(&folder, &[]);
    server.is_alive();
    let (_, exported) = scrape(&metrics);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/grafana.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the dashboard is there")).expect("it is JSON");
    let (mut queries, mut used) = (0, BTreeSet::new());
    let targets = dashboard["panels"].as_array().expect("panels").iter().flat_map(|panel| panel["targets"].as_array()).flatten();
    let variables = dashboard["templating"]["list"].as_array().expect("variables").iter().filter(|variable| variable["type"] == "query");
    for query in targets.map(|target| &target["expr"]).chain(variables.map(|variable| &variable["query"])) {
        let query = query.as_str().expect("a query");
        let found = named(query, &exported.kinds);
        assert!(!found.is_empty(), "{query} asks for nothing");
        for (name, labels) in found {
            let has_all = |of_sample: &BTreeMap<String, String>| labels.iter().all(|label| of_sample.contains_key(label));
            let is_there = exported.samples.keys().any(|(sample, of_sample)| *sample == name && has_all(of_sample));
            assert!(is_there, "{query}: no {name} has the labels {labels:?}");
            used.insert(base(&name, &exported.kinds).to_owned());
        }
        queries += 1;
    }
    assert!(queries >= 20, "only {queries}");
    let unused: Vec<&str> = METRICS.iter().map(|metric| metric.name).filter(|name| !used.contains(*name)).collect();
    assert_eq!(unused, [""; 0], "metrics that no panel shows");
}
