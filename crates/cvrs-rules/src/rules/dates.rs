//! Dates: their shape, and how they fit each other.

use crate::rule::levels;
use crate::{Ask, Cell, Check, Context, Dch, Example, Hit, Hits, Layer, Rule, Scope, Stage};
use core::cmp::Ordering;
use cvrs_parse::{Date, Precision, Record};
use cvrs_report::Level::{Error, Off, Warn};
use cvrs_spec::Field::{self, *};

const DATES: &[Field] = &[RecipDob, AdminDate, VaxExpiration];

/// Whether a value that is no date begins like month/day/year (rule book DATA009): the CDC tool tries as many
/// characters of the pattern `MM/dd/yyyy` as the value has, leniently, and takes a matching beginning.
pub(crate) fn begins_like_us_date(value: &[u8]) -> bool {
    let pattern = value.len().min(10);
    let mut rest = value;
    let mut number = || {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[digits..];
        (digits > 0).then_some(rest.first() == Some(&b'/')).inspect(|&slash| rest = &rest[usize::from(slash)..])
    };
    let Some(slash) = number() else { return false };
    if pattern < 3 {
        return true;
    }
    if !slash {
        return false;
    }
    if pattern < 4 {
        return true;
    }
    let Some(slash) = number() else { return false };
    pattern < 6 || slash && (pattern < 7 || number().is_some())
}

fn invalid(cell: &Cell<'_>, is_us: bool) -> Option<Hit> {
    let value = cell.value();
    if value.is_empty() || Date::parse(value).is_some() || begins_like_us_date(value) != is_us {
        return None;
    }
    Some(Hit::behind(Dch::of(cell.field, Ask::Content)))
}

pub(crate) const INVALID: Rule = Rule {
    code: "DATA001",
    name: "invalid-date",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: DATES,
    levels: levels(Error, Error),
    message: "{f}{v} contains an invalid date, should match yyyy-MM-dd|yyyy-MM",
    why: "A date must be a real day or month, written year first.",
    remedy: "Send YYYY-MM-DD, or YYYY-MM where the day is not known. `cvrs fix` converts what can be converted safely.",
    source: "CVRS v2 instructions, data types; clearinghouse field errors, version 1; CDC tool DATA001",
    passes: &[Example::Cells(&[(RecipDob, "1968-05")]), Example::Cells(&[(AdminDate, "2021-01-04")])],
    fails: &[
        Example::Cells(&[(RecipDob, "1968-13")]),
        Example::Cells(&[(AdminDate, "20201215")]),
        Example::Cells(&[(VaxExpiration, "2021-02-30")]),
    ],
    check: Check::Cell(Stage::Content, |cell| invalid(cell, false)),
};

pub(crate) const US_FORMAT: Rule = Rule {
    code: "DATA009",
    name: "us-date",
    message: "{f}{v} contains an incorrectly formatted date, should match yyyy-MM-dd",
    why: "Month first and slashes are what a spreadsheet makes of a date; the clearinghouse refuses it.",
    source: "CVRS v2 instructions, data types; clearinghouse field errors, version 1; CDC tool DATA009",
    fails: &[Example::Cells(&[(RecipDob, "05/27/1968")]), Example::Cells(&[(VaxExpiration, "6/30/2021")])],
    check: Check::Cell(Stage::Content, |cell| invalid(cell, true)),
    ..INVALID
};

fn born_after(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if let (Some(dob), Some(admin)) = (record.date(RecipDob), record.date(AdminDate))
        && dob.compare_coarse(admin) == Ordering::Greater
    {
        hits.add(Hit { field: Some(RecipDob), ..Hit::behind(Dch::of(RecipDob, Ask::Relation)) });
    }
}

pub(crate) const BORN_AFTER: Rule = Rule {
    code: "BUSR005",
    name: "born-after-administration",
    layer: Layer::Tool,
    scope: Scope::Record,
    fields: &[RecipDob, AdminDate],
    levels: levels(Error, Error),
    message: "recip_dob{v} is after admin_date{w}",
    why: "A dose cannot precede its recipient; swapped dates are the usual cause. Partial dates are compared by month.",
    remedy: "Look the two dates up; they may have changed places.",
    source: "captured clearinghouse reply, winter 2020-21; CDC tool BUSR005",
    passes: &[Example::Cells(&[(RecipDob, "2021-01-15"), (AdminDate, "2021-01-15")])],
    fails: &[Example::Cells(&[(RecipDob, "2021-01-16"), (AdminDate, "2021-01-15")])],
    check: Check::Record(born_after),
};

fn in_future(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>, field: Field) {
    if record.date(field).is_some_and(|date| date.compare_coarse(context.today) == Ordering::Greater) {
        hits.add(Hit {
            field: Some(field),
            ..Hit::behind(Dch::of(field, Ask::Relation).filter(|_| field == AdminDate))
        });
    }
}

pub(crate) const BORN_IN_FUTURE: Rule = Rule {
    code: "BUSR011",
    name: "born-in-future",
    fields: &[RecipDob],
    message: "recip_dob{v} is later than the day of submission",
    why: "Nobody is born tomorrow; the century or the year is wrong.",
    remedy: "Look the birth date up.",
    source: "CDC tool BUSR011",
    passes: &[Example::Cells(&[(RecipDob, "2021-01-15")])],
    fails: &[Example::With(&[(RecipDob, "2068-05-27")], &["BUSR005"])],
    check: Check::Record(|record, context, hits| in_future(record, context, hits, RecipDob)),
    ..BORN_AFTER
};

