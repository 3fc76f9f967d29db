//! `cvrs codes show`: one code, in any legal spelling, with what belongs to it.

mod places;
mod products;

use crate::args::ShowCode;
use crate::fault::{Fault, Result};
use cvrs_codes::CodeSets;
use cvrs_rules::did_you_mean;
use cvrs_rules::guide::{Block, Cell, Table};
use cvrs_spec::{Field, SetId};

/// The sets kept apart from the specification, which know more of a code than its meaning.
const OWN: [&str; 6] = ["cvx", "mvx", "ndc", "county", "state", "zip"];

pub(super) fn blocks(sets: &CodeSets, args: &ShowCode) -> Result<Vec<Block>> {
    let (set, code) = (args.set.trim().to_ascii_lowercase(), args.code.trim());
    match set.as_str() {
        "cvx" => products::cvx(sets, code),
        "mvx" => products::mvx(sets, code),
        "ndc" => products::ndc(sets, code),
        "county" => places::county(sets, code),
        "state" => places::state(sets, code),
        "zip" | "zip3" => places::zip(sets, code),
        _ => of_specification(&set, code),
    }
}

/// A code of a value set of the specification, by the set's name or that of a column that uses it.
fn of_specification(name: &str, code: &str) -> Result<Vec<Block>> {
    let by_column = || {
        let facts = Field::from_name(name.as_bytes())?.facts();
        facts.value_set.filter(|set| !set.codes().is_empty())
    };
    let Some(set) = value_sets().find(|set| set.name() == name).or_else(by_column) else {
        let known = OWN.into_iter().chain(value_sets().map(SetId::name));
        let meant = did_you_mean(name, known.clone());
        let known: Vec<&str> = known.collect();
        return Err(Fault::usage(format!("no code set is called {name:?}; {meant}there are {}", known.join(", "))));
    };
    let by_meaning = || set.codes().iter().find(|known| known.meaning.eq_ignore_ascii_case(code));
    let Some(found) = set.find(code.as_bytes()).or_else(by_meaning) else {
        let known = set.codes().iter().flat_map(|known| [known.code, known.meaning]);
        let meant = did_you_mean(code, known);
        let codes: Vec<&str> = set.codes().iter().map(|known| known.code).collect();
        return Err(unknown(set.name(), code, &format!("{meant}there are {}", codes.join(", "))));
    };
    let columns: Vec<&str> = Field::all()
        .filter(|field| [field.facts().value_set, field.facts().value_set_v1].contains(&Some(set)))
        .map(Field::name)
        .collect();
    let mut facts = vec![("Meaning", found.meaning.to_owned()), ("Columns", columns.join(", "))];
    facts.extend((!found.fact.is_empty()).then(|| (fact_name(set), found.fact.to_owned())));
    facts.retain(|fact| !fact.1.is_empty());
    let rows = set.codes().iter().map(|code| vec![Cell::code(code.code), Cell::text(code.meaning)]).collect();
    Ok(vec![
        Block::Title(format!("{} {}", set.name(), found.code)),
        Block::Facts(facts),
        Block::Heading("All codes of the set"),
        Block::Table(Table { head: vec!["code", "meaning"], rows }),
    ])
}

/// The value sets of the specification, in the order of the columns that use them.
fn value_sets() -> impl Iterator<Item = SetId> + Clone {
    let mut sets = vec![SetId::SubmittingEntity];
    for field in Field::all() {
        for set in [field.facts().value_set, field.facts().value_set_v1].into_iter().flatten() {
            // States stand among the sets kept apart, with more facts.
            if !set.codes().is_empty() && set != SetId::State && !sets.contains(&set) {
                sets.push(set);
            }
        }
    }
    sets.into_iter()
}

const fn fact_name(set: SetId) -> &'static str {
    match set {
        SetId::VaxRoute => "Code system",
        SetId::SubmittingEntity => "Kind",
        _ => "Further",
    }
}

/// No code of the set is spelt like this.
fn unknown(set: &str, code: &str, hint: &str) -> Fault {
    Fault::usage(format!("{code:?} is no code of {set}; {hint}"))
}

/// A day, or a dash.
fn day(day: Option<cvrs_codes::Day>) -> Cell {
    Cell::text(day.map_or_else(|| "-".to_owned(), |day| day.to_string()))
}

/// Adds a table under a heading, unless it is empty.
fn add(blocks: &mut Vec<Block>, heading: &'static str, head: Vec<&'static str>, rows: Vec<Vec<Cell>>) {
    if !rows.is_empty() {
        blocks.push(Block::Heading(heading));
        blocks.push(Block::Table(Table { head, rows }));
    }
}
