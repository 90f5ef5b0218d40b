//! Opens the sockets of the server: those that are set, and those that a supervisor has opened.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use listenfd::ListenFd;
use rustls::ServerConfig;

use crate::base::descriptors;
use crate::base::folder::folder_of;
use crate::base::uri::shown_host;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::serve::public_url::{Lifetime, Location, local_url, public_url};
use crate::cli::serve::settings::Configuration;
use crate::http::listener::public_socket::{ListenAddress, ListeningSocket, Protocol, PublicSocket};
use crate::http::server::Server;

const LISTEN: &str = "--listen";

/// The URLs that the line about the start names.
pub struct LocalUrls {
    pub first: String,
    pub all: Vec<String>,
    pub redirect: Option<String>,
    /// Where a fixture is steered: in plain HTTP, whatever it speaks otherwise, so that programs that steer it need no TLS.
    pub controls: String,
}

/// Opens all sockets. Returns the server, where programs on this machine reach it, and its public URL.
pub fn listen(
    configuration: &mut Configuration,
    tls: Option<Arc<ServerConfig>>,
    lifetime: Lifetime,
) -> Result<(Server, LocalUrls, String), Failure> {
    if configuration.fixture.is_some() {
        // Worlds need them too. Before it is decided how many connections there is room for.
        descriptors::raise();
    }
    let has_certificate = tls.is_some();
    let over_tcp = tls.map_or(Protocol::Http, Protocol::Https);
    let mut opened = open(&configuration.listen, &mut configuration.inherited, &over_tcp)?;
    let locations = locations(&opened);
    if has_certificate && !locations.iter().any(|location| matches!(location, Location::Tcp { .. })) {
        return Err(UsageError("--tls-cert is for TCP addresses of --listen, and there is none".to_owned()).into());
    }
    let mut controls = None;
    if configuration.fixture.is_some() {
        // Those that a supervisor has opened too.
        locations.iter().try_for_each(|location| check_fixture_location(location, LISTEN))?;
        if let (true, Some(Location::Tcp { address, .. })) = (has_certificate, locations.first()) {
            let beside = SocketAddr::new(address.ip(), 0).to_string();
            let socket = ListeningSocket::tcp(&beside).map_err(|error| cannot_listen(&beside, LISTEN, &error))?;
            opened.push(PublicSocket { socket, protocol: Protocol::Http });
            controls = opened.last().and_then(location).as_ref().map(local_url);
        }
    }
    let public_url = public_url(configuration.settings.public_url.clone(), locations.first(), lifetime)?;
    let all: Vec<String> = locations.iter().map(local_url).collect();
    let first = all.first().cloned().unwrap_or_else(|| public_url.clone());
    let mut urls = LocalUrls { controls: controls.unwrap_or_else(|| first.clone()), first, all, redirect: None };
    if let Some(address) = &configuration.http_redirect {
        if !public_url.starts_with("https://") {
            return Err(UsageError(format!("--http-redirect leads to the public URL, which is {public_url}: it must be https")).into());
        }
        let redirect = open_redirect(address, &public_url)?;
        urls.redirect = location(&redirect).as_ref().map(local_url);
        opened.push(redirect);
    }
    let folder = configuration.data.as_deref().map(|data| folder_of(Path::new(data)));
    let server =
        Server::new(opened, configuration.limits.clone(), folder).map_err(|error| Failure::because("cannot start the server", &error))?;
    Ok((server, urls, public_url))
}

/// Checks where a fixture is to listen, before anything is made.
pub fn check_fixture_addresses(configuration: &Configuration) -> Result<(), UsageError> {
    if configuration.fixture.is_none() {
        return Ok(());
    }
    // An address that cannot be found is refused when it is opened.
    let check = |address: &str, flag: &str| {
        let addresses = address.to_socket_addrs().into_iter().flatten();
        addresses.map(|address| Location::Tcp { scheme: "http", address }).try_for_each(|found| check_fixture_location(&found, flag))
    };
    for address in &configuration.listen {
        match address {
            ListenAddress::Unix(path) => check_fixture_location(&Location::Unix(path.clone()), LISTEN)?,
            ListenAddress::Tcp(address) => check(address, LISTEN)?,
        }
    }
    let others = [("--metrics-listen", &configuration.metrics_listen), ("--http-redirect", &configuration.http_redirect)];
    others.into_iter().try_for_each(|(flag, address)| address.iter().try_for_each(|address| check(address, flag)))
}

