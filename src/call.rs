//! Floor 4: what a handler is given: first the input, and the caller only once that was read.

use std::net::IpAddr;
use std::num::NonZero;
use std::sync::OnceLock;

use serde_json::Value;

use crate::base::error::{Result, errors};
use crate::base::id::{ClientId, UserId};
use crate::base::jws::{SigningAlgorithm, TokenType};
use crate::base::probe::UriProbe;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::http::cookie::Cookies;
use crate::http::csrf;
use crate::http::probe::attempt::{self, ProbeRules};
use crate::http::queue::{Full, Queue, Queues, Slow, Turn};
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::settings::Settings;
use crate::registry::principal::Principal;
use crate::registry::probes::{self, ProbeTurns};
use crate::registry::readiness::Readiness;
use crate::registry::sessions::SessionCookie;
use crate::registry::sign_in::{self, SignInAttempt};
use crate::registry::signing_keys::KeyPairs;
use crate::registry::throttle::{self, GuessesInProgress, Subject};
use crate::registry::users::{self, Compared, OldAccess};
use crate::store::{Store, Tx};

errors! {
    TOO_BUSY: Unavailable "keyfob" "too_busy" "too many passwords and secrets are being checked just now: try again in {seconds} seconds";
    PROBES_BUSY: Unavailable "keyfob" "probes_busy" "redirect URLs of too many clients are being tried just now: try again in {seconds} seconds";
    LISTS_BUSY: Unavailable "keyfob" "lists_busy" "too many lists and searches are being made just now: try again in {seconds} seconds";
}

/// The `Retry-After` of a request that found the queue full.
const BUSY_SECONDS: u32 = 5;

/// A request, and what the route's path captured of it.
pub struct Input<'r> {
    pub request: &'r Request,
    /// Names and decoded values, in the order of the path.
    pub captures: Vec<(&'static str, String)>,
    /// When it came in: what must lie in the future is judged by this.
    pub now: Time,
    /// The session cookie that the request is judged by, if it has one. Whether it proves a session only the store can tell.
    pub session_cookie: Option<SessionCookie>,
    /// Every session cookie of the request; another port of this host may have planted some of them.
    pub session_cookies: Vec<SessionCookie>,
    /// The names and attributes of this server's cookies.
    pub cookies: &'r Cookies,
    /// What the forms of sign-in pages are bound by.
    pub server_key: &'r csrf::ServerKey,
}

impl Input<'_> {
    /// Returns the decoded value of a capture, or `None` if the route's path has none of this name.
    pub fn capture(&self, name: &str) -> Option<&str> {
        self.captures.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// Returns the token for the forms of this browser's session.
    pub fn form_token(&self) -> csrf::FormToken {
        self.session_cookie.as_ref().map(|session_cookie| csrf::FormToken::of_session(&session_cookie.token)).unwrap_or_default()
    }
}

/// A request that was read and admitted, inside its transaction.
pub struct Call<'a> {
    pub tx: &'a Tx<'a>,
    pub by: &'a Principal,
    pub settings: &'a Settings,
    pub shared: &'a SharedState,
}

/// What is left to do once the input is read.
pub type Work<'r> = Box<dyn FnOnce(&Call<'_>) -> Result<Reply> + 'r>;

/// The same, for work that opens its own transactions because something slow stands between them.
pub type LongWork<'r> = Box<dyn FnOnce(&Transactions<'_>) -> Result<Reply> + 'r>;

/// A row's handler: which transaction it runs in is part of the table.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    Read(for<'r> fn(&'r Input<'r>) -> Result<Work<'r>>),
    /// Reads what may be many rows, when its turn among others that do comes: those who read little do not wait for them.
    List(for<'r> fn(&'r Input<'r>) -> Result<Work<'r>>),
    Write(for<'r> fn(&'r Input<'r>) -> Result<Work<'r>>),
    Transactions(for<'r> fn(&'r Input<'r>) -> Result<LongWork<'r>>),
    /// About the server itself: callers are not looked at, nothing is logged because monitors ask often, and it is answered even if the store
    /// fails.
    Server(fn(&AboutServer<'_>) -> Reply),
}

/// What an answer about the server itself is made from.
pub struct AboutServer<'a> {
    pub store: &'a Store,
    pub readiness: &'a Readiness,
    pub method: Method,
    pub before_blocking: &'a dyn Fn(),
}

