//! The entities that commands handle: clients, users, organizations. Their flags are read off the `FIELDS` tables.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::cli::args::flags::{Flag, FlagKind, SECRET_FILE_DOC, of_rights};
use crate::cli::args::values::{AccountPath, Values};
use crate::cli::failure::UsageError;
use crate::model::choice::{RIGHT_CHOICES, STATES};
use crate::model::field::{Field, MaskedIn, Purpose, SeenBy, SetBy};
use crate::model::shape::{Shape, camel_case};
use crate::model::{client, organization, user};

/// One kind of entity, as the API names it.
pub struct Noun {
    /// `client`: its key in requests.
    pub name: &'static str,
    /// `clients`: its path, and its key in lists.
    pub plural: &'static str,
    /// `client-id`: the flag that names one.
    pub id: &'static str,
    /// The fields of a new one that neither flags nor standard input set.
    pub defaults: fn() -> Value,
    /// The columns of a table, if no field is selected.
    pub columns: &'static [&'static str],
    pub fields: LazyLock<Vec<NounField>>,
    pub select: LazyLock<Vec<Flag>>,
    pub create: LazyLock<Vec<Flag>>,
    pub update: LazyLock<Vec<Flag>>,
    pub rights: LazyLock<Vec<Flag>>,
}

/// The columns of a row of a `FIELDS` table that do not depend on the entity.
pub struct NounField {
    pub name: &'static str,
    shape: Shape,
    set_by: SetBy,
    masked_in: MaskedIn,
    seen_by: SeenBy,
    doc: &'static str,
}

pub static CLIENT: Noun = Noun {
    name: "client",
    plural: "clients",
    id: "client-id",
    defaults: || json!({"state": (STATES.name)(1), "grants": ["GRANT_AUTHORIZATION_CODE"]}),
    columns: &["name", "state"],
    fields: LazyLock::new(|| facts(client::FIELDS)),
    select: LazyLock::new(|| select(&CLIENT)),
    create: LazyLock::new(|| create(&CLIENT)),
    update: LazyLock::new(|| update(&CLIENT)),
    rights: LazyLock::new(|| of_rights("RIGHT_CLIENT_")),
};

pub static USER: Noun = Noun {
    name: "user",
    plural: "users",
    id: "user-id",
    defaults: || json!({"state": (STATES.name)(1)}),
    columns: &["name", "state", "admin"],
    fields: LazyLock::new(|| facts(user::FIELDS)),
    select: LazyLock::new(|| select(&USER)),
    create: LazyLock::new(|| create(&USER)),
    update: LazyLock::new(|| update(&USER)),
    rights: LazyLock::new(|| of_rights("RIGHT_")),
};

pub static ORGANIZATION: Noun = Noun {
    name: "organization",
    plural: "organizations",
    id: "organization-id",
    defaults: || json!({}),
    columns: &["name"],
    fields: LazyLock::new(|| facts(organization::FIELDS)),
    select: LazyLock::new(|| select(&ORGANIZATION)),
    create: LazyLock::new(|| create(&ORGANIZATION)),
    update: LazyLock::new(|| update(&ORGANIZATION)),
    rights: LazyLock::new(|| of_rights("RIGHT_ORGANIZATION_")),
};

impl Noun {
    /// Returns the key of its ID: `client_id`.
    pub fn id_key(&self) -> String {
        self.id.replace('-', "_")
    }

    /// Returns the fields that a read may select.
    pub fn readable(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().filter(|field| field.masked_in.allows(Purpose::Read)).map(|field| field.name)
    }

    /// Returns the paths that the flags select, in the order of the table, without fields that cannot be read.
    pub fn selected(&self, values: &Values) -> Result<Vec<String>, UsageError> {
        let all = values.switch("all")?;
        let mut paths = Vec::new();
        for name in self.readable() {
            if all || values.selects(&name.replace('_', "-"))? {
                paths.push(name.to_owned());
            }
        }
        paths.extend(values.list("field-mask").into_iter().filter(|path| !path.is_empty()).map(|path| path.replace('-', "_")));
        Ok(paths)
    }

    /// Returns the fields that the flags set.
    pub fn sent(&self, values: &Values) -> Result<Map<String, Value>, UsageError> {
        let mut sent = Map::new();
        for field in self.fields.iter().filter(|field| field.set_by != SetBy::Server) {
            if let Some(value) = field.value(values)? {
                sent.insert(field.name.to_owned(), value);
            }
        }
        Ok(sent)
    }

    /// Returns the fields that `--unset` names. Fails if one cannot be cleared.
    pub fn unset(&self, values: &Values) -> Result<Vec<String>, UsageError> {
        let names = values.list("unset").into_iter().map(|name| name.replace('-', "_"));
        names
            .map(|name| match self.updatable().any(|field| field.name == name) {
                true => Ok(name),
                false => {
                    let known: Vec<_> = self.updatable().map(|field| field.name).collect();
                    Err(UsageError(format!("--unset: a {} has no field of this name that can be cleared: {}", self.name, known.join(", "))))
                }
            })
            .collect()
    }

    /// Returns the rights that flags name, by a switch each or in `--rights`: full names, each once.
    pub fn named_rights(&'static self, values: &Values) -> Result<Vec<String>, UsageError> {
        let mut rights = values.rights();
        for row in self.rights.iter() {
            if values.switch(row.key())? {
                rights.push(row.key().to_uppercase().replace('-', "_"));
            }
        }
        let mut seen = HashSet::new();
        rights.retain(|right| seen.insert(right.clone()));
        Ok(rights)
    }

