//! `keyfob serve`: opens the store, creates the first administrator, listens, reloads, and stops in order.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use pico_args::Arguments;
use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::App;
use crate::base::{log, output, printable};
use crate::cli::failure::Failure;
use crate::cli::serve::background::{Background, Stopped};
use crate::cli::serve::control_socket::ControlSocket;
use crate::cli::serve::declaration::ServedDeclaration;
use crate::cli::serve::introduction::READER_TIMEOUT;
use crate::cli::serve::metrics_listener::MetricsListener;
use crate::cli::serve::opening::{self, Opened};
use crate::cli::serve::public_url::Lifetime;
use crate::cli::serve::reload::Reloads;
use crate::cli::serve::service::Service;
use crate::cli::serve::service_manager::ServiceManager;
use crate::cli::serve::settings::{self, Configuration};
use crate::cli::serve::sockets::{LocalUrls, check_fixture_addresses, listen};
use crate::cli::serve::{
    backups, certificate, checkpoints, declaration, file_checks, key_maker, observer, prober, protected_names, seed, site_logo, sweeper,
};
use crate::fixture::controls::PREFIX;
use crate::fixture::server::Fixture;
use crate::fixture::world::World;
use crate::fixture::worlds::Worlds;
use crate::http::certificate::Certificate;
use crate::http::server::Server;
use crate::model::deployment::BackupSchedule;
use crate::model::settings::{ReviewProbe, Settings};
use crate::registry::bootstrap::FirstCredentials;
use crate::store::Store;

/// How long running requests may take to finish after a signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(4500);

/// Signals that come together are one: some tools send theirs to a process and to its group.
const SAME_SIGNAL: Duration = Duration::from_millis(500);

/// What the process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProcessEvent {
    Signal(i32),
    /// What started this process is gone.
    StarterGone,
    /// Every request is answered, and nothing uses the store any more.
    Finished,
}

pub fn serve(arguments: Arguments, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let mut configuration = settings::read(arguments)?;
    check_fixture_addresses(&configuration)?;
    let manager = Arc::new(ServiceManager::find()?);
    let log_file = configuration.log_file.as_deref();
    let _log = log::open(configuration.log, log_file.map(Path::new))
        .map_err(|error| Failure::because(&format!("cannot open the log {}", log_file.unwrap_or("on standard error")), &error))?;
    std::panic::set_hook(Box::new(log_panic));
    warnings.drain(..).for_each(|warning| log::warn(&warning, &[]));
    // From here on a signal stops the server in order, and a temporary database is deleted.
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|error| Failure::because("cannot listen for signals", &error))?;
    let certificate = certificate::read(&configuration)?;
    read_at_start(&configuration)?;
    let lifetime = if configuration.data.is_some() { Lifetime::Lasting } else { Lifetime::Ephemeral };
    // A seed first, because it may be refused; otherwise the ports: if one is taken, no file is created.
    let seeded = seed::read(&mut configuration)?.map(|seed| opening::with_seed(&configuration, seed)).transpose()?;
    let authority = certificate::authority(&configuration)?;
    let tls = certificate::server_config(certificate.as_ref(), authority.as_ref())?;
    let (server, urls, public_url) = listen(&mut configuration, tls, lifetime)?;
    let metrics = configuration.metrics_listen.as_deref().map(MetricsListener::bind).transpose()?;
    let Opened { store, issued, beginning } = seeded.map_or_else(|| opening::without_seed(&configuration), Ok)?;
    if let Some(declaration) = &configuration.declaration {
        declaration.apply(&store, &configuration.settings)?;
    }
    let issued = issued.filter(|_| lifetime == Lifetime::Ephemeral);
    let mut ready = ready_line(&urls, metrics.as_ref().and_then(MetricsListener::url), &store, issued.as_ref());
    let settings = Settings { public_url, deployment: configuration.deployment(), ..configuration.settings };
    let service = match configuration.fixture.zip(beginning) {
        None => Service::App(Arc::new(App::new(store, settings))),
        Some((fixture, beginning)) => {
            if let Some(authority) = authority {
                ready["ca"] = certificate::write_beside(store.path(), authority.pem())?.into();
            }
            let controls = format!("{}{PREFIX}", urls.controls);
            ready["fixture"] = controls.as_str().into();
            ready.as_object_mut().into_iter().for_each(|ready| ready.extend(beginning.told.clone()));
            let worlds = Worlds::new(World::first(store, settings, beginning), urls.first, controls);
            Service::Fixture(Arc::new(Fixture::new(worlds, fixture.token)))
        }
    };
    let app = service.app().clone();
    let server = Arc::new(server);

    let _control_socket = ControlSocket::open(&app);
    let (sender, events) = channel();
    for starter in configuration.ends_with {
        let sender = sender.clone();
        // Errors are ignored: the receiver is gone only when the process ends.
        starter.watch(move || sender.send(ProcessEvent::StarterGone).unwrap_or_default());
    }
    let background = start_background(&app, &server, manager.clone(), configuration.backups, certificate.clone());
    run(server.clone(), service, configuration.workers, background, sender.clone());
    metrics.iter().for_each(|metrics| metrics.run(&app, server.counts()));
    forward(signals, sender);
    announce(printable::json(&ready.to_string()) + "\n")?;
    let files = (configuration.protected_names, configuration.site_logo);
    let reloads = reloads(&app, certificate, configuration.declaration, files);
    while events.recv() == Ok(ProcessEvent::Signal(SIGHUP)) && (lifetime == Lifetime::Lasting || reloads.has(declaration::NAME)) {
        manager.reloading();
        reloads.run();
        manager.ready();
    }
    log::info("stopping", &[]);
    manager.stopping();
    server.stop();
    metrics.iter().for_each(MetricsListener::stop);
    wait_for_answers(&events, &app);
    checkpoints::checkpoint(&app);
    Ok(())
}

