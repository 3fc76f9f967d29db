//! Faults that only the further rules (XR) see.

use cvrs_spec::Field::*;

use super::clearinghouse::{clear, only_cvx, races};
use super::faults;
use crate::date::Date;
use crate::fault::Change::{Bytes, Custom, Set, WithEarlier};
use crate::fault::Context;
use crate::row::Row;

faults! {
    // The cell that is missing is empty, and required.
    "row-one-cell-short", Vaccination, ALL, Custom(|row, _| { row.cells_mut().pop(); })
        => Error "XR001" - -, Error "REQD001" "DCH069" Serology;
    "row-two-cells-short", Vaccination, ALL, Custom(|row, _| row.cells_mut().truncate(43))
        => Error "XR001" - -, Error "REQD001" "DCH067" CmorbidStatus, Error "REQD001" "DCH069" Serology;
    "row-one-cell-long", Any, ALL, Custom(|row, _| row.cells_mut().push(Vec::new())) => Error "XR001" - -;
    "row-two-cells-long", Any, ALL, Custom(|row, _| row.cells_mut().extend([b"NO".to_vec(), b"UNK".to_vec()]))
        => Error "XR001" - -;
    // Bytes that no Windows code page has, so that nothing looks like a file in another encoding.
    "admin-name-not-utf-8", Any, ALL, Bytes(AdminName, b"Caf\x81 Clinic") => Error "XR004" - AdminName;
    "lot-number-not-utf-8", Vaccination, ALL, Bytes(LotNumber, b"EN\x9d6201") => Error "XR004" - LotNumber;
    "admin-name-with-lone-cr", Any, ALL, Bytes(AdminName, b"Hope\rClinic") => Error "XR005" - AdminName;
    "admin-name-with-nul", Any, ALL, Bytes(AdminName, b"Hope\0Clinic") => Error "XR005" - AdminName;
    "admin-street-with-control", Any, ALL, Bytes(AdminAddressStreet, b"12 Oak\x0b St")
        => Error "XR005" - AdminAddressStreet;
    "admin-name-quoted", Any, ALL, Bytes(AdminName, b"\"Hope Clinic\"") => Warn "XR008" - AdminName;
    "admin-city-quoted", Any, ALL, Bytes(AdminAddressCity, b"\"Atlanta\"") => Warn "XR008" - AdminAddressCity;
    "expired", Vaccination, ALL, Custom(expired) => Warn "XR012" - VaxExpiration;
    "expired-last-month", Vaccination, ALL, Custom(expired_last_month) => Warn "XR012" - VaxExpiration;
    "mvx-of-another-product", Vaccination, ALL, Custom(|row, _| product(row, "207", "PFR", "")) => Warn "XR013" - Cvx;
    "ndc-of-another-product", Vaccination, ALL, Custom(|row, _| product(row, "208", "PFR", "80777-0273-10"))
        => Warn "XR013" - Cvx;
    "cvx-of-another-disease", Any, ALL, Custom(|row, _| only_cvx(row, "20")) => Warn "XR014" - Cvx;
    "cvx-placeholder", Any, ALL, Custom(|row, _| only_cvx(row, "900")) => Warn "XR014" - Cvx;
    "series-complete-too-early", Vaccination, ALL, Custom(complete_too_early) => Warn "XR015" - DoseNum;
    "invalid-dose-completes", Vaccination, ALL, Custom(invalid_dose_completes) => Info "XR016" - DoseNum;
    "race-twice", Any, ALL, Custom(|row, _| races(row, &["2106-3", "2106-3"])) => Warn "XR017" - RecipRace1;
    "race-gap", Any, ALL, Custom(|row, _| races(row, &["2106-3", "", "2028-9"])) => Warn "XR017" - RecipRace1;
    "race-unknown-and-another", Any, ALL, Custom(|row, _| races(row, &["UNK", "2106-3"]))
        => Warn "XR017" - RecipRace1;
    "dob-differs-for-recip-id", Any, ALL, WithEarlier(another_dob) => Warn "XR018" - RecipId;
    "sex-differs-for-recip-id", Any, ALL, WithEarlier(another_sex) => Warn "XR018" - RecipId;
    "dob-too-long-ago", Any, ALL, Set(RecipDob, "1880-01-01") => Warn "XR019" - RecipDob;
    "admin-date-before-first-vaccine", Any, ALL, Custom(too_early) => Warn "XR020" - AdminDate;
    "recip-county-not-in-list", Any, ALL, Custom(unlisted_county) => Warn "XR022" - RecipAddressCounty;
    "admin-county-not-in-list", Any, ALL, Custom(unlisted_admin_county) => Warn "XR022" - AdminAddressCounty;
    "lot-number-trailing-blank", Vaccination, ALL, Bytes(LotNumber, b"EN6201 ") => Warn "XR023" - LotNumber;
    "lot-number-leading-blank", Vaccination, ALL, Bytes(LotNumber, b" EN6201") => Warn "XR023" - LotNumber;
    "admin-name-trailing-blank", Any, ALL, Bytes(AdminName, b"Hope Clinic ") => Warn "XR023" - AdminName;
    "admin-city-leading-blank", Any, ALL, Bytes(AdminAddressCity, b" Atlanta") => Warn "XR023" - AdminAddressCity;
    "middle-name-blank", Any, I, Bytes(RecipMiddleName, b" ") => Warn "XR023" - RecipMiddleName;
    "recip-street-2-blank", Any, I, Bytes(RecipAddressStreet2, b" ") => Warn "XR023" - RecipAddressStreet2;
    "last-name-trailing-blank", Any, I, Bytes(RecipLastName, "Núñez ".as_bytes()) => Warn "XR023" - RecipLastName;
    "first-name-redacted-in-identified", Any, I, Set(RecipFirstName, "Redacted") => Warn "XR024" - RecipFirstName;
    "recip-city-redacted-in-identified", Any, I, Set(RecipAddressCity, "redacted")
        => Warn "XR024" - RecipAddressCity;
}

