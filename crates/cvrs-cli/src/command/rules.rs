//! `cvrs rules`.

use crate::args::{Common, Rules, TableFormat};
use crate::fault::{Exit, Result};
use crate::page;
use cvrs_report::Level;
use cvrs_rules::guide::{Block, Cell, Table, message};
use cvrs_rules::{Consent, Profile, RULES, Rule};
use serde::Serialize;

pub(crate) fn run(args: &Rules, common: &Common) -> Result<Exit> {
    let is_listed = |rule: &&'static Rule| args.profile.is_none_or(|profile| rule.level_in(profile) > Level::Off);
    let rules: Vec<&'static Rule> = RULES.iter().filter(is_listed).collect();
    match args.format {
        TableFormat::Json => {
            let rows: Vec<Row> = rules.into_iter().map(|rule| Row::new(rule, args.profile)).collect();
            page::write(&json_line(&rows), args.output.as_deref())
        }
        TableFormat::Text => {
            let about = args.profile.map_or_else(String::new, |profile| format!(" of profile {}", profile.name()));
            let blocks = [
                Block::Title(format!("{} rules{about}, rule book {}", rules.len(), cvrs_rules::RULE_BOOK_VERSION)),
                Block::Table(table(&rules, args.profile)),
                Block::Text("`cvrs explain CODE` says all of one.".to_owned()),
            ];
            page::print(&blocks, args.output.as_deref(), common.color)
        }
    }
}

/// A value as JSON on one line.
pub(super) fn json_line(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).expect("texts, numbers and lists can be written as JSON");
    text.push(b'\n');
    text
}

fn table(rules: &[&'static Rule], profile: Option<Profile>) -> Table {
    let profiles = profile.map_or_else(|| Profile::ALL.to_vec(), |profile| vec![profile]);
    let mut head = vec!["code", "name"];
    match profile {
        Some(_) => head.push("level"),
        None => head.extend(profiles.iter().map(|profile| profile.name())),
    }
    head.push("what is wrong");
    let row = |rule: &&'static Rule| {
        let levels = profiles.iter().map(|&profile| match rule.level_in(profile) {
            Level::Off => Cell::text("-"),
            level => Cell::text(level.name()),
        });
        let (code, name) = (Cell::Rule(rule.code), Cell::text(rule.name));
        [code, name].into_iter().chain(levels).chain([Cell::text(message(rule))]).collect()
    };
    Table { head, rows: rules.iter().map(row).collect() }
}

#[derive(Serialize)]
struct Row {
    code: &'static str,
    name: &'static str,
    layer: &'static str,
    scope: &'static str,
    fields: Vec<&'static str>,
    /// The level in the profile asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    levels: Levels,
    message: String,
    why: &'static str,
    remedy: &'static str,
    fixes: Vec<Fix>,
    dch: Vec<Dch>,
    source: &'static str,
}

#[derive(Serialize)]
struct Levels {
    recommended: &'static str,
    strict: &'static str,
    dch: &'static str,
    tool: &'static str,
}

#[derive(Serialize)]
struct Fix {
    id: &'static str,
    what: &'static str,
    /// Whether it runs by itself whatever the rest of the record says.
    is_safe: bool,
}

#[derive(Serialize)]
struct Dch {
    id: &'static str,
    field: &'static str,
    message: &'static str,
}

impl Row {
    fn new(rule: &'static Rule, profile: Option<Profile>) -> Self {
        let level = |profile| rule.level_in(profile).name();
        Self {
            code: rule.code,
            name: rule.name,
            layer: rule.layer.name(),
            scope: rule.scope.name(),
            fields: rule.fields.iter().map(|field| field.name()).collect(),
            level: profile.map(level),
            levels: Levels {
                recommended: level(Profile::Recommended),
                strict: level(Profile::Strict),
                dch: level(Profile::Dch),
                tool: level(Profile::Tool),
            },
            message: message(rule),
            why: rule.why,
            remedy: rule.remedy,
            fixes: rule
                .mends()
                .map(|mend| Fix { id: mend.id, what: mend.what, is_safe: mend.consent == Consent::Safe })
                .collect(),
            dch: rule.dch().map(|dch| Dch { id: dch.id, field: dch.field.name(), message: dch.message }).collect(),
            source: rule.source,
        }
    }
}