    /// Returns the account that flags name beside the entity: its owner, or a member. The flag for the entity's own ID names neither.
    pub fn other_account(&self, values: &Values) -> Result<Option<AccountPath>, UsageError> {
        match self.id {
            "client-id" => values.account(),
            "organization-id" => Ok(values.one("user-id").filter(|id| !id.is_empty()).map(|id| ("users", id.to_owned()))),
            _ => Ok(None),
        }
    }

    fn updatable(&self) -> impl Iterator<Item = &NounField> {
        self.fields.iter().filter(|field| field.set_by != SetBy::Server && field.masked_in.allows(Purpose::Update))
    }
}

impl NounField {
    fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Returns the value that the flags give this field.
    fn value(&self, values: &Values) -> Result<Option<Value>, UsageError> {
        let flag = self.flag();
        Ok(match self.shape {
            Shape::Account => {
                let user = values.one(&format!("{flag}.ids.user-ids.user-id"));
                let organization = values.one(&format!("{flag}.ids.organization-ids.organization-id"));
                match (user, organization) {
                    (Some(_), Some(_)) => return Err(UsageError(format!("--{flag}: a contact is a user or an organization, not both"))),
                    (Some(id), None) => Some(json!({"user_ids": {"user_id": id}})),
                    (None, Some(id)) => Some(json!({"organization_ids": {"organization_id": id}})),
                    (None, None) => None,
                }
            }
            _ if !values.has(&flag) => None,
            Shape::Flag | Shape::OptionalFlag => Some(values.switch(&flag)?.into()),
            Shape::Attributes => {
                Some(values.pairs(&flag)?.into_iter().map(|(key, value)| (key, value.into())).collect::<Map<_, _>>().into())
            }
            Shape::Texts(..) | Shape::Words(..) | Shape::ChoiceList(..) => {
                Some(values.list(&flag).into_iter().filter(|item| !item.is_empty()).map(Value::from).collect())
            }
            Shape::Ids(_) | Shape::Time | Shape::Text(_) | Shape::Email | Shape::Choice(_) | Shape::ContactInfo | Shape::Opaque => {
                values.one(&flag).map(Value::from)
            }
        })
    }

    /// Returns the flags that set it.
    fn flags(&self) -> Vec<Flag> {
        let name = format!("--{}", self.flag());
        let row = |name: String, value: &'static str, kind: FlagKind| vec![Flag { name: name.into(), value, kind, doc: self.doc.into() }];
        match self.shape {
            Shape::Account => [("user", "user"), ("organization", "organization")]
                .iter()
                .flat_map(|(ids, id)| row(format!("{name}.ids.{ids}-ids.{id}-id"), "ID", FlagKind::Text))
                .collect(),
            Shape::Flag | Shape::OptionalFlag => row(name, "", FlagKind::Switch),
            Shape::Attributes => row(name, "KEY=VALUE,…", FlagKind::Pairs),
            Shape::Texts(..) => row(name, "TEXT,…", FlagKind::List),
            Shape::Words(kind, _) => row(name, kind.list_name, FlagKind::List),
            Shape::ChoiceList(choices, _) if std::ptr::eq(choices, &RIGHT_CHOICES) => row(name, "RIGHT,…", FlagKind::ChoiceList(choices)),
            Shape::ChoiceList(choices, _) => row(name, "NAME,…", FlagKind::ChoiceList(choices)),
            Shape::Choice(choices) => row(name, "NAME", FlagKind::Choice(choices)),
            Shape::Time => row(name, "TIME", FlagKind::Text),
            Shape::Email => row(name, "ADDRESS", FlagKind::Text),
            // A value that is shown once is a secret also where it is chosen.
            Shape::Text(_) if self.seen_by == SeenBy::Issued => {
                let from_file =
                    Flag { name: format!("{name}-file").into(), value: "FILE", kind: FlagKind::SecretFile, doc: SECRET_FILE_DOC.into() };
                [row(name, "TEXT", FlagKind::Secret), vec![from_file]].concat()
            }
            Shape::Text(_) => row(name, "TEXT", FlagKind::Text),
            Shape::Ids(_) | Shape::ContactInfo | Shape::Opaque => Vec::new(),
        }
    }
}

/// Takes a field out of an entity from standard input, under either of its names.
pub fn take(entity: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let camel = camel_case(name);
    let (snake, camel) = (entity.shift_remove(name), entity.shift_remove(&camel));
    snake.or(camel)
}

fn facts<E>(fields: &'static [Field<E>]) -> Vec<NounField> {
    let row = |Field { name, shape, set_by, masked_in, seen_by, doc, .. }: &Field<E>| NounField {
        name,
        shape: *shape,
        set_by: *set_by,
        masked_in: *masked_in,
        seen_by: *seen_by,
        doc,
    };
    fields.iter().map(row).collect()
}

/// Returns a switch for each field but `ids`, which are always shown. Fields that cannot be read are accepted and ignored, as `ttn-lw-cli`
/// does.
fn select(noun: &'static Noun) -> Vec<Flag> {
    let shown = noun.fields.iter().filter(|field| field.name != "ids" && field.masked_in != MaskedIn::Neither);
    shown
        .map(|field| {
            let doc = match field.masked_in.allows(Purpose::Read) {
                true => field.doc.to_owned(),
                false => "Never shown: accepted and ignored.".to_owned(),
            };
            Flag { name: format!("--{}", field.flag()).into(), value: "", kind: FlagKind::Switch, doc: doc.into() }
        })
        .collect()
}

fn create(noun: &'static Noun) -> Vec<Flag> {
    noun.fields.iter().filter(|field| field.set_by != SetBy::Server).flat_map(NounField::flags).collect()
}

fn update(noun: &'static Noun) -> Vec<Flag> {
    noun.updatable().flat_map(NounField::flags).collect()
}
