//! Looks up the addresses of a name. The system's resolver has no deadline, so each look-up has a thread, and there are few of those.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use crate::base::probe::ProbeOutcome;
use crate::http::probe::budget::Budget;

/// The most look-ups at one time in this process, those included that nobody waits for any more.
const MOST: usize = 32;

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// A place among the look-ups, until this is dropped.
struct LookUpPlace;

impl LookUpPlace {
    fn take() -> Option<LookUpPlace> {
        let more = |under_way| (under_way < MOST).then_some(under_way + 1);
        UNDER_WAY.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| LookUpPlace)
    }
}

impl Drop for LookUpPlace {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the addresses of a host, which may be an address itself.
pub fn addresses(host: &str, port: u16, budget: &Budget) -> Result<Vec<SocketAddr>, ProbeOutcome> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let place = LookUpPlace::take().ok_or(ProbeOutcome::Busy)?;
    let (sender, receiver) = sync_channel(1);
    let name = host.to_owned();
    let looking = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|found| found.collect::<Vec<_>>());
        drop(place);
        // Nobody may wait for it any more.
        let _ = sender.send(found);
    };
    std::thread::Builder::new().name("look-up".to_owned()).spawn(looking).map_err(|_| ProbeOutcome::Busy)?;
    let left = budget.time().ok_or(ProbeOutcome::NoAnswer)?;
    match receiver.recv_timeout(left) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(_) => Err(ProbeOutcome::NoAddress),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(ProbeOutcome::NoAnswer),
    }
}
