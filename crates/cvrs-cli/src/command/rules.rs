//! `cvrs rules`.

use crate::args::{Common, Rules, TableFormat};
use crate::fault::{Exit, Result};
use crate::own_profile::ProfileArg;
use crate::page;
use cvrs_report::Level;
use cvrs_rules::guide::{Block, Cell, Table, message};
use cvrs_rules::{Book, Consent, Options, Profile, RULES, Rule};
use serde::Serialize;

/// A profile as it is listed: its name, and the level of each rule in it.
struct Listed {
    name: String,
    book: Book,
}

impl Listed {
    fn new(profile: &ProfileArg) -> Result<Self> {
        // The day plays no part in levels.
        let mut options = Options::new(Profile::Recommended, super::validate::local_day());
        profile.apply(&mut options)?;
        Ok(Self { name: profile.label(options.profile), book: Book::new(&options) })
    }

    /// The worst level of the rule's findings.
    fn level(&self, rule: &Rule) -> Level {
        let ids = std::iter::once(None).chain(rule.dch().map(Some));
        ids.map(|dch| self.book.level(rule.code, dch, false)).max().unwrap_or(Level::Off)
    }
}

pub(crate) fn run(args: &Rules, common: &Common) -> Result<Exit> {
    let listed = args.profile.as_ref().map(Listed::new).transpose()?;
    let is_listed = |rule: &&'static Rule| listed.as_ref().is_none_or(|listed| listed.level(rule) > Level::Off);
    let rules: Vec<&'static Rule> = RULES.iter().filter(is_listed).collect();
    match args.format {
        TableFormat::Json => {
            let rows: Vec<Row> = rules.into_iter().map(|rule| Row::new(rule, listed.as_ref())).collect();
            page::write(&json_line(&rows), args.output.as_deref())
        }
        TableFormat::Text => {
            let about = listed.as_ref().map_or_else(String::new, |listed| format!(" of profile {}", listed.name));
            let blocks = [
                Block::Title(format!("{} rules{about}, rule book {}", rules.len(), cvrs_rules::RULE_BOOK_VERSION)),
                Block::Table(table(&rules, listed.as_ref())),
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

fn table(rules: &[&'static Rule], listed: Option<&Listed>) -> Table {
    let mut head = vec!["code", "name"];
    match listed {
        Some(_) => head.push("level"),
        None => head.extend(Profile::ALL.map(Profile::name)),
    }
    head.push("what is wrong");
    let row = |rule: &&'static Rule| {
        let levels = match listed {
            Some(listed) => vec![listed.level(rule)],
            None => Profile::ALL.map(|profile| rule.level_in(profile)).to_vec(),
        };
        let levels = levels.into_iter().map(|level| match level {
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
    fn new(rule: &'static Rule, listed: Option<&Listed>) -> Self {
        let level = |profile| rule.level_in(profile).name();
        Self {
            code: rule.code,
            name: rule.name,
            layer: rule.layer.name(),
            scope: rule.scope.name(),
            fields: rule.fields.iter().map(|field| field.name()).collect(),
            level: listed.map(|listed| listed.level(rule).name()),
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
