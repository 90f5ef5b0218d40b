//! `keyfob serve`: opens the store, creates the first administrator, listens, and stops in order.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pico_args::Arguments;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::App;
use crate::base::error::{Error, Kind};
use crate::base::{log, printable};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::serve::settings::{self, Configuration};
use crate::cli::serve::sweeper::Sweeper;
use crate::http::server::Server;
use crate::registry::bootstrap::{Administrator, FirstCredentials, administrator};
use crate::store::Store;

/// How long running requests may take to finish after a signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(4500);

pub fn serve(arguments: Arguments) -> Result<(), Failure> {
    log::open();
    std::panic::set_hook(Box::new(log_panic));
    let configuration = settings::read(arguments)?;
    // From here on a signal stops the server in order, and a temporary database is deleted.
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| refused("cannot listen for signals", &error))?;
    // The port first: if it is taken, no file is created.
    let server = Server::bind(&configuration.listen, configuration.limits.clone())
        .map_err(|error| refused(&format!("cannot listen on {}, choose another address with --listen", configuration.listen), &error))?;
    let store = match &configuration.data {
        Some(path) => Store::open(Path::new(path)),
        None => Store::ephemeral(),
    };
    let store = store.map_err(|error| refused(configuration.data.as_deref().unwrap_or("temporary database"), &error))?;
    let issued = make_administrator(&store, &configuration)?;

    let url = format!("http://{}", server.address());
    let ready = ready_line(&url, &store, issued.as_ref().filter(|_| configuration.data.is_none()));
    let mut settings = configuration.settings;
    if settings.public_url.is_empty() {
        settings.public_url = url;
    }
    let app = Arc::new(App::new(store, settings));
    let server = Arc::new(server);

    let done = run(server.clone(), app.clone(), configuration.workers);
    announce(&ready).map_err(|error| refused("cannot write to standard output", &error))?;
    let sweeper = Sweeper::start(app.clone());
    signals.forever().next();
    log::info("stopping", &[]);
    server.stop();
    sweeper.stop();
    if done.recv_timeout(SHUTDOWN_TIMEOUT).is_err() {
        log::warn("some requests did not finish in time", &[]);
        // Threads still hold the store, which therefore cannot delete its own files.
        app.store().abandon();
    }
    Ok(())
}

/// Logs a panic. Only texts of the source are shown, nothing that came with a request.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("panic");
    let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    log::error(text, &[("place", place.into())]);
}

/// Answers requests on a thread of its own. The receiver gets a message once every worker has returned.
fn run(server: Arc<Server>, app: Arc<App>, workers: usize) -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        if let Err(error) = server.run(workers, &|request, before_blocking| app.answer(request, before_blocking)) {
            // A supervisor starts the process again.
            log::error("nothing can be answered any more", &[("cause", error.to_string().into())]);
            app.store().abandon();
            std::process::exit(1);
        }
        drop(app);
        // Errors are ignored: the receiver is gone only when the process ends.
        let _ = sender.send(());
    });
    receiver
}

fn make_administrator(store: &Store, configuration: &Configuration) -> Result<Option<FirstCredentials>, Failure> {
    let wanted = Administrator {
        user_id: configuration.admin_user.clone(),
        password: configuration.admin_password.clone(),
        api_key: configuration.admin_api_key.clone(),
        password_rounds: configuration.settings.password_rounds,
    };
    let given = configuration.admin_password.is_some() || configuration.admin_api_key.is_some();
    match administrator(store, wanted) {
        Ok(Some(issued)) => {
            introduce(&issued);
            Ok(Some(issued))
        }
        Ok(None) => {
            if given {
                log::info("the database has users: KEYFOB_ADMIN_PASSWORD and KEYFOB_ADMIN_API_KEY are not used", &[]);
            }
            Ok(None)
        }
        Err(Error::Named(named)) if named.kind == Kind::InvalidArgument => {
            let setting = match named.definition.name {
                "admin_user" => "--admin-user",
                "admin_password" => "KEYFOB_ADMIN_PASSWORD",
                _ => "KEYFOB_ADMIN_API_KEY",
            };
            Err(UsageError(format!("{setting}: {}", named.message())).into())
        }
        Err(error) => Err(refused("cannot make the administrator", &error)),
    }
}

/// Shows generated secrets once, on standard error. Those from the environment are known already.
fn introduce(issued: &FirstCredentials) {
    let mut lines = String::new();
    if let Some(password) = &issued.password {
        lines.push_str(&format!("  password: {password}\n"));
    }
    if issued.api_key_generated {
        lines.push_str(&format!("  API key:  {}\n", issued.api_key));
    }
    if !lines.is_empty() {
        let text = format!("keyfob: made the administrator `{}`. This is shown once, keep it:\n{lines}", issued.user_id);
        // Errors are ignored: there is nowhere to report them.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// Returns one line of JSON with the address of the server, and for a temporary database with an API key.
fn ready_line(url: &str, store: &Store, issued: Option<&FirstCredentials>) -> String {
    let mut ready = json!({
        "ready": true,
        "url": url,
        "pid": std::process::id(),
        "data": store.path().display().to_string(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let Some(issued) = issued {
        ready["admin_api_key"] = issued.api_key.as_str().into();
    }
    printable::json(&ready.to_string()) + "\n"
}

fn announce(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

fn refused(what: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::Refused(format!("{what}: {why}"))
}
