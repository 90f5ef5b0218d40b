//! Tells systemd, or another service manager, how the server is: the protocol of `sd_notify`.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::base::log;
use crate::base::time::monotonic_micros;
use crate::cli::args::settings::variable;
use crate::cli::failure::UsageError;
use crate::cli::serve::background::Stopped;

/// How long a service manager may take to accept a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the server may take to show that it can answer.
const LONGEST_CHECK: Duration = Duration::from_secs(4);

/// How long to wait before the server is checked again that does not answer yet.
const BEFORE_READY: Duration = Duration::from_millis(50);

/// The service manager that started this process. Without one, nobody is told anything.
pub struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that the server is well, at the latest.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Finds it by the variables of the environment. Fails if its socket is of an unknown kind.
    pub fn find() -> Result<ServiceManager, UsageError> {
        let Some(name) = variable("NOTIFY_SOCKET")? else { return Ok(ServiceManager { socket: None, watchdog: None }) };
        let is_ours = variable("WATCHDOG_PID")?.is_none_or(|pid| pid == std::process::id().to_string());
        let period = variable("WATCHDOG_USEC")?.and_then(|period| period.parse().ok()).filter(|period| is_ours && *period > 0);
        let wrong = |error: io::Error| UsageError(format!("NOTIFY_SOCKET is no socket to send to: {error}"));
        let address = address(&name).map_err(wrong)?;
        let socket = UnixDatagram::unbound().map_err(wrong)?;
        socket.set_write_timeout(Some(SEND_TIMEOUT)).map_err(wrong)?;
        Ok(ServiceManager { socket: Some((socket, address)), watchdog: period.map(Duration::from_micros) })
    }

    /// Tells it once the server answers, and then that it still does, for as long as that is so. Runs until it is stopped.
    pub fn watch(&self, stopped: &Stopped, answers: &dyn Fn(Duration) -> bool) {
        if self.socket.is_none() {
            return;
        }
        while !answers(LONGEST_CHECK) {
            if stopped.within(BEFORE_READY) {
                return;
            }
        }
        self.ready();
        let Some(watchdog) = self.watchdog else { return };
        while !stopped.within(watchdog / 2) {
            if answers(LONGEST_CHECK.min(watchdog / 4)) {
                self.send("WATCHDOG=1");
            } else {
                log::error("the server does not answer its own check: the service manager is not told that it is well", &[]);
            }
        }
    }

    pub fn ready(&self) {
        self.send("READY=1\nSTATUS=Answering requests");
    }

    pub fn reloading(&self) {
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reloading", monotonic_micros()));
    }

    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=Finishing the requests that have begun");
    }

    fn send(&self, message: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), address) {
            log::warn("the service manager could not be told", &[("message", message.into()), ("cause", error.to_string().into())]);
        }
    }
}

/// Returns the address of a socket: a path, or `@` and a name in Linux's abstract namespace.
fn address(name: &str) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.strip_prefix('@') {
        return <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    if name.starts_with('/') { SocketAddr::from_pathname(name) } else { Err(io::Error::other("it is neither a path nor abstract")) }
}
