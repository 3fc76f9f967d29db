//! `cvrs fields`.

use crate::args::{Common, Fields, TableFormat};
use crate::command::rules::json_line;
use crate::fault::{Exit, Fault, Result};
use crate::page;
use cvrs_rules::did_you_mean;
use cvrs_rules::guide::{self, Block};
use cvrs_spec::{Event, Field, Model, Requirement, Version};
use serde::Serialize;

pub(crate) fn run(args: &Fields, common: &Common) -> Result<Exit> {
    let field = args.name.as_deref().map(named).transpose()?;
    match (args.format, field) {
        (TableFormat::Json, Some(field)) => page::write(&json_line(&Row::new(field)), args.output.as_deref()),
        (TableFormat::Json, None) => {
            page::write(&json_line(&Field::all().map(Row::new).collect::<Vec<_>>()), args.output.as_deref())
        }
        (TableFormat::Text, Some(field)) => {
            page::print(&guide::field(field, true), args.output.as_deref(), common.color)
        }
        (TableFormat::Text, None) => {
            let blocks = [
                Block::Title("The columns of CVRS".to_owned()),
                Block::Table(guide::fields(false)),
                Block::Text(guide::REQUIREMENT_LETTERS.to_owned()),
                Block::Text("`cvrs fields NAME` says all of one column, with its codes.".to_owned()),
            ];
            page::print(&blocks, args.output.as_deref(), common.color)
        }
    }
}

fn named(word: &str) -> Result<Field> {
    let word = word.trim();
    Field::from_name(word.as_bytes()).ok_or_else(|| {
        let meant = did_you_mean(word, Field::all().map(Field::name));
        Fault::usage(format!("no column is called {word:?}; {meant}`cvrs fields` lists them all"))
    })
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    format: Option<&'static str>,
    max_length: u16,
    /// In version 2 and later.
    position: Option<u8>,
    position_v1: u8,
    requirements: Vec<Asked>,
    value_set: Option<&'static str>,
    /// Empty for a set that is kept apart, such as CVX.
    codes: Vec<Code>,
    /// Where version 1 has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_set_v1: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes_v1: Vec<Code>,
    is_redacted: bool,
    is_personal: bool,
    hl7: &'static str,
    source: &'static str,
}

#[derive(Serialize)]
struct Asked {
    version: &'static str,
    model: &'static str,
    event: &'static str,
    requirement: &'static str,
    /// The one value allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'static str>,
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
    meaning: &'static str,
}

impl Row {
    fn new(field: Field) -> Self {
        let facts = field.facts();
        let codes = |set: Option<cvrs_spec::SetId>| {
            let codes = set.map_or(&[][..], cvrs_spec::SetId::codes);
            codes.iter().map(|code| Code { code: code.code, meaning: code.meaning }).collect()
        };
        Self {
            name: facts.name,
            label: facts.label,
            kind: facts.kind.name(),
            format: facts.format,
            max_length: facts.max_length,
            position: facts.position,
            position_v1: facts.position_v1,
            requirements: requirements(field),
            value_set: facts.value_set.map(cvrs_spec::SetId::name),
            codes: codes(facts.value_set),
            value_set_v1: facts.value_set_v1.map(cvrs_spec::SetId::name),
            codes_v1: codes(facts.value_set_v1),
            is_redacted: facts.is_redacted,
            is_personal: facts.is_personal,
            hl7: facts.hl7,
            source: facts.source,
        }
    }
}

/// What each version asks for each event in each of its models.
fn requirements(field: Field) -> Vec<Asked> {
    let mut list = Vec::new();
    for version in Version::ALL {
        for model in Model::ALL.into_iter().filter(|&model| version.has_model(model)) {
            for event in Event::ALL {
                let requirement = field.requirement(version, event, model);
                let is_no_event = version != Version::V1 && event == Event::MissedAppointment;
                if is_no_event || requirement == Requirement::Absent {
                    continue;
                }
                let is_fixed = requirement == Requirement::Fixed;
                list.push(Asked {
                    version: version.name(),
                    model: model.name(),
                    event: match event {
                        Event::Vaccination => "vaccination",
                        Event::Refusal => "refusal",
                        Event::MissedAppointment => "missed_appointment",
                    },
                    requirement: requirement.name(),
                    value: is_fixed.then(|| guide::fixed_words(field, version, event, model)),
                });
            }
        }
    }
    list
}
