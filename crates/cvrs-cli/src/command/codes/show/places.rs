//! Counties, states and ZIP codes, and what belongs together among them.

use super::{add, unknown};
use crate::fault::{Fault, Result};
use cvrs_codes::{CodeSets, County, CountyList, CountyStatus, State, StateKind, Zip3, pad};
use cvrs_rules::did_you_mean;
use cvrs_rules::guide::{Block, Cell};

pub(super) fn county(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let Some(county) = sets.county(code.as_bytes()).or(county_by_name(sets, code)?) else {
        let padded = pad::<5>(code.as_bytes()).and_then(|padded| sets.county(&padded));
        let hint = match padded {
            Some(county) => format!("{} is {}, {}", digits(county), county.name, county.state),
            None => "a county is five digits such as 13121, or a name and a state such as `Fulton, GA`".to_owned(),
        };
        return Err(unknown("county", code, &hint));
    };
    let state = sets.state(county.state.as_bytes());
    let mut facts = vec![
        ("State", state.map_or_else(|| county.state.to_string(), state_words)),
        ("Status", if county.status == CountyStatus::Current { "current" } else { "retired" }.to_owned()),
    ];
    facts.extend(county.first_year.map(|year| ("First listed", year.to_string())));
    facts.extend(county.last_year.map(|year| ("Last listed", year.to_string())));
    let in_rule = if county.is_in(CountyList::From2019To2022) { "yes" } else { "no; XR022 warns" };
    facts.push(("In a list of 2019 to 2022", in_rule.to_owned()));
    let mut blocks = vec![Block::Title(format!("County {} {}", digits(county), county.name)), Block::Facts(facts)];
    let successors = county.successors.split(' ').filter_map(|code| sets.county(code.as_bytes())).map(row).collect();
    add(&mut blocks, "Taken over by", COUNTY_HEAD.to_vec(), successors);
    if let Some(state) = state {
        add(&mut blocks, "ZIP prefixes of the state", ZIP_HEAD.to_vec(), prefixes(sets, state));
    }
    Ok(blocks)
}

/// The county of a name with its state behind a comma; `None` if the text is of another form.
fn county_by_name<'a>(sets: &'a CodeSets, text: &str) -> Result<Option<&'a County>> {
    let Some((name, state)) = text.rsplit_once(',') else { return Ok(None) };
    let state = found_state(sets, state.trim())?;
    if let Some(found) = sets.county_by_name(name.trim(), state) {
        return Ok(Some(found.county));
    }
    let known = sets.counties().iter().filter(|county| county.state == state.abbr).map(|county| &*county.name);
    let meant = did_you_mean(name.trim(), known);
    let hint = format!("{meant}`cvrs codes show state {}` lists its counties", state.abbr);
    Err(unknown("county", text, &hint))
}

pub(super) fn state(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let state = found_state(sets, code)?;
    let kind = match state.kind {
        StateKind::State => "state",
        StateKind::District => "district",
        StateKind::Territory => "territory",
        StateKind::FreelyAssociated => "freely associated state",
        StateKind::Military => "military post",
        _ => "other",
    };
    let mut facts = vec![("Kind", kind.to_owned())];
    facts.extend(state.fips2.as_ref().map(|digits| ("Counties begin with", digits.to_string())));
    let mut blocks = vec![Block::Title(format!("State {}", state_words(state))), Block::Facts(facts)];
    add(&mut blocks, "ZIP prefixes", ZIP_HEAD.to_vec(), prefixes(sets, state));
    let counties = sets.counties().iter().filter(|county| county.state == state.abbr).map(row).collect();
    add(&mut blocks, "Counties", COUNTY_HEAD.to_vec(), counties);
    Ok(blocks)
}