/// Checks that only programs on this machine reach what this flag opens for a fixture, and all of them do.
fn check_fixture_location(location: &Location, flag: &str) -> Result<(), UsageError> {
    let why = match location {
        Location::Tcp { address, .. } if address.ip().to_canonical().is_loopback() => return Ok(()),
        Location::Tcp { .. } => "--fixture is for this machine only",
        Location::Unix(_) => "--fixture tells tests its URL, and a Unix socket has none",
    };
    Err(UsageError(format!("{why}: {flag} must be an address such as 127.0.0.1:0")))
}

/// Opens all sockets. What is listened on over TCP speaks `over_tcp`.
fn open(listen: &[ListenAddress], inherited: &mut ListenFd, over_tcp: &Protocol) -> Result<Vec<PublicSocket>, Failure> {
    let mut sockets = Vec::new();
    for number in 0..inherited.len() {
        sockets.push(take_over(inherited, number).map_err(|error| Failure::because("cannot use what LISTEN_FDS names", &error))?);
    }
    for address in listen {
        let (opened, place) = match address {
            ListenAddress::Tcp(address) => (ListeningSocket::tcp(address), address.clone()),
            ListenAddress::Unix(path) => (ListeningSocket::unix(path), format!("unix:{}", path.display())),
        };
        sockets.push(opened.map_err(|error| cannot_listen(&place, LISTEN, &error))?);
    }
    Ok(sockets.into_iter().map(|socket| with_protocol(socket, over_tcp)).collect())
}

/// Opens the socket whose requests are redirected to the same path of this URL.
fn open_redirect(address: &str, public_url: &str) -> Result<PublicSocket, Failure> {
    let socket = ListeningSocket::tcp(address).map_err(|error| cannot_listen(address, "--http-redirect", &error))?;
    Ok(PublicSocket { socket, protocol: Protocol::Redirect(shown_host(public_url).into()) })
}

fn with_protocol(socket: ListeningSocket, over_tcp: &Protocol) -> PublicSocket {
    let protocol = match socket {
        ListeningSocket::Tcp(_) => over_tcp.clone(),
        ListeningSocket::Unix(..) => Protocol::Http,
    };
    PublicSocket { socket, protocol }
}

fn take_over(inherited: &mut ListenFd, number: usize) -> std::io::Result<ListeningSocket> {
    // A failed attempt leaves it where it is.
    if let Ok(Some(socket)) = inherited.take_unix_listener(number) {
        return ListeningSocket::inherited_unix(socket);
    }
    let socket = inherited.take_tcp_listener(number)?.ok_or_else(|| std::io::Error::other("it is taken"))?;
    ListeningSocket::inherited_tcp(socket)
}

/// Returns where the sockets can be reached, over TCP first.
fn locations(sockets: &[PublicSocket]) -> Vec<Location> {
    let mut locations: Vec<Location> = sockets.iter().filter_map(location).collect();
    locations.sort_by_key(|location| matches!(location, Location::Unix(_)));
    locations
}

/// Returns where a socket can be reached; `None` if it has neither an address nor a file.
fn location(socket: &PublicSocket) -> Option<Location> {
    let scheme = match socket.protocol {
        Protocol::Http | Protocol::Redirect(_) => "http",
        Protocol::Https(_) => "https",
    };
    match &socket.socket {
        ListeningSocket::Tcp(socket) => socket.local_addr().ok().map(|address| Location::Tcp { scheme, address }),
        ListeningSocket::Unix(socket, _) => {
            socket.local_addr().ok().and_then(|address| address.as_pathname().map(|path| Location::Unix(path.to_owned())))
        }
    }
}

fn cannot_listen(place: &str, flag: &str, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("cannot listen on {place}, choose another address with {flag}: {error}"))
}
