//! Every metric, one per row: what is exported, and the table of doc/metrics.md.

use crate::base::counter::Distribution;
use crate::base::named::named;
use crate::base::time::Time;
use crate::base::{descriptors, log};
use crate::metrics::process;
use crate::metrics::scrape::Scrape;
use crate::model::choice::STATES;
use crate::registry::{refusal, throttle};

pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    /// The names of its labels. Their values are names of this program: none is chosen by a caller.
    pub labels: &'static [&'static str],
    pub help: &'static str,
    pub read: fn(&Scrape<'_>) -> Vec<Sample>,
}

named! {
    pub enum MetricKind {
        Counter = "counter",
        Gauge = "gauge",
        Histogram = "histogram",
    }
}

/// A value, with the values of the labels.
pub struct Sample {
    pub labels: Vec<String>,
    pub value: SampleValue,
}

pub enum SampleValue {
    Count(u64),
    Real(f64),
    /// Microseconds, exported as seconds.
    Seconds(u64),
    Distribution(Distribution),
    /// Microseconds, exported as seconds.
    Durations(Distribution),
}

use MetricKind::{Counter, Gauge, Histogram};
use SampleValue::{Count, Durations, Real, Seconds};

const fn metric(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    help: &'static str,
    read: fn(&Scrape<'_>) -> Vec<Sample>,
) -> Metric {
    Metric { name, kind, labels, help, read }
}

#[rustfmt::skip]
pub static METRICS: &[Metric] = &[
    metric("keyfob_build_info", Gauge, &["version", "sqlite"], "The version of keyfob and of SQLite; always 1.", build_info),
    metric("keyfob_requests_total", Counter, &["route", "status"], "Requests that were answered, by the route (none for unknown paths) and the status.", requests),
    metric("keyfob_request_duration_seconds", Histogram, &["route"], "Time from the start of the work on a request to its reply, by the route.", durations),
    metric("keyfob_rejections_total", Counter, &["status"], "Requests that the listener answered itself because they were malformed, too slow or too many, by the status.", rejections),
    metric("keyfob_connections", Gauge, &[], "Connections that are open.", |s| one(Count(s.listener.connections.get()))),
    metric("keyfob_connections_limit", Gauge, &[], "Connections that may be open.", |s| one(Count(s.listener.most_connections.get()))),
    metric("keyfob_connections_accepted_total", Counter, &[], "Connections that were accepted.", |s| one(Count(s.listener.accepted.get()))),
    metric("keyfob_requests_waiting", Gauge, &[], "Complete requests that wait for their turn.", |s| one(Count(s.listener.waiting.get()))),
    metric("keyfob_forwarded_by_untrusted_total", Counter, &[], "Requests with X-Forwarded-For from this machine or a private network, but from no proxy of --trusted-proxies.", |s| one(Count(s.listener.forwarded_by_untrusted.get()))),
    metric("keyfob_hashes_running", Gauge, &[], "Passwords and secrets that are being hashed.", |s| one(Count(s.hashes.working))),
    metric("keyfob_hashes_waiting", Gauge, &[], "Passwords and secrets that wait to be hashed.", |s| one(Count(s.hashes.waiting))),
    metric("keyfob_commit_duration_seconds", Histogram, &[], "Time that a commit took, until it was durable.", |s| one(Durations(s.store.commit_counts().durations.read()))),
    metric("keyfob_commit_writes", Histogram, &[], "Writes that shared a commit.", |s| one(SampleValue::Distribution(s.store.commit_counts().writes.read()))),
    metric("keyfob_commit_failures_total", Counter, &[], "Commits that failed.", |s| one(Count(s.store.commit_counts().failures.get()))),
    metric("keyfob_database_bytes", Gauge, &[], "Size of the data file.", |s| if_known(s.store.file_bytes(""))),
    metric("keyfob_wal_bytes", Gauge, &[], "Size of the write-ahead log beside the data file.", |s| if_known(s.store.file_bytes("-wal"))),
    metric("keyfob_disk_free_bytes", Gauge, &[], "Room that is left on the disk of the data file.", |s| if_known(s.store.free_bytes().ok())),
    metric("keyfob_last_backup_timestamp_seconds", Gauge, &[], "When the newest good backup of --backup-folder was made, in seconds since 1970; 0 if there is none.", |s| one(moment(s.backups.succeeded_at))),
    metric("keyfob_backup_failing", Gauge, &[], "1 if the last backup that the server tried to make failed, else 0.", |s| one(Count(s.backups.is_failing.into()))),
    metric("keyfob_clients", Gauge, &["state"], "Clients by their state, deleted ones as such; at most a minute old.", clients),
    metric("keyfob_live_tokens", Gauge, &[], "Access tokens that can be used or refreshed; at most a minute old.", |s| if_known(s.population.as_ref().map(|found| found.live_tokens))),
    metric("keyfob_refusals_total", Counter, &["reason"], "Refusals of the authorization server, by the reason that the log and the history name.", refusals),
    metric("keyfob_throttled_guesses_total", Counter, &[], "Passwords and secrets that were not compared because too many before were wrong.", |_| one(Count(throttle::throttled()))),
    metric("keyfob_log_lines_dropped_total", Counter, &[], "Lines of the log that were dropped because nobody read them.", |_| one(Count(log::dropped_lines()))),
    metric("process_start_time_seconds", Gauge, &[], "When the server started, in seconds since 1970.", |s| one(moment(Some(s.started)))),
    metric("process_cpu_seconds_total", Counter, &[], "Processor time that was used.", |_| one(Real(process::cpu_seconds()))),
    metric("process_resident_memory_bytes", Gauge, &[], "Memory that is used and not swapped out.", |_| if_known(process::resident_bytes())),
    metric("process_open_fds", Gauge, &[], "File descriptors that are open.", |_| if_known(process::open_descriptors())),
    metric("process_max_fds", Gauge, &[], "File descriptors that may be open.", |_| if_known(descriptors::most().map(|most| most as u64))),
];

fn one(value: SampleValue) -> Vec<Sample> {
    vec![Sample { labels: Vec::new(), value }]
}

/// Returns the seconds from 1970 to a moment, or 0 if there is none.
fn moment(time: Option<Time>) -> SampleValue {
    Seconds(time.and_then(|time| time.micros().try_into().ok()).unwrap_or_default())
}

/// Returns a sample if there is a value.
fn if_known(value: Option<u64>) -> Vec<Sample> {
    value.map(|value| Sample { labels: Vec::new(), value: Count(value) }).into_iter().collect()
}

fn labelled(label: impl ToString, count: u64) -> Sample {
    Sample { labels: vec![label.to_string()], value: Count(count) }
}

fn build_info(_: &Scrape<'_>) -> Vec<Sample> {
    vec![Sample { labels: vec![env!("CARGO_PKG_VERSION").to_owned(), rusqlite::version().to_owned()], value: Count(1) }]
}

fn requests(scrape: &Scrape<'_>) -> Vec<Sample> {
    let samples = scrape.requests.iter().flat_map(|(route, found)| {
        found.statuses.iter().map(|(status, count)| Sample { labels: vec![(*route).to_owned(), status.clone()], value: Count(*count) })
    });
    samples.collect()
}

fn durations(scrape: &Scrape<'_>) -> Vec<Sample> {
    let routes = scrape.requests.iter();
    routes.map(|(route, found)| Sample { labels: vec![(*route).to_owned()], value: Durations(found.durations.clone()) }).collect()
}

fn rejections(scrape: &Scrape<'_>) -> Vec<Sample> {
    scrape.listener.rejections().map(|(status, count)| labelled(status, count)).collect()
}

fn clients(scrape: &Scrape<'_>) -> Vec<Sample> {
    let Some(found) = &scrape.population else { return Vec::new() };
    let by_state =
        found.clients.iter().map(|(state, count)| labelled(state.name().trim_start_matches(STATES.prefix).to_lowercase(), *count));
    by_state.chain([labelled("deleted", found.deleted_clients)]).collect()
}

fn refusals(_: &Scrape<'_>) -> Vec<Sample> {
    refusal::counts().map(|(reason, count)| labelled(reason, count)).collect()
}
