//! The listener for `/metrics`: a server of its own, so that monitors get an answer however many ask the public one.

use std::sync::Arc;

use crate::app::App;
use crate::base::log;
use crate::cli::failure::Failure;
use crate::http::listener::counts::ListenerCounts;
use crate::http::listener::limits::Limits;
use crate::http::server::{RequestWait, Server};

/// Connections open at one time: monitors are few.
const MOST_CONNECTIONS: usize = 32;

/// Threads beyond the one that answers. None is needed: a scrape waits for nothing slow.
const RESERVE: usize = 1;

/// The socket, bound.
pub struct MetricsListener {
    server: Arc<Server>,
    /// The name or address that it was told to listen on.
    host: String,
}

impl MetricsListener {
    /// Listens on `host:port`.
    pub fn bind(address: &str) -> Result<MetricsListener, Failure> {
        let limits = Limits { connections: MOST_CONNECTIONS, ..Limits::default() };
        let server = Server::bind(address, limits).map_err(|error| {
            Failure::Refused(format!("cannot listen on {address}, choose another address with --metrics-listen: {error}"))
        })?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        Ok(MetricsListener { server: Arc::new(server), host })
    }

    /// Returns the URL to ask.
    pub fn url(&self) -> Option<String> {
        Some(format!("http://{}/metrics", self.server.address()?))
    }

    /// Answers on a thread of its own until [`MetricsListener::stop`], as long as the app lives.
    pub fn run(&self, app: &Arc<App>, counts: Arc<ListenerCounts>) {
        let (server, host, app) = (self.server.clone(), self.host.clone(), Arc::downgrade(app));
        std::thread::spawn(move || {
            let answer = |request, _: &RequestWait<'_>| App::answer_metrics(app.upgrade().as_deref(), &counts, &host, &request);
            if let Err(error) = server.run_with_reserve(1, RESERVE, &answer) {
                log::error("the metrics cannot be asked for any more", &[("cause", error.to_string().into())]);
            }
        });
    }

    pub fn stop(&self) {
        self.server.stop();
    }
}