/// Reads the files of settings.
fn read_at_start(configuration: &Configuration) -> Result<(), Failure> {
    protected_names::read_at_start(configuration)?;
    site_logo::read_at_start(configuration)
}

/// Returns what is read again on SIGHUP.
fn reloads(
    app: &Arc<App>,
    certificate: Option<Arc<Certificate>>,
    declaration: Option<ServedDeclaration>,
    (names, logo): (Option<PathBuf>, Option<PathBuf>),
) -> Reloads {
    let mut reloads = Reloads::default();
    reloads.add("log file", || log::reopen().map_err(|error| error.to_string()));
    if let Some(certificate) = certificate {
        reloads.add(certificate::NAME, move || certificate.reload());
    }
    if let Some(declaration) = declaration {
        let app = app.clone();
        reloads.add(declaration::NAME, move || declaration.apply(app.store(), app.settings()).map_err(|failure| failure.to_string()));
    }
    protected_names::read_on_reload(names, app.settings(), &mut reloads);
    site_logo::read_on_reload(logo, app.settings(), &mut reloads);
    reloads
}

fn start_background(
    app: &Arc<App>,
    server: &Arc<Server>,
    manager: Arc<ServiceManager>,
    backups: Option<BackupSchedule>,
    certificate: Option<Arc<Certificate>>,
) -> Vec<Background> {
    let (server, counts) = (server.clone(), server.counts());
    let watch = move |app: &App, stopped: &Stopped| {
        manager.watch(stopped, &|within| server.responds(within) && app.store().read(|tx| tx.has_users()).is_ok());
    };
    let backups = backups.map(|schedule| Background::start(app, move |app, stopped| backups::run(&schedule, app, stopped)));
    let certificate = certificate.map(|certificate| Background::start(app, move |_, stopped| certificate::watch(&certificate, stopped)));
    let prober = (app.settings().review_probe == ReviewProbe::On).then(|| Background::start(app, prober::run));
    let key_maker = Background::start(app, key_maker::run);
    app.shared.key_pairs.when_foreseen(key_maker.waker());
    let observe = move |app: &App, stopped: &Stopped| observer::run(&counts, app, stopped);
    let always = [sweeper::run, checkpoints::run, file_checks::run].map(|work| Background::start(app, work));
    let of_server = [Background::start(app, watch), Background::start(app, observe), key_maker];
    always.into_iter().chain(of_server).chain(backups).chain(certificate).chain(prober).collect()
}

