//! The danger zone of a client.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::form::deletion::zone;
use crate::registry::entity::Entity;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let entity = Entity::Client(page.client.id.clone());
        Ok(page.show(200, ClientTab::Danger, &zone(&page.layout, &entity)))
    }))
}
