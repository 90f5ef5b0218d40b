//! Checks of the addresses: where the server listens against where clients reach it.

use std::net::IpAddr;

use crate::http::origin::Origin;
use crate::model::deployment::Deployment;
use crate::model::finding::Finding;

/// Returns the host whose name clients look for in the certificate; `None` if it is not known, or if a proxy has a certificate for them.
pub fn host_of_certificate(deployment: &Deployment) -> Option<String> {
    let public = Origin::parse(&deployment.public_url).filter(|_| !deployment.trusts_proxies)?;
    Some(without_brackets(&public.host).to_owned())
}

const CHECK: &str = "public-url";

/// Returns what is wrong, the first of it; clients and passwords depend on each.
pub fn check(deployment: &Deployment) -> Finding {
    let Deployment { listen, public_url, tls, trusts_proxies, .. } = deployment;
    let has_tls = tls.is_some();
    let outside = listen.iter().find(|address| !at(address).is_some_and(|own| is_local(&own)));
    let Some(public) = Origin::parse(public_url) else {
        return match outside {
            Some(address) if at(address).is_some_and(|own| is_wildcard(&own)) => Finding::problem(
                CHECK,
                format!("{address} answers at every address of this machine, and none of them is the public one"),
                "say with --public-url at which URL clients and browsers reach the server",
            ),
            Some(address) if !has_tls => plain_text(&format!("http://{address}")),
            _ => Finding::ok(CHECK, "the server is for this machine, or speaks TLS"),
        };
    };
    let is_plain = public.scheme == "http";
    match outside {
        _ if is_plain && has_tls => {
            Finding::problem(CHECK, format!("the server speaks TLS, but {public_url} is http"), "write https:// in --public-url")
        }
        _ if is_plain && !is_local(&public) => plain_text(public_url),
        Some(address) if !is_plain && !has_tls => Finding::advice(
            CHECK,
            format!("other machines reach {address} without TLS, past the proxy of {public_url}"),
            "listen on 127.0.0.1, where only the proxy reaches it, or close the port to others",
        ),
        _ if !is_plain && !has_tls && !trusts_proxies && !listen.is_empty() => Finding::advice(
            CHECK,
            format!(
                "a proxy speaks TLS for {public_url}, and is not trusted: all clients seem to have its address, and share one limit of guesses"
            ),
            "name its address with --trusted-proxies, such as --trusted-proxies 127.0.0.1",
        ),
        _ if is_plain
            && !listen.is_empty()
            && !trusts_proxies
            && listen.iter().all(|address| at(address).is_none_or(|own| own.port != public.port)) =>
        {
            let text = format!("clients are sent to {public_url}, but the server listens on {}", listen.join(" and "));
            Finding::advice(CHECK, text, "make the ports equal, or name the proxy between them with --trusted-proxies")
        }
        _ => Finding::ok(CHECK, format!("clients reach the server at {public_url}")),
    }
}

fn plain_text(url: &str) -> Finding {
    let remedy = "put a proxy with TLS in front and name its https URL with --public-url, or give the server a certificate";
    Finding::problem(CHECK, format!("{url} is not https: passwords and tokens can be read on the way"), remedy)
}

/// Returns the origin of what listens at `host:port`.
fn at(address: &str) -> Option<Origin> {
    Origin::parse(&format!("http://{address}"))
}

fn without_brackets(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

fn ip_of(origin: &Origin) -> Option<IpAddr> {
    without_brackets(&origin.host).parse().ok()
}

fn is_local(origin: &Origin) -> bool {
    origin.host == "localhost" || origin.host.ends_with(".localhost") || ip_of(origin).is_some_and(|address| address.is_loopback())
}

fn is_wildcard(origin: &Origin) -> bool {
    ip_of(origin).is_some_and(|address| address.to_canonical().is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Level;

    fn level(listen: &str, public_url: &str, has_tls: bool, trusts_proxies: bool) -> Level {
        let tls = has_tls.then(Default::default);
        let (listen, public_url) = (vec![listen.to_owned()], public_url.to_owned());
        check(&Deployment { listen, public_url, trusts_proxies, tls, ..Deployment::default() }).level
    }

    #[test]
    fn what_is_for_this_machine_or_encrypted_is_well() {
        assert_eq!(level("127.0.0.1:1885", "", false, false), Level::Ok);
        assert_eq!(level("[::1]:1885", "http://localhost:1885", false, false), Level::Ok);
        assert_eq!(level("127.0.0.1:1885", "https://id.example.com", false, true), Level::Ok);
        assert_eq!(level("0.0.0.0:443", "https://id.example.com", true, false), Level::Ok);
    }

    #[test]
    fn passwords_in_plain_text_and_a_public_url_that_nobody_knows_are_problems() {
        assert_eq!(level("0.0.0.0:1885", "", false, false), Level::Problem);
        assert_eq!(level("192.168.1.5:1885", "", false, false), Level::Problem);
        assert_eq!(level("0.0.0.0:1885", "http://192.168.1.5:1885", false, false), Level::Problem);
        assert_eq!(level("0.0.0.0:443", "http://id.example.com", true, false), Level::Problem);
    }

    #[test]
    fn a_proxy_that_is_passed_by_or_not_known_is_told() {
        assert_eq!(level("0.0.0.0:1885", "https://id.example.com", false, true), Level::Advice);
        assert_eq!(level("127.0.0.1:1885", "https://id.example.com", false, false), Level::Advice);
        assert_eq!(level("127.0.0.1:1885", "http://localhost:8080", false, false), Level::Advice);
    }
}
