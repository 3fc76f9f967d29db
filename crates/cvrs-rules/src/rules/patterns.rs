//! Patterns above rows: one cause that spoils many records, told once with its remedy.
//!
//! The rows' own findings stay as they are; a pattern says what made them.

use crate::rule::levels;
use crate::{Check, Example, Layer, Rule, Scope, many};
use cvrs_report::Level::{Off, Warn};
use cvrs_spec::Field::*;

pub(crate) const LOST_ZEROS: Rule = Rule {
    code: "PAT001",
    name: "leading-zeros-lost",
    layer: Layer::Pattern,
    scope: Scope::File,
    fields: &[RecipAddressCounty, RecipAddressZip, Ndc, AdminAddressCounty, AdminAddressZip],
    levels: levels(Warn, Off),
    message: "leading zeros are lost",
    why: "A spreadsheet takes a ZIP code, a county or an NDC for a number and drops the zeros before it, so that 02138 \
          becomes 2138: every place in New England and every county from Alabama to Connecticut is hit at once.",
    remedy: "Export these columns as text. `cvrs fix` puts a zero back where the state agrees with the result.",
    source: "our own; Census county codes, USPS ZIP codes, NDC in 11 digits",
    passes: &[
        Example::Many(None, "recip_address_zip is `02139` in every row, the state MA", many::zips_with_zero),
        Example::Many(None, "every ZIP code and county has five digits", many::good),
    ],
    fails: &[
        Example::Many(None, "recip_address_zip is `2139` in every row, the state MA", many::zips_without_zero),
        Example::Many(None, "recip_address_county is `1073` in every row, the state AL", many::counties_without_zero),
    ],
    check: Check::Elsewhere,
};

pub(crate) const US_DATES: Rule = Rule {
    code: "PAT002",
    name: "dates-month-first",
    fields: &[RecipDob, AdminDate, VaxExpiration],
    message: "dates are written month/day/year",
    why: "The export wrote dates in the way of the United States. No reader can be sure of 1/2/2021, and the \
          clearinghouse refuses every such record.",
    remedy: "Export dates as YYYY-MM-DD. `cvrs fix` converts those whose day is above 12; \
             `cvrs fix --fix F10` takes the others month first.",
    source: "our own; CVRS v2 instructions, data types",
    passes: &[Example::Many(
        None,
        "admin_date is `1/14/2021` in one row of thirty, `2021-01-15` in the others",
        many::one_us_date,
    )],
    fails: &[Example::Many(None, "admin_date is `1/14/2021`, `1/15/2021` and so on", many::us_dates)],
    ..LOST_ZEROS
};

pub(crate) const SERIAL_DATES: Rule = Rule {
    code: "PAT003",
    name: "dates-as-serial-numbers",
    fields: &[RecipDob, AdminDate, VaxExpiration],
    message: "dates are serial numbers of a spreadsheet",
    why: "A number such as 44211 is how a spreadsheet counts days inside. Two ways of counting are in use, four years \
          apart, so that the date cannot be told from the number alone.",
    remedy: "Give the column a date format in the spreadsheet, or export it as text from the source system.",
    source: "our own; CVRS v2 instructions, data types",
    passes: &[Example::Many(None, "recip_dob is `24985` in one row of thirty", many::one_serial_number)],
    fails: &[Example::Many(None, "recip_dob is `24985`, `24986` and so on", many::serial_numbers)],
    ..LOST_ZEROS
};

pub(crate) const SCIENTIFIC_IDS: Rule = Rule {
    code: "PAT004",
    name: "ids-in-scientific-notation",
    fields: &[VaxEventId, PprlId, RecipId],
    message: "ids are in scientific notation",
    why: "1.23457E+11 is what a spreadsheet shows of a long number. The digits that it leaves out are gone, and ids that \
          were different have become one.",
    remedy: "Export the ids as text from the source system; what this file holds cannot be repaired.",
    source: "our own",
    passes: &[Example::Many(None, "vax_event_id is `1E500-11`, `1E501-11` and so on", many::ids_with_an_e)],
    fails: &[Example::Many(None, "vax_event_id is `1.23457E+11`, `1.23458E+11` and so on", many::scientific_ids)],
    ..LOST_ZEROS
};

