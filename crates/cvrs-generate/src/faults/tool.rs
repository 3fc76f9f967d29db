//! Faults that the CDC tool's rules see and the clearinghouse's list does not.

use cvrs_spec::Field::{self, *};

use super::clearinghouse::{admin_place, only_cvx, races};
use super::faults;
use crate::fault::Change::{Bytes, Clear, Custom, Pad, Set, WithEarlier};
use crate::row::Row;

faults! {
    "ndc-in-refusal", Refusal, ALL, Custom(|row, _| refused_dose(row, Ndc, "59267-1000-01")) => Error "DNTS002" - Ndc;
    "mvx-in-refusal", Refusal, ALL, Custom(|row, _| refused_dose(row, Mvx, "PFR")) => Error "DNTS002" - Mvx;
    "lot-number-in-refusal", Refusal, ALL, Set(LotNumber, "EN6201") => Error "DNTS002" - LotNumber;
    "expiration-in-refusal", Refusal, ALL, Set(VaxExpiration, "2099-12-31") => Error "DNTS002" - VaxExpiration;
    "site-in-refusal", Refusal, ALL, Set(VaxAdminSite, "LD") => Error "DNTS002" - VaxAdminSite;
    "route-in-refusal", Refusal, ALL, Set(VaxRoute, "C28161") => Error "DNTS002" - VaxRoute;
    "dose-num-in-refusal", Refusal, ALL, Set(DoseNum, "1") => Error "DNTS002" - DoseNum;
    "series-in-refusal", Refusal, ALL, Set(VaxSeriesComplete, "NO") => Error "DNTS002" - VaxSeriesComplete;
    "dose-and-site-in-refusal", Refusal, ALL, Custom(|row, _| { row.set(DoseNum, "2"); row.set(VaxAdminSite, "RD"); })
        => Error "DNTS002" - VaxAdminSite, Error "DNTS002" - DoseNum;

    "expiration-no-such-day", Vaccination, ALL, Set(VaxExpiration, "2021-06-31")
        => Error "DATA001" - VaxExpiration;
    "expiration-year-only", Vaccination, ALL, Set(VaxExpiration, "2021") => Error "DATA001" - VaxExpiration;
    "expiration-with-slashes", Vaccination, ALL, Set(VaxExpiration, "06/30/2021")
        => Error "DATA009" - VaxExpiration;
    "pprl-id-forbidden", Any, DI, Set(PprlId, "q8X0rZk3TmP7vLw5YdB1") => Error "DATA004" - PprlId;
    "pprl-id-missing", Any, P, Clear(PprlId) => Error "DATA004" - PprlId;
    "vax-event-id-with-blank", Any, ALL, Custom(|row, _| blank_inside(row, VaxEventId))
        => Warn "DATA005" - VaxEventId;
    "recip-id-with-blank", Any, ALL, Custom(|row, _| blank_inside(row, RecipId)) => Warn "DATA005" - RecipId;

    "first-name-unredacted", Any, DP, Set(RecipFirstName, "Zoë") => Error "DATA006" - RecipFirstName;
    "middle-name-unredacted", Any, DP, Set(RecipMiddleName, "Lee") => Error "DATA006" - RecipMiddleName;
    "last-name-unredacted", Any, DP, Set(RecipLastName, "Núñez") => Error "DATA006" - RecipLastName;
    "recip-street-unredacted", Any, DP, Set(RecipAddressStreet, "47 Maple Ave")
        => Error "DATA006" - RecipAddressStreet;
    "recip-street-2-unredacted", Any, DP, Set(RecipAddressStreet2, "Apt 4")
        => Error "DATA006" - RecipAddressStreet2;
    "recip-city-unredacted", Any, DP, Set(RecipAddressCity, "Springfield") => Error "DATA006" - RecipAddressCity;
    "recip-name-unredacted", Any, DP, Custom(unredacted_name)
        => Error "DATA006" - RecipFirstName, Error "DATA006" - RecipMiddleName, Error "DATA006" - RecipLastName;

    "recip-state-unknown-zip-empty", Any, ALL,
        Custom(|row, _| { row.set(RecipAddressState, "XX"); row.set(RecipAddressZip, ""); })
        => Error "DATA007" - RecipAddressState, Error "DCH028" "DCH028" RecipAddressZip;
    "admin-state-unknown", Any, ALL, Custom(|row, _| admin_place(row, "13121", "XX", ""))
        => Error "DATA007" - AdminAddressState;
    "route-unknown-code", Vaccination, ALL, Set(VaxRoute, "ARM") => Error "DATA007" - VaxRoute;
    "cvx-not-in-list", Any, ALL, Custom(|row, _| only_cvx(row, "199")) => Warn "DATA007" - Cvx;
    "mvx-not-in-list", Vaccination, ALL, Set(Mvx, "QQQ") => Warn "DATA007" - Mvx;
    "ndc-not-in-list", Vaccination, ALL, Set(Ndc, "12345-6789-01") => Warn "DATA007" - Ndc;
    "cvx-too-long", Any, ALL, Custom(long_cvx) => Error "DATA008" - Cvx, Warn "DATA007" - Cvx;
    // 252 letters and two characters beyond the Basic Multilingual Plane: 254 characters, 256 UTF-16 units.
    "admin-name-too-long-in-utf-16", Any, ALL, Custom(long_in_utf16) => Warn "DATA008" - AdminName;
    "responsible-org-leading-blank", Any, ALL, Bytes(ResponsibleOrg, b" Hope Clinic")
        => Warn "DATA005" - ResponsibleOrg;
    "admin-name-leading-blank", Any, ALL, Bytes(AdminName, b" Luna") => Warn "DATA005" - AdminName;

    "recip-county-of-another-state", Any, ALL, Custom(|row, _| elsewhere(row, RecipAddressCounty, "53033", "13121"))
        => Warn "BUSR001" - RecipAddressCounty;
    "admin-county-of-another-state", Any, ALL, Custom(|row, _| admin_place(row, "53033", "GA", "30301"))
        => Warn "BUSR002" - AdminAddressCounty;
    "recip-zip-of-another-state", Any, ALL, Custom(|row, _| elsewhere(row, RecipAddressZip, "98101", "30301"))
        => Warn "BUSR003" - RecipAddressZip;
    "admin-zip-of-another-state", Any, ALL, Custom(|row, _| admin_place(row, "13121", "GA", "98101"))
        => Warn "BUSR004" - AdminAddressZip;
    "recip-zip-without-state", Any, ALL, Clear(RecipAddressState)
        => Warn "BUSR007" - RecipAddressZip, Error "DCH026" "DCH026" RecipAddressState;
    "admin-zip-without-state", Any, ALL, Custom(|row, _| admin_place(row, "13121", "", "30301"))
        => Warn "BUSR008" - AdminAddressZip;
    "recip-zip-without-county", Any, ALL, Clear(RecipAddressCounty)
        => Warn "BUSR009" - RecipAddressZip, Error "DCH024" "DCH024" RecipAddressCounty;
    "admin-zip-without-county", Any, ALL, Custom(|row, _| admin_place(row, "", "GA", "30301"))
        => Warn "BUSR010" - AdminAddressZip;
    "vax-event-id-again", Any, ALL, WithEarlier(same_event_id) => Error "BUSR013" - VaxEventId;
    "vax-event-id-again-in-another-case", Any, ALL, WithEarlier(same_event_id_in_another_case)
        => Warn "BUSR013" - VaxEventId;
    "race-1-far-too-long", Any, ALL, Custom(long_race)
        => Error "DATA007" "DCH031" RecipRace1, Error "DATA008" - RecipRace1;
    "admin-type-far-too-long", Any, ALL, Pad(AdminType, 256)
        => Error "DATA007" "DCH057" AdminType, Error "DATA008" - AdminType;
}

