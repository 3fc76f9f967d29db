//! What became of parts whose reply was lost: what other parts have stored of them, and what the stores say.

use super::{Event, Sender};
use crate::Operation;
use crate::answer::Answer;
use crate::cut::Part;
use crate::error::{Error, Result};
use crate::export::{ExportError, export};
use crate::ledger::{PartRow, State};
use crate::token::Tokens;
use crate::witness::{self, Doubt, Held};
use cvrs_api::{ExportFormat, ExportRequest, Scope, Store};
use std::collections::{BTreeMap, HashMap};

/// How many records a store has refused of a part.
fn n_refused(part: &PartRow, store: Store) -> u64 {
    let answer = part.reply.as_deref().and_then(|text| Answer::parse(text.as_bytes()));
    let store = answer.as_ref().and_then(|answer| answer.stores.get(store.name()));
    store.map_or(0, |store| store.n_errors.unwrap_or(store.errors.len() as u64))
}

impl<'c> Sender<'_, 'c> {
    /// Records of a part that are refused whatever became of an earlier attempt: an earlier record of it has their id,
    /// or another part has stored them.
    pub(super) fn repeats(&self, id: i64, part: &mut Part) -> Result<u64> {
        let (ids, repeats) = part.ids()?;
        let Some(rows) = self.rows else { return Ok(repeats) };
        let ids: HashMap<u64, i64> = ids.into_iter().map(|short| (short, id)).collect();
        let taken = witness::taken(rows, &self.submission.parts()?, &ids)?;
        Ok(repeats + taken.len() as u64)
    }

    /// Asks the stores what they hold of parts that found records there after a lost reply, where that is permitted.
    ///
    /// Only what was created can be looked for: what was deleted is gone whoever did it, and an update changes nothing
    /// when it is made twice.
    pub(super) fn confirm(&mut self) -> Result<()> {
        let Some(rows) = self.rows.filter(|_| self.sending.operation == Operation::Create) else { return Ok(()) };
        let parts = self.submission.parts()?;
        let is_doubtful = |part: &&PartRow| {
            let is_refused = || Store::ALL.into_iter().any(|store| n_refused(part, store) > part.repeats);
            part.state == State::Done && part.unanswered > 0 && part.held.is_none() && is_refused()
        };
        let doubtful: Vec<&PartRow> = parts.iter().filter(is_doubtful).collect();
        if doubtful.is_empty() {
            return Ok(());
        }
        let mut held: BTreeMap<i64, BTreeMap<String, u64>> = BTreeMap::new();
        let mut doubt = None;
        for store in Store::ALL {
            if !doubtful.iter().any(|part| n_refused(part, store) > part.repeats) {
                continue;
            }
            let Some(mut tokens) = self.export_tokens(store)? else { continue };
            let doubt = match &mut doubt {
                Some(doubt) => doubt,
                none => none.insert(Doubt::of(rows, &doubtful, &parts)?),
            };
            let (start_date, end_date) = self.submission.days()?;
            let format = match store {
                Store::NonRedacted => ExportFormat::CvrsProcessedNonRedacted,
                Store::Redacted => ExportFormat::CvrsProcessedRedacted,
            };
            let mut seen = Held::new(doubt);
            let asked = ExportRequest { start_date, end_date, format };
            match export(self.connection, &mut tokens, &asked, &mut seen) {
                Ok(_) => seen.finish(),
                Err(ExportError::Service(Error::Interrupted)) => return Err(Error::Interrupted),
                Err(error) => {
                    (self.tell)(Event::Unconfirmed { cause: error.to_string() });
                    return Ok(());
                }
            }
            for part in &doubtful {
                let n = seen.counts.get(&part.id).copied().unwrap_or_default();
                held.entry(part.id).or_default().insert(store.name().to_owned(), n);
            }
        }
        held.iter().try_for_each(|(&part, held)| self.submission.enter_held(part, held))
    }

    /// Tokens by which a store can be exported, if the account has any.
    fn export_tokens(&mut self, store: Store) -> Result<Option<Tokens<'c>>> {
        let scopes: &[Scope] = match store {
            Store::NonRedacted => &[Scope::ExportNonRedacted],
            Store::Redacted => &[Scope::ExportRedacted, Scope::ExportNonRedacted],
        };
        for &scope in scopes {
            let mut tokens = self.tokens.for_scope(scope);
            match tokens.get() {
                Ok(_) => return Ok(Some(tokens)),
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(Error::Call(error)) if error.status == Some(403) => {}
                Err(error) => {
                    (self.tell)(Event::Unconfirmed { cause: error.to_string() });
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }
}
