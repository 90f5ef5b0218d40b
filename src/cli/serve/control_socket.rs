//! Runs the operator's commands that come through the control socket, one after the other.

use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::App;
use crate::base::log;
use crate::base::mutex::locked;
use crate::cli::control;
use crate::cli::failure::Failure;
use crate::cli::run::operator::OperatorRequest;

/// How long a connection has to send its command, and to take its answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a stop waits for the command that runs, and how often it looks.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);
const STOP_LOOK: Duration = Duration::from_millis(10);

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
    /// Waits for a command that runs, but not for ever: what is unfinished then ends with the process, and changes nothing. The thread still
    /// waits for connections; it holds nothing any more.
    fn drop(&mut self) {
        let begun = Instant::now();
        loop {
            match self.app.try_lock() {
                Ok(mut app) => break drop(app.take()),
                Err(TryLockError::Poisoned(poisoned)) => break drop(poisoned.into_inner().take()),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= STOP_TIMEOUT => break,
                Err(TryLockError::WouldBlock) => std::thread::sleep(STOP_LOOK),
            }
        }
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
    let app = locked(app);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_end_does_not_keep_the_server_from_stopping() {
        let app = Arc::new(Mutex::new(None));
        let running = app.lock().expect("nobody panicked");
        drop(ControlSocket { folder: None, app: app.clone() });
        drop(running);
    }
}
