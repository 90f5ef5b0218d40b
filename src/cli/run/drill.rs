//! Tries a backup: restores it to a temporary place, starts there what answers requests, signs in, and reads every client.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::app::App;
use crate::base::id::UserId;
use crate::base::temporary_directory::TemporaryDirectory;
use crate::base::{request_id, secret};
use crate::cli::args::nouns::CLIENT;
use crate::cli::args::settings::FEWEST_ROUNDS;
use crate::cli::args::values::Values;
use crate::cli::run::admin::CREATE_USER;
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::client::BUILT_IN;
use crate::model::password;
use crate::model::settings::Settings;
use crate::store::Store;
use crate::store::restore::{Staged, stage};

/// How many clients are on a page.
const PAGE: usize = 1000;

pub struct Drilled {
    pub staged: Staged,
    pub clients: i64,
    pub pages: usize,
    pub duration: Duration,
}

/// Tries a backup without changing it. Fails with a sentence that says what went wrong.
pub fn drill(backup: &Path) -> Result<Drilled, String> {
    let begun = Instant::now();
    let folder = TemporaryDirectory::create(backup.parent()).map_err(|error| error.to_string())?;
    let place = folder.path().join("keyfob.db");
    let (staged, _) = stage(backup, &place).map_err(|error| error.to_string())?;
    let store = Store::open(&place).map_err(|error| format!("the restored file does not open: {error}"))?;
    let settings = Settings { password_rounds: FEWEST_ROUNDS, public_url: "http://localhost".to_owned(), ..Settings::default() };
    let id: UserId = format!("drill-{}", HEXLOWER.encode(&secret::random::<8>())).parse().map_err(|_| "the probe has no name")?;
    let password = password::generated(&id);
    // An administrator, in the restored file alone.
    let flags = [("user-id", id.as_str()), ("password", &password), ("admin", "true")];
    let flags = flags.map(|(key, value)| (key.to_owned(), vec![value.to_owned()]));
    let probe = Values { values: flags.into(), ..Values::default() };
    (CREATE_USER.run)(&probe, &store, &settings).map_err(|error| format!("the probe cannot be made: {error}"))?;
    let probe = Probe::signed_in(App::new(store, settings), &id, &password)?;
    let (live, pages) = probe.read_clients("")?;
    let (deleted, more) = probe.read_clients("&deleted=true")?;
    let built_in = probe.read_built_in()?;
    let (read, expected) = (live + deleted + built_in, staged.contents.rows("clients"));
    if read != expected {
        return Err(format!("{read} clients were read, and there are {expected}"));
    }
    Ok(Drilled { staged, clients: read, pages: pages + more, duration: begun.elapsed() })
}

/// Somebody who is signed in to the restored registry.
struct Probe {
    app: App,
    cookie: String,
}

impl Probe {
    fn signed_in(app: App, id: &UserId, password: &str) -> Result<Probe, String> {
        let mut probe = Probe { app, cookie: String::new() };
        let body = json!({"user_id": id.as_str(), "password": password}).to_string();
        let reply = probe.send(Method::Post, "/oauth/api/auth/login", body);
        let cookie = reply.header("Set-Cookie").and_then(|value| value.split(';').next());
        match cookie {
            Some(cookie) if reply.status == 204 => probe.cookie = cookie.to_owned(),
            _ => return Err(format!("signing in was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body))),
        }
        Ok(probe)
    }

    /// Reads all clients with all their fields, page by page; returns how many, and how many pages.
    fn read_clients(&self, more: &str) -> Result<(i64, usize), String> {
        let mask = CLIENT.readable().collect::<Vec<_>>().join(",");
        let mut read = 0;
        for page in 1.. {
            let target = format!("/api/v3/search/clients?limit={PAGE}&page={page}&order=client_id&field_mask={mask}{more}");
            let reply = self.send(Method::Get, &target, String::new());
            let found: Option<Value> = serde_json::from_slice(&reply.body).ok().filter(|_| reply.status == 200);
            let Some(found) = found else {
                return Err(format!(
                    "page {page} of the clients was answered with {}: {}",
                    reply.status,
                    String::from_utf8_lossy(&reply.body)
                ));
            };
            let clients = found["clients"].as_array().map_or(0, Vec::len);
            read += i64::try_from(clients).unwrap_or_default();
            if clients < PAGE {
                return Ok((read, page));
            }
        }
        Ok((read, 0))
    }

    /// Reads the client that no list has; returns how many there are.
    fn read_built_in(&self) -> Result<i64, String> {
        match self.send(Method::Get, &format!("/api/v3/clients/{BUILT_IN}"), String::new()).status {
            200 => Ok(1),
            404 => Ok(0),
            status => Err(format!("the client {BUILT_IN} was answered with {status}")),
        }
    }

    fn send(&self, method: Method, target: &str, body: String) -> Reply {
        let headers = [("content-type", "application/json"), ("cookie", self.cookie.as_str())];
        let headers = headers.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = Request {
            method,
            target: target.to_owned(),
            headers: headers.collect(),
            body: body.into_bytes(),
            id: request_id::fresh(self.app.store().now()),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        self.app.answer(request, &|| ())
    }
}
