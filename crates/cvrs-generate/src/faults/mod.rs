//! The tables of faults.

mod clearinghouse;
mod further;
mod tool;

use crate::fault::Fault;

pub(crate) static TABLES: [&[Fault]; 3] = [clearinghouse::FAULTS, tool::FAULTS, further::FAULTS];

/// Models as bits: D, I, P.
mod models {
    pub(super) const D: u8 = 1;
    pub(super) const I: u8 = 2;
    pub(super) const P: u8 = 4;
    /// The models with redacted columns.
    pub(super) const DP: u8 = D | P;
    /// The models without a PPRL id.
    pub(super) const DI: u8 = D | I;
    pub(super) const ALL: u8 = D | I | P;
}

/// `"name", event, models, change => level "code" "DCHnnn"-or-dash Field-or-dash, …;`
macro_rules! faults {
    (@dch -) => { None };
    (@dch $dch:literal) => { Some($dch) };
    (@field -) => { None };
    (@field $field:ident) => { Some(cvrs_spec::Field::$field) };
    ($($name:literal, $on:ident, $models:ident, $change:expr
        => $($level:ident $code:literal $dch:tt $field:tt),+;)*) => {
        pub(super) static FAULTS: &[$crate::fault::Fault] = &[$(
            $crate::fault::Fault {
                name: $name,
                findings: &[$(
                    $crate::fault::Expected {
                        code: $code,
                        dch: faults!(@dch $dch),
                        field: faults!(@field $field),
                        level: $crate::fault::Level::$level,
                    }
                ),+],
                on: $crate::fault::On::$on,
                models: $crate::faults::models::$models,
                change: $change,
            },
        )*];
    };
}
use faults;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Context, Date, Row};
    use cvrs_spec::Event;

    fn earlier() -> Row {
        let mut row = Row::good(cvrs_spec::Model::D, Event::Vaccination);
        row.set(cvrs_spec::Field::VaxEventId, "GA-1");
        row.set(cvrs_spec::Field::RecipId, "P-1");
        row
    }

    #[test]
    fn every_fault_changes_the_row_it_fits() {
        let earlier = earlier();
        let context = Context { today: Date::new(2021, 12, 31), earlier: Some(&earlier) };
        for fault in Fault::all() {
            for model in cvrs_spec::Model::ALL {
                for event in [Event::Vaccination, Event::Refusal] {
                    if fault.fits(model, event) {
                        let good = Row::good(model, event);
                        let mut row = good.clone();
                        assert!(fault.plant(&mut row, &context), "{}", fault.name);
                        assert_ne!(row, good, "{}", fault.name);
                        let rejoined = Row::parse(&row.to_line());
                        assert_eq!(rejoined, row, "{} breaks the line", fault.name);
                        assert!(!row.to_line().contains(&b'\n'), "{}", fault.name);
                    }
                }
            }
            assert!(fault.fits(
                fault.good_row().model().expect("a good row has a model"),
                if fault.good_row().is_refusal() { Event::Refusal } else { Event::Vaccination }
            ));
        }
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = Fault::all().map(|fault| fault.name).collect();
        assert_eq!(names.len(), Fault::all().count());
        assert!(names.iter().all(|name| Fault::from_name(name).is_some()));
    }

    #[test]
    fn every_rule_of_the_clearinghouse_has_a_fault() {
        let planted: BTreeSet<_> = Fault::all()
            .flat_map(|fault| fault.findings)
            .filter_map(|finding| finding.dch)
            .map(str::to_owned)
            .collect();
        let rules: BTreeSet<_> = (1..=72).map(|number| format!("DCH{number:03}")).collect();
        assert_eq!(planted, rules);
    }

    #[test]
    fn the_meant_finding_of_a_changed_cell_is_in_that_cell() {
        use crate::fault::Change;
        for fault in Fault::all() {
            if let Change::Clear(field) | Change::Set(field, _) | Change::Bytes(field, _) | Change::Pad(field, _) =
                fault.change
                && !fault.code().starts_with("BUSR")
            {
                assert_eq!(fault.field(), Some(field), "{}", fault.name);
            }
        }
    }
}
