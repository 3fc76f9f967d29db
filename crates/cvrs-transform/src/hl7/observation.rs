//! The four questions that OBX segments answer, told by their codes.

use super::message::Part;
use cvrs_spec::Field;

/// A question that CVRS has a column for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Dose,
    Series,
    SpecialRisk,
    Serology,
}

/// The question of OBX-3, in the first triplet or else in the alternate one.
pub(super) fn question(part: &Part<'_>) -> Option<Question> {
    [1, 4].into_iter().find_map(|first| {
        let (code, system) = (part.component(first), part.component(first + 2));
        // In these words CDC's tool and its forerunners ask for special risk, whatever the system.
        if code.eq_ignore_ascii_case(b"VXC8") || code.eq_ignore_ascii_case(b"covid_reporting_morbid_status") {
            return Some(Question::SpecialRisk);
        }
        let is_loinc = system.is_empty() || system.eq_ignore_ascii_case(b"LN") || system.eq_ignore_ascii_case(b"LOINC");
        match code {
            b"30973-2" if is_loinc => Some(Question::Dose),
            b"59783-1" if is_loinc => Some(Question::Series),
            b"59785-6" if is_loinc => Some(Question::SpecialRisk),
            b"75505-8" if is_loinc => Some(Question::Serology),
            _ => None,
        }
    })
}

/// Whether it is the question of funding, which is written on demand and means nothing here.
pub(super) fn is_eligibility(part: &Part<'_>) -> bool {
    part.component(1) == b"64994-7"
}

impl Question {
    pub(super) const fn field(self) -> Field {
        match self {
            Self::Dose => Field::DoseNum,
            Self::Series => Field::VaxSeriesComplete,
            Self::SpecialRisk => Field::CmorbidStatus,
            Self::Serology => Field::Serology,
        }
    }

    /// The word of CVRS for a code in upper case; `None` where the code stays what it is.
    pub(super) fn answer(self, code: &[u8]) -> Option<&'static [u8]> {
        match (self, code) {
            (Self::Dose, _) => None,
            (_, b"Y") => Some(b"YES"),
            (_, b"N") => Some(b"NO"),
            (Self::Series, b"C" | b"COMPLETE" | b"LA13421-5") => Some(b"YES"),
            (Self::Series, [b'L', b'A', b'0'..=b'9', ..]) => Some(b"NO"),
            (Self::SpecialRisk, b"VXC8") => Some(b"YES"),
            (Self::Serology, b"840535000") => Some(b"YES"),
            _ => None,
        }
    }
}