/// Sends each signal as an event, from a thread of its own.
fn forward(mut signals: Signals, events: Sender<ProcessEvent>) {
    std::thread::spawn(move || {
        // Errors are ignored: the receiver is gone only when the process ends.
        signals.forever().map(ProcessEvent::Signal).try_for_each(|signal| events.send(signal)).ok();
    });
}

/// Waits until the requests that were accepted are answered, but not for ever. A second signal ends the process at once.
fn wait_for_answers(events: &Receiver<ProcessEvent>, app: &App) {
    let begun = Instant::now();
    loop {
        match events.recv_timeout(SHUTDOWN_TIMEOUT.saturating_sub(begun.elapsed())) {
            Ok(ProcessEvent::Finished) => return,
            Ok(ProcessEvent::StarterGone) => {}
            Ok(ProcessEvent::Signal(signal)) if signal == SIGHUP || begun.elapsed() < SAME_SIGNAL => {}
            Ok(ProcessEvent::Signal(_)) => {
                log::warn("a second signal: some requests are not finished", &[]);
                // Threads still hold the store, which therefore cannot delete its own files.
                app.store().abandon();
                log::flush();
                std::process::exit(1);
            }
            Err(_) => {
                log::warn("some requests did not finish in time", &[]);
                return app.store().abandon();
            }
        }
    }
}

/// Logs a panic. Only texts of the source are shown, nothing that came with a request.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("panic");
    let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    log::error(text, &[("place", place.into())]);
}

/// Answers requests on a thread of its own until every worker has returned, with the background threads beside it.
fn run(server: Arc<Server>, service: Service, workers: usize, background: Vec<Background>, events: Sender<ProcessEvent>) {
    std::thread::spawn(move || {
        if let Err(error) = server.run(workers, &|request, waiting| service.answer(request, waiting)) {
            // A supervisor starts the process again.
            log::error("nothing can be answered any more", &[("cause", error.to_string().into())]);
            service.app().store().abandon();
            log::flush();
            std::process::exit(1);
        }
        background.into_iter().for_each(Background::stop);
        drop(service);
        // Errors are ignored: the receiver is gone only when the process ends.
        let _ = events.send(ProcessEvent::Finished);
    });
}

/// Returns the addresses of the server, and for a temporary database an API key, as one line of JSON will say.
fn ready_line(urls: &LocalUrls, metrics: Option<String>, store: &Store, issued: Option<&FirstCredentials>) -> Value {
    let mut ready = json!({
        "ready": true,
        "url": urls.first,
        "pid": std::process::id(),
        "data": store.path().display().to_string(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if urls.all.len() > 1 {
        ready["listen"] = urls.all.clone().into();
    }
    if let Some(redirect) = &urls.redirect {
        ready["http_redirect"] = redirect.as_str().into();
    }
    if let Some(metrics) = metrics {
        ready["metrics"] = metrics.into();
    }
    if let Some(issued) = issued {
        ready["admin_api_key"] = issued.api_key.as_str().into();
    }
    ready
}

/// Writes the ready line. A reader that is gone, or takes nothing, is no reason not to serve.
fn announce(line: String) -> Result<(), Failure> {
    match output::write_within(READER_TIMEOUT, &io::stdout(), line) {
        Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::TimedOut) => {
            log::warn("nobody reads the ready line on standard output", &[("cause", error.to_string().into())]);
            Ok(())
        }
        result => result.map_err(|error| Failure::because("cannot write to standard output", &error)),
    }
}
