//! The danger zone of a client.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::console::clients::page::{Opened, Tab};
use crate::console::form::deletion::zone;
use crate::registry::entity::Entity;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let opened = Opened::of(call, input)?;
        let entity = Entity::Client(opened.client.id.clone());
        Ok(opened.page(200, Tab::Danger, &zone(&opened.view, &entity)))
    }))
}
