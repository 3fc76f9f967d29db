//! Figures about the quality of a file: how full its columns are, which codes they hold, how late its records come.
//!
//! Only counts are kept, and only codes of value sets are named, never what stands in a cell: a value outside its set
//! counts as `(other)`.

use cvrs_parse::{Date, Precision, Record};
use cvrs_report::{push_json, push_number};
use cvrs_spec::{Event, Field, Kind, Model, SetId, Version};
use std::fmt::Write as _;

const DATES: [Field; 3] = [Field::RecipDob, Field::AdminDate, Field::VaxExpiration];

/// How many days lie between a dose and the day of its file.
const DELAYS: [(&str, i64); 6] = [
    ("same day", 0),
    ("1 to 3 days", 3),
    ("4 to 7 days", 7),
    ("8 to 30 days", 30),
    ("31 to 90 days", 90),
    ("more", i64::MAX),
];

/// Counts over a file or a part of one.
#[derive(Clone, Debug)]
pub struct Figures {
    version: Version,
    /// The day that the file is of, as days since a fixed one.
    day: Option<i64>,
    records: u64,
    filled: [u64; Field::COUNT],
    /// For each coded column, how often each code of its set stands there, then others.
    codes: Vec<(Field, SetId, Vec<u64>)>,
    cvx: Vec<u64>,
    partial: [u64; DATES.len()],
    delays: [u64; DELAYS.len()],
    early: u64,
    undated: u64,
    models: [u64; 4],
    events: [u64; 3],
}

impl Figures {
    /// No counts yet, for a file of that version and day.
    pub fn new(version: Version, day: Option<Date>) -> Self {
        let coded = |field: &Field| field.facts().kind == Kind::Code;
        let counts = |field: &Field| {
            let set = field.value_set(version).filter(|set| !set.codes().is_empty())?;
            Some((*field, set, vec![0; set.codes().len() + 1]))
        };
        Self {
            version,
            day: day.and_then(day_number),
            records: 0,
            filled: [0; Field::COUNT],
            codes: version.columns().iter().filter(|field| coded(field)).filter_map(counts).collect(),
            cvx: vec![0; 1001],
            partial: [0; DATES.len()],
            delays: [0; DELAYS.len()],
            early: 0,
            undated: 0,
            models: [0; 4],
            events: [0; 3],
        }
    }

    /// Counts a record.
    pub fn observe(&mut self, record: &Record<'_>) {
        self.records += 1;
        for &field in self.version.columns() {
            self.filled[field as usize] += u64::from(!record.get(field).is_empty());
        }
        for (field, set, counts) in &mut self.codes {
            let value = record.get(*field);
            if !value.is_empty() {
                let at = set.codes().iter().position(|code| code.code.as_bytes().eq_ignore_ascii_case(value));
                counts[at.unwrap_or(set.codes().len())] += 1;
            }
        }
        let cvx = record.get(Field::Cvx);
        if !cvx.is_empty() {
            let number = core::str::from_utf8(cvx).ok().and_then(|cvx| cvx.parse::<usize>().ok());
            self.cvx[number.unwrap_or(1000).min(1000)] += 1;
        }
        for (field, count) in DATES.into_iter().zip(&mut self.partial) {
            *count += u64::from(record.date(field).is_some_and(|date| date.precision() == Precision::Month));
        }
        match (self.day, record.date(Field::AdminDate).and_then(day_number)) {
            (Some(day), Some(given)) if given <= day => {
                let at = DELAYS.iter().position(|delay| day - given <= delay.1).unwrap_or(DELAYS.len() - 1);
                self.delays[at] += 1;
            }
            (Some(_), Some(_)) => self.early += 1,
            _ => self.undated += 1,
        }
        self.models[record.model().map_or(3, |model| model as usize)] += 1;
        self.events[record.event() as usize] += 1;
    }

    /// Forgets all counts.
    pub(crate) fn clear(&mut self) {
        let day = self.day;
        *self = Self { day, ..Self::new(self.version, None) };
    }

    /// Adds the counts of another part of the file.
    pub fn merge(&mut self, other: &Self) {
        let add = |own: &mut [u64], other: &[u64]| own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        self.records += other.records;
        add(&mut self.filled, &other.filled);
        for (own, other) in self.codes.iter_mut().zip(&other.codes) {
            add(&mut own.2, &other.2);
        }
        add(&mut self.cvx, &other.cvx);
        add(&mut self.partial, &other.partial);
        add(&mut self.delays, &other.delays);
        self.early += other.early;
        self.undated += other.undated;
        add(&mut self.models, &other.models);
        add(&mut self.events, &other.events);
    }

