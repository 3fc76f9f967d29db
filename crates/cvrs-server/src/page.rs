//! The status page: uploads, jobs and errors by rule. No script, and nothing of a person.

use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::store::Logged;
use askama::Template;
use cvrs_api::{JobState, Store};
use std::collections::BTreeMap;

/// How many uploads are shown.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    now: String,
    stores: Vec<(&'static str, u64)>,
    jobs: Vec<Line>,
    uploads: Vec<Line>,
    rules: Vec<RuleLine>,
    version: &'static str,
}

struct Line {
    received: String,
    id: String,
    client: String,
    jurisdiction: String,
    operation: &'static str,
    kind: &'static str,
    state: &'static str,
    since: String,
    bytes: u64,
    total: String,
    rejected: u64,
    processed: u64,
    refused: u64,
}

struct RuleLine {
    rule: String,
    field: String,
    count: u64,
}

fn line(logged: &Logged) -> Line {
    let upload = &logged.upload;
    Line {
        received: crate::clock::rfc3339(upload.received),
        id: upload.id.to_string(),
        client: upload.client.clone(),
        jurisdiction: upload.jurisdiction.clone(),
        operation: upload.operation.name(),
        kind: if upload.is_job { "async" } else { "sync" },
        state: if logged.state == JobState::Completed { logged.status.name() } else { logged.state.name() },
        since: logged.times.last().map_or_else(String::new, |(_, millis)| crate::clock::rfc3339(*millis)),
        bytes: upload.bytes,
        total: logged.total.map_or_else(|| "–".to_owned(), |total| total.to_string()),
        rejected: logged.rejected,
        processed: logged.processed,
        refused: logged.refused,
    }
}

/// The page as HTML.
pub(crate) fn render(server: &Server) -> Result<String> {
    let newest = server.store.newest(SHOWN)?;
    let mut rules: BTreeMap<(String, String), u64> = BTreeMap::new();
    for rule in newest.iter().flat_map(|logged| &logged.rules) {
        *rules.entry((rule.rule.clone(), rule.field.clone())).or_default() += rule.count;
    }
    let mut rules: Vec<RuleLine> =
        rules.into_iter().map(|((rule, field), count)| RuleLine { rule, field, count }).collect();
    rules.sort_by_key(|line| std::cmp::Reverse(line.count));
    let (jobs, uploads): (Vec<&Logged>, Vec<&Logged>) =
        newest.iter().partition(|logged| logged.state != JobState::Completed);
    let count = |store: Store| Ok((store.name(), server.store.n_records(store)?));
    let page = StatusPage {
        now: crate::clock::rfc3339(server.config.clock.millis()),
        stores: Store::ALL.into_iter().map(count).collect::<Result<_>>()?,
        jobs: jobs.into_iter().map(line).collect(),
        uploads: uploads.into_iter().map(line).collect(),
        rules,
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render().map_err(|error| Refusal::internal(&error))
}
