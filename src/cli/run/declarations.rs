//! `keyfob plan`, `keyfob apply` and `keyfob export`.

use std::io::Write;
use std::path::Path;

use pico_args::Arguments;
use serde_json::Value;

use crate::base::error::errors;
use crate::base::printable;
use crate::base::private_file::PrivateFile;
use crate::cli::api_error::{ApiError, NOT_DONE};
use crate::cli::args::settings::variable;
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::connection::ConnectionSettings;
use crate::cli::remote::http::Remote;
use crate::cli::remote::tokens;
use crate::cli::run::declaration_file::{DeclarationFile, generated_places};
use crate::cli::run::declared_operations::{APPLY, EXPORT, PLAN};
use crate::cli::run::operator::Operator;
use crate::cli::run::remote_declarations::RemoteDeclaration;
use crate::cli::run::{plan_text, tts_export};
use crate::cli::terminal::{confirm, is_typed, note, print};
use crate::declared::prepared::PLAN_OUTDATED;
use crate::declared::step::Prune;
use crate::declared::tables::DECLARATION;

errors! {
    NO_TERMINAL: FailedPrecondition "keyfob/cli" "no_terminal" "there is no terminal to ask on: add --yes to apply without being asked";
}

/// The exit code of a plan with changes.
const CHANGES: u8 = 2;

/// How often `--yes` plans again if something else changes at the same time.
const ATTEMPTS: usize = 5;

pub fn plan(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let format = PlanFormat::of(values)?;
    let (place, file) = (AppliedTo::of(arguments)?, read(values)?);
    let plan = match &place {
        AppliedTo::Data(operator) => planned(operator, values, &file)?,
        AppliedTo::Server(remote) => RemoteDeclaration::of(remote, &file, prune(values)?).plan()?.plan,
    };
    match (format.show(&plan), plan["has_changes"] == true) {
        // What the exit code says holds although nobody reads the rest.
        (Ok(()) | Err(Failure::Unread), true) => Err(Failure::Problems(CHANGES)),
        (shown, _) => shown,
    }
}

pub fn apply(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let format = PlanFormat::of(values)?;
    let (place, mut file) = (AppliedTo::of(arguments)?, read(values)?);
    let is_asked = !values.switch("yes")?;
    if is_asked && !is_typed() {
        return Err(ApiError::from(NO_TERMINAL.error()).into());
    }
    let mut attempts = if is_asked { 1 } else { ATTEMPTS };
    loop {
        attempts -= 1;
        match attempt(&place, values, &file, is_asked.then_some(format)) {
            Err(Failure::Named(error)) if error.is(&PLAN_OUTDATED) && attempts > 0 && !file.is_standard_input() => file = read(values)?,
            Err(failure) => return Err(failure),
            Ok((plan, written)) => {
                let shown = if is_asked { Ok(()) } else { format.show(&plan) };
                written.iter().for_each(|file| note(&format!("wrote a secret to {file}")));
                if plan["has_changes"] == true {
                    note("applied");
                }
                return shown;
            }
        }
    }
}

/// Does it, after asking in this format, and returns what was done and the files of the secrets that were written.
fn attempt(place: &AppliedTo, values: &Values, file: &DeclarationFile, asked: Option<PlanFormat>) -> Result<(Value, Vec<String>), Failure> {
    match place {
        AppliedTo::Data(operator) => {
            // Otherwise one pass is enough: nobody is asked, and no secret has to be written before.
            let seen = if asked.is_some() || file.generates() { Some(planned(operator, values, file)?) } else { None };
            match (asked, &seen) {
                (Some(format), Some(plan)) if !format.ask(plan)? => Ok((plan.clone(), Vec::new())),
                _ => carried_out(operator, values, file, seen.as_ref()),
            }
        }
        AppliedTo::Server(remote) => {
            let declaration = RemoteDeclaration::of(remote, file, prune(values)?);
            let made = declaration.plan()?;
            if let Some(format) = asked {
                if !format.ask(&made.plan)? {
                    return Ok((made.plan, Vec::new()));
                }
                if declaration.plan()?.plan != made.plan {
                    return Err(ApiError::from(PLAN_OUTDATED.error()).into());
                }
            }
            let written = declaration.apply(&made)?;
            Ok((made.plan, written))
        }
    }
}

/// Where a declaration is applied.
enum AppliedTo {
    /// The data file, or the server that uses it.
    Data(Operator),
    /// A server, over the API.
    Server(Box<Remote>),
}

