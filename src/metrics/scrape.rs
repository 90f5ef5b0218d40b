//! What the metrics of one scrape are read from.

use std::collections::BTreeMap;

use crate::base::backup_status::{BackupStatus, LastBackups};
use crate::base::log;
use crate::base::time::{Clock, Time};
use crate::http::listener::counts::ListenerCounts;
use crate::http::queue::{Queue, QueueLoad};
use crate::metrics::census::{Census, Population};
use crate::metrics::requests::{RequestCounts, RouteRequests};
use crate::store::Store;

/// What is counted from the start of the server on.
pub struct Metrics {
    pub requests: RequestCounts,
    census: Census,
    started: Time,
}

/// The sources of one scrape. What belongs together was read at one time.
pub struct Scrape<'a> {
    pub started: Time,
    /// By the name of their route.
    pub requests: BTreeMap<&'static str, RouteRequests>,
    pub store: &'a Store,
    pub hashes: QueueLoad,
    pub listener: &'a ListenerCounts,
    pub backups: LastBackups,
    /// `None` if the store could not be read.
    pub population: Option<Population>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics { requests: RequestCounts::default(), census: Census::default(), started: Clock::System.now() }
    }
}

impl<'a> Scrape<'a> {
    pub fn of(
        metrics: &'a Metrics,
        store: &'a Store,
        queue: &'a Queue,
        backups: &BackupStatus,
        listener: &'a ListenerCounts,
    ) -> Scrape<'a> {
        let population = metrics.census.of(store).inspect_err(|error| {
            log::error("the metrics cannot be counted", &[("cause", error.chain().into())]);
        });
        Scrape {
            started: metrics.started,
            requests: metrics.requests.by_route(),
            store,
            hashes: queue.load(),
            listener,
            backups: backups.now(),
            population: population.ok(),
        }
    }
}
