//! What the pages of one organization share: its title and its tabs.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::OrganizationId;
use crate::base::right::{Right, Rights};
use crate::call::{Call, Input};
use crate::console::page::layout::{Layout, title};
use crate::console::page::menu::MenuItem;
use crate::http::reply::Reply;
use crate::model::mask::Mask;
use crate::model::organization::Organization;
use crate::registry::entity::Entity;
use crate::registry::organizations;
use crate::registry::rights;
use crate::store::Deleted;

/// Which of the tabs of an organization is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationTab {
    Settings,
    Clients,
    Members,
    ApiKeys,
}

/// With the end of the path, the text, and the right required to see anything.
const TABS: &[(OrganizationTab, &str, &str, Right)] = &[
    (OrganizationTab::Settings, "", "General settings", Right::OrganizationInfo),
    (OrganizationTab::Clients, "/clients", "OAuth clients", Right::OrganizationClientsList),
    (OrganizationTab::Members, "/members", "Members", Right::OrganizationSettingsMembers),
    (OrganizationTab::ApiKeys, "/api-keys", "API keys", Right::OrganizationSettingsApiKeys),
];

/// One organization, and the user's rights on it.
pub struct OrganizationPage<'a> {
    pub layout: Layout<'a>,
    pub organization: Organization,
    pub rights: Rights,
}

impl<'a> OrganizationPage<'a> {
    pub fn by_id(call: &'a Call<'a>, input: &'a Input<'a>, id: &OrganizationId) -> Result<OrganizationPage<'a>> {
        let rights = rights::on(call.tx, call.by, &Entity::Organization(id.clone()), Deleted::No)?;
        let (organization, _) = organizations::get(call.tx, call.by, id, &Mask::default())?;
        Ok(OrganizationPage { layout: Layout::of(call, input)?, organization, rights })
    }

    /// Says what an organization is for.
    pub const PURPOSE: &'static str = "An organization owns OAuth clients and API keys for several people: its members share them, and nothing is lost when one of them leaves.";

    pub fn path(&self) -> String {
        format!("/console/organizations/{}", self.organization.id)
    }

    pub fn show(&self, status: u16, tab: OrganizationTab, content: &Markup) -> Reply {
        let id = self.organization.id.as_str();
        let name = if self.organization.name.is_empty() { id } else { &self.organization.name };
        let here = |this: OrganizationTab| (tab == this).then_some("page");
        let content = html! {
            p .crumbs { a href="/console/organizations" { "Organizations" } }
            (title(name, &html! {}))
            p .quiet .under-title { code { (id) } }
            @if tab == OrganizationTab::Settings { p .quiet { (OrganizationPage::PURPOSE) } }
            nav .tabs aria-label="Organization" {
                @for (tab, end, text, right) in TABS {
                    @if self.rights.has(*right) { a href={(self.path()) (end)} aria-current=[here(*tab)] { (text) } }
                }
            }
            (content)
        };
        self.layout.page(status, MenuItem::Organizations, name, &content)
    }
}
