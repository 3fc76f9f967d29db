//! The code tables of both directions.

use std::fmt;
use std::str::FromStr;

/// The display of a site (HL7 table 0163); none for a code that is no site.
pub(super) fn site(code: &[u8]) -> &'static [u8] {
    match code {
        b"LT" => b"Left Thigh",
        b"LA" => b"Left Arm",
        b"LD" => b"Left Deltoid",
        b"LG" => b"Left Gluteus Medius",
        b"LVL" => b"Left Vastus Lateralis",
        b"LLFA" => b"Left Lower Forearm",
        b"RT" => b"Right Thigh",
        b"RA" => b"Right Arm",
        b"RD" => b"Right Deltoid",
        b"RG" => b"Right Gluteus Medius",
        b"RVL" => b"Right Vastus Lateralis",
        b"RLFA" => b"Right Lower Forearm",
        _ => b"",
    }
}

/// What follows a route's code in RXR-1, system and alternate triplet. Of an unknown code only the system is told, by
/// its shape.
pub(super) fn route(code: &[u8]) -> &'static [u8] {
    match code {
        b"C28161" => b"^Intramuscular^NCIT^IM^Intramuscular^HL70162",
        b"IM" => b"^Intramuscular^HL70162^C28161^Intramuscular^NCIT",
        b"C38238" => b"^Intradermal^NCIT^ID^Intradermal^HL70162",
        b"C38284" => b"^Nasal^NCIT^NS^Nasal^HL70162",
        b"C38276" => b"^Intravenous^NCIT^IV^Intravenous^HL70162",
        b"C38288" => b"^Oral^NCIT^PO^Oral^HL70162",
        b"C38676" => b"^Percutaneous^NCIT",
        b"C38299" => b"^Subcutaneous^NCIT^SC^Subcutaneous^HL70162",
        b"C38305" => b"^Transdermal^NCIT^TD^Transdermal^HL70162",
        b"ID" => b"^Intradermal^HL70162^C38238^Intradermal^NCIT",
        b"NS" => b"^Nasal^HL70162^C38284^Nasal^NCIT",
        b"IN" => b"^Intranasal^HL70162^C38284^Nasal^NCIT",
        b"IV" => b"^Intravenous^HL70162^C38276^Intravenous^NCIT",
        b"PO" => b"^Oral^HL70162^C38288^Oral^NCIT",
        b"OTH" => b"^Other/Miscellaneous^HL70162",
        b"SC" => b"^Subcutaneous^HL70162^C38299^Subcutaneous^NCIT",
        b"TD" => b"^Transdermal^HL70162^C38305^Transdermal^NCIT",
        [b'C', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => b"^^NCIT",
        _ => b"^^HL70162",
    }
}

/// What follows the code of a race in PID-10, or of an ethnicity in PID-22.
pub(super) fn race(code: &[u8]) -> &'static [u8] {
    match code {
        b"2106-3" => b"^White^CDCREC",
        b"2054-5" => b"^Black or African American^CDCREC",
        b"2028-9" => b"^Asian^CDCREC",
        b"1002-5" => b"^American Indian or Alaska Native^CDCREC",
        b"2076-8" => b"^Native Hawaiian or Other Pacific Islander^CDCREC",
        b"2131-1" => b"^Other Race^CDCREC",
        b"2186-5" => b"^Not Hispanic or Latino^CDCREC",
        b"2135-2" => b"^Hispanic or Latino^CDCREC",
        b"UNK" => UNKNOWN,
        b"POL" => b"^Unable to report due to policy or law^L",
        _ => b"^^CDCREC",
    }
}

/// What follows the code `UNK`.
pub(super) const UNKNOWN: &[u8] = b"^Unknown^NULLFL";

/// Whose vaccine a dose was (HL7 table 0064): the code of OBX 64994-7, which CVRS does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eligibility {
    pub(super) code: &'static str,
    pub(super) display: &'static str,
}

const ELIGIBILITIES: [Eligibility; 9] = [
    Eligibility { code: "V00", display: "VFC eligibility not determined/unknown" },
    Eligibility { code: "V01", display: "Not VFC eligible" },
    Eligibility { code: "V02", display: "VFC eligible - Medicaid/Medicaid Managed Care" },
    Eligibility { code: "V03", display: "VFC eligible - Uninsured" },
    Eligibility { code: "V04", display: "VFC eligible - American Indian/Alaskan Native" },
    Eligibility { code: "V05", display: "VFC eligible - Federally Qualified Health Center Patient (under-insured)" },
    Eligibility { code: "V06", display: "Deprecated [VFC eligible - State specific eligibility]" },
    Eligibility { code: "V07", display: "Local-specific eligibility" },
    Eligibility { code: "V08", display: "Deprecated [Not VFC eligible - Under-insured]" },
];

/// A text that is no code of funding eligibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEligibility;

impl fmt::Display for NoEligibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a code of HL7 table 0064, V00 to V08")
    }
}

impl std::error::Error for NoEligibility {}

impl FromStr for Eligibility {
    type Err = NoEligibility;

    fn from_str(text: &str) -> Result<Self, NoEligibility> {
        ELIGIBILITIES.into_iter().find(|known| known.code.eq_ignore_ascii_case(text)).ok_or(NoEligibility)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_spec::SetId;

    #[test]
    fn every_code_of_the_value_sets_is_known() {
        for code in SetId::VaxAdminSite.codes() {
            assert!(site(code.code.as_bytes()).eq_ignore_ascii_case(code.meaning.as_bytes()), "{}", code.code);
        }
        for code in SetId::VaxRoute.codes() {
            let rest = String::from_utf8_lossy(route(code.code.as_bytes()));
            let parts: Vec<&str> = rest.split('^').collect();
            assert!(!parts[1].is_empty() && parts[2] == code.fact, "{}", code.code);
            // The alternate triplet is in the other system and leads to a route of the same name.
            if let [_, _, _, other, display, system] = parts[..] {
                let known = SetId::VaxRoute.find(other.as_bytes()).expect("a route");
                assert_eq!((known.meaning, known.fact), (display, system));
                assert_ne!(known.fact, code.fact);
            }
        }
        for code in SetId::Race.codes().iter().chain(SetId::Ethnicity.codes()) {
            assert!(!race(code.code.as_bytes()).starts_with(b"^^"), "{}", code.code);
        }
    }

    #[test]
    fn eligibility_is_told_by_its_code() {
        assert_eq!("v01".parse::<Eligibility>().map(|code| code.display), Ok("Not VFC eligible"));
        assert_eq!("V9".parse::<Eligibility>(), Err(NoEligibility));
    }
}
