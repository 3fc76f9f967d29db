//! One fault or more for each rule of the clearinghouse (DCH001 to DCH072).

use cvrs_spec::Field::{self, *};

use super::faults;
use crate::date::Date;
use crate::fault::Change::{Clear, Custom, Pad, Set};
use crate::fault::Context;
use crate::row::Row;

faults! {
    "vax-event-id-empty", Vaccination, ALL, Clear(VaxEventId) => Error "REQD001" "DCH001" VaxEventId;
    "vax-event-id-empty-in-refusal", Refusal, ALL, Clear(VaxEventId) => Error "REQD002" "DCH001" VaxEventId;
    "vax-event-id-too-long", Any, ALL, Pad(VaxEventId, 256) => Error "DATA008" "DCH002" VaxEventId;
    // The other columns still tell the model, so nothing else follows.
    "ext-type-empty", Any, ALL, Clear(ExtType) => Error "DATA005" "DCH003" ExtType;
    // No model means redacted and without a PPRL id.
    "ext-type-unknown", Any, DP, Custom(unknown_ext_type) => Error "DATA005" "DCH004" ExtType;
    "pprl-id-too-long", Any, P, Pad(PprlId, 101) => Error "DATA008" "DCH005" PprlId;
    "pprl-id-too-long-and-forbidden", Any, DI, Pad(PprlId, 101)
        => Error "DATA008" "DCH005" PprlId, Error "DATA004" - PprlId;
    "recip-id-empty", Vaccination, ALL, Clear(RecipId) => Error "REQD001" "DCH006" RecipId;
    "recip-id-empty-in-refusal", Refusal, ALL, Clear(RecipId) => Error "REQD002" "DCH006" RecipId;
    "recip-id-too-long", Any, ALL, Pad(RecipId, 256) => Error "DATA008" "DCH007" RecipId;

    "first-name-empty", Any, DP, Clear(RecipFirstName) => Error "DATA006" "DCH008" RecipFirstName;
    "first-name-empty-identified", Any, I, Clear(RecipFirstName) => Error "DCH008" "DCH008" RecipFirstName;
    "first-name-too-long", Any, I, Pad(RecipFirstName, 256) => Error "DATA008" "DCH009" RecipFirstName;
    "first-name-too-long-unredacted", Any, DP, Pad(RecipFirstName, 256)
        => Error "DATA008" "DCH009" RecipFirstName, Error "DATA006" - RecipFirstName;
    "middle-name-empty", Any, DP, Clear(RecipMiddleName) => Error "DATA006" "DCH010" RecipMiddleName;
    "middle-name-empty-identified", Any, I, Clear(RecipMiddleName) => Error "DCH010" "DCH010" RecipMiddleName;
    "middle-name-too-long", Any, I, Pad(RecipMiddleName, 256) => Error "DATA008" "DCH011" RecipMiddleName;
    "middle-name-too-long-unredacted", Any, DP, Pad(RecipMiddleName, 256)
        => Error "DATA008" "DCH011" RecipMiddleName, Error "DATA006" - RecipMiddleName;
    "last-name-empty", Any, DP, Clear(RecipLastName) => Error "DATA006" "DCH012" RecipLastName;
    "last-name-empty-identified", Any, I, Clear(RecipLastName) => Error "DCH012" "DCH012" RecipLastName;
    "last-name-too-long", Any, I, Pad(RecipLastName, 256) => Error "DATA008" "DCH013" RecipLastName;
    "last-name-too-long-unredacted", Any, DP, Pad(RecipLastName, 256)
        => Error "DATA008" "DCH013" RecipLastName, Error "DATA006" - RecipLastName;

    "dob-empty", Vaccination, ALL, Clear(RecipDob) => Error "REQD001" "DCH014" RecipDob;
    "dob-empty-in-refusal", Refusal, ALL, Clear(RecipDob) => Error "REQD002" "DCH014" RecipDob;
    "dob-no-such-month", Any, ALL, Set(RecipDob, "1968-13") => Error "DATA001" "DCH015" RecipDob;
    "dob-no-such-day", Any, ALL, Set(RecipDob, "1968-02-30") => Error "DATA001" "DCH015" RecipDob;
    "dob-without-hyphens", Any, ALL, Set(RecipDob, "19680527") => Error "DATA001" "DCH015" RecipDob;
    "dob-with-slashes", Any, ALL, Set(RecipDob, "05/27/1968") => Error "DATA009" "DCH015" RecipDob;
    "sex-empty", Vaccination, ALL, Clear(RecipSex) => Error "REQD001" "DCH016" RecipSex;
    "sex-empty-in-refusal", Refusal, ALL, Clear(RecipSex) => Error "REQD002" "DCH016" RecipSex;
    "sex-unknown-code", Any, ALL, Set(RecipSex, "X") => Error "DATA007" "DCH017" RecipSex;

    "recip-street-empty", Any, DP, Clear(RecipAddressStreet) => Error "DATA006" "DCH018" RecipAddressStreet;
    "recip-street-empty-identified", Any, I, Clear(RecipAddressStreet)
        => Error "DCH018" "DCH018" RecipAddressStreet;
    "recip-street-too-long", Any, I, Pad(RecipAddressStreet, 256) => Error "DATA008" "DCH019" RecipAddressStreet;
    "recip-street-too-long-unredacted", Any, DP, Pad(RecipAddressStreet, 256)
        => Error "DATA008" "DCH019" RecipAddressStreet, Error "DATA006" - RecipAddressStreet;
    "recip-street-2-empty", Any, DP, Clear(RecipAddressStreet2) => Error "DATA006" "DCH020" RecipAddressStreet2;
    "recip-street-2-empty-identified", Any, I, Clear(RecipAddressStreet2)
        => Error "DCH020" "DCH020" RecipAddressStreet2;
    "recip-street-2-too-long", Any, I, Pad(RecipAddressStreet2, 256)
        => Error "DATA008" "DCH021" RecipAddressStreet2;
    "recip-street-2-too-long-unredacted", Any, DP, Pad(RecipAddressStreet2, 256)
        => Error "DATA008" "DCH021" RecipAddressStreet2, Error "DATA006" - RecipAddressStreet2;
    "recip-city-empty", Any, DP, Clear(RecipAddressCity) => Error "DATA006" "DCH022" RecipAddressCity;
    "recip-city-empty-identified", Any, I, Clear(RecipAddressCity) => Error "DCH022" "DCH022" RecipAddressCity;
    "recip-city-too-long", Any, I, Pad(RecipAddressCity, 256) => Error "DATA008" "DCH023" RecipAddressCity;
    "recip-city-too-long-unredacted", Any, DP, Pad(RecipAddressCity, 256)
        => Error "DATA008" "DCH023" RecipAddressCity, Error "DATA006" - RecipAddressCity;

    // A ZIP without its county or state is a finding of its own (BUSR009, BUSR007), so the ZIP goes too.
    "recip-county-and-zip-empty", Any, ALL, Custom(|row, _| clear(row, &[RecipAddressCounty, RecipAddressZip]))
        => Error "DCH024" "DCH024" RecipAddressCounty, Error "DCH028" "DCH028" RecipAddressZip;
    "recip-county-malformed", Any, ALL, Custom(|row, _| spoil_last(row, RecipAddressCounty))
        => Error "DATA007" "DCH025" RecipAddressCounty;
    "recip-state-and-zip-empty", Any, ALL, Custom(|row, _| clear(row, &[RecipAddressState, RecipAddressZip]))
        => Error "DCH026" "DCH026" RecipAddressState, Error "DCH028" "DCH028" RecipAddressZip;
    "recip-state-malformed-zip-empty", Any, ALL, Custom(recip_state_letter)
        => Error "DATA007" "DCH027" RecipAddressState, Error "DCH028" "DCH028" RecipAddressZip;
    "recip-zip-empty", Any, ALL, Clear(RecipAddressZip) => Error "DCH028" "DCH028" RecipAddressZip;
    "recip-zip-half-plus-4", Any, ALL, Custom(|row, _| cut_zip(row, RecipAddressZip))
        => Error "DATA005" "DCH029" RecipAddressZip;
    "recip-place-empty", Any, ALL,
        Custom(|row, _| clear(row, &[RecipAddressCounty, RecipAddressState, RecipAddressZip]))
        => Error "DCH024" "DCH024" RecipAddressCounty, Error "DCH026" "DCH026" RecipAddressState,
           Error "DCH028" "DCH028" RecipAddressZip;

    "race-1-empty", Vaccination, ALL, Custom(|row, _| races(row, &[""]))
        => Error "REQD001" "DCH030" RecipRace1;
    "race-1-empty-in-refusal", Refusal, ALL, Custom(|row, _| races(row, &[""]))
        => Error "REQD002" "DCH030" RecipRace1;
    "race-1-unknown-code", Any, ALL, Custom(|row, _| races(row, &["2106"])) => Error "DATA007" "DCH031" RecipRace1;
    "race-2-unknown-code", Any, ALL, Custom(|row, _| races(row, &["2106-3", "W"]))
        => Error "DATA007" "DCH032" RecipRace2;
    "race-3-unknown-code", Any, ALL, Custom(|row, _| races(row, &["2106-3", "2028-9", "9999-9"]))
        => Error "DATA007" "DCH033" RecipRace3;
    "race-4-unknown-code", Any, ALL, Custom(|row, _| races(row, &["2106-3", "2028-9", "2054-5", "2186-5"]))
        => Error "DATA007" "DCH034" RecipRace4;
    "race-5-unknown-code", Any, ALL,
        Custom(|row, _| races(row, &["2106-3", "2028-9", "2054-5", "2076-8", "OTH"]))
        => Error "DATA007" "DCH035" RecipRace5;
    "race-6-unknown-code", Any, ALL,
        Custom(|row, _| races(row, &["2106-3", "2028-9", "2054-5", "2076-8", "1002-5", "21313"]))
        => Error "DATA007" "DCH036" RecipRace6;
    "ethnicity-empty", Vaccination, ALL, Clear(RecipEthnicity) => Error "REQD001" "DCH037" RecipEthnicity;
    "ethnicity-empty-in-refusal", Refusal, ALL, Clear(RecipEthnicity)
        => Error "REQD002" "DCH037" RecipEthnicity;
    "ethnicity-unknown-code", Any, ALL, Set(RecipEthnicity, "2106-3") => Error "DATA007" "DCH038" RecipEthnicity;

    "admin-date-empty", Vaccination, ALL, Clear(AdminDate) => Error "REQD001" "DCH039" AdminDate;
    "admin-date-empty-in-refusal", Refusal, ALL, Clear(AdminDate) => Error "REQD002" "DCH039" AdminDate;
    "admin-date-without-hyphens", Any, ALL, Set(AdminDate, "20210315") => Error "DATA001" "DCH040" AdminDate;
    "admin-date-no-such-day", Any, ALL, Set(AdminDate, "2021-02-29") => Error "DATA001" "DCH040" AdminDate;
    "admin-date-with-slashes", Any, ALL, Set(AdminDate, "3/15/2021") => Error "DATA009" "DCH040" AdminDate;

    "cvx-empty", Vaccination, ALL, Custom(|row, _| only_cvx(row, "")) => Error "REQD001" "DCH041" Cvx;
    "cvx-empty-in-refusal", Refusal, ALL, Clear(Cvx) => Error "REQD002" "DCH041" Cvx;
    "cvx-not-a-number", Any, ALL, Custom(|row, _| only_cvx(row, "COVID")) => Error "DATA007" "DCH042" Cvx;
    "ndc-too-long", Vaccination, ALL, Pad(Ndc, 51) => Error "DATA008" "DCH043" Ndc, Warn "DATA007" - Ndc;
    "mvx-too-long", Vaccination, ALL, Pad(Mvx, 4) => Error "DATA008" "DCH044" Mvx, Warn "DATA007" - Mvx;
    "lot-number-too-long", Vaccination, ALL, Pad(LotNumber, 256) => Error "DCH045" "DCH045" LotNumber;
    "site-unknown-code", Vaccination, ALL, Set(VaxAdminSite, "UNK") => Error "DATA007" "DCH046" VaxAdminSite;
    "route-too-long", Vaccination, ALL, Pad(VaxRoute, 11)
        => Error "DATA008" "DCH047" VaxRoute, Error "DATA007" - VaxRoute;
    "dose-num-empty", Vaccination, ALL, Clear(DoseNum) => Error "REQD001" "DCH048" DoseNum;
    "dose-num-unknown-code", Vaccination, ALL, Set(DoseNum, "7") => Error "DATA007" "DCH049" DoseNum;
    "series-empty", Vaccination, ALL, Clear(VaxSeriesComplete) => Error "REQD001" "DCH050" VaxSeriesComplete;
    "series-unknown-code", Vaccination, ALL, Set(VaxSeriesComplete, "N")
        => Error "DATA007" "DCH051" VaxSeriesComplete;

    "responsible-org-empty", Vaccination, ALL, Clear(ResponsibleOrg) => Error "REQD001" "DCH052" ResponsibleOrg;
    "responsible-org-empty-in-refusal", Refusal, ALL, Clear(ResponsibleOrg)
        => Error "REQD002" "DCH052" ResponsibleOrg;
    "responsible-org-too-long", Any, ALL, Pad(ResponsibleOrg, 256) => Error "DATA008" "DCH053" ResponsibleOrg;
    "admin-name-empty", Vaccination, ALL, Clear(AdminName) => Error "REQD001" "DCH054" AdminName;
    "admin-name-empty-in-refusal", Refusal, ALL, Clear(AdminName) => Error "REQD002" "DCH054" AdminName;
    "admin-name-too-long", Any, ALL, Pad(AdminName, 256) => Error "DATA008" "DCH055" AdminName;
    "admin-type-empty", Vaccination, ALL, Clear(AdminType) => Error "REQD001" "DCH056" AdminType;
    "admin-type-empty-in-refusal", Refusal, ALL, Clear(AdminType) => Error "REQD002" "DCH056" AdminType;
    "admin-type-unknown-code", Any, ALL, Set(AdminType, "29") => Error "DATA007" "DCH057" AdminType;
    "pin-five-digits", Any, ALL, Set(VtrcksProvPin, "12345") => Error "DATA005" "DCH058" VtrcksProvPin;
    "pin-with-letters", Any, ALL, Set(VtrcksProvPin, "A13794") => Error "DATA005" "DCH058" VtrcksProvPin;
    "pin-seven-digits", Any, ALL, Set(VtrcksProvPin, "1234567") => Error "DATA005" "DCH058" VtrcksProvPin;
    "admin-street-too-long", Any, ALL, Pad(AdminAddressStreet, 256) => Error "DCH059" "DCH059" AdminAddressStreet;
    "admin-street-2-too-long", Any, ALL, Pad(AdminAddressStreet2, 256)
        => Error "DCH060" "DCH060" AdminAddressStreet2;
    "admin-city-too-long", Any, ALL, Pad(AdminAddressCity, 256) => Error "DCH061" "DCH061" AdminAddressCity;
    "admin-county-malformed", Any, ALL, Custom(|row, _| admin_place(row, "1312X", "GA", "30301"))
        => Error "DATA007" "DCH062" AdminAddressCounty;
    "admin-state-malformed", Any, ALL, Custom(|row, _| admin_place(row, "13121", "G", ""))
        => Error "DATA007" "DCH063" AdminAddressState;
    "admin-zip-half-plus-4", Any, ALL, Custom(|row, _| admin_place(row, "13121", "GA", "30301-"))
        => Error "DATA005" "DCH064" AdminAddressZip;

    // Empty or unknown, the event counts as a vaccination.
    "refusal-empty", Vaccination, ALL, Clear(VaxRefusal) => Error "REQD001" "DCH065" VaxRefusal;
    "refusal-unknown-code", Vaccination, ALL, Set(VaxRefusal, "UNK") => Error "DATA007" "DCH066" VaxRefusal;
    "comorbidity-empty", Vaccination, ALL, Clear(CmorbidStatus) => Error "REQD001" "DCH067" CmorbidStatus;
    "comorbidity-empty-in-refusal", Refusal, ALL, Clear(CmorbidStatus)
        => Error "REQD002" "DCH067" CmorbidStatus;
    "comorbidity-unknown-code", Any, ALL, Set(CmorbidStatus, "U") => Error "DATA007" "DCH068" CmorbidStatus;
    "serology-empty", Vaccination, ALL, Clear(Serology) => Error "REQD001" "DCH069" Serology;
    "serology-empty-in-refusal", Refusal, ALL, Clear(Serology) => Error "REQD002" "DCH069" Serology;
    "serology-unknown-code", Any, ALL, Set(Serology, "POS") => Error "DATA007" "DCH070" Serology;

    "admin-date-tomorrow", Any, ALL, Custom(admin_tomorrow) => Error "BUSR012" "DCH071" AdminDate;
    "dob-after-admin-date", Any, ALL, Custom(born_a_day_late) => Error "BUSR005" "DCH072" RecipDob;
    "dob-tomorrow", Any, ALL, Custom(|row, context| row.set(RecipDob, context.today.plus(1).iso()))
        => Error "BUSR011" - RecipDob, Error "BUSR005" "DCH072" RecipDob;
}