pub(crate) const OTHER_VERSION: Rule = Rule {
    code: "PAT005",
    name: "other-version",
    fields: &[VaxProvSuffix, RecipMissedAppt, AdminType],
    message: "the file is of another version than it is read by",
    why: "Version 1 has two columns more and other types of site. Read by the wrong version, a file shows unknown or \
          missing names in its header and a wrong admin_type in every record.",
    remedy: "Name the version with --spec-version, or bring the file to the current one with `cvrs convert --to cvrs`.",
    source: "our own; CVRS v2 change notes, columns removed",
    passes: &[Example::Many(
        None,
        "admin_type is `PH` in one row of thirty, `17` in the others",
        many::one_code_of_version_1,
    )],
    fails: &[Example::Many(
        None,
        "admin_type is `PH`, `CL` or `POD` in every row under a header of version 2",
        many::codes_of_version_1,
    )],
    ..LOST_ZEROS
};

pub(crate) const WINDOWS_1252: Rule = Rule {
    code: "PAT006",
    name: "windows-1252",
    fields: &[],
    message: "the text is Windows-1252, not UTF-8",
    why: "The whole file was written in the old Western code page. Each accented letter is a byte that is no UTF-8, so \
          names arrive with replacement characters.",
    remedy: "Export as UTF-8. `cvrs fix --fix F37` converts the file where all of it reads as Windows-1252.",
    source: "our own; CVRS v2 instructions, text in UTF-8",
    passes: &[Example::Many(None, "`é` in admin_name is the bytes C3 A9 in every row", many::utf8)],
    fails: &[Example::Many(None, "`é` in admin_name is the byte E9 in every row", many::windows_1252)],
    ..LOST_ZEROS
};

pub(crate) const SHIFTED: Rule = Rule {
    code: "PAT007",
    name: "cells-shifted",
    fields: &[],
    message: "cells stand one column beside their place",
    why: "A tab inside a value, or a cell left out, moves all values behind it into the next column: states stand under \
          zip, races under ethnicity. Every one of them is then a finding of its own.",
    remedy: "Replace tabs inside values by a blank at the export, and write a cell for each column even if it is empty.",
    source: "our own; CVRS v2 instructions: a tab inside a value must be replaced",
    passes: &[Example::Many(None, "an empty cell before recip_dob in one row of thirty", many::one_shifted)],
    fails: &[Example::Many(
        None,
        "an empty cell before recip_dob in every row moves what follows by one column",
        many::shifted,
    )],
    ..LOST_ZEROS
};

pub(crate) const ONE_VALUE: Rule = Rule {
    code: "PAT008",
    name: "one-value-in-column",
    fields: &[],
    message: "one value stands in every record of a column that should vary",
    why: "Thousands of recipients do not share one birth date or one sex; a default of the source system or a constant of \
          the export took the place of the data.",
    remedy: "Look at how the export fills the column. Send what is known, and the code for unknown where nothing is.",
    source: "our own",
    passes: &[Example::Many(None, "recip_dob differs from row to row", many::good)],
    fails: &[Example::Many(None, "recip_dob is `1970-01-01` in every row", many::one_birth_date)],
    ..LOST_ZEROS
};

pub(crate) const OTHER_DAY: Rule = Rule {
    code: "PAT009",
    name: "file-of-another-day",
    fields: &[AdminDate],
    message: "the file's name, its dates of administration and today do not fit together",
    why: "The name tells the day reported. Doses given after that day, or a day that lies ahead, mean that a file was \
          renamed, or sent in place of another.",
    remedy: "Compare the file with the day that it is meant to report. Doses given earlier than that day are no mistake.",
    source: "our own; CVRS v2 instructions, file name and content of one file",
    passes: &[Example::Many(Some("20210115_01_GAA.txt"), "admin_date is `2021-01-15` in every row", many::good)],
    fails: &[Example::Many(Some("20210114_01_GAA.txt"), "admin_date is `2021-01-15` in every row", many::good)],
    ..LOST_ZEROS
};
