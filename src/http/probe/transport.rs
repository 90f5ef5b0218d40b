//! What a probe connects with: a socket to a checked address, which reads no more and no longer than its budget allows, and on it, behind
//! TLS, a reader that does the same for HTTP and notes the status.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use ureq::{Error, Timeout};

use crate::http::probe::budget::{Budget, Encryption};

/// The addresses that were checked: names are not looked up again.
#[derive(Clone, Debug)]
pub struct CheckedAddresses(pub Vec<SocketAddr>);

impl Resolver for CheckedAddresses {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        self.0.iter().for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

/// Connects to the checked addresses, one after the other, whatever else it is told.
#[derive(Debug)]
pub struct SocketConnector {
    pub addresses: CheckedAddresses,
    pub budget: Arc<Budget>,
}

impl Connector for SocketConnector {
    type Out = Socket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Socket>, Error> {
        let CheckedAddresses(addresses) = &self.addresses;
        self.budget.begin_connection(if details.needs_tls() { Encryption::Tls } else { Encryption::None });
        let mut last = Error::HostNotFound;
        for (place, address) in addresses.iter().enumerate() {
            // Half of what is left for each but the last.
            let left = time_left(&self.budget)?;
            let left = if place + 1 < addresses.len() { left / 2 } else { left };
            match TcpStream::connect_timeout(address, left) {
                Ok(stream) => {
                    let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
                    return Ok(Some(Socket { stream, buffers, budget: self.budget.clone() }));
                }
                Err(error) => last = failed(error),
            }
        }
        Err(last)
    }
}

#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    buffers: LazyBuffers,
    budget: Arc<Budget>,
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let mut rest = &self.buffers.output()[..amount];
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(time_left(&self.budget)?))?;
            match self.stream.write(rest) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Reads once: however slowly bytes arrive, the time of all of them together is bounded.
    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let most = self.budget.wire();
        let room = self.buffers.input_append_buf();
        let most = most.min(room.len());
        if most == 0 {
            return Err(too_much());
        }
        let read = loop {
            self.stream.set_read_timeout(Some(time_left(&self.budget)?))?;
            match self.stream.read(&mut room[..most]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result.map_err(failed)?,
            }
        };
        self.budget.take_wire(read);
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

/// Puts an [`HttpReader`] on the connection.
#[derive(Debug)]
pub struct HttpConnector {
    pub budget: Arc<Budget>,
    /// The status of the last answer whose beginning was read.
    pub status: Arc<OnceLock<u16>>,
}

impl<In: Transport> Connector<In> for HttpConnector {
    type Out = HttpReader<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<HttpReader<In>>, Error> {
        if chained.as_ref().is_some_and(Transport::is_tls) {
            self.budget.begin_http_in_tls();
        }
        Ok(chained.map(|inner| HttpReader { inner, budget: self.budget.clone(), status: self.status.clone() }))
    }
}

#[derive(Debug)]
pub struct HttpReader<In> {
    inner: In,
    budget: Arc<Budget>,
    status: Arc<OnceLock<u16>>,
}

impl<In: Transport> Transport for HttpReader<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let before = self.inner.buffers().input().len();
        let has_more = self.inner.await_input(timeout)?;
        let input = self.inner.buffers().input();
        if let Some(status) = status(input) {
            // An informational answer is followed by another.
            if status >= 200 {
                self.status.get_or_init(|| status);
            }
        }
        if self.budget.take_http(input.len().saturating_sub(before)) { Ok(has_more) } else { Err(too_much()) }
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Returns the status of an answer that begins like this.
fn status(input: &[u8]) -> Option<u16> {
    let rest = input.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5).filter(|_| rest.get(1) == Some(&b' '))?;
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| (100..600).contains(status))
}

fn time_left(budget: &Budget) -> Result<Duration, Error> {
    budget.time().ok_or(Error::Timeout(Timeout::Global))
}

fn failed(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(Timeout::Global),
        _ => error.into(),
    }
}

fn too_much() -> Error {
    io::Error::new(ErrorKind::FileTooLarge, "more was sent than is read").into()
}
