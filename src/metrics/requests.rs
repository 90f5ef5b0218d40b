//! Counts requests by their row of `ROUTES`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::counter::{Counter, Distribution, Histogram};
use crate::routes::{ROUTES, Route};

/// The statuses that are counted each; all others count together.
const STATUSES: [u16; 18] = [200, 204, 302, 303, 304, 400, 401, 403, 404, 405, 409, 413, 429, 500, 501, 502, 503, 504];

/// The label of requests that no row matches.
const NO_ROUTE: &str = "none";

/// The bounds of durations, in microseconds.
pub const DURATIONS: &[u64] =
    &[500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000];

/// A count for each row of `ROUTES`, and a last one for requests that no row matches.
pub struct RequestCounts(Vec<RowCounts>);

struct RowCounts {
    /// One for each of `STATUSES`, and one for all others.
    statuses: [Counter; STATUSES.len() + 1],
    durations: Histogram,
}

/// The requests of the rows that have one name.
pub struct RouteRequests {
    /// As in `STATUSES`, without those that did not occur; all others are `other`.
    pub statuses: BTreeMap<String, u64>,
    /// In microseconds.
    pub durations: Distribution,
}

impl Default for RequestCounts {
    fn default() -> RequestCounts {
        let row = || RowCounts { statuses: Default::default(), durations: Histogram::new(DURATIONS) };
        RequestCounts((0..=ROUTES.len()).map(|_| row()).collect())
    }
}

impl RequestCounts {
    pub fn count(&self, route: Option<&Route>, status: u16, took: Duration) {
        let row = &self.0[route.map_or(ROUTES.len(), |route| route.number)];
        row.statuses[STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len())].add(1);
        row.durations.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns the requests by the name of their route, without routes that nobody has asked for.
    pub fn by_route(&self) -> BTreeMap<&'static str, RouteRequests> {
        let names = ROUTES.iter().map(|route| route.name).chain([NO_ROUTE]);
        let mut found = BTreeMap::<&str, RouteRequests>::new();
        for (name, row) in names.zip(&self.0) {
            let durations = row.durations.read();
            if durations.counts.iter().all(|count| *count == 0) {
                continue;
            }
            let labels = STATUSES.iter().map(u16::to_string).chain(["other".to_owned()]);
            let statuses = labels.zip(row.statuses.iter().map(Counter::get)).filter(|(_, count)| *count > 0);
            match found.get_mut(name) {
                None => drop(found.insert(name, RouteRequests { statuses: statuses.collect(), durations })),
                Some(route) => {
                    statuses.for_each(|(status, count)| *route.statuses.entry(status).or_default() += count);
                    route.durations.add(&durations);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_name_count_together_and_what_no_row_matches_under_one_name() {
        let counts = RequestCounts::default();
        for route in ROUTES.iter().filter(|route| route.name == "client.create") {
            counts.count(Some(route), 200, Duration::from_millis(3));
        }
        counts.count(None, 418, Duration::ZERO);
        let found = counts.by_route();
        assert_eq!(found.keys().collect::<Vec<_>>(), [&"client.create", &"none"]);
        assert_eq!((found["client.create"].statuses["200"], found["client.create"].durations.sum), (2, 6_000));
        assert_eq!(found["none"].statuses["other"], 1);
    }
}
