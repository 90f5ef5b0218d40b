//! `keyfob plan`, `keyfob apply` and `keyfob export`.

use std::io::Write;
use std::path::Path;

use pico_args::Arguments;
use serde_json::Value;

use crate::base::error::errors;
use crate::base::printable;
use crate::base::private_file::PrivateFile;
use crate::cli::api_error::ApiError;
use crate::cli::args::settings::variable;
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::connection::ConnectionSettings;
use crate::cli::remote::http::Remote;
use crate::cli::remote::tokens;
use crate::cli::run::declaration_file::DeclarationFile;
use crate::cli::run::declared_operations::{APPLY, EXPORT, PLAN};
use crate::cli::run::operator::Operator;
use crate::cli::run::plan_text;
use crate::cli::run::remote_declarations::RemoteDeclaration;
use crate::cli::run::tts_export;
use crate::cli::terminal::{confirm, is_typed, note, print};
use crate::declared::plan::Prune;
use crate::declared::prepared::PLAN_OUTDATED;
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
    format.show(&plan)?;
    if plan["has_changes"] == true { Err(Failure::Problems(CHANGES)) } else { Ok(()) }
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
        let (plan, made) = match &place {
            AppliedTo::Data(operator) => (planned(operator, values, &file)?, None),
            AppliedTo::Server(remote) => {
                let declaration = RemoteDeclaration::of(remote, &file, prune(values)?);
                let made = declaration.plan()?;
                (made.plan.clone(), Some((declaration, made)))
            }
        };
        if is_asked {
            format.show(&plan)?;
            if plan["has_changes"] != true {
                return Ok(());
            }
            confirm("Apply this?")?;
        }
        let done = match (&place, &made) {
            (AppliedTo::Server(_), Some((declaration, made))) => declaration.apply(made),
            (AppliedTo::Data(operator), _) => carried_out(operator, values, &file, &plan),
            (AppliedTo::Server(_), None) => Ok(Vec::new()),
        };
        match done {
            Err(Failure::Named(error)) if error.is(&PLAN_OUTDATED) && attempts > 0 && !file.is_standard_input() => {
                drop(made);
                file = read(values)?;
            }
            Err(failure) => return Err(failure),
            Ok(written) => {
                if !is_asked {
                    format.show(&plan)?;
                }
                written.iter().for_each(|file| note(&format!("wrote a secret to {file}")));
                if plan["has_changes"] == true {
                    note("applied");
                }
                return Ok(());
            }
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

/// Applies what was planned. Secrets are written first: none may be in use that nobody has.
fn carried_out(operator: &Operator, values: &Values, file: &DeclarationFile, plan: &Value) -> Result<Vec<String>, Failure> {
    let places: Vec<&str> = plan["generated"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let written = file.write_generated(&places)?;
    let mut given = operation_values(values, file)?;
    given.values.insert("plan".to_owned(), vec![plan.to_string()]);
    match operator.perform(&APPLY, &given) {
        Err(failure) if operator.may_be_done(&failure) => {
            written.keep();
            Err(failure)
        }
        done => done.map(|_| written.keep()),
    }
}

fn read(values: &Values) -> Result<DeclarationFile, Failure> {
    let file = DeclarationFile::read(&DECLARATION, values.needed("file")?)?;
    file.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
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