fn admin_date(row: &Row) -> Date {
    Date::parse(row.get(AdminDate)).expect("a good row has a full admin_date")
}

fn expired(row: &mut Row, _: &Context<'_>) {
    row.set(VaxExpiration, admin_date(row).plus(-1).iso());
}

fn expired_last_month(row: &mut Row, _: &Context<'_>) {
    let day = admin_date(row);
    let month_before = day.plus(-i32::from(day.day)).iso();
    row.set(VaxExpiration, &month_before[..7]);
}

/// Sets the product, in the middle of its series.
fn product(row: &mut Row, cvx: &str, mvx: &str, ndc: &str) {
    row.set(Cvx, cvx);
    row.set(Mvx, mvx);
    row.set(Ndc, ndc);
    row.set(VaxSeriesComplete, "NO");
}

fn complete_too_early(row: &mut Row, _: &Context<'_>) {
    product(row, "208", "PFR", "59267-1000-01");
    row.set(DoseNum, "1");
    row.set(VaxSeriesComplete, "YES");
}

fn invalid_dose_completes(row: &mut Row, _: &Context<'_>) {
    row.set(DoseNum, "INV");
    row.set(VaxSeriesComplete, "YES");
}

/// The person of an earlier row, on the same day.
fn same_person(row: &mut Row, earlier: &Row) {
    row.set(RecipId, earlier.get(RecipId));
    row.set(AdminDate, earlier.get(AdminDate));
    row.set(RecipSex, earlier.get(RecipSex));
    row.set(RecipDob, earlier.get(RecipDob));
    clear(row, if row.is_refusal() { &[] } else { &[VaxExpiration] });
}

fn another_dob(row: &mut Row, earlier: &Row) -> bool {
    same_person(row, earlier);
    let other = if earlier.get(RecipDob).starts_with(b"1968") { "1971-11-03" } else { "1968-05-28" };
    row.set(RecipDob, other);
    true
}

fn another_sex(row: &mut Row, earlier: &Row) -> bool {
    same_person(row, earlier);
    row.set(RecipSex, if earlier.get(RecipSex) == b"M" { "F" } else { "M" });
    true
}

fn too_early(row: &mut Row, _: &Context<'_>) {
    row.set(RecipDob, "1968-05-27");
    row.set(AdminDate, "2020-10-04");
}

/// No state has a county 999.
fn unlisted_county(row: &mut Row, _: &Context<'_>) {
    let mut county = row.get(RecipAddressCounty)[..2].to_vec();
    county.extend_from_slice(b"999");
    row.set(RecipAddressCounty, county);
}

fn unlisted_admin_county(row: &mut Row, _: &Context<'_>) {
    super::clearinghouse::admin_place(row, "13999", "GA", "30301");
}