pub(crate) const GIVEN_IN_FUTURE: Rule = Rule {
    code: "BUSR012",
    name: "given-in-future",
    fields: &[AdminDate],
    message: "admin_date{v} is later than the day of submission",
    why: "A dose cannot have been given after the day of submission; a planned appointment is no event.",
    remedy: "Send the record when the dose has been given, or correct the date.",
    source: "captured clearinghouse reply, winter 2020-21; CDC tool BUSR012",
    passes: &[Example::Cells(&[(AdminDate, "2021-01-15")])],
    fails: &[Example::Cells(&[(AdminDate, "2081-01-15"), (VaxExpiration, "")])],
    check: Check::Record(|record, context, hits| in_future(record, context, hits, AdminDate)),
    ..BORN_AFTER
};

/// Whether a vaccine that expires then was expired when given; a month expires on its last day.
pub(crate) const fn is_expired(expiration: Date, admin: Date) -> bool {
    match admin.precision() {
        Precision::Month => matches!(expiration.compare_coarse(admin), Ordering::Less),
        Precision::Day => expiration.last_day().as_number() < admin.as_number(),
    }
}

fn expired(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if let (Some(expiration), Some(admin)) = (record.date(VaxExpiration), record.date(AdminDate))
        && is_expired(expiration, admin)
    {
        hits.add(Hit::on(VaxExpiration));
    }
}

pub(crate) const EXPIRED: Rule = Rule {
    code: "XR012",
    name: "expired-when-given",
    layer: Layer::Extra,
    fields: &[VaxExpiration, AdminDate],
    levels: levels(Warn, Off),
    message: "vax_expiration is before admin_date",
    why: "Either an expired dose was given, which must be known, or one of the dates is wrong.",
    remedy: "Look the lot's expiration date up; a month means its last day.",
    source: "our own; CVRS v2 meaning of the columns",
    passes: &[Example::Cells(&[(VaxExpiration, "2021-01"), (AdminDate, "2021-01-15")])],
    fails: &[Example::Cells(&[(VaxExpiration, "2020-12-31"), (AdminDate, "2021-01-15")])],
    check: Check::Record(expired),
    ..BORN_AFTER
};

/// The most years that a recipient may have lived before it is a mistake.
pub(crate) const OLDEST: u32 = 120;

/// Whether the recipient would be older than anybody is.
pub(crate) const fn is_too_old(dob: Date, admin: Date) -> bool {
    matches!(dob.compare_coarse(admin.years_before(OLDEST)), Ordering::Less)
}

fn too_old(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if let (Some(dob), Some(admin)) = (record.date(RecipDob), record.date(AdminDate))
        && is_too_old(dob, admin)
    {
        hits.add(Hit::on(RecipDob));
    }
}

pub(crate) const TOO_OLD: Rule = Rule {
    code: "XR019",
    name: "older-than-120-years",
    fields: &[RecipDob, AdminDate],
    message: "recip_dob is more than 120 years before admin_date",
    why: "Dates such as 1900-01-01 stand for an unknown birth date and spoil every figure by age.",
    remedy: "Look the birth date up.",
    source: "our own",
    passes: &[Example::Cells(&[(RecipDob, "1921-01-15"), (AdminDate, "2021-01-15")])],
    fails: &[Example::Cells(&[(RecipDob, "1880-05-01"), (AdminDate, "2021-01-15")])],
    check: Check::Record(too_old),
    ..EXPIRED
};

/// The day of the first COVID-19 vaccine's authorisation in the United States.
pub(crate) const FIRST_DAY: Date = Date::from_ymd(2020, 12, 11).expect("a day of the calendar");

/// Whether no COVID-19 vaccine was authorised yet.
pub(crate) const fn is_before_authorisation(admin: Date) -> bool {
    matches!(admin.compare_coarse(FIRST_DAY), Ordering::Less)
}

fn too_early(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if !context.is_test && record.date(AdminDate).is_some_and(is_before_authorisation) {
        hits.add(Hit::on(AdminDate));
    }
}

pub(crate) const TOO_EARLY: Rule = Rule {
    code: "XR020",
    name: "before-first-authorisation",
    fields: &[AdminDate],
    message: "admin_date is before 2020-12-11, the first authorisation in the United States",
    why: "Outside trials no dose was given before; test data of 2020 carries such dates.",
    remedy: "Correct the date, or validate test data with --test.",
    source: "our own; FDA emergency use authorisation of 2020-12-11",
    passes: &[Example::Cells(&[(AdminDate, "2020-12-14")])],
    fails: &[Example::Cells(&[(AdminDate, "2020-10-04")])],
    check: Check::Record(too_early),
    ..EXPIRED
};

#[cfg(test)]
mod tests {
    use super::begins_like_us_date;

    #[test]
    fn slashed_dates_are_told_apart_as_the_cdc_tool_does() {
        for us in ["1/2/2020", "13/45/2020", "10/24", "2020/10/04", "00/00/0000", "5", "20", "10/24/2020", "10/4/2020"]
        {
            assert!(begins_like_us_date(us.as_bytes()), "{us}");
        }
        for other in
            ["10-24-2020", "2020-10-4", "2020", "20200101", "2020-02-30", "UNK", "Jan 5 2021", "", "2015-26-08"]
        {
            assert!(!begins_like_us_date(other.as_bytes()), "{other}");
        }
    }
}
