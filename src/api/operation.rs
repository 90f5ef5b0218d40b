//! What the operations of the API take and give: two columns of `ROUTES`, from which the OpenAPI document is generated.

use crate::base::named::named;

named! {
    /// The entities of the registry. The name is that of the member that holds one; with an `s`, of the one that holds a list.
    pub enum EntityKind {
        Client = "client",
        User = "user",
        Organization = "organization",
    }
}

/// What an operation reads from its query and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// `field_mask`: the fields of an entity to read.
    Mask(EntityKind),
    /// A page of entities: `field_mask`, `order`, `limit`, `page`, `deleted`.
    List(EntityKind),
    /// The same, and `collaborator.…`: whose they are.
    ListOfCollaborator(EntityKind),
    /// The same, where only users have any.
    ListOfMember(EntityKind),
    /// The same as [`Takes::List`], and the conditions of a search.
    Search(EntityKind),
    /// A page of a list: `order`, `limit`, `page`.
    Page(Item),
    /// A part of an ID, and a page.
    AccountSearch,
    /// The same, and `client_ids.…` or `organization_ids.…`: whose collaborators they are, or are not.
    AccountSearchByParameter,
    /// `{"client":{…}}`.
    New(EntityKind),
    /// `{"client":{…},"field_mask":…}`.
    Update(EntityKind),
    /// `{"client":{…},"collaborator":…}`.
    Check,
    /// `{"grace":"86400s"}`.
    Grace,
    /// `{"old":…,"new":…,"revoke_all_access":…}`.
    PasswordChange,
    /// `{"collaborator":{"ids":…,"rights":[…]}}`.
    Collaborator,
    /// The same with a user, for organizations are in none.
    Member,
    /// `{"name":…,"rights":[…],"expires_at":…}`.
    NewApiKey,
    /// `{"api_key":{…},"field_mask":…}`.
    ApiKeyUpdate,
    /// `waiting`, and a page.
    Reviews,
    /// `{"text":…}`.
    ReviewRequest,
    /// `{"answer":…,"reason":…}`.
    ReviewAnswer,
}

/// What an operation answers when it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// `{}`.
    Nothing,
    One(EntityKind),
    /// `{"clients":[…]}`, counted.
    Many(EntityKind),
    Item(Item),
    /// The same, or `{}` where it was deleted.
    ItemOrNothing(Item),
    /// `{"api_keys":[…]}`, counted.
    Items(Item),
    /// `{"rights":[…]}`.
    Rights,
    /// `{"findings":[…],"rule_set":…,"would_be":…}`.
    Findings,
    /// `{"probes":[…]}`.
    Probes,
    SignInLink,
    AuthInfo,
    Configuration,
    Document,
}

named! {
    /// The items of lists other than entities. The name is that of the member that holds a list.
    pub enum Item {
        Account = "account_ids",
        Collaborator = "collaborators",
        ApiKey = "api_keys",
        Session = "sessions",
        Authorization = "authorizations",
        AccessToken = "tokens",
        Event = "events",
        Review = "reviews",
    }
}

impl EntityKind {
    /// The API's name of the message.
    pub fn message(self) -> &'static str {
        match self {
            EntityKind::Client => "Client",
            EntityKind::User => "User",
            EntityKind::Organization => "Organization",
        }
    }
}
