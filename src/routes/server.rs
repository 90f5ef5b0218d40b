//! The rows about the server itself, and of the files that pages need.

use crate::call::Handler::{Read, Server};
use crate::http::request::Method::Get;
use crate::routes::route::Guard::Open;
use crate::routes::route::{Route, route};
use crate::{assets, health};

#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route("server.health", Get, "/healthz", Open, Server(health::health), "Answer, which shows that the process does."),
    route("server.readiness", Get, "/readyz", Open, Server(health::readiness), "Tell whether the server reads, writes durably, has its schema and room on the disk: 200 or 503."),
    route("asset.script", Get, "/assets/console.js", Open, Read(assets::script), "The little script of the Console."),
    route("asset.sign_in_link_script", Get, "/assets/sign-in-link.js", Open, Read(assets::sign_in_link_script), "The script of the page of a sign-in link."),
    route("asset.icon", Get, "/assets/icon.svg", Open, Read(assets::icon), "The icon of the pages."),
    route("asset.site_logo", Get, "/assets/site-logo", Open, Read(assets::site_logo), "The operator's mark, or keyfob's."),
    route("asset.favicon", Get, "/favicon.ico", Open, Read(assets::favicon), "The same for browsers that look for it there."),
    route("asset.style", Get, "/assets/style.css", Open, Read(assets::style), "The stylesheet of the pages."),
];
