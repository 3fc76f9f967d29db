//! ZIP codes, counties and states.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_codes::State;
use cvrs_spec::Field::{self, *};

const ZIPS: &[Field] = &[RecipAddressZip, AdminAddressZip];
const COUNTIES: &[Field] = &[RecipAddressCounty, AdminAddressCounty];
const STATES: &[Field] = &[RecipAddressState, AdminAddressState];

/// What the state column beside a ZIP or county column says.
enum Beside<'a> {
    Nothing,
    Unknown,
    State(&'a State),
}

fn state_beside<'a>(cell: &Cell<'a>) -> Beside<'a> {
    let column = match cell.field {
        Some(RecipAddressZip | RecipAddressCounty) => RecipAddressState,
        _ => AdminAddressState,
    };
    match cell.record.get(column) {
        b"" => Beside::Nothing,
        abbr => cell.codes.state(abbr).map_or(Beside::Unknown, Beside::State),
    }
}

fn digits<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    value.try_into().ok().filter(|digits: &[u8; N]| digits.iter().all(u8::is_ascii_digit))
}

fn zip_nine(cell: &Cell<'_>) -> Option<Proposal> {
    let nine: [u8; 9] = digits(cell.value)?;
    let zip = [&nine[..5], b"-", &nine[5..]].concat();
    let agrees = match state_beside(cell) {
        Beside::Nothing => true,
        Beside::Unknown => false,
        Beside::State(state) => cell.codes.zip_in_state(&zip, state) != Some(false),
    };
    agrees.then(|| Proposal::safe(zip)).flatten()
}

pub(crate) const ZIP_NINE: Fix = Fix {
    id: "F14",
    name: "zip-nine-digits",
    class: Class::Safe,
    stage: Stage::Place,
    what: "Puts the hyphen into a ZIP code of nine digits.",
    why: "Nine digits are a ZIP+4 whose hyphen was dropped.",
    condition: "digits only; agrees with the state where there is one",
    fields: ZIPS,
    cures: &["DATA005"],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(RecipAddressZip, "303011234")], &[(RecipAddressZip, "30301-1234")]),
        Example::Safe(
            &[(AdminAddressZip, "303011234"), (AdminAddressState, "")],
            &[(AdminAddressZip, "30301-1234"), (AdminAddressState, "")],
        ),
        Example::Stays(&[(RecipAddressZip, "485041234")]),
        Example::Stays(&[(RecipAddressZip, "30301123")]),
    ],
    how: How::Cells(any_row, zip_nine),
};

fn zip_zero(cell: &Cell<'_>) -> Option<Proposal> {
    let four: [u8; 4] = digits(cell.value)?;
    let zip = [b"0", &four[..]].concat();
    let is_safe = match state_beside(cell) {
        Beside::Nothing => false,
        Beside::Unknown => return None,
        Beside::State(state) => match cell.codes.zip_in_state(&zip, state) {
            Some(true) => true,
            Some(false) => return None,
            None => false,
        },
    };
    Some(Proposal { value: zip, is_safe })
}

pub(crate) const ZIP_ZERO: Fix = Fix {
    id: "F15",
    name: "zip-lost-zero",
    class: Class::ConsentUnless("when the state agrees"),
    what: "Puts back the zero in front of a ZIP code of four digits.",
    why: "A spreadsheet has taken it for a number. The state confirms it; without a state it could be another mistake.",
    condition: "four digits; the state's ZIP range holds the result",
    examples: &[
        Example::Safe(
            &[(AdminAddressZip, "2138"), (AdminAddressState, "MA"), (AdminAddressCounty, "25017")],
            &[(AdminAddressZip, "02138"), (AdminAddressState, "MA"), (AdminAddressCounty, "25017")],
        ),
        Example::Consent(
            &[(AdminAddressZip, "2138"), (AdminAddressState, "")],
            &[(AdminAddressZip, "02138"), (AdminAddressState, "")],
        ),
        Example::Stays(&[(AdminAddressZip, "2138"), (AdminAddressState, "GA")]),
        Example::Stays(&[(AdminAddressZip, "213"), (AdminAddressState, "MA")]),
    ],
    how: How::Cells(any_row, zip_zero),
    ..ZIP_NINE
};

fn zip_hyphen(cell: &Cell<'_>) -> Option<Proposal> {
    let (five, rest) = cell.value.split_at_checked(5)?;
    digits::<5>(five)?;
    match rest {
        b"-" => Proposal::safe(five),
        b"-0000" => Proposal::consent(five),
        _ => None,
    }
}

pub(crate) const ZIP_HYPHEN: Fix = Fix {
    id: "F16",
    name: "zip-dangling-hyphen",
    class: Class::SafeUnless("an add-on of 0000"),
    what: "Drops a hyphen with nothing behind it, or with 0000, from a ZIP code.",
    why: "Nothing is lost. 0000 is no real add-on, but it is a legal value.",
    condition: "five digits before the hyphen",
    examples: &[
        Example::Safe(&[(RecipAddressZip, "30301-")], &[(RecipAddressZip, "30301")]),
        Example::Consent(&[(RecipAddressZip, "30301-0000")], &[(RecipAddressZip, "30301")]),
        Example::Stays(&[(RecipAddressZip, "30301-12")]),
    ],
    how: How::Cells(any_row, zip_hyphen),
    ..ZIP_NINE
};

fn county_zero(cell: &Cell<'_>) -> Option<Proposal> {
    let four: [u8; 4] = digits(cell.value)?;
    let code = [b"0", &four[..]].concat();
    let county = cell.codes.county(&code)?;
    match state_beside(cell) {
        Beside::Nothing => Proposal::consent(code),
        Beside::State(state) if county.state == state.abbr => Proposal::safe(code),
        Beside::Unknown | Beside::State(_) => None,
    }
}

