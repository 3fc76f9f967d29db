//! The page of a column.

use super::rules::{concerns, message};
use super::{Block, Cell, Table};
use crate::{DCH, Profile, RULES};
use cvrs_spec::{Event, Field, Model, Requirement, SetId, Version};

/// What a column holds that has one value only.
pub const fn fixed_words(field: Field, version: Version, event: Event, model: Model) -> &'static str {
    match (field, event) {
        (Field::ExtType, _) if matches!(version, Version::V1) => "D",
        (Field::ExtType, _) => model.name(),
        (Field::VaxRefusal, Event::Refusal) | (Field::RecipMissedAppt, Event::MissedAppointment) => "YES",
        (Field::VaxRefusal | Field::RecipMissedAppt, _) => "NO",
        _ => "Redacted",
    }
}

/// What is asked of a column, in words; a fixed value is told.
pub fn requirement_words(field: Field, version: Version, event: Event, model: Model) -> String {
    match field.requirement(version, event, model) {
        Requirement::Fixed => format!("always {}", fixed_words(field, version, event, model)),
        requirement => requirement.name().to_owned(),
    }
}

/// All that is to be said of a column. The codes of its value set are part of it if asked for.
pub fn field(field: Field, with_codes: bool) -> Vec<Block> {
    let mut blocks = vec![
        Block::Title(field.name().to_owned()),
        Block::text(format!("{}.", field.facts().label)),
        Block::Facts(facts(field)),
        Block::Heading("Requirement"),
        Block::Table(requirements(field)),
    ];
    if with_codes {
        for set in sets(field) {
            let codes = |code: &cvrs_spec::Code| vec![Cell::code(code.code), Cell::text(code.meaning)];
            blocks.push(Block::Heading("Codes"));
            blocks.push(Block::text(set_words(field, set)));
            if !set.codes().is_empty() {
                let rows = set.codes().iter().map(codes).collect();
                blocks.push(Block::Table(Table { head: vec!["code", "meaning"], rows }));
            }
        }
    }
    let own: Vec<Vec<Cell>> = DCH
        .iter()
        .filter(|dch| dch.field == field)
        .map(|dch| vec![Cell::text(dch.id), Cell::code(dch.message), Cell::text(dch.codes.join(", "))])
        .collect();
    if !own.is_empty() {
        blocks.push(Block::Heading("What the clearinghouse refuses"));
        blocks.push(Block::Table(Table { head: vec!["id", "message", "told as"], rows: own }));
    }
    let rules: Vec<Vec<Cell>> = RULES
        .iter()
        .filter(|rule| concerns(rule, field))
        .map(|rule| {
            let level = rule.level_in(Profile::Recommended);
            vec![Cell::Rule(rule.code), Cell::text(level.name()), Cell::text(message(rule))]
        })
        .collect();
    if !rules.is_empty() {
        blocks.push(Block::Heading("Rules"));
        blocks.push(Block::text(format!(
            "Levels are those of the profile {}. Rules on the whole text (XR004, XR005, XR008, XR023) look at every \
             column besides.",
            Profile::Recommended.name()
        )));
        blocks.push(Block::Table(Table { head: vec!["rule", "level", "what is wrong"], rows: rules }));
    }
    blocks
}

fn facts(field: Field) -> Vec<(&'static str, String)> {
    let facts = field.facts();
    let position = match facts.position {
        Some(position) => format!("{position} in version 2 and later, {} in version 1", facts.position_v1),
        None => format!("{} in version 1; no column of later versions", facts.position_v1),
    };
    let mut list = vec![("Kind", facts.kind.name().to_owned())];
    if facts.kind == cvrs_spec::Kind::Date {
        list.push(("Format", "YYYY-MM-DD, or YYYY-MM where the day is not known".to_owned()));
    } else if let Some(format) = facts.format {
        list.push(("Format", format.to_owned()));
    }
    list.push(("Length", format!("at most {} characters", facts.max_length)));
    if let Some(set) = facts.value_set {
        let v1 = facts.value_set_v1.map_or_else(String::new, |set| format!(" ({} in version 1)", set.name()));
        list.push(("Value set", format!("{}{v1}", set.name())));
    }
    list.push(("Position", position));
    list.push(("HL7 v2.5.1", facts.hl7.to_owned()));
    if facts.is_redacted {
        list.push(("Redaction", "holds the word Redacted in models D and P".to_owned()));
    }
    if facts.is_personal {
        list.push(("Privacy", "about the recipient as a person; reports show it only with --show-values".to_owned()));
    }
    list.push(("Source", facts.source.to_owned()));
    list
}

