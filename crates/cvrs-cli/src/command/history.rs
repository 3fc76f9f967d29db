//! `cvrs history`.

use super::connect::Line;
use crate::args::{Common, History};
use crate::fault::{Exit, Result};
use crate::outputs::Place;
use cvrs_api::{HistoryRequest, Scope};
use cvrs_submit::{CallKind, Error, history};

pub(crate) fn run(args: &History, _: &Common) -> Result<Exit> {
    let line = Line::open(&args.connect)?;
    let request =
        HistoryRequest { start_date: args.start.clone(), end_date: args.end.clone(), site_key: args.site_key.clone() };
    let mut listed = None;
    // Any scope of exports will do: the first that the account has.
    for scope in [Scope::ExportNonRedacted, Scope::ExportRedacted, Scope::ExportSummarization] {
        listed = Some(history(&line.connection, &mut line.tokens(&[scope]), &request));
        let is_refused = |error: &Error| matches!(error, Error::Call(call) if call.kind == CallKind::Credentials && call.status == Some(403));
        if !listed.as_ref().is_some_and(|listed| listed.as_ref().err().is_some_and(is_refused)) {
            break;
        }
    }
    if let Some(listed) = listed {
        Place::stdout().write(format!("{}\n", listed?).as_bytes())?;
    }
    Ok(Exit::Done)
}
