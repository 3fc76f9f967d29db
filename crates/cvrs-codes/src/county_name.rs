//! Counties by name within a state, for repairs of columns that hold a name instead of a code.
//!
//! Names are compared in a normal form, once in full (`FULTON COUNTY`) and once without the closing words
//! (`FULTON`). A name that leads to more than one county leads to none: `Baltimore` is a county and a city.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::county::{County, CountySet};
use crate::state::State;

/// Closing words that a sender may leave out, longest first.
const CLOSING: [&str; 9] = [
    "CITY AND BOROUGH",
    "PLANNING REGION",
    "CENSUS AREA",
    "MUNICIPALITY",
    "MUNICIPIO",
    "BOROUGH",
    "COUNTY",
    "PARISH",
    "CITY",
];

/// A county found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountyMatch<'a> {
    /// The county of that name, current or legacy.
    pub county: &'a County,
    /// The code in use now, if the county's own is retired and exactly one took it over.
    pub successor: Option<&'a County>,
}

/// The normal form of a county name: capitals, accents, dots and apostrophes off, hyphens to blanks, `SAINT` and
/// `SAINTE` to `ST` and `STE`, one blank between words.
///
/// Letters beyond Latin-1 and combining marks other than accents stay as they are and match nothing.
pub fn normal_county_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '.' | '\'' | '\u{2018}' | '\u{2019}' | '\u{02BB}' | '\u{02BC}' | '`' | '\u{0300}'..='\u{036F}' => {}
            '-' | '\u{2010}'..='\u{2013}' => plain.push(' '),
            'À'..='Å' | 'à'..='å' => plain.push('A'),
            'Ç' | 'ç' => plain.push('C'),
            'È'..='Ë' | 'è'..='ë' => plain.push('E'),
            'Ì'..='Ï' | 'ì'..='ï' => plain.push('I'),
            'Ñ' | 'ñ' => plain.push('N'),
            'Ò'..='Ö' | 'ò'..='ö' => plain.push('O'),
            'Ù'..='Ü' | 'ù'..='ü' => plain.push('U'),
            'Ý' | 'ý' | 'ÿ' => plain.push('Y'),
            c => plain.extend(c.to_uppercase()),
        }
    }
    let mut normal = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(match word {
            "SAINT" => "ST",
            "SAINTE" => "STE",
            word => word,
        });
    }
    normal
}

/// A normal name without its closing words, if it has any and something is left.
fn without_closing(normal: &str) -> Option<&str> {
    let closing = CLOSING.iter().find(|closing| normal.ends_with(*closing))?;
    normal.strip_suffix(closing)?.strip_suffix(' ').filter(|rest| !rest.is_empty())
}

/// What a name stands for within a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hit {
    One(u32),
    Several,
}

/// Normal names, full and short, to codes.
type Names = HashMap<String, Hit>;

/// The names of each state, by its position in the state set, gathered when a name of that state is first asked for.
#[derive(Debug, Clone)]
pub(crate) struct CountyNames(Vec<OnceLock<Names>>);

impl CountyNames {
    pub(crate) fn new(n_states: usize) -> Self {
        Self(vec![OnceLock::new(); n_states])
    }

    pub(crate) fn get<'a>(&self, counties: &'a CountySet, state: &State, name: &str) -> Option<CountyMatch<'a>> {
        let names = self.0.get(state.index)?.get_or_init(|| names_of(counties, state));
        let Hit::One(number) = *names.get(&normal_county_name(name))? else { return None };
        let county = counties.by_number(number)?;
        let successor = Some(&county.successors).filter(|codes| codes.len() == 5);
        Some(CountyMatch { county, successor: successor.and_then(|code| counties.get(code.as_bytes())) })
    }
}

fn names_of(counties: &CountySet, state: &State) -> Names {
    let mut names = Names::new();
    for county in counties.rows().iter().filter(|county| county.state == state.abbr) {
        let normal = normal_county_name(&county.name);
        for name in [Some(normal.as_str()), without_closing(&normal)].into_iter().flatten() {
            names
                .entry(name.to_owned())
                .and_modify(|hit| {
                    if *hit != Hit::One(county.number()) {
                        *hit = Hit::Several;
                    }
                })
                .or_insert(Hit::One(county.number()));
        }
    }
    names
}
