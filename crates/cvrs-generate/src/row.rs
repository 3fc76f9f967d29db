//! One record as cells that can be changed.

use cvrs_spec::{Event, Field, Model, Version};

/// A data row of version 2 and later, cell by cell.
///
/// ```
/// use cvrs_generate::Row;
/// use cvrs_spec::{Event, Field, Model};
///
/// let mut row = Row::good(Model::D, Event::Vaccination);
/// row.set(Field::RecipSex, "X");
/// assert_eq!(row.get(Field::RecipSex), b"X");
/// assert_eq!(row.to_line().iter().filter(|byte| **byte == b'\t').count(), 44);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    cells: Vec<Vec<u8>>,
}

impl Row {
    /// A row that raises no finding in any profile, of any day from 2021-04-01 on.
    ///
    /// A missed appointment is no event of version 2; it is taken as a vaccination.
    pub fn good(model: Model, event: Event) -> Self {
        let mut row = Self { cells: vec![Vec::new(); Version::V3.columns().len()] };
        for (field, value) in GOOD {
            row.set(*field, value);
        }
        row.set(Field::ExtType, model.name());
        match model {
            Model::I => IDENTIFIED.iter().for_each(|(field, value)| row.set(*field, value)),
            Model::P => row.set(Field::PprlId, "q8X0rZk3TmP7vLw5YdB1"),
            Model::D => {}
        }
        if event == Event::Refusal {
            row.set(Field::VaxRefusal, "YES");
            for field in DOSE_FIELDS {
                row.set(field, "");
            }
        }
        row
    }

    /// The cells of a line, without its line end.
    pub fn parse(line: &[u8]) -> Self {
        Self { cells: line.split(|byte| *byte == b'\t').map(<[u8]>::to_vec).collect() }
    }

    /// The value of a column; empty where the row does not reach it or the column is of version 1.
    pub fn get(&self, field: Field) -> &[u8] {
        self.cells.get(field as usize).map_or(&[], Vec::as_slice)
    }

    /// Sets the value of a column.
    ///
    /// # Panics
    /// If the row does not reach that column.
    pub fn set(&mut self, field: Field, value: impl AsRef<[u8]>) {
        self.cells[field as usize] = value.as_ref().to_vec();
    }

    /// All cells.
    pub fn cells(&self) -> &[Vec<u8>] {
        &self.cells
    }

    /// All cells, to add or drop some.
    pub fn cells_mut(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.cells
    }

    /// The cells with tabs between them, without a line end.
    pub fn to_line(&self) -> Vec<u8> {
        self.cells.join(&b'\t')
    }

    /// Whether the row is that of a refusal.
    pub fn is_refusal(&self) -> bool {
        self.get(Field::VaxRefusal).eq_ignore_ascii_case(b"YES")
    }

    /// The model that `ext_type` names.
    pub fn model(&self) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name().as_bytes().eq_ignore_ascii_case(self.get(Field::ExtType)))
    }
}

/// The columns that a refusal leaves empty.
pub(crate) const DOSE_FIELDS: [Field; 8] = [
    Field::Ndc,
    Field::Mvx,
    Field::LotNumber,
    Field::VaxExpiration,
    Field::VaxAdminSite,
    Field::VaxRoute,
    Field::DoseNum,
    Field::VaxSeriesComplete,
];

const GOOD: &[(Field, &str)] = &[
    (Field::VaxEventId, "GA-568971356"),
    (Field::RecipId, "P-135498413"),
    (Field::RecipFirstName, "Redacted"),
    (Field::RecipMiddleName, "Redacted"),
    (Field::RecipLastName, "Redacted"),
    (Field::RecipDob, "1968-05-27"),
    (Field::RecipSex, "F"),
    (Field::RecipAddressStreet, "Redacted"),
    (Field::RecipAddressStreet2, "Redacted"),
    (Field::RecipAddressCity, "Redacted"),
    (Field::RecipAddressCounty, "13121"),
    (Field::RecipAddressState, "GA"),
    (Field::RecipAddressZip, "30301"),
    (Field::RecipRace1, "2106-3"),
    (Field::RecipEthnicity, "2186-5"),
    (Field::AdminDate, "2021-03-15"),
    (Field::Cvx, "208"),
    (Field::Ndc, "59267-1000-01"),
    (Field::Mvx, "PFR"),
    (Field::LotNumber, "EN6201"),
    (Field::VaxExpiration, "2021-06-30"),
    (Field::VaxAdminSite, "LD"),
    (Field::VaxRoute, "C28161"),
    (Field::DoseNum, "1"),
    (Field::VaxSeriesComplete, "NO"),
    (Field::ResponsibleOrg, "Riverside Hospital Authority"),
    (Field::AdminName, "Hope Clinic"),
    (Field::VtrcksProvPin, "123456"),
    (Field::AdminType, "17"),
    (Field::AdminAddressStreet, "12 Peachtree Rd"),
    (Field::AdminAddressStreet2, "Suite 4"),
    (Field::AdminAddressCity, "Atlanta"),
    (Field::AdminAddressCounty, "13121"),
    (Field::AdminAddressState, "GA"),
    (Field::AdminAddressZip, "30301-0001"),
    (Field::VaxRefusal, "NO"),
    (Field::CmorbidStatus, "UNK"),
    (Field::Serology, "UNK"),
];

const IDENTIFIED: &[(Field, &str)] = &[
    (Field::RecipFirstName, "Zoë"),
    (Field::RecipMiddleName, "Lee"),
    (Field::RecipLastName, "Núñez"),
    (Field::RecipAddressStreet, "47 Maple Ave"),
    (Field::RecipAddressStreet2, "Apt 4"),
    (Field::RecipAddressCity, "Atlanta"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_spec::Requirement;

    #[test]
    fn good_rows_hold_what_the_specification_asks() {
        for model in Model::ALL {
            for event in [Event::Vaccination, Event::Refusal] {
                let row = Row::good(model, event);
                assert_eq!(row.cells().len(), 45);
                assert_eq!((row.model(), row.is_refusal()), (Some(model), event == Event::Refusal));
                for field in Version::V3.columns() {
                    let value = row.get(*field);
                    match field.requirement(Version::V3, event, model) {
                        Requirement::Required | Requirement::Fixed => assert!(!value.is_empty(), "{field:?}"),
                        Requirement::Empty => assert!(value.is_empty(), "{field:?}"),
                        _ => {}
                    }
                    if let Some(set) = field.value_set(Version::V3)
                        && !value.is_empty()
                        && !set.codes().is_empty()
                    {
                        assert!(set.find(value).is_some(), "{field:?}");
                    }
                }
                assert_eq!(Row::parse(&row.to_line()), row);
            }
        }
    }
}
