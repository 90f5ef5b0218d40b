//! A row of a `FIELDS` table: a field's name and shape, who reads it and who sets it.

use serde_json::Value;

use crate::model::shape::Shape;

#[derive(Debug)]
pub struct Field<E: 'static> {
    /// The key in JSON and the path in masks.
    pub name: &'static str,
    /// The mask paths below it.
    pub below: &'static [&'static str],
    pub shape: Shape,
    pub seen_by: SeenBy,
    pub set_by: SetBy,
    pub masked_in: MaskedIn,
    pub get: fn(&E) -> Value,
    /// Sets a value that [`Shape::check`] accepted.
    pub set: fn(&mut E, &Value),
    pub doc: &'static str,
}

/// Who may read a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Anyone who is signed in.
    Anyone,
    /// Holders of the entity's `_INFO` right.
    Holders,
    /// Holders of that right; for others it is left out without a refusal.
    HoldersQuietly,
    /// Only the reply that issues it shows it.
    Issued,
}

/// Who may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Only the server: what a caller sends is ignored.
    Server,
    /// Callers who may change the entity.
    Holder,
    /// Administrators.
    Admin,
    /// The creator of the entity, and administrators afterwards.
    AdminOnceCreated,
}

/// In which masks a field may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskedIn {
    Both,
    Reads,
    Updates,
    Neither,
}

/// The purpose of a mask: some paths can be read but not changed, or changed but not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Update,
}

/// The reader of an entity, as far as fields are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Holds the `_INFO` right.
    Holder,
    /// Is signed in.
    Public,
}

impl MaskedIn {
    pub fn allows(self, purpose: Purpose) -> bool {
        match self {
            MaskedIn::Both => true,
            MaskedIn::Reads => purpose == Purpose::Read,
            MaskedIn::Updates => purpose == Purpose::Update,
            MaskedIn::Neither => false,
        }
    }
}

impl<E> Field<E> {
    pub const fn new(name: &'static str, shape: Shape, get: fn(&E) -> Value, set: fn(&mut E, &Value), doc: &'static str) -> Field<E> {
        Field { name, below: &[], shape, seen_by: SeenBy::Holders, set_by: SetBy::Holder, masked_in: MaskedIn::Both, get, set, doc }
    }

    /// Returns whether a mask may name it without a right on the entity.
    pub fn is_public(&self) -> bool {
        matches!(self.seen_by, SeenBy::Anyone | SeenBy::HoldersQuietly)
    }

    /// Returns a field that only the server sets.
    pub const fn kept(name: &'static str, shape: Shape, get: fn(&E) -> Value, doc: &'static str) -> Field<E> {
        Field::new(name, shape, get, |_, _| (), doc).set_by(SetBy::Server)
    }

    pub const fn public(mut self) -> Field<E> {
        self.seen_by = SeenBy::Anyone;
        self
    }

    /// Leaves the field out for callers without the right, instead of a refusal.
    pub const fn quietly(mut self) -> Field<E> {
        self.seen_by = SeenBy::HoldersQuietly;
        self
    }

    /// Shows the field once, in the reply that issues it.
    pub const fn issued(mut self) -> Field<E> {
        self.seen_by = SeenBy::Issued;
        self
    }

    pub const fn set_by(mut self, who: SetBy) -> Field<E> {
        self.set_by = who;
        self
    }

    pub const fn masked_in(mut self, masks: MaskedIn) -> Field<E> {
        self.masked_in = masks;
        self
    }

    pub const fn below(mut self, paths: &'static [&'static str]) -> Field<E> {
        self.below = paths;
        self
    }

    pub fn is_for_admins(&self) -> bool {
        matches!(self.set_by, SetBy::Admin | SetBy::AdminOnceCreated)
    }

    /// Returns whether every reply has it, whatever the mask (registry.md 1.6).
    pub fn is_always_shown(&self) -> bool {
        matches!(self.name, "ids" | "created_at" | "updated_at" | "deleted_at")
    }
}

/// Defines the row of a field that callers set, named like its member, or like the member of one of its parts. `Row` is the entity's [`Field`].
macro_rules! row {
    ($part:ident.$name:ident, $shape:expr, $doc:expr) => {
        Row::new(
            stringify!($name),
            $shape,
            |entity| crate::model::value::FieldValue::to_json(&entity.$part.$name),
            |entity, value| entity.$part.$name = crate::model::value::FieldValue::from_json(value),
            $doc,
        )
    };
    ($name:ident, $shape:expr, $doc:expr) => {
        Row::new(
            stringify!($name),
            $shape,
            |entity| crate::model::value::FieldValue::to_json(&entity.$name),
            |entity, value| entity.$name = crate::model::value::FieldValue::from_json(value),
            $doc,
        )
    };
}

pub(super) use row;
