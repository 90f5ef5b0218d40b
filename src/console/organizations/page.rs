//! What the pages of one organization share: its title and its tabs.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::OrganizationId;
use crate::base::right::{Right, Rights};
use crate::call::{Call, Input};
use crate::console::page::layout::{Place, View, title};
use crate::http::reply::Reply;
use crate::model::mask::Mask;
use crate::model::organization::Organization;
use crate::registry::entity::Entity;
use crate::registry::organizations;
use crate::registry::rights;
use crate::store::Deleted;

/// Which of the tabs of an organization is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Settings,
    Clients,
    Members,
    ApiKeys,
}

/// One organization, and what who is signed in may do with it.
#[derive(Debug)]
pub struct Opened<'a> {
    pub view: View<'a>,
    pub organization: Organization,
    pub rights: Rights,
}

impl<'a> Opened<'a> {
    pub fn by_id(call: &'a Call<'a>, input: &'a Input<'a>, id: &OrganizationId) -> Result<Opened<'a>> {
        let rights = rights::on(call.tx, call.by, &Entity::Organization(id.clone()), Deleted::No)?;
        let (organization, _) = organizations::get(call.tx, call.by, id, &Mask::default())?;
        Ok(Opened { view: View::of(call, input)?, organization, rights })
    }

    pub fn path(&self) -> String {
        format!("/console/organizations/{}", self.organization.id)
    }

    pub fn page(&self, status: u16, tab: Tab, content: &Markup) -> Reply {
        let id = self.organization.id.as_str();
        let name = if self.organization.name.is_empty() { id } else { &self.organization.name };
        let here = |this: Tab| (tab == this).then_some("page");
        let content = html! {
            p .crumbs { a href="/console/organizations" { "Organizations" } }
            (title(name, &html! {}))
            p .quiet .under-title { code { (id) } }
            nav .tabs aria-label="Organization" {
                a href=(self.path()) aria-current=[here(Tab::Settings)] { "General settings" }
                @if self.rights.has(Right::OrganizationClientsList) {
                    a href={(self.path()) "/clients"} aria-current=[here(Tab::Clients)] { "OAuth clients" }
                }
                @if self.rights.has(Right::OrganizationSettingsMembers) {
                    a href={(self.path()) "/members"} aria-current=[here(Tab::Members)] { "Members" }
                }
                @if self.rights.has(Right::OrganizationSettingsApiKeys) {
                    a href={(self.path()) "/api-keys"} aria-current=[here(Tab::ApiKeys)] { "API keys" }
                }
            }
            (content)
        };
        self.view.page(status, Place::Organizations, name, &content)
    }
}
