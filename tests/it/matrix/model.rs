//! The rules, in the words of registry.md 5.2 to 5.4 and of doc/differences.md, over the facts of `world`.

use std::collections::BTreeSet;

use keyfob::base::right::RIGHTS;

pub type Set = BTreeSet<&'static str>;

/// A kind of entity, as paths say it, and an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thing {
    pub kind: Kind,
    pub id: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Client,
    User,
    Organization,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Client => "client",
            Kind::User => "user",
            Kind::Organization => "organization",
        }
    }
}

pub const fn client(id: &'static str) -> Thing {
    Thing { kind: Kind::Client, id }
}

pub const fn user(id: &'static str) -> Thing {
    Thing { kind: Kind::User, id }
}

pub const fn organization(id: &'static str) -> Thing {
    Thing { kind: Kind::Organization, id }
}

/// Somebody whose credentials are good.
#[derive(Clone, Debug)]
pub struct Somebody {
    pub account: Thing,
    /// As they were given to the key or the token; a session has all.
    pub rights: Set,
    /// The account is an approved administrator's.
    pub of_admin: bool,
    /// The account waits for approval.
    pub pending: bool,
    /// The client whose access token it is.
    pub client: Option<&'static str>,
}

/// What came with a request.
#[derive(Clone, Debug)]
pub enum Who {
    Nobody,
    /// Credentials that are refused, with this status and error.
    Refused(u16, &'static str),
    /// An access token of a client that was suspended: refused where it reads, and nobody where only a right is asked for.
    OfSuspendedClient,
    Somebody(Somebody),
}

/// What a request must be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    LetIn,
    No(u16, String),
}

pub fn no(status: u16, error: impl Into<String>) -> Answer {
    Answer::No(status, error.into())
}

