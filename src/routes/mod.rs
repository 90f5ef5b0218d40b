//! Floor 6: every request that is answered, one per row.

mod api;
mod console;
mod find;
mod oauth;
mod route;
mod server;

pub use find::{RouteMatch, find, find_password, origins};
pub use route::{ConsoleAccess, Guard, Operation, Origins, Route};

/// The rows, by the part of the program that answers them.
const GROUPS: [&[Route]; 4] = [api::ROUTES, oauth::ROUTES, console::ROUTES, server::ROUTES];

/// Every row.
pub static ROUTES: &[Route] = &joined();

const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

const fn joined() -> [Route; COUNT] {
    let mut routes = [GROUPS[0][0]; COUNT];
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            routes[count] = Route { number: count, ..GROUPS[group][row] };
            count += 1;
            row += 1;
        }
        group += 1;
    }
    routes
}
