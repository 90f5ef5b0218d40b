//! What came of trying whether a URI works.

use crate::base::time::Time;

/// What came of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// It answered HTTP with this status.
    Answered(u16),
    /// Its name has no address.
    NoAddress,
    /// All its addresses are private, or reserved for something else: nothing was sent there.
    NotPublic,
    /// A browser never asks this port: nothing was sent there.
    BlockedPort,
    /// No connection was made, or it was closed before an answer.
    NoConnection,
    /// Its certificate does not prove its name, or TLS was spoken wrongly.
    NoTrust,
    /// There was no answer in time.
    NoAnswer,
    /// What it answered is not HTTP.
    NotHttp,
    /// It is nothing that a server answers, such as an app on a device: nothing was sent.
    NotTried,
    /// Too many names are looked up just now, by all or by the caller: nothing was sent.
    Busy,
}

/// The last try of a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriProbe {
    pub uri: String,
    pub tried_at: Time,
    pub outcome: ProbeOutcome,
}

/// Every outcome without an answer, by its name.
const UNANSWERED: &[(&str, ProbeOutcome)] = &[
    ("no_address", ProbeOutcome::NoAddress),
    ("not_public", ProbeOutcome::NotPublic),
    ("blocked_port", ProbeOutcome::BlockedPort),
    ("no_connection", ProbeOutcome::NoConnection),
    ("no_trust", ProbeOutcome::NoTrust),
    ("no_answer", ProbeOutcome::NoAnswer),
    ("not_http", ProbeOutcome::NotHttp),
    ("not_tried", ProbeOutcome::NotTried),
    ("busy", ProbeOutcome::Busy),
];

const ANSWERED: &str = "answered";

/// Whether a redirect URI works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Works {
    Yes,
    No,
    /// Nothing can be said about it.
    Unknown,
}

impl ProbeOutcome {
    pub fn name(self) -> &'static str {
        let unanswered = UNANSWERED.iter().find(|(_, outcome)| *outcome == self);
        unanswered.map_or(ANSWERED, |(name, _)| name)
    }

    /// Every name.
    pub fn names() -> Vec<&'static str> {
        std::iter::once(ANSWERED).chain(UNANSWERED.iter().map(|(name, _)| *name)).collect()
    }

    pub fn status(self) -> Option<u16> {
        match self {
            ProbeOutcome::Answered(status) => Some(status),
            _ => None,
        }
    }

    pub fn of(name: &str, status: Option<u16>) -> Option<ProbeOutcome> {
        let unanswered = UNANSWERED.iter().find(|(known, _)| *known == name).map(|(_, outcome)| *outcome);
        unanswered.or_else(|| status.filter(|_| name == ANSWERED).map(ProbeOutcome::Answered))
    }

    /// Returns whether a page is there. An endpoint may well refuse a request without a code: only what says that nothing is there, or that
    /// the server failed, does not work.
    pub fn works(self) -> Works {
        match self {
            ProbeOutcome::Answered(404 | 410 | 500..) => Works::No,
            ProbeOutcome::Answered(_) => Works::Yes,
            ProbeOutcome::NoAddress | ProbeOutcome::NoConnection | ProbeOutcome::NoTrust => Works::No,
            ProbeOutcome::BlockedPort | ProbeOutcome::NoAnswer | ProbeOutcome::NotHttp => Works::No,
            ProbeOutcome::NotPublic | ProbeOutcome::NotTried | ProbeOutcome::Busy => Works::Unknown,
        }
    }

    /// Returns it for people.
    pub fn in_words(self) -> String {
        let text = match self {
            ProbeOutcome::Answered(status) => return format!("it answered with {status}"),
            ProbeOutcome::NoAddress => "its name has no address",
            ProbeOutcome::NotPublic => "it has no public address, so it was not asked",
            ProbeOutcome::BlockedPort => "browsers never ask its port",
            ProbeOutcome::NoConnection => "it takes no connection, or closed it without an answer",
            ProbeOutcome::NoTrust => "it has no TLS with a certificate that browsers trust for its name",
            ProbeOutcome::NoAnswer => "it did not answer in time",
            ProbeOutcome::NotHttp => "what it answered is not HTTP",
            ProbeOutcome::NotTried => "no server answers there, so it was not asked",
            ProbeOutcome::Busy => "it was not asked: too many names were being looked up",
        };
        text.to_owned()
    }
}
