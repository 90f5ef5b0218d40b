//! Floor 4: what a handler is given. It reads its input first, whoever sent it; only then is it told who asks.

use crate::base::error::Result;
use crate::base::time::Time;
use crate::http::csrf;
use crate::http::path::{self, Unreadable};
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::settings::Settings;
use crate::registry::principal::Principal;
use crate::registry::sessions::Ticket;
use crate::store::{Store, Tx};

/// What came in: the request, and what the route's path captured of it.
#[derive(Debug)]
pub struct Input<'r> {
    pub request: &'r Request,
    /// Names and decoded values, in the order of the path.
    pub captures: Vec<(&'static str, String)>,
    /// When it came in: what must lie in the future is judged by this.
    pub now: Time,
    /// What the browser keeps of its session, if it has one. Whether that proves anything only the store can tell.
    pub ticket: Option<Ticket>,
    /// What the forms of sign-in pages are bound by.
    pub server_key: &'r csrf::ServerKey,
}

impl Input<'_> {
    /// The decoded value of a capture; nothing if the route's path has none of this name.
    pub fn capture(&self, name: &str) -> Option<&str> {
        self.captures.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// The token for the forms of whoever is signed in in this browser.
    pub fn form_token(&self) -> csrf::Token {
        self.ticket.as_ref().map(|ticket| csrf::Token::of_session(&ticket.token)).unwrap_or_default()
    }

    pub fn query(&self) -> std::result::Result<Vec<(String, String)>, Unreadable> {
        path::pairs(self.request.query())
    }
}

/// A request that was read and admitted, inside its transaction.
#[derive(Debug)]
pub struct Call<'a> {
    pub tx: &'a Tx<'a>,
    pub by: &'a Principal,
    pub settings: &'a Settings,
}

/// What is left to do once the input is read.
pub type Work<'r> = Box<dyn FnOnce(&Call<'_>) -> Result<Reply> + 'r>;

/// The same, for work that opens its own transactions because something slow stands between them.
pub type OwnWork<'r> = Box<dyn FnOnce(&Own<'_>) -> Result<Reply> + 'r>;

/// A row's handler: which transaction it runs in is part of the table.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    Read(for<'r> fn(&'r Input<'r>) -> Result<Work<'r>>),
    Write(for<'r> fn(&'r Input<'r>) -> Result<Work<'r>>),
    Own(for<'r> fn(&'r Input<'r>) -> Result<OwnWork<'r>>),
}

/// A way into the store that admits the caller anew each time.
pub struct Own<'a> {
    pub store: &'a Store,
    pub settings: &'a Settings,
    /// Learns and admits the caller, as for every other call.
    pub admit: &'a dyn Fn(&Tx<'_>) -> Result<Principal>,
    /// Lets another request be worked on while this one waits for the disk.
    pub step_aside: &'a dyn Fn(),
}

impl Own<'_> {
    pub fn read<T>(&self, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        self.store.read(|tx| self.call(tx, work))
    }

    pub fn write<T>(&self, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        (self.step_aside)();
        self.store.write(|tx| self.call(tx, work))
    }

    /// Admits or refuses the caller, before anything slow is done.
    pub fn turn_strangers_away(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    fn call<T>(&self, tx: &Tx<'_>, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        let by = (self.admit)(tx)?;
        work(&Call { tx, by: &by, settings: self.settings })
    }
}

impl std::fmt::Debug for Own<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Own")
    }
}
