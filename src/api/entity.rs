//! What the operations on clients, users and organizations share.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::api::operation::EntityKind;
use crate::api::query::{Orders, Query};
use crate::api::{body, reply};
use crate::base::error::Result;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::model::client::{self, Client};
use crate::model::field::{Audience, Field, Purpose};
use crate::model::mask::Mask;
use crate::model::organization::{self, Organization};
use crate::model::patch::Patch;
use crate::model::shape::{Identifiers, ORGANIZATION_IDENTIFIERS, USER_IDENTIFIERS};
use crate::model::user::{self, User};
use crate::model::view::render;
use crate::registry::guidelines;
use crate::registry::principal::Principal;
use crate::store::{Search, Tx};

/// A kind of entity, in the API's words.
pub struct EntityMessage<E: 'static> {
    entity: EntityKind,
    identifiers: &'static Identifiers,
    fields: &'static [Field<E>],
}

pub static CLIENT: EntityMessage<Client> =
    EntityMessage { entity: EntityKind::Client, identifiers: &client::IDENTIFIERS, fields: client::FIELDS };

pub static USER: EntityMessage<User> = EntityMessage { entity: EntityKind::User, identifiers: &USER_IDENTIFIERS, fields: user::FIELDS };

pub static ORGANIZATION: EntityMessage<Organization> =
    EntityMessage { entity: EntityKind::Organization, identifiers: &ORGANIZATION_IDENTIFIERS, fields: organization::FIELDS };

/// Returns an entity, and how much of it the caller may read.
type Find<E, Id> = fn(&Tx<'_>, &Principal, &Id, &Mask) -> Result<(E, Audience)>;

impl<E> EntityMessage<E> {
    /// Decodes and checks a new entity.
    pub fn read_new(&self, request: &Map<String, Value>) -> Result<Patch> {
        let (message, name) = (format!("Create{}Request", self.entity.message()), self.entity.name());
        let sent = body::entity(request, name, self.fields)?.ok_or_else(|| Invalid::required(&message, name))?;
        sent.check(self.fields, self.entity.message(), None).map_err(|inner| inner.inside(&message, name))?;
        Ok(sent)
    }

    /// Returns the ID of a new entity. Fails if it is reserved.
    pub fn new_id<Id: FromStr>(&self, sent: &Patch) -> Result<Id> {
        let key = self.identifiers.key;
        let id = sent.id(key).ok_or_else(|| Invalid::required(self.entity.message(), "ids"))?;
        guidelines::check_id(sent.get("ids").and_then(|ids| ids[key].as_str()).unwrap_or_default())?;
        Ok(id)
    }

    /// Decodes and checks a change, `{"client":{…},"field_mask":…}`. The ID is that of the path.
    pub fn read_update(&self, input: &Input<'_>) -> Result<(Patch, Mask)> {
        let (message, name) = (format!("Update{}Request", self.entity.message()), self.entity.name());
        let request = body::object(input)?;
        let mut sent = body::entity(&request, name, self.fields)?.unwrap_or_default();
        let paths = body::field_mask(&request)?.unwrap_or_default();
        let mask = Mask::parse(self.fields, Purpose::Update, &paths)?;
        sent.put("ids", json!({ self.identifiers.key: input.capture(self.identifiers.key) }));
        sent.check(self.fields, self.entity.message(), Some(&mask)).map_err(|inner| inner.inside(&message, name))?;
        Ok((sent, mask))
    }

    /// Returns the reply with one entity.
    pub fn get<'r, Id: 'r>(
        &'static self,
        input: &'r Input<'r>,
        id: fn(&Input<'_>) -> std::result::Result<Id, Invalid>,
        find: Find<E, Id>,
    ) -> Result<Work<'r>> {
        let mask = Query::of(input)?.mask(self.fields)?;
        let ids = format!("{}_ids", self.entity.name());
        let id = id(input).map_err(|inner| inner.inside(&format!("Get{}Request", self.entity.message()), &ids))?;
        Ok(Box::new(move |call| {
            let (entity, audience) = find(call.tx, call.by, &id, &mask)?;
            Ok(reply::ok(&render(self.fields, &entity, &mask, audience)))
        }))
    }

    /// Reads a search, and the mask: the fields asked for and those searched in.
    pub fn read_search<Key: Copy>(&self, query: &Query, orders: Orders<Key>) -> Result<(Search<Key>, Mask)> {
        let message = format!("Search{}sRequest", self.entity.message());
        let mut mask = query.mask(self.fields)?;
        let mut search = query.search(&message, orders)?;
        search.texts = query.texts(&message)?;
        query.add_searched(self.fields, &search.texts, &mut mask);
        if self.fields.iter().any(|field| field.name == "state") {
            search.states = query.states(&message)?;
        }
        if !search.states.is_empty() {
            mask.add(self.fields, "state");
        }
        Ok((search, mask))
    }

    /// Returns the reply with all of an entity that the caller has just created or changed.
    pub fn whole(&self, entity: &E) -> Reply {
        reply::ok(&render(self.fields, entity, &Mask::everything(self.fields), Audience::Holder))
    }
}