    /// All counts in groups of named figures, in the order in which reports show them.
    fn groups(&self) -> Vec<(String, Vec<(String, u64)>)> {
        let mut groups = Vec::new();
        let named = |names: &[&str], counts: &[u64]| {
            names.iter().map(|&name| name.to_owned()).zip(counts.iter().copied()).collect()
        };
        groups.push(("events".to_owned(), named(&Event::ALL.map(Event::name), &self.events)));
        let [d, i, p] = Model::ALL.map(Model::name);
        groups.push(("models".to_owned(), named(&[d, i, p, "(none)"], &self.models)));
        let mut delays: Vec<(String, u64)> = named(&DELAYS.map(|delay| delay.0), &self.delays);
        delays.extend([("after the file's day".to_owned(), self.early), ("(no date)".to_owned(), self.undated)]);
        if self.day.is_some() {
            groups.push(("days from dose to file".to_owned(), delays));
        }
        groups.push(("partial dates".to_owned(), named(&DATES.map(Field::name), &self.partial)));
        let cvx = self.cvx.iter().enumerate().filter(|(_, count)| **count > 0);
        let name = |number: usize| if number == 1000 { "(other)".to_owned() } else { format!("{number:02}") };
        groups.push(("cvx".to_owned(), cvx.map(|(number, count)| (name(number), *count)).collect()));
        for (field, set, counts) in &self.codes {
            let codes = set.codes().iter().map(|code| code.code).chain(["(other)"]);
            let empty = self.records - self.filled[*field as usize];
            let counts = codes.map(str::to_owned).zip(counts.iter().copied()).chain([("(empty)".to_owned(), empty)]);
            groups.push((field.name().to_owned(), counts.filter(|(_, count)| *count > 0).collect()));
        }
        groups
    }

    /// The figures for people, indented under the report.
    pub fn text(&self) -> String {
        let mut out = String::from("\n  filled\n");
        let share = |count: u64| if self.records == 0 { 0.0 } else { count as f64 * 100.0 / self.records as f64 };
        for &field in self.version.columns() {
            let filled = self.filled[field as usize];
            let _ = writeln!(out, "    {:<24} {:>6.1} %  {filled:>12}", field.name(), share(filled));
        }
        for (name, counts) in self.groups() {
            let _ = writeln!(out, "  {name}");
            for (value, count) in counts {
                let _ = writeln!(out, "    {value:<24} {:>6.1} %  {count:>12}", share(count));
            }
        }
        out
    }

    /// The figures as members of a JSON object, without its braces.
    pub fn json_members(&self) -> Vec<u8> {
        let mut out = b"\"records\":".to_vec();
        push_number(&mut out, self.records);
        let columns =
            self.version.columns().iter().map(|&field| (field.name().to_owned(), self.filled[field as usize]));
        push_group(&mut out, "filled", columns.collect());
        for (name, counts) in self.groups() {
            push_group(&mut out, &name.replace(' ', "_"), counts);
        }
        out
    }
}

fn push_group(out: &mut Vec<u8>, name: &str, counts: Vec<(String, u64)>) {
    out.extend_from_slice(b",\"");
    push_json(out, name.as_bytes());
    out.extend_from_slice(b"\":{");
    for (number, (value, count)) in counts.into_iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"\"" } else { b",\"" });
        push_json(out, value.as_bytes());
        out.extend_from_slice(b"\":");
        push_number(out, count);
    }
    out.push(b'}');
}

/// A day as a number of days (Hinnant's `days_from_civil`); `None` for a month.
fn day_number(date: Date) -> Option<i64> {
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()?));
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_parse::{Header, Index};

    fn figures(rows: &[&[(Field, &str)]]) -> Figures {
        let text = cvrs_rules::example::file(Version::V3, rows);
        let (header, body) = Header::split_off(&text);
        let (mut index, mut cells) = (Index::default(), Vec::new());
        index.build(body);
        let mut figures = Figures::new(Version::V3, Date::from_ymd(2021, 1, 16));
        for line in index.lines(body) {
            figures.observe(&index.record(body, &header, line, &mut cells));
        }
        figures
    }

    #[test]
    fn codes_are_counted_and_other_values_not_named() {
        let figures = figures(&[&[], &[(Field::RecipSex, "MARK-77")], &[(Field::RecipSex, "")]]);
        let text = figures.text() + &String::from_utf8_lossy(&figures.json_members());
        assert!(!text.contains("MARK-77"));
        let json = format!("{{{}}}", String::from_utf8_lossy(&figures.json_members()));
        assert!(json.contains("\"recip_sex\":{\"F\":1,\"(other)\":1,\"(empty)\":1}"), "{json}");
        assert!(json.contains("\"cvx\":{\"208\":3}"), "{json}");
    }

    #[test]
    fn parts_add_up() {
        let (mut left, right) = (figures(&[&[]]), figures(&[&[(Field::Cvx, "207")], &[]]));
        left.merge(&right);
        assert_eq!(left.json_members(), figures(&[&[], &[(Field::Cvx, "207")], &[]]).json_members());
    }

    #[test]
    fn delays_count_days() {
        let day = |year, month, day| day_number(Date::from_ymd(year, month, day).expect("a day")).expect("a day");
        assert_eq!(day(2021, 3, 1) - day(2021, 2, 28), 1);
        assert_eq!(day(2020, 3, 1) - day(2020, 2, 28), 2);
        assert_eq!(day(2021, 1, 1) - day(2020, 1, 1), 366);
        let json = String::from_utf8(figures(&[&[]]).json_members()).expect("UTF-8");
        assert!(json.contains("\"1 to 3 days\":1"), "{json}");
    }
}