fn found_state<'a>(sets: &'a CodeSets, code: &str) -> Result<&'a State> {
    let by_fips = || sets.states().iter().find(|state| state.fips2.as_deref() == Some(code));
    let found = sets.state(code.as_bytes()).or_else(|| sets.state_by_name(code)).or_else(by_fips);
    found.ok_or_else(|| {
        let known = sets.states().iter().flat_map(|state| [&*state.abbr, &*state.name]);
        let meant = did_you_mean(code, known);
        unknown("state", code, &format!("{meant}a state is two letters such as GA, or its name"))
    })
}

pub(super) fn zip(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let bytes = code.as_bytes();
    let is_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let is_zip = match bytes.len() {
        3 | 5 => is_digits(bytes),
        10 => is_digits(&bytes[..5]) && bytes[5] == b'-' && is_digits(&bytes[6..]),
        _ => false,
    };
    let hint = "a ZIP code is 30301 or 30301-1234, a prefix 303";
    if !is_zip {
        return Err(unknown("zip", code, hint));
    }
    let prefix = sets.zip3(bytes);
    let holders: Vec<String> =
        sets.states().iter().filter(|state| sets.zip_in_state(bytes, state) == Some(true)).map(state_words).collect();
    let Some(prefix) = prefix else {
        return Err(Fault::usage(format!("{code:?} begins with no ZIP prefix that is in use; {hint}")));
    };
    let mut facts = vec![("Prefix", prefix.prefix.to_string()), ("Serves", served(sets, &prefix.states))];
    if !prefix.also_states.is_empty() {
        facts.push(("Also, in part", served(sets, &prefix.also_states)));
    }
    if prefix.is_military {
        facts.push(("Kind", "military post".to_owned()));
    }
    if bytes.len() > 3 {
        let words = if holders.is_empty() { "none; BUSR003 and BUSR004 warn".to_owned() } else { holders.join(", ") };
        facts.push(("In the ranges of", words));
    }
    Ok(vec![Block::Title(format!("ZIP {code}")), Block::Facts(facts)])
}

fn served(sets: &CodeSets, letters: &str) -> String {
    let names = letters.split(' ').filter_map(|abbr| sets.state(abbr.as_bytes())).map(state_words);
    names.collect::<Vec<_>>().join(", ")
}

fn state_words(state: &State) -> String {
    format!("{} {}", state.abbr, state.name)
}

fn digits(county: &County) -> String {
    county.fips5().iter().map(|&digit| char::from(digit)).collect()
}

const COUNTY_HEAD: [&str; 3] = ["county", "name", "status"];

fn row(county: &County) -> Vec<Cell> {
    let status = match (county.status, county.last_year) {
        (CountyStatus::Current, _) => "current".to_owned(),
        (CountyStatus::Legacy, Some(year)) => format!("last listed {year}"),
        (CountyStatus::Legacy, None) => "retired".to_owned(),
    };
    vec![Cell::text(digits(county)), Cell::text(&*county.name), Cell::text(status)]
}

const ZIP_HEAD: [&str; 2] = ["prefixes", "shared with"];

/// The prefixes of a state, runs of neighbours together, apart by the states that they are shared with.
fn prefixes(sets: &CodeSets, state: &State) -> Vec<Vec<Cell>> {
    let others = |row: &Zip3| {
        let all = row.states.split(' ').chain(row.also_states.split(' '));
        let others: Vec<&str> = all.filter(|abbr| !abbr.is_empty() && *abbr != state.abbr).collect();
        if others.is_empty() { "-".to_owned() } else { others.join(", ") }
    };
    let mut runs: Vec<(u32, u32, String)> = Vec::new();
    for row in sets.zip3_rows().iter().filter(|row| row.serves(state)) {
        let (number, others) = (row.prefix.parse().unwrap_or(0), others(row));
        match runs.last_mut() {
            Some(run) if run.1 + 1 == number && run.2 == others => run.1 = number,
            _ => runs.push((number, number, others)),
        }
    }
    let words = |first, last| if first == last { format!("{first:03}") } else { format!("{first:03}-{last:03}") };
    runs.into_iter().map(|(first, last, others)| vec![Cell::text(words(first, last)), Cell::text(others)]).collect()
}
