//! `cvrs job`.

use super::connect::Line;
use crate::args::{AskJob, Common, Job, JobAction};
use crate::fault::{Exit, Fault, Result};
use crate::outputs::Place;
use cvrs_api::Scope;
use cvrs_submit::{Answer, CallKind, Error, Standing, Tokens, job_status};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The first pause between two questions, and the longest.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Job, _: &Common) -> Result<Exit> {
    let (ask, is_wait) = match &args.action {
        JobAction::Status(ask) => (ask, false),
        JobAction::Wait(ask) => (ask, true),
    };
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if ask.id.is_empty() || !ask.id.chars().all(is_id) {
        return Err(Fault::usage(format!("{:?} is no job's id", ask.id)));
    }
    let line = Line::open(&ask.connect)?;
    let mut tokens = tokens(&line)?;
    let (value, standing) = look(&line, &mut tokens, ask, is_wait)?;
    Place::stdout().write(format!("{value}\n").as_bytes())?;
    match standing {
        Standing::Failed(problem) => {
            Err(Fault::new(Exit::Service, format!("nothing of job {} was stored: {problem}", ask.id)))
        }
        Standing::Done if has_refusals(&value) => Ok(Exit::HeldBack),
        Standing::Done | Standing::Underway(_) => Ok(Exit::Done),
    }
}

/// Any scope of uploads will do: the first that the account has.
fn tokens(line: &Line) -> Result<Tokens<'_>> {
    let mut refused = None;
    for scope in [Scope::Upload, Scope::Update, Scope::Delete] {
        let mut tokens = line.tokens(&[scope]);
        match tokens.get() {
            Ok(_) => return Ok(tokens),
            Err(Error::Call(error)) if error.kind == CallKind::Credentials && error.status == Some(403) => {
                refused = Some(Error::Call(error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(refused.map_or_else(|| Fault::usage("no scope"), Fault::from))
}

fn look(line: &Line, tokens: &mut Tokens<'_>, ask: &AskJob, is_wait: bool) -> Result<(Value, Standing)> {
    let timeout = Duration::from_secs(ask.connect.timeout);
    let (mut pause, mut since, mut before) = (FIRST, Instant::now(), String::new());
    loop {
        let value = job_status(&line.connection, tokens, &ask.id)?;
        let answer = Answer::parse(value.to_string().as_bytes()).unwrap_or_default();
        match answer.standing() {
            Standing::Underway(state) if is_wait => {
                if state != before {
                    (pause, since, before) = (FIRST, Instant::now(), state);
                } else if since.elapsed() >= timeout {
                    let message = format!("job {} is still {state} after {} s", ask.id, timeout.as_secs());
                    return Err(Fault::new(Exit::Service, message));
                }
                line.connection.pause(pause)?;
                pause = (pause * 3 / 2).min(LONGEST);
            }
            standing => return Ok((value, standing)),
        }
    }
}

fn has_refusals(value: &Value) -> bool {
    let count = |value: &Value, key: &str| value.get(key).and_then(Value::as_i64).unwrap_or_default() > 0;
    let stores = value.get("storageResult").and_then(Value::as_object);
    count(value, "validationErrorsCount")
        || stores.is_some_and(|stores| stores.values().any(|store| count(store, "processingErrorsCount")))
}
