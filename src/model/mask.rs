//! Field masks (registry.md 1.6).

use serde_json::Value;

use crate::base::validation::{FIELD_MASK_PATHS, Invalid};
use crate::model::field::{Field, Purpose};
use crate::model::shape::Shape;

/// The fields of a mask, each by its index in `FIELDS`, with the path below it if one was named.
#[derive(Clone, Debug, Default)]
pub struct Mask(Vec<(usize, Option<&'static str>)>);

impl Mask {
    /// Parses a mask. Fails if a path is not in the table.
    pub fn parse<E>(fields: &'static [Field<E>], purpose: Purpose, paths: &[String]) -> Result<Mask, Invalid> {
        let mut mask = Mask::default();
        let mut forbidden: Vec<Value> = Vec::new();
        for path in paths {
            match find(fields, purpose, path) {
                Some(found) if mask.0.contains(&found) => {}
                Some(found) => mask.0.push(found),
                None => forbidden.push(path.as_str().into()),
            }
        }
        if purpose == Purpose::Read && mask.names(fields, "contact_info") {
            mask.add_contacts(fields);
        }
        if forbidden.is_empty() { Ok(mask) } else { Err(Invalid::named(FIELD_MASK_PATHS.with("forbidden_paths", forbidden))) }
    }

    /// Returns a mask with every field of the table.
    pub fn everything<E>(fields: &[Field<E>]) -> Mask {
        Mask((0..fields.len()).map(|place| (place, None)).collect())
    }

    /// Removes a field and what is below it.
    pub fn without<E>(mut self, fields: &[Field<E>], name: &str) -> Mask {
        self.0.retain(|(place, _)| fields[*place].name != name);
        self
    }

    /// Returns whether it has a field, or something below it.
    pub fn names<E>(&self, fields: &[Field<E>], name: &str) -> bool {
        self.0.iter().any(|(place, _)| fields[*place].name == name)
    }

    pub fn add<E>(&mut self, fields: &[Field<E>], name: &str) {
        let place = fields.iter().position(|field| field.name == name).expect("only fields of the table are added");
        self.0.push((place, None));
    }

    /// Adds the contacts to a mask with `contact_info` (registry.md 1.9).
    fn add_contacts<E>(&mut self, fields: &[Field<E>]) {
        for (place, field) in fields.iter().enumerate() {
            if matches!(field.shape, Shape::Account) && !self.has(place) {
                self.0.push((place, None));
            }
        }
    }

    /// Returns whether it has nothing that only holders may read.
    pub fn is_public<E>(&self, fields: &'static [Field<E>]) -> bool {
        self.fields(fields).iter().all(|field| field.is_public())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the fields, in the order of the table.
    pub fn fields<E>(&self, fields: &'static [Field<E>]) -> Vec<&'static Field<E>> {
        (0..fields.len()).filter(|place| self.has(*place)).map(|place| &fields[place]).collect()
    }

    /// Returns whether it has the field at this index, or something below it.
    pub fn has(&self, place: usize) -> bool {
        self.0.iter().any(|(p, _)| *p == place)
    }

    /// Returns whether a value at this index is to be shown. A path below an account counts only if the account has that arm.
    pub fn shows(&self, place: usize, value: &Value) -> bool {
        self.0.iter().filter(|(p, _)| *p == place).any(|(_, below)| match below {
            Some(path) if path.starts_with("ids.") => path.split('.').nth(1).is_some_and(|arm| value.get(arm).is_some()),
            _ => true,
        })
    }
}

fn find<E>(fields: &'static [Field<E>], purpose: Purpose, path: &str) -> Option<(usize, Option<&'static str>)> {
    let (name, below) = path.split_once('.').map_or((path, None), |(name, below)| (name, Some(below)));
    let place = fields.iter().position(|field| field.name == name)?;
    let field = &fields[place];
    if !field.masked_in.allows(purpose) {
        return None;
    }
    match below {
        None => Some((place, None)),
        Some(below) => field.below.iter().find(|path| **path == below).map(|path| (place, Some(*path))),
    }
}
