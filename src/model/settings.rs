//! The operator's settings of the registry: read once at start, passed to each call.

use crate::base::named::named;
use crate::base::network::Networks;
use crate::base::right::Rights;
use crate::model::deployment::Deployment;
use crate::model::protected_names::ProtectedNameList;
use crate::model::site::SiteLogo;

named! {
    /// The state of a new client.
    pub enum Approval {
        /// Approved, unless an administrator asked for another state.
        Auto = "auto",
        /// Waits for an administrator, as in The Things Stack.
        Manual = "manual",
        /// Approved if the rules of the review find nothing that needs a person; otherwise it waits with what they find.
        Review = "review",
    }
}

/// What needs a person with [`Approval::Review`], besides findings that block.
#[derive(Clone, Debug, Default)]
pub struct ByPerson {
    pub rights: Rights,
    /// The names of rules, and of severities.
    pub findings: Vec<String>,
}

named! {
    /// Who may create users.
    pub enum UserRegistration {
        /// Only administrators.
        Closed = "closed",
        /// Anyone.
        Open = "open",
    }
}

named! {
    /// An administrator's rights on what belongs to others (registry.md 5.3).
    pub enum AdminRights {
        /// Every right whose name ends neither in `_KEYS` nor in `_ALL`.
        Standard = "standard",
        /// Every right.
        All = "all",
    }
}

named! {
    /// Who may create clients, or organizations, under a user.
    pub enum Creators {
        Everyone = "everyone",
        Admins = "admins",
    }
}

named! {
    /// Whom a caller who is not an administrator may name as a contact.
    pub enum ContactPolicy {
        /// Any collaborator.
        Anyone = "anyone",
        /// Only the caller.
        Oneself = "oneself",
    }
}

named! {
    /// Whether the server tries by itself whether redirect URIs work.
    pub enum ReviewProbe {
        /// Only when a collaborator or an administrator asks.
        Off = "off",
        /// Those of clients that wait for approval, or are new, too.
        On = "on",
    }
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub approval: Approval,
    pub review_by_person: ByPerson,
    pub user_registration: UserRegistration,
    pub admin_rights: AdminRights,
    pub client_creators: Creators,
    pub organization_creators: Creators,
    pub contacts: ContactPolicy,
    /// How many days an unused refresh token is valid.
    pub refresh_token_days: i64,
    /// The hash rounds of a password (PBKDF2-SHA256).
    pub password_rounds: u32,
    /// The names that only their bearers may use for clients, beside the built-in ones.
    pub protected_names: ProtectedNameList,
    /// The public URL of this server, without a slash at the end. The issuer of its tokens (RFC 8414).
    pub public_url: String,
    /// What stands on pages in the place of our name; empty for ours.
    pub site_name: String,
    pub site_logo: SiteLogo,
    pub review_probe: ReviewProbe,
    /// Networks in which redirect URIs are tried although they are not public.
    pub review_probe_networks: Networks,
    pub deployment: Deployment,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            approval: Approval::Auto,
            review_by_person: ByPerson::default(),
            user_registration: UserRegistration::Closed,
            admin_rights: AdminRights::Standard,
            client_creators: Creators::Everyone,
            organization_creators: Creators::Everyone,
            contacts: ContactPolicy::Anyone,
            refresh_token_days: 90,
            password_rounds: 600_000,
            protected_names: ProtectedNameList::default(),
            public_url: "http://127.0.0.1:1885".to_owned(),
            site_name: String::new(),
            site_logo: SiteLogo::default(),
            review_probe: ReviewProbe::Off,
            review_probe_networks: Networks::default(),
            deployment: Deployment::default(),
        }
    }
}
