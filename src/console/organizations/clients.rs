//! The clients of an organization.

use maud::html;

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::right::Right;
use crate::call::{Input, Work};
use crate::console::clients::list::{clients_table, no_match, of_account, states};
use crate::console::organizations::page::{OrganizationPage, OrganizationTab};
use crate::console::page::layout::link_button;
use crate::console::page::listing::Listing;
use crate::console::page::paths::{self, account_value};
use crate::page::message;
use crate::store::Deleted;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::organization(input)?;
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let page = OrganizationPage::by_id(call, input, &id)?;
        let owner = AccountId::Organization(id);
        let add = format!("/console/add/client?owner={}", account_value(&owner));
        let found = of_account(call, &listing, owner)?;
        let short = listing.if_short(found.total);
        let content = html! {
            div .title {
                h2 { "OAuth clients" }
                @if page.rights.has(Right::OrganizationClientsCreate) { (link_button(&add, "+ Add OAuth client")) }
            }
            div .tools { (listing.search("ID, name or description")) (states(&listing)) }
            (listing.shown(found, |clients| clients_table(&page.layout, &listing, Deleted::No, clients, short), || html! {
                @if listing.is_search() { (no_match(&listing)) }
                @else { (message::empty("no-clients", "The organization has no clients. Members who may register clients can add some.")) }
            })?)
        };
        Ok(page.show(200, OrganizationTab::Clients, &content))
    }))
}
