//! Runs the operator's commands that come through the control socket, one after the other.

use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::base::log;
use crate::cli::control;
use crate::cli::failure::Failure;
use crate::cli::run::operator::OperatorRequest;

/// How long a connection has to send its command, and to take its answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The control socket, until this is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    /// `None` if it could not be opened.
    folder: Option<PathBuf>,
    /// Locked while a command runs; empty once the server stops.
    app: Arc<Mutex<Option<Arc<App>>>>,
}

impl ControlSocket {
    /// Opens the socket beside the data file. Without one the server works all the same, and operators must stop it for their commands.
    pub fn open(app: &Arc<App>) -> ControlSocket {
        let opened = control::folder(app.store().path()).and_then(|folder| Ok((control::listen(&folder)?, folder)));
        let app = Arc::new(Mutex::new(Some(app.clone())));
        let folder = match opened {
            Ok((listener, folder)) => {
                let app = app.clone();
                std::thread::spawn(move || serve(&listener, &app));
                Some(folder)
            }
            Err(error) => {
                let cause = error.to_string();
                log::warn("there is no control socket: `keyfob admin` needs this server stopped", &[("cause", cause.into())]);
                None
            }
        };
        ControlSocket { folder, app }
    }
}

impl Drop for ControlSocket {
    /// Waits for a command that runs. The thread still waits for connections; it holds nothing any more and ends with the process.
    fn drop(&mut self) {
        drop(self.app.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(folder) = &self.folder {
            control::remove(folder);
        }
    }
}

fn serve(listener: &UnixListener, app: &Mutex<Option<Arc<App>>>) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => answer(&stream, app),
            Err(error) => {
                log::warn("a connection to the control socket failed", &[("cause", error.to_string().into())]);
                std::thread::sleep(TIMEOUT);
            }
        }
    }
}

/// Answers one command, if it comes in time.
fn answer(stream: &UnixStream, app: &Mutex<Option<Arc<App>>>) {
    let answer = match control::receive(stream, TIMEOUT).as_ref().map(OperatorRequest::parse) {
        Err(_) => return,
        Ok(Err(refusal)) => refusal,
        Ok(Ok(request)) => run(&request, app),
    };
    // Errors are ignored: nobody is left who could be told.
    let _ = control::send(stream, &answer, TIMEOUT);
}

fn run(request: &OperatorRequest, app: &Mutex<Option<Arc<App>>>) -> Value {
    let app = app.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = |why: &str| json!({"failure": Failure::Refused(why.to_owned()).to_json()});
    let Some(app) = app.as_ref() else { return failed("the server that uses the data file is stopping: try again") };
    let answer = catch_unwind(AssertUnwindSafe(|| request.run(app.store(), app.settings())));
    let outcome = match &answer {
        Ok(answer) if answer.get("failure").is_none() => "done",
        Ok(_) => "refused",
        Err(_) => "panicked",
    };
    log::info("operator", &[("operation", request.operation.name.into()), ("outcome", outcome.into())]);
    answer.unwrap_or_else(|_| failed("the server failed at this command: its log says where"))
}