fn unknown_ext_type(row: &mut Row, _: &Context<'_>) {
    row.set(ExtType, "X");
    row.set(PprlId, "");
}

pub(super) fn clear(row: &mut Row, fields: &[Field]) {
    for field in fields {
        row.set(*field, "");
    }
}

/// Makes the last character a letter; what comes before it stays true.
fn spoil_last(row: &mut Row, field: Field) {
    let mut value = row.get(field).to_vec();
    value.pop();
    value.push(b'X');
    row.set(field, value);
}

fn recip_state_letter(row: &mut Row, _: &Context<'_>) {
    let first = row.get(RecipAddressState)[..1].to_vec();
    row.set(RecipAddressState, first);
    row.set(RecipAddressZip, "");
}

/// Five digits and a hyphen with nothing after it.
fn cut_zip(row: &mut Row, field: Field) {
    let mut value = row.get(field)[..5].to_vec();
    value.push(b'-');
    row.set(field, value);
}

/// Sets the races from the first on and empties the others.
pub(super) fn races(row: &mut Row, codes: &[&str]) {
    let fields = [RecipRace1, RecipRace2, RecipRace3, RecipRace4, RecipRace5, RecipRace6];
    for (index, field) in fields.into_iter().enumerate() {
        row.set(field, codes.get(index).unwrap_or(&""));
    }
}

/// Sets the CVX and leaves nothing it could contradict.
pub(super) fn only_cvx(row: &mut Row, cvx: &str) {
    row.set(Cvx, cvx);
    clear(row, &[Ndc, Mvx]);
    if !row.is_refusal() {
        row.set(VaxSeriesComplete, "NO");
    }
}

/// Sets the administration address below the street.
pub(super) fn admin_place(row: &mut Row, county: &str, state: &str, zip: &str) {
    row.set(AdminAddressCounty, county);
    row.set(AdminAddressState, state);
    row.set(AdminAddressZip, zip);
}

fn admin_tomorrow(row: &mut Row, context: &Context<'_>) {
    row.set(AdminDate, context.today.plus(1).iso());
    row.set(VaxExpiration, "");
}

/// Swaps the dates about: born on the day of the dose, which moves to the day before.
fn born_a_day_late(row: &mut Row, _: &Context<'_>) {
    let day = row.get(AdminDate).to_vec();
    let before = Date::parse(&day).expect("a good row has a full admin_date").plus(-1);
    row.set(RecipDob, day);
    row.set(AdminDate, before.iso());
}
