//! What a page tells, by its names rather than its wording (`src/page/message.rs`).

use crate::browser::Browser;
use crate::server::{Answer, Server};

impl Answer {
    /// The values of an attribute, in the order of the page.
    fn marked(&self, attribute: &str) -> Vec<String> {
        let (page, begin) = (self.text(), format!(" {attribute}=\""));
        page.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    }

    /// The text of the element with this ID, which has no other in it.
    #[track_caller]
    pub fn text_of(&self, id: &str) -> String {
        let page = self.text();
        let rest = page.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no {id} in {page}"));
        let text = rest.split("</").next().unwrap_or_default();
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }

    pub fn messages(&self) -> Vec<String> {
        self.marked("data-message")
    }

    /// The IDs in its lists.
    pub fn items(&self) -> Vec<String> {
        self.marked("data-item")
    }

    /// The rules whose findings it shows.
    pub fn findings(&self) -> Vec<String> {
        self.marked("data-finding")
    }

    pub fn dangerous_rights(&self) -> Vec<String> {
        self.marked("data-dangerous")
    }

    pub fn states(&self) -> Vec<String> {
        self.marked("data-state")
    }

    /// The names of the errors that it explains.
    pub fn errors(&self) -> Vec<String> {
        self.marked("data-error")
    }

    #[track_caller]
    pub fn tells(&self, message: &str) {
        assert!(self.messages().iter().any(|told| told == message), "{message} is not in {:?}\n{}", self.messages(), self.text());
    }

    #[track_caller]
    pub fn does_not_tell(&self, message: &str) {
        assert!(!self.messages().iter().any(|told| told == message), "{message} is in {:?}\n{}", self.messages(), self.text());
    }

    /// A list with exactly these.
    #[track_caller]
    pub fn lists(&self, ids: &[&str]) {
        let mut items = self.items();
        items.sort();
        assert_eq!(items, ids, "{}", self.text());
    }

    /// A page with this status about this error.
    #[track_caller]
    pub fn explains(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.errors()), (status, vec![error.to_owned()]), "{}", self.text());
    }

    /// A form that came back because of this field, which says so beside it.
    #[track_caller]
    pub fn refuses(&self, field: &str, error: &str) {
        self.explains(400, error);
        assert_eq!(self.marked("data-problem"), [field], "{}", self.text());
        assert!(self.text().contains(&format!(" id=\"{field}-problem\"")), "nothing is said beside {field}\n{}", self.text());
    }

    /// The rights on the page that asks for them.
    pub fn rights_asked_for(&self) -> Vec<String> {
        self.marked("title").into_iter().filter(|title| title.starts_with("RIGHT_")).collect()
    }

    /// The other words of the scope there.
    pub fn scopes_asked_for(&self) -> Vec<String> {
        self.marked("data-scope")
    }

    pub fn asks_for_consent(&self) -> bool {
        self.text().contains("name=\"authorize\" value=\"true\"")
    }
}

impl Browser {
    /// A page that is there.
    #[track_caller]
    pub fn opens(&mut self, server: &Server, target: &str) -> Answer {
        let answer = self.get(server, target);
        assert_eq!(answer.status, 200, "{target}");
        answer
    }
}
