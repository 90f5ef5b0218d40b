//! Floor 7: one request, from its bytes to its reply. Find the route, read the input, admit the caller, run.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::api::{failure, names};
use crate::base::error::{Error, Kind, Result};
use crate::base::log;
use crate::call::{Call, Handler, Input, Own};
use crate::http::path;
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::settings::Settings;
use crate::registry::principal::{Credentials, Principal};
use crate::registry::rights;
use crate::routes::{Found, Guard, Route, find};
use crate::store::{Deleted, Store, Tx};

/// Where the REST API lives.
const API: &str = "/api/v3/";

#[derive(Debug)]
pub struct App {
    store: Store,
    settings: Settings,
    /// Where the world finds this server; no slash at the end.
    pub public_url: String,
}

impl App {
    pub fn new(store: Store, settings: Settings, public_url: String) -> App {
        App { store, settings, public_url }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Answers any request, whatever is in it, and writes its line in the log. A panic costs that one request a 500.
    pub fn answer(&self, request: &Request) -> Reply {
        let started = Instant::now();
        let mut route = None;
        let reply = survive(request, || self.dispatch(request, &mut route));
        log::info(
            "request",
            &[
                ("method", request.method.name().into()),
                ("route", route.map_or("none", |route: &Route| route.name).into()),
                ("status", reply.status.into()),
                ("duration_us", u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX).into()),
                ("request_id", request.id.as_str().into()),
            ],
        );
        with_common_headers(reply, request)
    }

    fn dispatch(&self, request: &Request, named: &mut Option<&'static Route>) -> Reply {
        let Ok(segments) = path::segments(request.path()) else {
            return failure::reply(&Error::malformed("the path is not UTF-8, or holds a NUL"));
        };
        let in_api = request.path().starts_with(API);
        if in_api && request.method == Method::Options {
            return preflight();
        }
        match find(request.method, &segments) {
            Found::Route(route, captures) => {
                *named = Some(route);
                self.run(route, &Input { request, captures, now: self.store.now() })
            }
            Found::WrongMethod => failure::reply(&Error::Plain(Kind::Unimplemented, "Method Not Allowed".to_owned())),
            Found::Nothing if in_api => failure::reply(&Error::Plain(Kind::NotFound, "Not Found".to_owned())),
            Found::Nothing => failure::no_route(request),
        }
    }

    /// Reads the input, then runs the handler in the kind of transaction that its row says.
    fn run(&self, route: &Route, input: &Input<'_>) -> Reply {
        let warning = RefCell::new(None);
        let admit = |tx: &Tx<'_>| {
            let by = self.caller(tx, route.guard, input)?;
            warning.replace(by.restriction.as_ref().map(|restriction| restriction.warning.clone()));
            admit(tx, route.guard, &by, input)?;
            Ok(by)
        };
        let in_transaction = |tx: &Tx<'_>, work: crate::call::Work<'_>| {
            let by = admit(tx)?;
            work(&Call { tx, by: &by, settings: &self.settings })
        };
        let result = match route.handler {
            Handler::Read(read) => read(input).and_then(|work| self.store.read(|tx| in_transaction(tx, work))),
            Handler::Write(read) => read(input).and_then(|work| self.store.write(|tx| in_transaction(tx, work))),
            Handler::Own(read) => read(input).and_then(|work| work(&Own { store: &self.store, settings: &self.settings, admit: &admit })),
        };
        let reply = result.unwrap_or_else(|error| {
            if let Error::Internal(why) | Error::Unavailable(why) = &error {
                log::error(why, &[("route", route.name.into()), ("request_id", input.request.id.as_str().into())]);
            }
            failure::reply(&error)
        });
        match warning.take() {
            Some(warning) => reply.with("X-Warning", warning),
            None => reply,
        }
    }

    /// Learns who asks. Some guards take bad credentials for none.
    fn caller(&self, tx: &Tx<'_>, guard: Guard, input: &Input<'_>) -> Result<Principal> {
        let request_id = input.request.id.as_str();
        let learn = || Principal::of(tx, &self.settings, &Credentials::parse(input.request.header("authorization")), request_id);
        match guard {
            Guard::Open => Ok(Principal::anonymous(request_id)),
            Guard::Registrant | Guard::Purger(_) => match learn() {
                Err(Error::Named(_)) => Ok(Principal::anonymous(request_id)),
                learned => learned,
            },
            Guard::Anyone | Guard::SignedIn | Guard::Account(_) | Guard::Admin(_) | Guard::Holds(_) | Guard::HoldsEvenDeleted(_) => learn(),
        }
    }
}

/// A panic costs its own request a 500 and nobody else anything.
fn survive(request: &Request, work: impl FnOnce() -> Reply) -> Reply {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        log::error("a request panicked", &[("request_id", request.id.as_str().into())]);
        failure::reply(&Error::Internal("panic".to_owned()))
    })
}

/// Lets the caller in, or refuses. The only place that does.
fn admit(tx: &Tx<'_>, guard: Guard, by: &Principal, input: &Input<'_>) -> Result<()> {
    match guard {
        Guard::Open | Guard::Anyone | Guard::Registrant => Ok(()),
        Guard::SignedIn => by.signed_in(),
        Guard::Account(refusal) => {
            if by.account.is_some() {
                Ok(())
            } else {
                Err(refusal.into())
            }
        }
        Guard::Admin(refusal) | Guard::Purger(refusal) => {
            if by.is_admin {
                Ok(())
            } else {
                Err(refusal.into())
            }
        }
        Guard::Holds(right) => rights::require(tx, by, &names::entity(input)?, right, Deleted::No),
        Guard::HoldsEvenDeleted(right) => rights::require(tx, by, &names::entity(input)?, right, Deleted::Either),
    }
}

/// What every reply carries (contract 0.2).
fn with_common_headers(reply: Reply, request: &Request) -> Reply {
    let reply = reply
        .with("X-Request-Id", request.id.as_str())
        .with("Cache-Control", "no-store")
        .with("Pragma", "no-cache")
        .with("Referrer-Policy", "strict-origin-when-cross-origin")
        .with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "SAMEORIGIN")
        .with("X-XSS-Protection", "1; mode=block");
    if !request.path().starts_with(API) {
        return reply;
    }
    reply.with("Access-Control-Allow-Origin", "*").with(
        "Access-Control-Expose-Headers",
        "Date, Content-Length, X-Rate-Limit-Limit, X-Rate-Limit-Available, X-Rate-Limit-Reset, X-Rate-Limit-Retry, X-Request-Id, \
         X-Total-Count, X-Warning",
    )
}

/// What a browser asks before it lets a page of another origin in.
fn preflight() -> Reply {
    Reply::empty(200)
        .with("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type, X-CSRF-Token")
        .with("Access-Control-Max-Age", "600")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::http::request::Body;

    #[test]
    fn a_panic_answers_its_own_request_with_500_and_tells_nothing() {
        let request = Request {
            method: Method::Get,
            target: "/".to_owned(),
            headers: Vec::new(),
            body: Body::Whole(Vec::new()),
            id: "x".to_owned(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        let reply = survive(&request, || panic!("with a secret"));
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 500);
        assert!(body.contains("rpc_recovered") && !body.contains("secret"), "{body}");
    }
}