/// A refused dose of a known product, with one of its codes still there.
fn refused_dose(row: &mut Row, field: Field, value: &str) {
    row.set(Cvx, "208");
    row.set(field, value);
}

fn blank_inside(row: &mut Row, field: Field) {
    let mut value = row.get(field).to_vec();
    value.insert(value.len() / 2, b' ');
    row.set(field, value);
}

fn unredacted_name(row: &mut Row, _: &crate::Context<'_>) {
    row.set(RecipFirstName, "José");
    row.set(RecipMiddleName, "Paz");
    row.set(RecipLastName, "O'Brien");
}

fn long_cvx(row: &mut Row, _: &crate::Context<'_>) {
    only_cvx(row, &"2".repeat(256));
}

fn long_in_utf16(row: &mut Row, _: &crate::Context<'_>) {
    row.set(AdminName, format!("{}𐐀𐐁", "Clinic".repeat(42)));
}

fn long_race(row: &mut Row, _: &crate::Context<'_>) {
    races(row, &[&"2106-3".repeat(43)]);
}

/// Sets a value of Washington, or in Washington one of Georgia.
fn elsewhere(row: &mut Row, field: Field, washington: &str, georgia: &str) {
    let value = if row.get(RecipAddressState) == b"WA" { georgia } else { washington };
    row.set(field, value);
}

fn same_event_id(row: &mut Row, earlier: &Row) -> bool {
    row.set(VaxEventId, earlier.get(VaxEventId));
    true
}

/// Needs an id with a letter in it.
fn same_event_id_in_another_case(row: &mut Row, earlier: &Row) -> bool {
    let id = earlier.get(VaxEventId);
    let swap =
        |byte: &u8| if byte.is_ascii_lowercase() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
    let swapped: Vec<u8> = id.iter().map(swap).collect();
    let differs = swapped != id;
    if differs {
        row.set(VaxEventId, swapped);
    }
    differs
}
