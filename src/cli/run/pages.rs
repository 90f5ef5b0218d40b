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

/// The pages of the list at a path that are asked for.
pub struct Pages<'a> {
    path: &'a str,
    query: QueryPairs,
    /// Whether all are asked for, or only one.
    all: bool,
    limit: Option<usize>,
    first: usize,
}

impl<'a> Pages<'a> {
    /// Returns those that flags ask for.
    fn of(path: &'a str, mut query: QueryPairs, values: &Values) -> Result<Pages<'a>, UsageError> {
        let all = values.switch("all-pages")?;
        if all && values.has("page") {
            return Err(UsageError("--all-pages and --page exclude each other".to_owned()));
        }
        let number = |key: &str| {
            values.one(key).map(|text| text.parse::<usize>().map_err(|_| UsageError(format!("--{key} is a number")))).transpose()
        };
        let largest = if path.starts_with("search/") { SEARCH_PAGE } else { PAGE };
        if let Some(order) = values.one("order") {
            query.push(("order".to_owned(), order.to_owned()));
        }
        Ok(Pages { path, query, all, limit: number("limit")?.or(all.then_some(largest)), first: number("page")?.unwrap_or(0) })
    }

    /// Returns all of a list whose items take the server long.
    pub fn all(path: &'a str, query: QueryPairs) -> Pages<'a> {
        Pages { path, query, all: true, limit: Some(SEARCH_PAGE), first: 0 }
    }
}

/// Requests the list at `path` and prints it.
pub fn print(path: &str, query: QueryPairs, values: &Values, remote: &Remote, columns: &[&str]) -> Result<(), Failure> {
    let mut list = List::begin(&values.format, columns);
    let rest = each(&Pages::of(path, query, values)?, remote, |items| list.add(items))?;
    list.end()?;
    rest.map_or(Ok(()), |rest| {
        note(&rest);
        Ok(())
    })
}

/// Requests the pages and hands each to `take`. If there are more than were asked for, returns how to get them.
pub fn each(pages: &Pages<'_>, remote: &Remote, mut take: impl FnMut(&[Value]) -> Result<(), Failure>) -> Result<Option<String>, Failure> {
    let Pages { path, query, all, first, .. } = pages;
    let (mut limit, mut page, mut done) = (pages.limit, (*first).max(1), 0);
    loop {
        let mut query = query.clone();
        if let Some(limit) = limit {
            query.push(("limit".to_owned(), limit.to_string()));
        }
        if page > 1 || *first > 0 {
            query.push(("page".to_owned(), page.to_string()));
        }
        let answer = remote.read(path, &query)?;
        let items = items(&answer.body);
        take(items)?;
        done += items.len();
        let total = answer.total.unwrap_or(done);
        if !all {
            let asked = limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_PAGE);
            let before = (page - 1) * asked;
            if let Some((limit, page)) = answer.next.filter(|(limit, _)| *limit != asked) {
                let rest = format!("{} of {total} are shown: --limit {limit} --page {page} shows the next, --all-pages all", items.len());
                return Ok(Some(rest));
            }
            let is_end = before + items.len() >= total || items.is_empty();
            let rest = || format!("{} of {total} are shown: --page {} shows the next, --all-pages all", items.len(), page + 1);
            return Ok((!is_end).then(rest));
        }
        progress(done, total);
        if done >= total || items.is_empty() {
            return Ok(None);
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
