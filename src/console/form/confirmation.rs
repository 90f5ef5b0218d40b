//! What cannot be undone is confirmed by typing what it is called: one page that asks, whatever it is about.

use maud::html;

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::fields::{Fields, label};
use crate::console::form::problem::Problem;
use crate::console::page::layout::{Place, View, title};
use crate::http::form::Form;
use crate::http::reply::Reply;

#[derive(Debug)]
pub struct Confirmation {
    pub place: Place,
    pub what: String,
    pub consequence: String,
    /// Where the page stands; its form leads to the same address.
    pub path: String,
    /// Where the reader came from.
    pub back: String,
    /// What must be typed.
    pub typed: String,
}

/// The page that asks.
pub fn ask<'r>(input: &'r Input<'r>, about: impl FnOnce(&Call<'_>) -> Result<Confirmation> + 'r) -> Result<Work<'r>> {
    Ok(Box::new(move |call| about(call)?.page(call, input, 200, None)))
}

/// Goes through with it if the right thing was typed. What was wrong, or is refused, stands on the page that asked.
pub fn go_through<'r>(
    input: &'r Input<'r>,
    about: impl FnOnce(&Call<'_>) -> Result<Confirmation> + 'r,
    act: impl FnOnce(&Call<'_>) -> Result<Reply> + 'r,
) -> Result<LongWork<'r>> {
    let typed = Form::of_body(input.request)?.one("confirm").to_owned();
    Ok(Box::new(move |transactions| {
        let asked = transactions.read(about)?;
        let problem = if typed != asked.typed {
            Problem::new("confirm", format!("Type {} to confirm.", asked.typed))
        } else {
            match transactions.write(act) {
                Ok(reply) => return Ok(reply),
                Err(error) => Problem::of(error)?,
            }
        };
        transactions.read(|call| asked.page(call, input, 400, Some(problem)))
    }))
}

impl Confirmation {
    fn page(&self, call: &Call<'_>, input: &Input<'_>, status: u16, problem: Option<Problem>) -> Result<Reply> {
        let view = View::of(call, input)?;
        let fields = Fields::with(problem);
        let content = html! {
            (title(&self.what, &html! {}))
            p { (self.consequence) " " strong { "This cannot be undone." } }
            p { "Type " code { (self.typed) } " to confirm." }
            (fields.summary())
            (view.form(&self.path, &html! {
                (fields.text(label("confirm", "Type it to confirm", "Exactly as shown above."), ""))
                div .submit { button .danger { (self.what) } a href=(self.back) { "Cancel" } }
            }))
        };
        Ok(view.page(status, self.place, &self.what, &content))
    }
}