/// Transactions of a request that needs several: each admits the caller anew. What needs none, as the settings, is here too.
pub struct Transactions<'a> {
    pub store: &'a Store,
    pub settings: &'a Settings,
    /// Authenticates and admits the caller, as for every other call.
    pub admit: &'a dyn Fn(&Tx<'_>) -> Result<Principal>,
    /// Lets another request be worked on while this one waits, for the disk or for its turn in the queue.
    pub before_blocking: &'a dyn Fn(),
    pub shared: &'a SharedState,
    /// Answers another request, as if a browser or a client had sent it.
    pub answer: &'a dyn Fn(&Request) -> Reply,
}

/// What requests share beside the store, for as long as the process runs.
pub struct SharedState {
    pub queues: Queues,
    pub guesses: GuessesInProgress,
    pub tries: ProbeTurns,
    pub key_pairs: KeyPairs,
    /// What the authorization server can do (`oauth::metadata`), which does not change while the process runs.
    pub metadata: OnceLock<String>,
}

impl Default for SharedState {
    fn default() -> SharedState {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (guesses, tries, key_pairs) = (GuessesInProgress::default(), ProbeTurns::default(), KeyPairs::default());
        SharedState { queues: Queues::of(processors), guesses, tries, key_pairs, metadata: OnceLock::new() }
    }
}

/// Somebody's guess at what a person chose: what it is, from where, and whom it slows down if it is wrong.
pub struct Guess {
    pub work: Slow,
    pub peer: IpAddr,
    /// The user, if they have signed in from there before.
    pub known: Option<UserId>,
    pub subjects: Vec<Subject>,
}