fn sets(field: Field) -> impl Iterator<Item = SetId> {
    let facts = field.facts();
    facts.value_set.into_iter().chain(facts.value_set_v1)
}

fn set_words(field: Field, set: SetId) -> String {
    let version = match field.facts().value_set_v1 {
        Some(v1) if v1 == set => ", version 1",
        Some(_) => ", version 2 and later",
        None => "",
    };
    if set.codes().is_empty() {
        let name = set.name();
        format!(
            "`{name}` is kept apart and newer than this page may be: `cvrs codes` tells its version, `cvrs codes show {name} CODE` looks a code up."
        )
    } else {
        format!("Value set {}{version}; case does not matter.", set.name())
    }
}

fn requirements(field: Field) -> Table {
    let head = vec!["event", "version 1", "model D (2 on)", "model I (2.5 on)", "model P (3 on)"];
    let later = |event, model| {
        let words = || requirement_words(field, Version::V3, event, model);
        if event == Event::MissedAppointment { "no such event".to_owned() } else { words() }
    };
    let rows = Event::ALL.into_iter().map(|event| {
        let v1 = requirement_words(field, Version::V1, event, Model::D);
        let models = Model::ALL.into_iter().map(|model| Cell::text(later(event, model)));
        [Cell::text(event.name()), Cell::text(v1)].into_iter().chain(models).collect()
    });
    Table { head, rows: rows.collect() }
}

/// What the letters of [`fields`] mean.
pub const REQUIREMENT_LETTERS: &str = "Requirements of vaccinations and refusals by model (D, I, P), of version 1 by \
                                       event (vaccination, refusal, missed appointment): R required, RK required if known, O optional, \
                                       X must be empty, F one value only, - not a column.";

const fn letter(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Required => "R",
        Requirement::IfKnown => "RK",
        Requirement::Optional => "O",
        Requirement::Empty => "X",
        Requirement::Fixed => "F",
        Requirement::Absent => "-",
    }
}

/// All columns, one a row; the wide form has titles and HL7 places too.
pub fn fields(is_wide: bool) -> Table {
    let mut head = vec!["#", "v1", "column"];
    if is_wide {
        head.push("title");
    }
    head.extend(["kind", "length", "value set", "vaccination", "refusal", "version 1"]);
    if is_wide {
        head.push("HL7 v2.5.1");
    }
    let row = |field: Field| {
        let facts = field.facts();
        let letters = |list: &[Requirement]| list.iter().map(|&asked| letter(asked)).collect::<Vec<_>>().join(" ");
        let position = facts.position.map_or_else(|| "-".to_owned(), |position| position.to_string());
        let mut row = vec![Cell::text(position), Cell::text(facts.position_v1.to_string()), Cell::Field(field)];
        if is_wide {
            row.push(Cell::text(facts.label));
        }
        row.extend([
            Cell::text(facts.kind.name()),
            Cell::text(facts.max_length.to_string()),
            Cell::text(facts.value_set.map_or("-", SetId::name)),
            Cell::text(letters(&facts.requirement[0])),
            Cell::text(letters(&facts.requirement[1])),
            Cell::text(letters(&facts.requirement_v1)),
        ]);
        if is_wide {
            row.push(Cell::text(facts.hl7));
        }
        row
    };
    Table { head, rows: Field::all().map(row).collect() }
}