/// What a request asks of its caller.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Nothing: credentials are not looked at.
    Open,
    /// To be an administrator, where registration is closed; bad credentials are none.
    Registers,
    /// Nothing, but bad credentials are refused.
    Anyone,
    /// The same, where an own list is asked for: the right on the own account, a user's or an organization's.
    OwnList(&'static str, Result<&'static str, &'static str>),
    /// Good credentials of an account that does not wait for approval.
    Approved,
    /// An account; others get this refusal.
    Account(&'static str),
    /// The right, or for what is public only good credentials.
    Reads(Thing, &'static str, Field),
    /// Good credentials of an account that does not wait for approval, and that the thing is there.
    Lists(Thing),
    Admin(&'static str),
    /// The same for something that is there; bad credentials get the same refusal.
    Purges(Thing, &'static str),
    Holds(Thing, &'static str),
    /// The same, of a list, where a suspended client is told so.
    ListsOf(Thing, &'static str),
    /// Good credentials of an account that does not wait for approval, and the right.
    ApprovedHolds(Thing, &'static str),
    /// Nothing: the answer is what rights there are.
    Rights(Thing),
    /// The same of something that was deleted.
    HoldsDeleted(Thing, &'static str),
    /// Good credentials, and the second right on a client whose history can be read with the first; for others there is no such event.
    Undoes(Thing, &'static str, &'static str),
    /// The same, or an access token of this user and this client.
    HoldsOrIsToken(Thing, &'static str, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Public,
    Private,
}

/// Which things are there, and who has which rights on them.
pub struct World {
    pub there: &'static [Thing],
    pub deleted: &'static [Thing],
    /// Something, an account with rights on it, and which.
    pub members: &'static [(Thing, Thing, &'static [&'static str])],
}

fn every() -> Set {
    RIGHTS.iter().map(|right| right.name()).filter(|name| *name != "right_invalid").collect()
}

/// With what `RIGHT_ALL` and the rights that end in `_ALL` imply.
pub fn expanded<'r>(rights: impl IntoIterator<Item = &'r &'static str>) -> Set {
    let given: Set = rights.into_iter().copied().collect();
    let implied =
        |name: &&str| given.iter().any(|all| *all == "RIGHT_ALL" || all.strip_suffix("ALL").is_some_and(|start| name.starts_with(start)));
    every().into_iter().filter(|name| given.contains(name) || implied(name)).collect()
}

/// The rights that mean something on a kind of entity.
pub fn scope(kind: Kind) -> Set {
    let of_users = |name: &&str| name.starts_with("RIGHT_USER_");
    let rights = every().into_iter().filter(|name| !matches!(*name, "RIGHT_ALL" | "RIGHT_SEND_INVITES"));
    match kind {
        Kind::Client => rights.filter(|name| name.starts_with("RIGHT_CLIENT_")).collect(),
        Kind::User => rights.collect(),
        Kind::Organization => rights.filter(|name| !of_users(name)).collect(),
    }
}

fn common(one: &Set, other: &Set) -> Set {
    one.intersection(other).copied().collect()
}

impl Somebody {
    /// What the credentials allow at most: a key or token of somebody who waits for approval opens little, and so does a session.
    fn allowed(&self) -> Set {
        let all = expanded(&self.rights);
        let own: Set = ["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC", "RIGHT_USER_DELETE"].into();
        if self.pending { common(&all, &own) } else { all }
    }

    pub fn is_admin(&self) -> bool {
        self.of_admin && self.rights.contains("RIGHT_ALL")
    }
}

impl World {
    fn is_there(&self, thing: Thing, deleted: &[Thing]) -> bool {
        self.there.contains(&thing) || deleted.contains(&thing)
    }

    /// What somebody may do on something.
    pub fn rights(&self, by: &Somebody, thing: Thing, deleted: &[Thing]) -> Set {
        let scope = scope(thing.kind);
        let of_admins = |name: &&str| by.is_admin() && !name.ends_with("_KEYS") && !name.ends_with("_ALL");
        let universal: Set = scope.iter().copied().filter(of_admins).collect();
        if !self.is_there(thing, deleted) {
            return Set::new();
        }
        let held = if thing == by.account { by.allowed() } else { common(&self.through_members(by.account, thing), &by.allowed()) };
        if common(&by.allowed(), &scope).is_empty() { universal } else { held.union(&universal).copied().collect() }
    }

    /// Direct, and on a client through organizations too.
    fn through_members(&self, account: Thing, thing: Thing) -> Set {
        let on = |thing: Thing, account: Thing| {
            self.members
                .iter()
                .filter(|(on, who, _)| *on == thing && *who == account)
                .map(|(_, _, rights)| expanded(*rights))
                .next()
                .unwrap_or_default()
        };
        let mut all = on(thing, account);
        if account.kind == Kind::User && thing.kind == Kind::Client {
            for team in self.there.iter().filter(|team| team.kind == Kind::Organization) {
                all.extend(common(&on(*team, account), &on(thing, *team)));
            }
        }
        all
    }

    /// Whether an account is a member, be it through an organization.
    pub fn reaches(&self, account: Thing, thing: Thing) -> bool {
        let is_member = |thing: Thing, account: Thing| self.members.iter().any(|(on, who, _)| *on == thing && *who == account);
        let teams = self.there.iter().filter(|team| team.kind == Kind::Organization && thing.kind == Kind::Client);
        is_member(thing, account) || teams.into_iter().any(|team| is_member(*team, account) && is_member(thing, *team))
    }

    fn holds(&self, by: &Somebody, thing: Thing, right: &str, deleted: &[Thing]) -> Answer {
        if !self.is_there(thing, deleted) && by.is_admin() {
            return no(404, format!("{}_not_found", thing.kind.word()));
        }
        let rights = self.rights(by, thing, deleted);
        if rights.contains(right) { Answer::LetIn } else { lacks(&rights, thing) }
    }

    /// What a request with this rule must be answered with.
    pub fn answer(&self, who: &Who, rule: Rule) -> Answer {
        match who {
            Who::Somebody(by) => self.answer_to(by, rule),
            Who::Nobody => of_nobody(rule),
            Who::Refused(status, error) => match rule {
                Rule::Open | Rule::Registers | Rule::Purges(..) => of_nobody(rule),
                _ => no(*status, *error),
            },
            Who::OfSuspendedClient => match rule {
                Rule::Anyone
                | Rule::OwnList(..)
                | Rule::Approved
                | Rule::ApprovedHolds(..)
                | Rule::Account(_)
                | Rule::Reads(..)
                | Rule::Lists(_)
                | Rule::ListsOf(..)
                | Rule::Undoes(..)
                | Rule::Admin(_) => no(403, "oauth_client_suspended"),
                _ => of_nobody(rule),
            },
        }
    }

    fn answer_to(&self, by: &Somebody, rule: Rule) -> Answer {
        let unless = |fine: bool, answer: Answer| if fine { Answer::LetIn } else { answer };
        match rule {
            Rule::Open | Rule::Anyone | Rule::Account(_) => Answer::LetIn,
            Rule::Registers => unless(by.is_admin(), of_nobody(rule)),
            Rule::OwnList(of_user, of_organization) => match (by.account.kind, of_organization) {
                (Kind::Organization, Err(error)) => no(400, error),
                (Kind::Organization, Ok(right)) => self.holds(by, by.account, right, &[]),
                _ => self.holds(by, by.account, of_user, &[]),
            },
            Rule::Approved | Rule::ApprovedHolds(..) if by.pending => no(403, "user_requested"),
            Rule::Approved => Answer::LetIn,
            Rule::Reads(thing, info, field) => self.reads(by, thing, info, field),
            Rule::Lists(_) if by.pending => no(403, "user_requested"),
            Rule::Lists(thing) => unless(self.is_there(thing, &[]), no(404, "entity_not_found")),
            Rule::Admin(error) => unless(by.is_admin(), no(403, error)),
            Rule::Purges(_, error) if !by.is_admin() => no(403, error),
            Rule::Purges(thing, _) => {
                let error = if thing.kind == Kind::Client { "client_not_found" } else { "entity_not_found" };
                unless(self.is_there(thing, self.deleted), no(404, error))
            }
            Rule::Holds(thing, right) | Rule::ApprovedHolds(thing, right) | Rule::ListsOf(thing, right) => {
                self.holds(by, thing, right, &[])
            }
            Rule::Rights(thing) => unless(self.is_there(thing, &[]) || !by.is_admin(), no(404, format!("{}_not_found", thing.kind.word()))),
            Rule::Undoes(thing, info, _) if !self.rights(by, thing, &[]).contains(info) => no(404, "event_not_found"),
            Rule::Undoes(thing, _, right) => self.holds(by, thing, right, &[]),
            Rule::HoldsDeleted(thing, right) => self.holds(by, thing, right, self.deleted),
            Rule::HoldsOrIsToken(thing, _, of) if by.client == Some(of) && by.account == thing => Answer::LetIn,
            Rule::HoldsOrIsToken(thing, right, _) => self.holds(by, thing, right, &[]),
        }
    }

    fn reads(&self, by: &Somebody, thing: Thing, info: &str, field: Field) -> Answer {
        let rights = self.rights(by, thing, &[]);
        let gone = no(404, format!("{}_not_found", thing.kind.word()));
        match (self.is_there(thing, &[]), field) {
            (true, _) if rights.contains(info) => Answer::LetIn,
            (false, _) if by.is_admin() => gone,
            _ if by.pending => no(403, "user_requested"),
            (true, Field::Public) => Answer::LetIn,
            (false, Field::Public) => gone,
            (_, Field::Private) => lacks(&rights, thing),
        }
    }
}

fn lacks(rights: &Set, thing: Thing) -> Answer {
    let how = if rights.is_empty() { "no" } else { "insufficient" };
    no(403, format!("{how}_{}_rights", thing.kind.word()))
}

fn of_nobody(rule: Rule) -> Answer {
    match rule {
        Rule::Open | Rule::Anyone | Rule::OwnList(..) | Rule::Rights(_) => Answer::LetIn,
        Rule::Registers => no(400, "user_registration_disabled"),
        Rule::Approved | Rule::ApprovedHolds(..) | Rule::Reads(..) | Rule::Lists(_) | Rule::Undoes(..) => no(401, "unauthenticated"),
        Rule::Account(error) | Rule::Admin(error) | Rule::Purges(_, error) => no(403, error),
        Rule::Holds(thing, _) | Rule::ListsOf(thing, _) | Rule::HoldsDeleted(thing, _) | Rule::HoldsOrIsToken(thing, ..) => {
            lacks(&Set::new(), thing)
        }
    }
}
