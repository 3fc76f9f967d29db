//! COVID-19 vaccine products whose CVX, MVX and NDC belong together.
//!
//! Source: CDC NDC unit-of-use table and CVX/MVX product names, as published on 2025-12-09. The days are the
//! marketing dates given there; a product is offered only between them.

use crate::date::Date;

/// Whom a product is for, by age on the day of the dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Age {
    /// 1 to 4 years.
    Toddler,
    /// 6 to 11 years.
    Child,
    /// 13 years and more.
    Adult,
}

/// How the doses of a product count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// One dose completes it.
    One,
    /// The dose of this number completes it.
    Last(u8),
    /// Given after a series that is already complete.
    Later,
}

/// How the manufacturer writes lot numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lot {
    /// Two letters, four digits.
    Pfizer,
    /// Three digits, a letter, two digits, a letter.
    Moderna,
    /// Seven digits.
    Janssen,
    /// Four digits, `MF`, three digits.
    Novavax,
}

/// A product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) cvx: &'static str,
    pub(crate) mvx: &'static str,
    pub(crate) ndc: &'static str,
    pub(crate) age: Age,
    pub(crate) series: Series,
    pub(crate) lot: Lot,
    from: Date,
    to: Date,
    /// Share among the products on the market, in parts.
    weight: u8,
}

/// The day the first doses were given in the United States outside trials.
pub(crate) const FIRST_DAY: Date = Date::new(2020, 12, 14);

const OPEN: Date = Date::new(9999, 12, 31);

type Day = (u16, u8, u8);

const fn product(
    codes: (&'static str, &'static str, &'static str),
    age: Age,
    series: Series,
    from: Day,
    to: Option<Day>,
    weight: u8,
) -> Product {
    let lot = match codes.1.as_bytes()[0] {
        b'P' => Lot::Pfizer,
        b'M' => Lot::Moderna,
        b'J' => Lot::Janssen,
        _ => Lot::Novavax,
    };
    let to = match to {
        Some((y, m, d)) => Date::new(y, m, d),
        None => OPEN,
    };
    let from = Date::new(from.0, from.1, from.2);
    Product { cvx: codes.0, mvx: codes.1, ndc: codes.2, age, series, lot, from, to, weight }
}

#[rustfmt::skip]
pub(crate) static PRODUCTS: [Product; 26] = {
    use Age::{Adult, Child, Toddler};
    use Series::{Last, Later, One};
    [
        product(("208", "PFR", "59267-1000-01"), Adult, Last(2), (2020, 12, 12), Some((2023, 4, 18)), 10),
        product(("207", "MOD", "80777-0273-10"), Adult, Last(2), (2020, 12, 18), Some((2023, 4, 18)), 7),
        product(("207", "MOD", "80777-0273-15"), Adult, Last(2), (2021, 4, 1), Some((2023, 4, 18)), 2),
        product(("212", "JSN", "59676-0580-05"), Adult, One, (2021, 3, 1), Some((2023, 6, 20)), 2),
        product(("217", "PFR", "59267-1025-01"), Adult, Last(2), (2021, 10, 1), Some((2023, 4, 18)), 5),
        product(("218", "PFR", "59267-1055-01"), Child, Last(2), (2021, 10, 29), Some((2023, 4, 18)), 9),
        product(("219", "PFR", "59267-0078-01"), Toddler, Last(3), (2022, 6, 17), Some((2023, 4, 18)), 5),
        product(("228", "MOD", "80777-0279-05"), Toddler, Last(2), (2022, 6, 17), Some((2023, 4, 18)), 5),
        product(("221", "MOD", "80777-0275-05"), Child, Last(2), (2022, 6, 17), Some((2023, 4, 18)), 2),
        product(("211", "NVX", "80631-0100-01"), Adult, Last(2), (2022, 7, 13), Some((2023, 10, 3)), 1),
        product(("300", "PFR", "59267-0304-01"), Adult, Later, (2022, 9, 1), Some((2023, 9, 11)), 8),
        product(("300", "PFR", "59267-1404-01"), Adult, Later, (2022, 9, 1), Some((2023, 9, 11)), 6),
        product(("229", "MOD", "80777-0282-05"), Adult, Later, (2022, 9, 1), Some((2023, 9, 11)), 7),
        product(("309", "PFR", "00069-2362-01"), Adult, Later, (2023, 9, 11), Some((2024, 8, 21)), 10),
        product(("312", "MOD", "80777-0102-01"), Adult, Later, (2023, 9, 11), Some((2024, 8, 21)), 8),
        product(("310", "PFR", "59267-4331-01"), Child, Later, (2023, 9, 11), Some((2024, 8, 21)), 5),
        product(("311", "MOD", "80777-0287-07"), Toddler, Later, (2023, 9, 11), Some((2024, 8, 21)), 3),
        product(("309", "PFR", "00069-2432-01"), Adult, Later, (2024, 8, 22), None, 10),
        product(("312", "MOD", "80777-0110-01"), Adult, Later, (2024, 8, 22), Some((2025, 8, 27)), 8),
        product(("310", "PFR", "59267-4438-01"), Child, Later, (2024, 8, 22), Some((2025, 8, 27)), 5),
        product(("308", "PFR", "59267-4426-01"), Toddler, Later, (2024, 8, 22), Some((2025, 8, 27)), 3),
        product(("313", "NVX", "80631-0107-01"), Adult, Later, (2024, 8, 30), Some((2025, 8, 27)), 1),
        product(("309", "PFR", "00069-2528-01"), Adult, Later, (2025, 8, 27), None, 10),
        product(("312", "MOD", "80777-0112-01"), Adult, Later, (2025, 8, 27), None, 8),
        product(("334", "MOD", "80777-0400-17"), Adult, Later, (2025, 8, 27), None, 3),
        product(("310", "PFR", "00069-2501-01"), Child, Later, (2025, 8, 27), None, 5),
    ]
};

/// Which products are given on each day of a window; a product stands as often as its weight.
#[derive(Debug)]
pub(crate) struct Market {
    days: Vec<[Vec<u8>; 3]>,
}

impl Market {
    /// The market of `n` days from `first` on.
    pub(crate) fn new(first: Date, n: usize) -> Self {
        let on = |day: Date, age: Age| {
            let offered = PRODUCTS.iter().zip(0_u8..).filter(|(p, _)| p.age == age && (p.from..=p.to).contains(&day));
            offered.flat_map(|(product, index)| std::iter::repeat_n(index, product.weight.into())).collect()
        };
        let days =
            first.following().take(n).map(|day| [on(day, Age::Toddler), on(day, Age::Child), on(day, Age::Adult)]);
        Self { days: days.collect() }
    }

    /// The products for an age on the day with this number; those of adults where there is none for the age.
    pub(crate) fn choices(&self, day: usize, age: Age) -> &[u8] {
        let of = |age: Age| self.days[day][age as usize].as_slice();
        if of(age).is_empty() { of(Age::Adult) } else { of(age) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_a_product() {
        let market = Market::new(FIRST_DAY, 4000);
        for day in 0..4000 {
            assert!(!market.choices(day, Age::Toddler).is_empty());
            assert!(!market.choices(day, Age::Adult).is_empty());
        }
        let names: Vec<_> = market.choices(0, Age::Child).iter().map(|index| PRODUCTS[*index as usize].cvx).collect();
        assert!(names.iter().all(|cvx| *cvx == "208"));
    }
}
