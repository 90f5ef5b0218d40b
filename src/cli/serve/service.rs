//! What answers the requests.

use std::sync::Arc;

use crate::app::App;
use crate::fixture::server::Fixture;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::server::RequestWait;

/// The app, or for tests the fixture around it.
#[derive(Clone)]
pub enum Service {
    App(Arc<App>),
    Fixture(Arc<Fixture>),
}

impl Service {
    pub fn app(&self) -> &Arc<App> {
        match self {
            Service::App(app) => app,
            Service::Fixture(fixture) => fixture.app(),
        }
    }

    pub fn answer(&self, request: Request, waiting: &RequestWait<'_>) -> Reply {
        match self {
            Service::App(app) => app.answer(request, waiting.before_blocking),
            Service::Fixture(fixture) => fixture.answer(request, waiting),
        }
    }
}
