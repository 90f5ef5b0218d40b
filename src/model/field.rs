//! A row of a `FIELDS` table: what a field is called, what it may hold, who sees it and who sets it.

use serde_json::Value;

use crate::model::shape::Shape;

/// One field of an entity.
#[derive(Debug)]
pub struct Field<E: 'static> {
    /// Its key in JSON and its path in masks.
    pub name: &'static str,
    /// The mask paths below it.
    pub below: &'static [&'static str],
    pub shape: Shape,
    pub seen_by: SeenBy,
    pub set_by: SetBy,
    pub masked_in: MaskedIn,
    pub get: fn(&E) -> Value,
    /// Takes a value that [`Shape::check`] has passed.
    pub set: fn(&mut E, &Value),
    pub doc: &'static str,
}

/// Who may read a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Anyone who is signed in.
    Anyone,
    /// Who holds the entity's `_INFO` right.
    Holders,
    /// Who holds that right; others may ask and get nothing.
    HoldersQuietly,
    /// Nobody: it is shown only in the reply that issues it.
    Issued,
}

/// Who may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Nobody but us: what a caller sends is ignored.
    Server,
    /// Who may change the entity.
    Holder,
    /// Administrators.
    Admin,
    /// Whoever creates the entity, and administrators afterwards.
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

/// What a mask is for: some paths can be read but not changed, or changed but not read.
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
    /// Is signed in, no more.
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

    /// Whether somebody who holds no right on the entity may name it in a mask.
    pub fn is_public(&self) -> bool {
        matches!(self.seen_by, SeenBy::Anyone | SeenBy::HoldersQuietly)
    }

    /// A field that only the server sets.
    pub const fn kept(name: &'static str, shape: Shape, get: fn(&E) -> Value, doc: &'static str) -> Field<E> {
        Field::new(name, shape, get, |_, _| (), doc).set_by(SetBy::Server)
    }

    pub const fn public(mut self) -> Field<E> {
        self.seen_by = SeenBy::Anyone;
        self
    }

    /// Left out for those who hold no right, without a refusal.
    pub const fn quietly(mut self) -> Field<E> {
        self.seen_by = SeenBy::HoldersQuietly;
        self
    }

    /// Shown once, in the reply that issues it.
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

    /// Always part of an answer, masked or not (registry.md 1.6).
    pub fn is_always_shown(&self) -> bool {
        matches!(self.name, "ids" | "created_at" | "updated_at" | "deleted_at")
    }
}

/// Makes the row of a field that callers set, and that has the name of the member which holds it. `Row` is the entity's [`Field`].
macro_rules! row {
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
