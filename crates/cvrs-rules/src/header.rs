//! What is wrong with a header line, and with a file's name.

use crate::{Book, Profile, example};
use cvrs_parse::{Date, Header, Index};
use cvrs_report::{Finding, Message};
use cvrs_spec::SetId;

impl Book {
    /// Says what is wrong with the header: unknown, missing and repeated names, their order, the byte order mark;
    /// and, once for the file, which missing columns make every record a rejected one (rule book E-20).
    pub fn explain_header(&self, header: &Header, out: &mut Vec<Finding>) {
        if self.profile() == Profile::Tool {
            return crate::tool::explain_header(self, header, out);
        }
        let owned = |text: String| Some(Message::Owned(text.into()));
        let unknown: Vec<String> = header
            .unknown()
            .iter()
            .map(|unknown| {
                unknown.name.as_deref().map_or_else(|| format!("(column {})", unknown.column), str::to_owned)
            })
            .collect();
        if !unknown.is_empty() {
            let text = format!("Input contains invalid headers: [{}]", unknown.join(", "));
            out.extend(self.tell("FMT_002", None, owned(text)));
        }
        let missing: Vec<&str> = header.missing().map(cvrs_spec::Field::name).collect();
        if !missing.is_empty() {
            let text = format!("File is missing headers [{}]", missing.join(", "));
            out.extend(self.tell("FMT_004", None, owned(text)));
        }
        if header.has_bom() {
            out.extend(self.tell("FMT_005", None, None));
        }
        for field in header.repeated() {
            out.extend(self.tell("XR006", None, owned(format!("header name stands twice: {}", field.name()))));
        }
        if !header.is_in_order() {
            out.extend(self.tell("XR007", None, None));
        }
        if self.profile() != Profile::Dch {
            self.explain_missing(header, out);
        }
    }

    /// The findings that a good record of this file would have for its missing columns.
    fn explain_missing(&self, header: &Header, out: &mut Vec<Finding>) {
        if header.missing().next().is_none() {
            return;
        }
        let value = |field: &Option<_>| {
            let cell = field.and_then(|field| example::GOOD.iter().find(|cell| cell.0 == field));
            cell.map_or("", |cell| cell.1)
        };
        let row: Vec<&str> = header.columns().iter().map(value).collect();
        let row = row.join("\t") + "\n";
        let (mut index, mut scratch) = (Index::default(), Vec::new());
        index.build(row.as_bytes());
        if let Some(line) = index.lines(row.as_bytes()).next() {
            let record = index.record(row.as_bytes(), header, line, &mut scratch);
            for field in header.missing() {
                self.explain_absent(&record, field, out);
            }
        }
    }

    /// Says what is wrong with a file's name (not its folder).
    pub fn explain_name(&self, name: &str, out: &mut Vec<Finding>) {
        let what = match &self.jurisdiction().file_name {
            Some(own) => own.fault_of(name).map(|what| Message::Owned(what.into())),
            None => fault_of_name(name).map(Message::text),
        };
        if let Some(what) = what {
            out.extend(self.tell("XR010", None, Some(what)));
        }
    }

    /// The day reported that a file's name tells.
    pub fn day_of_name(&self, name: &str) -> Option<Date> {
        match &self.jurisdiction().file_name {
            Some(own) => own.day_of(name),
            None => crate::day_of_name(name),
        }
    }
}

/// What is wrong with a file name, if anything: `yyyymmdd_NN_AAA.txt`, and in version 3 more before `.txt`.
fn fault_of_name(name: &str) -> Option<&'static str> {
    const SHAPE: &str = "file name is not of the form yyyymmdd_NN_AAA.txt";
    let bytes = name.as_bytes();
    let is_shaped = bytes.len() >= 19
        && bytes[..8].iter().chain(&bytes[9..11]).all(u8::is_ascii_digit)
        && bytes[8] == b'_'
        && bytes[11] == b'_'
        && bytes[12..15].iter().all(u8::is_ascii_alphanumeric)
        && bytes[bytes.len() - 4..].eq_ignore_ascii_case(b".txt");
    if !is_shaped {
        return Some(SHAPE);
    }
    let number =
        |range: core::ops::Range<usize>| bytes[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    if Date::from_ymd(number(0..4), number(4..6), number(6..8)).is_none() {
        return Some("file name begins with a day that does not exist");
    }
    // The names that version 3 gives to files of updates and deletes are not published: any suffix is taken.
    SetId::SubmittingEntity.find(&bytes[12..15]).is_none().then_some("file name holds an unknown submitting entity")
}

#[cfg(test)]
mod tests {
    use super::fault_of_name;

    #[test]
    fn file_names_are_day_number_and_entity() {
        for good in ["20201215_01_GAA.txt", "20201215_99_aka.TXT", "20201215_01_GAA_update.txt"] {
            assert_eq!(fault_of_name(good), None, "{good}");
        }
        for bad in [
            "2020-12-15_01_GAA.txt",
            "20201215_1_GAA.txt",
            "20201215_01.txt",
            "20201315_01_GAA.txt",
            "20201215_01_ZZZ.txt",
            "a.txt",
            "",
        ] {
            assert!(fault_of_name(bad).is_some(), "{bad}");
        }
    }
}