impl AppliedTo {
    /// A server, if one is named and no data file is.
    fn of(arguments: Arguments) -> Result<AppliedTo, Failure> {
        let has = |flag: &'static str| arguments.clone().opt_value_from_str::<_, String>(flag).is_ok_and(|value| value.is_some());
        let is_server_named = has("--server") || variable("KEYFOB_SERVER")?.is_some();
        if !is_server_named || has("--data") {
            return Ok(AppliedTo::Data(Operator::read(arguments)?));
        }
        let mut remote = Remote::of(ConnectionSettings::read(arguments)?)?;
        tokens::recall_credentials(&mut remote)?;
        remote.require_credentials()?;
        Ok(AppliedTo::Server(Box::new(remote)))
    }
}

fn prune(values: &Values) -> Result<Prune, UsageError> {
    Ok(if values.switch("prune")? { Prune::Yes } else { Prune::No })
}

/// Applies what was seen, or else what has to be done. Secrets are written first: none may be in use that nobody has.
fn carried_out(
    operator: &Operator,
    values: &Values,
    file: &DeclarationFile,
    seen: Option<&Value>,
) -> Result<(Value, Vec<String>), Failure> {
    let written = file.write_generated(&seen.map_or(Vec::new(), generated_places))?;
    let mut given = operation_values(values, file)?;
    given.values.extend(seen.map(|plan| ("plan".to_owned(), vec![plan.to_string()])));
    match operator.perform(&APPLY, &given) {
        Err(failure) if operator.may_be_done(&failure) => {
            written.keep();
            Err(failure)
        }
        done => done.map(|plan| (plan, written.keep())),
    }
}

fn read(values: &Values) -> Result<DeclarationFile, Failure> {
    let file = DeclarationFile::read(&DECLARATION, values.needed("file")?)?;
    file.warnings().iter().for_each(|warning| note(&format!("warning: {warning}")));
    Ok(file)
}

fn planned(operator: &Operator, values: &Values, file: &DeclarationFile) -> Result<Value, Failure> {
    operator.perform(&PLAN, &operation_values(values, file)?)
}

/// Returns the values of an operation with this declaration.
fn operation_values(values: &Values, file: &DeclarationFile) -> Result<Values, UsageError> {
    let prune = values.switch("prune")?.to_string();
    let given = [("file", file.name.clone()), ("declaration", file.value.to_string()), ("prune", prune)];
    Ok(Values { values: given.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect(), ..Values::default() })
}

/// How a plan is printed.
#[derive(Clone, Copy)]
enum PlanFormat {
    /// For people.
    Text,
    Json,
}

impl PlanFormat {
    /// Read before anything is done: what was applied must not end with a complaint about it.
    fn of(values: &Values) -> Result<PlanFormat, UsageError> {
        match values.one("output-format") {
            None | Some("text") => Ok(PlanFormat::Text),
            Some("json") => Ok(PlanFormat::Json),
            Some(_) => Err(UsageError("--output-format is text or json".to_owned())),
        }
    }

    fn show(self, plan: &Value) -> Result<(), Failure> {
        match self {
            PlanFormat::Text => print(&plan_text::text(plan)),
            PlanFormat::Json => print(&(printable::json(&shown(plan)) + "\n")),
        }
    }

    /// Shows a plan and asks whether to apply it; returns whether there is anything to apply.
    fn ask(self, plan: &Value) -> Result<bool, Failure> {
        match self.show(plan) {
            Err(Failure::Unread) => return Err(ApiError::from(NOT_DONE.error()).into()),
            shown => shown?,
        }
        if plan["has_changes"] == true { confirm("Apply this?").map(|()| true).map_err(Failure::from) } else { Ok(false) }
    }
}

/// Returns the plan without what only `apply` needs.
fn shown(plan: &Value) -> String {
    let mut shown = plan.clone();
    shown.as_object_mut().map(|members| members.shift_remove("generated"));
    serde_json::to_string_pretty(&shown).unwrap_or_default()
}

pub fn export(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let operator = Operator::read(arguments)?;
    match values.one("to") {
        None | Some("declaration") => {}
        Some("tts") => return tts_export::export(&operator.data, values.one("output")),
        Some(_) => return Err(UsageError("--to is declaration or tts".to_owned()).into()),
    }
    let exported = operator.perform(&EXPORT, &Values::default())?;
    let text = serde_json::to_string_pretty(&exported["declaration"]).unwrap_or_default() + "\n";
    match values.one("output") {
        None => print(&printable::json(&text))?,
        Some(path) => write(Path::new(path), &text).map_err(|error| Failure::Refused(format!("{path}: {error}")))?,
    }
    exported["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).for_each(|left| note(&format!("left out: {left}")));
    Ok(())
}

/// Writes a file that only its owner can read: it holds hashes of secrets.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = PrivateFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.put()
}
