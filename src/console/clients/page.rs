//! What the pages of one client share: its title, its state, its tabs.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::right::{Right, Rights};
use crate::call::{Call, Input};
use crate::console::clients::form::field_label;
use crate::console::page::layout::{Layout, badge, title};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS};
use crate::model::mask::Mask;
use crate::model::settings::Approval;
use crate::page::message;
use crate::registry::approval::{APPROVAL_REQUIRED, APPROVAL_REQUIRED_AGAIN, Withdrawn};
use crate::registry::clients;
use crate::registry::entity::Entity;
use crate::registry::rights;
use crate::store::Deleted;

/// Which of the tabs is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTab {
    Overview,
    Settings,
    Collaborators,
    Secrets,
    Review,
    Activity,
    Danger,
}

impl ClientTab {
    /// Returns the end of the path, the text, and the right required to see anything.
    fn line(self) -> (&'static str, &'static str, Right) {
        match self {
            ClientTab::Overview => ("", "Overview", Right::ClientInfo),
            ClientTab::Settings => ("/settings", "General settings", Right::ClientInfo),
            ClientTab::Collaborators => ("/collaborators", "Collaborators", Right::ClientSettingsCollaborators),
            ClientTab::Secrets => ("/secrets", "Secrets", Right::ClientSettingsBasic),
            ClientTab::Review => ("/review", "Review", Right::ClientInfo),
            ClientTab::Activity => ("/activity", "Activity", Right::ClientInfo),
            ClientTab::Danger => ("/danger", "Danger zone", Right::ClientDelete),
        }
    }
}

const TABS: &[ClientTab] = &[
    ClientTab::Overview,
    ClientTab::Settings,
    ClientTab::Collaborators,
    ClientTab::Secrets,
    ClientTab::Review,
    ClientTab::Activity,
    ClientTab::Danger,
];

/// Returns the message on the next page after a change.
pub fn saved(withdrawn: Withdrawn) -> &'static str {
    match (withdrawn.vouching, withdrawn.approval) {
        (false, false) => "saved",
        (true, false) => "saved-unvouched",
        (false, true) => "saved-unapproved",
        (true, true) => "saved-unvouched-unapproved",
    }
}

/// One client, and the user's rights on it.
pub struct ClientPage<'a> {
    pub layout: Layout<'a>,
    pub client: Client,
    pub rights: Rights,
}

impl<'a> ClientPage<'a> {
    /// Reads the client in the path.
    pub fn of(call: &'a Call<'a>, input: &'a Input<'a>) -> Result<ClientPage<'a>> {
        ClientPage::by_id(call, input, &paths::client(input)?)
    }

    pub fn by_id(call: &'a Call<'a>, input: &'a Input<'a>, id: &ClientId) -> Result<ClientPage<'a>> {
        let layout = Layout::of(call, input)?;
        let rights = rights::on(call.tx, call.by, &Entity::Client(id.clone()), Deleted::No)?;
        let mask = if rights.has(Right::ClientInfo) { Mask::everything(FIELDS) } else { Mask::default() };
        let (client, _) = clients::get(call.tx, call.by, id, &mask)?;
        Ok(ClientPage { layout, client, rights })
    }

    pub fn path(&self, tab: ClientTab) -> String {
        format!("/console/clients/{}{}", self.client.id, tab.line().0)
    }

    /// Warns users other than administrators which decisions of administrators a change would withdraw.
    pub fn stakes(&self) -> Markup {
        let Call { by, settings, .. } = self.layout.call;
        let Client { skip_authorization, endorsed, state, .. } = self.client;
        let is_open = matches!(state, State::Approved | State::Flagged);
        html! {
            @if !by.is_admin && (skip_authorization || endorsed) {
                (message::note(
                    "vouching-at-stake",
                    "The administrators vouch for this client. They no longer do when its name, description, URLs, rights or \
                     administrative contact change, or when it loses its last secret or gets its first.",
                ))
            }
            @if !by.is_admin && is_open {
                @match settings.approval {
                    Approval::Auto => {}
                    Approval::Manual => (message::note("approval-at-stake", "When you change its name or redirect URLs or add rights, it waits for an administrator's approval again.")),
                    Approval::Review => (message::note("approval-at-stake", "What you change is reviewed: if the rules find a reason to ask a person, the client waits for an administrator's approval again.")),
                }
            }
        }
    }

    pub fn show(&self, status: u16, tab: ClientTab, content: &Markup) -> Reply {
        let name = shown_name(&self.client);
        let shown = TABS.iter().filter(|tab| self.rights.has(tab.line().2));
        let content = html! {
            p .crumbs { a href="/console/clients" { "OAuth clients" } }
            (title(name, &badge(self.client.state)))
            p .quiet .under-title {
                code { (self.client.id) }
                @if self.rights.has(Right::ClientInfo) && let Some(reason) = state_reason(&self.client) { " · " (reason) }
            }
            nav .tabs aria-label="Client" {
                @for shown in shown { a href=(self.path(*shown)) aria-current=[(*shown == tab).then_some("page")] { (shown.line().1) } }
            }
            (content)
        };
        self.layout.page(status, MenuItem::Clients, &format!("{name}: {}", tab.line().1), &content)
    }
}

/// Returns the administrators' reason for a client's state; none for a new one, whose state says that it waits for approval.
pub fn state_reason(client: &Client) -> Option<String> {
    let reason = Some(client.state_description.as_str()).filter(|text| !text.is_empty() && *text != APPROVAL_REQUIRED)?;
    let Some(changed) = reason.strip_prefix(APPROVAL_REQUIRED_AGAIN) else { return Some(reason.to_owned()) };
    let (fields, rest) = changed.split_at(changed.find(';').unwrap_or(changed.len()));
    let labels: Vec<String> = fields.trim_start().split(", ").map(field_label).collect();
    Some(format!("{APPROVAL_REQUIRED_AGAIN} {}{rest}", labels.join(", ")))
}

/// Returns the scope that a client without rights has to ask for: it signs its users in and does nothing else. With rights none is needed.
pub fn scope(client: &Client) -> Option<&'static str> {
    client.rights.is_empty().then_some("openid profile email")
}

/// Returns the name, or the ID if there is none.
pub fn shown_name(client: &Client) -> &str {
    if client.name.is_empty() { client.id.as_str() } else { &client.name }
}
