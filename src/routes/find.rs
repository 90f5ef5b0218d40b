//! Finds the row of a request.

use std::sync::LazyLock;

use crate::http::path::{Captures, PathPattern};
use crate::http::request::Method;
use crate::routes::ROUTES;
use crate::routes::route::{Guard, Origins, Route};

/// The result of looking a request up in `ROUTES`.
pub enum RouteMatch {
    Route(&'static Route, Captures),
    /// The path exists, but only with these methods.
    WrongMethod(Vec<Method>),
    Nothing,
}

/// A row with the pattern of its path.
struct Row {
    path: PathPattern,
    route: &'static Route,
}

/// The rows by the number of segments in their paths: a request is compared only with those of its own length.
static BY_LENGTH: LazyLock<Vec<Vec<Row>>> = LazyLock::new(|| {
    let mut rows = Vec::new();
    for route in ROUTES {
        let path = PathPattern::of(route.path);
        rows.resize_with(rows.len().max(path.length() + 1), Vec::new);
        rows[path.length()].push(Row { path, route });
    }
    rows
});

/// Finds the route of a request. The only place that looks at paths and methods.
pub fn find(method: Method, segments: &[String]) -> RouteMatch {
    let mut others = Vec::new();
    for row in rows(segments) {
        if row.route.method == method || (method == Method::Head && row.route.answers_head()) {
            return RouteMatch::Route(row.route, row.path.captures(segments));
        }
        others.push(row.route.method);
        if row.route.answers_head() {
            others.push(Method::Head);
        }
    }
    if others.is_empty() { RouteMatch::Nothing } else { RouteMatch::WrongMethod(others) }
}

/// Returns the row of this path that takes a password, if there is one.
pub fn find_password(segments: &[String]) -> Option<&'static Route> {
    rows(segments).map(|row| row.route).find(|route| matches!(route.guard, Guard::Password))
}

/// Returns the origins whose scripts may read replies at a path, whatever the method.
pub fn origins(segments: &[String]) -> Origins {
    if rows(segments).any(|row| row.route.origins == Origins::Any) { Origins::Any } else { Origins::Own }
}

/// Returns the rows that match a path, whatever their method.
fn rows(segments: &[String]) -> impl Iterator<Item = &'static Row> {
    BY_LENGTH.get(segments.len()).into_iter().flatten().filter(move |row| row.path.matches(segments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Handler::{List, Read};
    use crate::http::request::Method::{Get, Post};
    use crate::routes::ConsoleAccess;
    use crate::routes::Guard::{Console, Holds, HoldsEvenDeleted, HoldsOrIsToken, HoldsToList};

    fn segments(path: &str) -> Vec<String> {
        path[1..].split('/').map(str::to_owned).collect()
    }

    #[test]
    fn no_two_rows_match_one_request() {
        for route in ROUTES {
            let example = segments(&route.path.replace(['{', '}'], ""));
            let rows = BY_LENGTH[example.len()].iter().filter(|row| row.route.method == route.method && row.path.matches(&example));
            assert_eq!(rows.count(), 1, "{}", route.path);
        }
    }

    #[test]
    fn get_never_writes_but_where_oauth_says_so() {
        // A code is issued without a question where the user has agreed, a client or an app signs its user out by a link, keys are made when they are
        // first asked for, and the first use of a refreshed token is recorded.
        const WRITING: &[&str] = &["oauth.authorize", "oauth.logout", "oauth.end_session", "oauth.keys", "oauth.userinfo"];
        for route in ROUTES.iter().filter(|route| route.method == Get && !route.is_about_server()) {
            assert_eq!(!matches!(route.handler, Read(_) | List(_)), WRITING.contains(&route.name), "{}", route.name);
        }
    }

    #[test]
    fn a_right_is_one_of_the_entity_that_the_path_captures_first() {
        for route in ROUTES {
            let console = match route.guard {
                Console(ConsoleAccess::Holds(right) | ConsoleAccess::HoldsEvenDeleted(right)) => Some(right),
                _ => None,
            };
            let api = match route.guard {
                Holds(right) | HoldsToList(right) | HoldsEvenDeleted(right) | HoldsOrIsToken(right) => Some(right),
                _ => None,
            };
            if let Some(right) = console.or(api) {
                let entity = right.name().split('_').nth(1).unwrap_or_default().to_lowercase();
                let first = route.path.split('{').nth(1).unwrap_or_default();
                assert!(first.starts_with(&format!("{entity}_id")), "{} {}", route.name, right.name());
            }
        }
    }

    #[test]
    fn a_path_with_another_method_is_told_apart_from_no_path() {
        assert!(matches!(find(Post, &segments("/api/v3/clients")), RouteMatch::WrongMethod(_)));
        assert!(matches!(find(Get, &segments("/api/v3/nothing")), RouteMatch::Nothing));
        assert!(matches!(find(Get, &segments("/api/v3/clients/")), RouteMatch::Nothing));
    }
}
