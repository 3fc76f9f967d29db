//! The receipt for people.

use super::Done;
use cvrs_submit::{ListedError, PartReceipt};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How many refused records are listed for each message, and how many parts.
const LISTED: usize = 10;

fn printable(text: &str) -> String {
    let mut out = Vec::new();
    cvrs_report::push_printable(&mut out, text.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

/// What happened, sum by sum.
pub(super) fn text(done: &Done) -> String {
    let receipt = &done.receipt;
    let mut out = String::new();
    let unsent = match receipt.unsent {
        0 => String::new(),
        n if done.is_dry => format!(" + {n} to be sent"),
        n => format!(" + {n} not sent"),
    };
    let name = printable(receipt.name());
    let (read, rejected, sent) = (receipt.read, receipt.rejected, receipt.sent);
    let _ = writeln!(out, "{name}: {read} records read = {rejected} rejected + {sent} sent{unsent}");
    for (store, stored) in &receipt.stored {
        let refused = receipt.refused.get(store).copied().unwrap_or_default();
        let _ = writeln!(out, "  {store}: {sent} sent = {stored} stored + {refused} refused");
    }
    if sent > 0 && receipt.stored.is_empty() {
        let _ =
            writeln!(out, "  no store took anything: this account stores nothing, or only keeps uploads as received");
    }
    let mut settled: BTreeMap<&str, u64> = BTreeMap::new();
    for (store, n) in receipt.parts.iter().flat_map(|part| &part.settled) {
        *settled.entry(store).or_default() += n;
    }
    for (store, n) in settled {
        let _ = writeln!(out, "  {store}: {n} of these were found there by a repeat, after an attempt without a reply");
    }
    if let Some((records, findings)) = &done.rejects {
        let findings = findings.as_ref().map(|path| format!(", why in {}", path.display())).unwrap_or_default();
        let _ = writeln!(out, "  rejected records in {}{findings}", records.display());
    }
    parts(&receipt.parts, &mut out);
    refusals(&receipt.parts, &mut out);
    out
}

fn parts(parts: &[PartReceipt], out: &mut String) {
    for part in parts.iter().take(LISTED) {
        let [first, last] = part.lines;
        let id = part.server_id.as_deref().map(|id| format!(", {}", printable(id))).unwrap_or_default();
        let PartReceipt { number, records, bytes, mode, state, .. } = part;
        let _ = writeln!(
            out,
            "  part {number}: lines {first}-{last}, {records} records, {bytes} bytes, {mode}, {state}{id}"
        );
        if let Some(problem) = &part.problem {
            let _ = writeln!(out, "    {}", printable(problem));
        }
    }
    if parts.len() > LISTED {
        let _ = writeln!(out, "  and {} parts more; the receipt in JSON has them all", parts.len() - LISTED);
    }
}

fn refusals(parts: &[PartReceipt], out: &mut String) {
    let mut by_cause: BTreeMap<(&str, &str, &str), Vec<&ListedError>> = BTreeMap::new();
    for error in parts.iter().flat_map(|part| &part.errors) {
        let key = (
            error.store.as_deref().unwrap_or("validation"),
            error.field.as_deref().unwrap_or_default(),
            error.message.as_str(),
        );
        by_cause.entry(key).or_default().push(error);
    }
    for ((store, field, message), errors) in by_cause {
        let n = errors.len();
        let field = if field.is_empty() { String::new() } else { format!(" {}", printable(field)) };
        let _ = writeln!(out, "  refused by {}:{field} {} ({n})", printable(store), printable(message));
        let lines: Vec<String> = errors
            .iter()
            .take(LISTED)
            .map(|error| {
                let line = error.line.map_or_else(|| "line ?".to_owned(), |line| format!("line {line}"));
                let id = error.vax_event_id.as_deref().map(|id| format!(" ({})", printable(id))).unwrap_or_default();
                line + &id
            })
            .collect();
        let more = if n > LISTED { format!(" and {} more", n - LISTED) } else { String::new() };
        let _ = writeln!(out, "    {}{more}", lines.join(", "));
    }
    let unlisted: u64 = parts.iter().map(|part| part.errors_not_listed).sum();
    if unlisted > 0 {
        let _ = writeln!(out, "  {unlisted} more errors are counted by the clearinghouse and not shown in its reply");
    }
}
