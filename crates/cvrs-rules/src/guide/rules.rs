//! The page of a rule, and that of a rule of the clearinghouse.

use super::{Block, Cell, Table, examples};
use crate::example::shown;
use crate::rules::{forbidden, length, required};
use crate::{Ask, Consent, Dch, Layer, Profile, Rule, Scope};
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Version};

/// What is wrong, with words for the marks that only a finding fills in.
pub fn message(rule: &Rule) -> String {
    let column = match rule.fields {
        [field] => field.name(),
        _ => "the column",
    };
    let text = rule.message.replace("{v}", "").replace("{w}", "");
    text.replace("{f}", column).replace("{0}", "N").replace("{1}", "M")
}

/// The columns that the rule looks at; none where it looks at all of them or at no column.
pub(super) fn columns(rule: &'static Rule) -> impl Iterator<Item = Field> {
    rule.fields.iter().copied().filter(|&field| concerns(rule, field))
}

/// Whether the rule can speak of the column: a list of columns shared by events holds some that one event lacks.
pub(super) fn concerns(rule: &Rule, field: Field) -> bool {
    // Missed appointments are of version 1 alone.
    let versions = |event| if event == Event::MissedAppointment { &Version::ALL[..1] } else { &Version::ALL[..] };
    let required = |event| versions(event).iter().any(|&version| required::is_required(field, version, event));
    let forbidden = |event| versions(event).iter().any(|&version| forbidden::is_forbidden(field, version, event));
    match rule.code {
        "REQD001" => required(Event::Vaccination),
        "REQD002" => required(Event::Refusal),
        "REQD003" => required(Event::MissedAppointment),
        "DNTS002" => forbidden(Event::Refusal),
        "DNTS003" => forbidden(Event::MissedAppointment),
        "DATA008" => !length::is_clearinghouse_only(field),
        _ => rule.fields.contains(&field),
    }
}

/// All that is to be said of a rule.
pub fn rule(rule: &'static Rule) -> Vec<Block> {
    let mut blocks = vec![
        Block::Title(format!("{} {}", rule.code, rule.name)),
        Block::text(format!("{}.", capital(&message(rule)))),
        Block::Facts(facts(rule)),
        Block::Heading("Why"),
        Block::text(rule.why),
        Block::Heading("What to do"),
        Block::text(rule.remedy),
    ];
    let mends: Vec<Vec<Cell>> = rule
        .mends()
        .map(|mend| vec![Cell::text(mend.id), Cell::text(mend.what), Cell::text(mend.consent.words())])
        .collect();
    if !mends.is_empty() {
        blocks.push(Block::Heading("Fixes"));
        blocks.push(Block::text(consent_note(rule)));
        blocks.push(Block::Table(Table { head: vec!["fix", "what it does", "when"], rows: mends }));
    }
    for (heading, list) in [("Fails", rule.fails), ("Passes", rule.passes)] {
        if !list.is_empty() {
            blocks.push(Block::Heading(heading));
            blocks.extend(examples::blocks(list));
        }
    }
    let own: Vec<Vec<Cell>> =
        rule.dch().map(|dch| vec![Cell::text(dch.id), Cell::Field(dch.field), Cell::code(dch.message)]).collect();
    if !own.is_empty() {
        blocks.push(Block::Heading("The clearinghouse's own words"));
        blocks.push(Block::Table(Table { head: vec!["id", "column", "message"], rows: own }));
    }
    blocks.push(Block::Heading("Source"));
    blocks.push(Block::text(format!("{}.", capital(rule.source))));
    blocks
}

fn consent_note(rule: &Rule) -> &'static str {
    if rule.mends().all(|mend| mend.consent == Consent::Safe) {
        "`cvrs fix` mends these where the value allows it."
    } else {
        "`cvrs fix` mends these where the value allows it; what needs consent is named with `--fix` or let in with \
         `--unsafe-fixes`."
    }
}

/// The text with a capital, unless it begins with the name of a column.
fn capital(text: &str) -> String {
    let first = text.split([' ', ',']).next().unwrap_or_default();
    match text.get(..1) {
        Some(letter) if Field::from_name(first.as_bytes()).is_none() => letter.to_uppercase() + &text[1..],
        _ => text.to_owned(),
    }
}

fn facts(rule: &'static Rule) -> Vec<(&'static str, String)> {
    let family = match rule.layer {
        Layer::Clearinghouse => "the clearinghouse refuses it; no other code exists",
        Layer::Tool => "CDC's command-line validator knows the code",
        Layer::Extra => "a check that nobody else makes",
        Layer::Pattern => "a pattern above rows",
    };
    let scope = match rule.scope {
        Scope::Header => "the header line or the file's first bytes",
        Scope::Cell => "one cell at a time",
        Scope::Record => "one record at a time",
        Scope::File if rule.code == "XR010" => "the file's name",
        Scope::File => "all records of a file together",
    };
    let columns: Vec<&str> = columns(rule).map(Field::name).collect();
    let columns = match (rule.code, columns.is_empty()) {
        ("DATA008", _) => "all but those whose length the clearinghouse alone checks".to_owned(),
        (_, true) => String::new(),
        (_, false) => columns.join(", "),
    };
    let mut facts = vec![("Level", levels(rule)), ("Family", family.to_owned()), ("Looks at", scope.to_owned())];
    if !columns.is_empty() {
        facts.push(("Columns", columns));
    }
    facts
}

/// The levels in words: `error in recommended, strict; off in dch, tool`.
fn levels(rule: &Rule) -> String {
    let mut parts = Vec::new();
    for level in [Level::Error, Level::Warn, Level::Info, Level::Off] {
        let profiles: Vec<&str> =
            Profile::ALL.iter().filter(|&&profile| rule.level_in(profile) == level).map(|p| p.name()).collect();
        if !profiles.is_empty() {
            parts.push(format!("{} in {}", level.name(), profiles.join(", ")));
        }
    }
    parts.join("; ")
}

/// What is to be said of a rule of the clearinghouse: its own words first, then the rule that tells it.
pub fn clearinghouse_rule(dch: &'static Dch) -> Vec<Block> {
    let raised = match dch.ask {
        Ask::NotNull => "the cell is empty",
        Ask::NotNullUnlessRefused => "the cell is empty and vax_refusal is NO",
        Ask::Length => "the value is longer than the message says",
        Ask::Content => "there is a value, and it is of another shape or set than the message says",
        Ask::Relation => "the date does not fit the other one",
    };
    let mut blocks = vec![
        Block::Title(format!("{} {}", dch.id, dch.field.name())),
        Block::text(format!("`{}`", dch.message)),
        Block::Facts(vec![
            ("Raised when", raised.to_owned()),
            ("Passes", shown(dch.passes)),
            ("Fails", shown(dch.fails)),
            ("Told as", dch.codes.join(", ")),
        ]),
    ];
    let Some(rule) = dch.codes.first().and_then(|code| crate::rule(code)) else { return blocks };
    blocks.extend([
        Block::Heading("Why"),
        Block::text(rule.why),
        Block::Heading("What to do"),
        Block::text(rule.remedy),
        Block::Heading("Source"),
        Block::text(match dch.ask {
            Ask::Relation => "A captured clearinghouse reply of winter 2020-21; not in the list of field errors.",
            _ => "Clearinghouse field errors, version 1, 2020-11-02.",
        }),
    ]);
    blocks
}