impl Transactions<'_> {
    pub fn read<T>(&self, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        self.store.read(|tx| self.call(tx, work))
    }

    /// The same as `read` for work that may run twice ([`Store::read_kept`]).
    pub fn read_kept<T>(&self, work: impl Fn(&Call<'_>) -> Result<T>) -> Result<T> {
        self.store.read_kept(|tx| self.call(tx, &work))
    }

    pub fn write<T>(&self, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        (self.before_blocking)();
        self.store.write(|tx| self.call(tx, work))
    }

    /// Admits the caller, and does what takes a processor long, hashing, when its turn comes. Refused where too many wait for theirs.
    pub fn slowly<T>(&self, work: Slow, peer: IpAddr, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let known = self.read(|call| Ok(call.by.person().cloned()))?;
        self.in_turn(work, peer, known.as_ref(), act)
    }

    /// Does it for this known user, if there is one: strangers do not hold up those who are known, however many strangers there are.
    fn in_turn<T>(&self, work: Slow, peer: IpAddr, known: Option<&UserId>, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let work = known.map_or(work, |_| Slow::Known);
        (self.before_blocking)();
        let turn = enter(&self.shared.queues.hashing, work, known, peer)?;
        let done = act();
        drop(turn);
        done
    }

    /// Compares a guess with what is looked up, which is slow. It counts before it is compared, and if it was wrong a failure is written
    /// down, with what else `failed` does, before anyone learns of it.
    pub fn guess<K, T, E>(
        &self,
        guess: Guess,
        look_up: impl FnOnce(&Call<'_>) -> Result<K>,
        compare: impl FnOnce(K) -> std::result::Result<T, E>,
        failed: impl FnOnce(&Call<'_>, &E) -> Result<()>,
    ) -> Result<std::result::Result<T, E>> {
        // Who is refused anyway takes no place in the queue.
        let signed_in = self.read(|call| throttle::check(call.tx, &guess.subjects).map(|()| call.by.person().cloned()))?;
        let known = guess.known.or(signed_in);
        let (compared, failure) = self.in_turn(guess.work, guess.peer, known.as_ref(), || {
            let under_way = self.shared.guesses.begin(guess.subjects);
            let kept = self.read(|call| under_way.check(call.tx).and_then(|()| look_up(call)))?;
            let compared = compare(kept);
            // A right guess counts no longer than its turn, a wrong one until its failure is written down.
            let failure = compared.is_err().then_some(under_way);
            Ok((compared, failure))
        })?;
        if let (Err(error), Some(failure)) = (&compared, failure) {
            self.write(|call| failure.fail(call.tx).and_then(|()| failed(call, error)))?;
        }
        Ok(compared)
    }

    /// The same for a guess at a user's password.
    pub fn guess_password<T>(&self, attempt: &SignInAttempt, compare: impl FnOnce(Compared, Time) -> Result<T>) -> Result<T> {
        let look_around = |call: &Call<'_>| Ok((sign_in::subjects(call.tx, attempt)?, sign_in::is_known(call.tx, attempt)?));
        let (subjects, is_known) = self.read(look_around)?;
        let known = is_known.then(|| attempt.user_id.clone());
        let look_up = |call: &Call<'_>| Ok((users::compared(call.tx, call.settings, &attempt.user_id)?, call.tx.now));
        let guess = Guess { work: Slow::Password, peer: attempt.peer, known, subjects };
        self.guess(guess, look_up, |(compared, now)| compare(compared, now), |_, _| Ok(()))?
    }

    /// Changes a password for somebody who knows the old one; a wrong guess counts as where one signs in.
    pub fn change_password(&self, attempt: &SignInAttempt, old: &str, new: &str, old_access: OldAccess) -> Result<()> {
        let id = &attempt.user_id;
        let (verified, hash) = self.guess_password(attempt, |compared, now| {
            let verified = users::verify_password(compared, id, old, now)?;
            Ok((verified, Hash::of_chosen(new, self.settings.password_rounds)))
        })?;
        self.write(|call| users::change_password(call.tx, call.by, id, &verified, &hash, old_access))
    }

    /// Tries the redirect URLs of a client, when its turn comes, and stores what came of it.
    pub fn probe(&self, id: &ClientId, peer: IpAddr) -> Result<Vec<UriProbe>> {
        let known = self.read(|call| Ok(call.by.person().cloned()))?;
        (self.before_blocking)();
        let turn = enter(&self.shared.queues.probes, Slow::Probe, known.as_ref(), peer)?;
        let uris = self.read(|call| probes::begin(call.tx, &self.shared.tries, id))?;
        let rules = ProbeRules::of(&self.settings.review_probe_networks, throttle::groups(known.as_ref(), peer));
        let outcomes = attempt::attempts(&uris, &rules);
        drop(turn);
        self.write(|call| probes::store(call.tx, id, &uris, &outcomes))
    }

    /// Says that the keys that sign tokens will probably be needed soon.
    pub fn foresee_keys(&self) {
        self.shared.key_pairs.foresee();
    }

    /// Makes the keys that sign tokens, if they are not there yet.
    pub fn make_missing_keys(&self) -> Result<()> {
        self.shared.key_pairs.make_missing(self.store, self.before_blocking)
    }

    /// Returns a token with these claims, signed by the key that signs now. In no transaction, because it takes a processor up to a millisecond.
    pub fn sign(&self, algorithm: SigningAlgorithm, token_type: TokenType, claims: &Value) -> Result<String> {
        self.shared.key_pairs.sign(self.store, self.before_blocking, algorithm, token_type, claims)
    }

    /// Admits or refuses the caller, before anything slow is done.
    pub fn require_admission(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    fn call<T>(&self, tx: &Tx<'_>, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        let by = (self.admit)(tx)?;
        work(&Call { tx, by: &by, settings: self.settings, shared: self.shared })
    }
}

/// Waits for a turn in a queue. Refused where too many wait for theirs.
pub fn enter<'q>(queue: &'q Queue, work: Slow, known: Option<&UserId>, peer: IpAddr) -> Result<Turn<'q>> {
    let busy = match work {
        Slow::Password | Slow::ClientSecret | Slow::Known => &TOO_BUSY,
        Slow::List => &LISTS_BUSY,
        Slow::Probe => &PROBES_BUSY,
    };
    queue.enter(work, throttle::groups(known, peer)).map_err(|Full| busy.with("seconds", BUSY_SECONDS).into())
}
