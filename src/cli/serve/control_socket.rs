//! Runs the operator's commands that come through the control socket, one after the other.

use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::App;
use crate::base::log;
use crate::base::mutex::locked;
use crate::cli::control::{self, ControlFolder};
use crate::cli::failure::Failure;
use crate::cli::run::operator::{self, OperatorRequest};

/// How long a connection has to send its command, and to take its answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How many connections there may be at a time.
const MOST_CONNECTIONS: usize = 64;

/// How long a stop waits for the command that runs, and how often it looks.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);
const STOP_LOOK: Duration = Duration::from_millis(10);

/// The control socket, until this is dropped.
pub struct ControlSocket {
    /// `None` if it could not be opened.
    folder: Option<ControlFolder>,
    /// Locked while a command runs; empty once the server stops.
    app: Arc<Mutex<Option<Arc<App>>>>,
}

impl ControlSocket {
    /// Opens the socket beside the data file. Without one the server works all the same, and operators must stop it for their commands.
    pub fn open(app: &Arc<App>) -> ControlSocket {
        let opened = control::listen(app.store().path());
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
            folder.remove();
        }
    }
}

/// Gives each connection a thread, because a peer may send nothing. One too many waits for another to end.
fn serve(listener: &UnixListener, app: &Arc<Mutex<Option<Arc<App>>>>) {
    let threads = Arc::new(());
    loop {
        while Arc::strong_count(&threads) > MOST_CONNECTIONS {
            std::thread::sleep(STOP_LOOK);
        }
        let (app, thread) = (app.clone(), threads.clone());
        let answer = |(stream, _)| {
            std::thread::Builder::new().spawn(move || {
                answer(&stream, &app);
                drop(thread);
            })
        };
        if let Err(error) = listener.accept().and_then(answer) {
            log::warn("a connection to the control socket failed", &[("cause", error.to_string().into())]);
            std::thread::sleep(TIMEOUT);
        }
    }
}

/// Answers one command, or says what is wrong with it.
fn answer(stream: &UnixStream, app: &Mutex<Option<Arc<App>>>) {
    let done = match control::receive(stream, TIMEOUT, control::LONGEST_COMMAND) {
        Ok(message) => OperatorRequest::parse(&message).and_then(|request| run(&request, app)),
        Err(error) => Err(Failure::Refused(format!("not a request: {error}"))),
    };
    // Errors are ignored: nobody is left who could be told.
    let _ = control::send(stream, &operator::answered(done), TIMEOUT);
    // A connection that is closed with bytes unread is reset, perhaps before the peer has read its answer.
    let _ = control::drain(stream, TIMEOUT);
}

fn run(request: &OperatorRequest, app: &Mutex<Option<Arc<App>>>) -> Result<Value, Failure> {
    let app = locked(app);
    let failed = |why: &str| Err(Failure::Refused(why.to_owned()));
    let Some(app) = app.as_ref() else { return failed("the server that uses the data file is stopping: try again") };
    let done = catch_unwind(AssertUnwindSafe(|| request.run(app.store(), app.settings())));
    let outcome = match &done {
        Ok(Ok(_)) => "done",
        Ok(Err(_)) => "refused",
        Err(_) => "panicked",
    };
    log::info("operator", &[("operation", request.operation.name.into()), ("outcome", outcome.into())]);
    done.unwrap_or_else(|_| failed("the server failed at this command: its log says where"))
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
