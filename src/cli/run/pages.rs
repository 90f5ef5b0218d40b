//! Lists: one page, or all of them.

use serde_json::Value;

use crate::cli::api_error::{ApiError, SMALL_PAGES};
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::http::{QueryPairs, Remote};
use crate::cli::run::output::List;
use crate::cli::terminal::{note, progress};

/// The most items of a page; The Things Stack has no larger pages of a search.
const PAGE: usize = 1000;
const SEARCH_PAGE: usize = 100;

/// The size of a page where no limit is asked for.
const DEFAULT_PAGE: usize = 100;

/// Requests the list at `path` and prints it.
pub fn print(path: &str, mut query: QueryPairs, values: &Values, remote: &Remote, columns: &[&str]) -> Result<(), Failure> {
    let all = values.switch("all-pages")?;
    if all && values.has("page") {
        return Err(UsageError("--all-pages and --page exclude each other".to_owned()).into());
    }
    let number =
        |key: &str| values.one(key).map(|text| text.parse::<usize>().map_err(|_| UsageError(format!("--{key} is a number")))).transpose();
    let largest = if path.starts_with("search/") { SEARCH_PAGE } else { PAGE };
    let mut limit = number("limit")?.or(all.then_some(largest));
    let first = number("page")?.unwrap_or(0);
    if let Some(order) = values.one("order") {
        query.push(("order".to_owned(), order.to_owned()));
    }
    let mut list = List::begin(&values.format, columns);
    let (mut page, mut done) = (first.max(1), 0);
    loop {
        let mut query = query.clone();
        if let Some(limit) = limit {
            query.push(("limit".to_owned(), limit.to_string()));
        }
        if page > 1 || first > 0 {
            query.push(("page".to_owned(), page.to_string()));
        }
        let answer = remote.read(path, &query)?;
        let items = items(&answer.body);
        list.add(items)?;
        done += items.len();
        let total = answer.total.unwrap_or(done);
        if !all {
            list.end()?;
            let asked = limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_PAGE);
            let before = (page - 1) * asked;
            if let Some((limit, page)) = answer.next.filter(|(limit, _)| *limit != asked) {
                note(&format!("{} of {total} are shown: --limit {limit} --page {page} shows the next, --all-pages all", items.len()));
            } else if before + items.len() < total && !items.is_empty() {
                note(&format!("{} of {total} are shown: --page {} shows the next, --all-pages all", items.len(), page + 1));
            }
            return Ok(());
        }
        progress(done, total);
        if done >= total || items.is_empty() {
            return list.end();
        }
        if let Some((next_limit, next_page)) = answer.next.filter(|(_, next)| *next > 1) {
            // The limit may be smaller: this page may have been too large, and have ended early.
            (limit, page) = (Some(next_limit), next_page);
            continue;
        }
        if limit.is_some_and(|limit| limit > 0 && items.len() < limit) {
            return Err(ApiError::from(SMALL_PAGES.with("limit", items.len())).into());
        }
        page += 1;
    }
}

/// Returns the list in an answer; answers leave out an empty one.
fn items(body: &Value) -> &[Value] {
    let lists = body.as_object().into_iter().flat_map(|members| members.values());
    lists.filter_map(Value::as_array).next().map_or(&[], Vec::as_slice)
}