pub(crate) const COUNTY_ZERO: Fix = Fix {
    id: "F17",
    name: "county-lost-zero",
    class: Class::ConsentUnless("when the state agrees"),
    what: "Puts back the zero in front of a county code of four digits.",
    why: "A spreadsheet has taken it for a number. The state confirms it; without a state it could be another mistake.",
    condition: "the code exists with the zero, and its state is that of the state column",
    fields: COUNTIES,
    cures: &["DATA007"],
    examples: &[
        Example::Safe(
            &[(AdminAddressCounty, "1001"), (AdminAddressState, "AL"), (AdminAddressZip, "36003")],
            &[(AdminAddressCounty, "01001"), (AdminAddressState, "AL"), (AdminAddressZip, "36003")],
        ),
        Example::Consent(
            &[(AdminAddressCounty, "1001"), (AdminAddressState, ""), (AdminAddressZip, "")],
            &[(AdminAddressCounty, "01001"), (AdminAddressState, ""), (AdminAddressZip, "")],
        ),
        Example::Stays(&[(AdminAddressCounty, "1001"), (AdminAddressState, "GA")]),
        Example::Stays(&[(AdminAddressCounty, "1000"), (AdminAddressState, "AL"), (AdminAddressZip, "36003")]),
    ],
    how: How::Cells(any_row, county_zero),
    ..ZIP_NINE
};

fn county_three(cell: &Cell<'_>) -> Option<Proposal> {
    let three: [u8; 3] = digits(cell.value)?;
    let Beside::State(state) = state_beside(cell) else { return None };
    let code = [state.fips2.as_ref()?.as_bytes(), &three[..]].concat();
    cell.codes.county(&code)?;
    Proposal::safe(code)
}

pub(crate) const COUNTY_THREE: Fix = Fix {
    id: "F18",
    name: "county-three-digits",
    what: "Puts the state's two digits in front of a county code of three.",
    why: "Three digits number the county within its state, which the next column names.",
    condition: "the state is there, and the code exists",
    fields: COUNTIES,
    cures: &["DATA007"],
    examples: &[
        Example::Safe(&[(RecipAddressCounty, "121")], &[(RecipAddressCounty, "13121")]),
        Example::Stays(&[(AdminAddressCounty, "121"), (AdminAddressState, ""), (AdminAddressZip, "")]),
        Example::Stays(&[(RecipAddressCounty, "999")]),
        Example::Stays(&[(RecipAddressCounty, "12")]),
    ],
    how: How::Cells(any_row, county_three),
    ..ZIP_NINE
};

fn county_name(cell: &Cell<'_>) -> Option<Proposal> {
    let name = std::str::from_utf8(cell.value).ok().filter(|name| name.contains(char::is_alphabetic))?;
    let Beside::State(state) = state_beside(cell) else { return None };
    let found = cell.codes.county_by_name(name, state)?;
    Proposal::consent(found.successor.unwrap_or(found.county).fips5())
}

pub(crate) const COUNTY_NAME: Fix = Fix {
    id: "F19",
    name: "county-name",
    class: Class::Consent,
    what: "Replaces the name of a county by its code.",
    why: "The name is looked for within its state, with and without its closing word (County, Parish, city); one hit is \
          likely the right one.",
    condition: "the state is there, and exactly one county has that name: Baltimore, Richmond, Fairfax, Roanoke, Franklin \
                in Virginia and St. Louis need their closing word. A name that was given up leads to the code that took \
                over, where one did; Connecticut keeps its counties and its planning regions both",
    fields: COUNTIES,
    cures: &["DATA007"],
    examples: &[
        Example::Consent(&[(RecipAddressCounty, "Fulton")], &[(RecipAddressCounty, "13121")]),
        Example::Consent(&[(RecipAddressCounty, "Fulton County")], &[(RecipAddressCounty, "13121")]),
        Example::Consent(
            &[(AdminAddressCounty, "saint-tammany"), (AdminAddressState, "LA"), (AdminAddressZip, "70433")],
            &[(AdminAddressCounty, "22103"), (AdminAddressState, "LA"), (AdminAddressZip, "70433")],
        ),
        Example::Stays(&[(AdminAddressCounty, "Fulton"), (AdminAddressState, ""), (AdminAddressZip, "")]),
        Example::Stays(&[(RecipAddressCounty, "Gwinett")]),
    ],
    how: How::Cells(any_row, county_name),
    ..ZIP_NINE
};

fn state_name(cell: &Cell<'_>) -> Option<Proposal> {
    let name = std::str::from_utf8(cell.value).ok()?;
    let state = cell.codes.state_by_name(name)?;
    Proposal::safe(state.abbr.as_bytes())
}

pub(crate) const STATE_NAME: Fix = Fix {
    id: "F20",
    name: "state-name",
    what: "Replaces the name of a state by its two letters.",
    why: "The name has one abbreviation.",
    condition: "exactly a name of the state table, in any case",
    fields: STATES,
    cures: &["DATA007"],
    examples: &[
        Example::Safe(&[(RecipAddressState, "Georgia")], &[(RecipAddressState, "GA")]),
        Example::Safe(&[(AdminAddressState, "GEORGIA")], &[(AdminAddressState, "GA")]),
        Example::Stays(&[(RecipAddressState, "Georgia USA")]),
        Example::Stays(&[(RecipAddressState, "Michigan")]),
    ],
    how: How::Cells(any_row, state_name),
    ..ZIP_NINE
};
