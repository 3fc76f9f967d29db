//! `--to hl7`: one VXU_V04 message a record.

use super::output::{Output, TextOutput};
use super::{Conversion, Result};
use crate::args::{Convert, DialectName, OperationName};
use crate::fault::{Exit, Fault};
use crate::terminal;
use chrono::{DateTime, FixedOffset};
use cvrs_engine::io::Input;
use cvrs_engine::{Checked, RecordPlace};
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_transform::hl7::{Dialect, Operation, WriteOptions, Writer};

pub(super) fn run(conversion: &Conversion<'_>, input: Input) -> Result<Exit> {
    let writer = Writer::new(options(conversion)?);
    let is_batch = !conversion.args.hl7.no_batch;
    let start = if is_batch { writer.start() } else { Vec::new() };
    let text = TextOutput::new(conversion.args.output.as_deref(), start)?;
    let tells = !conversion.common.quiet && conversion.args.hl7.eligibility.is_none();
    conversion.drive(input, &ToMessages(writer), MessageOutput { text, is_batch, tells, written: 0, new: 0 })
}

fn options(conversion: &Conversion<'_>) -> Result<WriteOptions> {
    let args: &Convert = conversion.args;
    let timestamp = match &args.hl7.timestamp {
        None => chrono::Local::now().fixed_offset(),
        Some(text) => time(text).ok_or_else(|| {
            Fault::usage("--timestamp: expected a time such as 2021-01-17T08:00:00-05:00 or 20210117080000-0500")
        })?,
    };
    let named = conversion.file_name.and_then(FileName::of);
    let entity = args.hl7.entity.clone().or_else(|| named.as_ref().map(|named| named.entity.to_ascii_uppercase()));
    let entity = entity.ok_or_else(|| {
        Fault::usage("--entity is needed: the file's name does not tell the three letters of the submitting entity")
    })?;
    let day = timestamp.format("%Y%m%d").to_string();
    let (day, number) = named.as_ref().map_or((day.as_str(), "01"), |named| (named.day, named.number));
    let defaults = WriteOptions::new(&entity, &timestamp.format("%Y%m%d%H%M%S%z").to_string(), day, number);
    let stem = conversion.file_name.map(stem);
    Ok(WriteOptions {
        dialect: args.hl7.dialect.map_or(Dialect::Ig, DialectName::dialect),
        batch: stem.map_or(defaults.batch, str::to_owned),
        sending_application: args.hl7.sending_application.clone(),
        sending_facility: args.hl7.sending_facility.clone(),
        receiving_application: args.hl7.receiving_application.clone(),
        receiving_facility: args.hl7.receiving_facility.clone(),
        info_source: args.hl7.info_source.source(),
        eligibility: args.hl7.eligibility,
        operation: match args.operation {
            OperationName::Create => Operation::Create,
            OperationName::Update => Operation::Update,
            OperationName::Delete => Operation::Delete,
        },
        is_test: args.judging.test,
        ..defaults
    })
}

/// A file's name without what tells its packing and its kind.
fn stem(name: &str) -> &str {
    let packed = [".gz", ".zst", ".zip"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    packed.rsplit_once('.').map_or(packed, |(stem, _)| if stem.is_empty() { packed } else { stem })
}

/// A time with seconds and offset, in either spelling.
pub(super) fn time(text: &str) -> Option<DateTime<FixedOffset>> {
    let as_hl7 = || {
        // A fraction of a second is legal and not written.
        let (digits, offset) = text.split_at_checked(text.find(['+', '-'])?)?;
        let seconds = digits.split_once('.').map_or(digits, |(seconds, _)| seconds);
        let is_whole = seconds.len() == 14 && offset.len() == 5;
        is_whole.then(|| DateTime::parse_from_str(&format!("{seconds}{offset}"), "%Y%m%d%H%M%S%z").ok())?
    };
    DateTime::parse_from_rfc3339(text).ok().or_else(as_hl7)
}

/// What the convention `yyyymmdd_NN_AAA` tells.
pub(super) struct FileName<'n> {
    day: &'n str,
    number: &'n str,
    pub(super) entity: &'n str,
}

impl<'n> FileName<'n> {
    /// The parts of a name that begins so, whatever follows but a letter or digit.
    pub(super) fn of(name: &'n str) -> Option<Self> {
        let (day, rest) = name.split_once('_')?;
        let (number, rest) = rest.split_once('_')?;
        let (entity, rest) = rest.split_at_checked(3)?;
        let is_number = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_right = is_number(day, 8)
            && is_number(number, 2)
            && entity.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !rest.starts_with(char::is_alphanumeric);
        is_right.then_some(Self { day, number, entity })
    }
}

/// Makes messages.
struct ToMessages(Writer);

/// The messages of a chunk.
#[derive(Default)]
struct Messages {
    text: Vec<u8>,
    written: u64,
    /// How many tell a dose as given and new.
    new: u64,
}

impl cvrs_engine::Convert for ToMessages {
    type Worker = ();
    type Product = Messages;

    fn worker(&self, _: &Header) {}

    fn begin(&self, (): &mut (), product: &mut Messages) {
        product.text.clear();
        (product.written, product.new) = (0, 0);
    }

    fn record(
        &self,
        (): &mut (),
        record: &Record<'_>,
        place: &RecordPlace,
        product: &mut Messages,
        findings: &mut Vec<Finding>,
    ) {
        let before = product.text.len();
        product.new += u64::from(self.0.push(record, place.record, &mut product.text, findings));
        product.written += u64::from(product.text.len() > before);
    }
}

/// Messages, in the segments of a batch or without.
struct MessageOutput {
    text: TextOutput,
    is_batch: bool,
    /// Whether it is told that the guide wants more.
    tells: bool,
    written: u64,
    new: u64,
}

impl Output for MessageOutput {
    type Product = Messages;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        self.text.begin(header)
    }

    fn put(&mut self, product: &mut Messages) -> cvrs_engine::Result<()> {
        self.written += product.written;
        self.new += product.new;
        self.text.put(&mut product.text)
    }

    fn can_restart(&self) -> bool {
        self.text.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        (self.written, self.new) = (0, 0);
        self.text.restart()
    }

    fn finish(self, checked: &Checked) -> Result<()> {
        if self.written != checked.summary.clean {
            let (clean, written) = (checked.summary.clean, self.written);
            return Err(Fault::file(format!("{clean} records and {written} messages; please report this")));
        }
        let end = if self.is_batch { Writer::end(self.written) } else { Vec::new() };
        self.text.finish_with(&end)?;
        if self.tells && self.new > 0 {
            let messages = if self.new == 1 { "message tells" } else { "messages tell" };
            terminal::note(&format!(
                "{} {messages} a new dose (RXA-9 = 00) without its funding, which profile Z22 wants: give --eligibility \
                 CODE, or --info-source 01",
                self.new
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_spellings() {
        let shown = |text| time(text).map(|time| time.format("%Y%m%d%H%M%S%z").to_string());
        for text in ["2021-01-17T08:00:00-05:00", "20210117080000-0500", "20210117080000.1234-0500"] {
            assert_eq!(shown(text).as_deref(), Some("20210117080000-0500"), "{text}");
        }
        assert_eq!(shown("2021-01-17T08:00:00Z").as_deref(), Some("20210117080000+0000"));
        for text in ["2021-01-17", "20210117080000", "202101170800-0500", "20211317080000-0500", "now", ""] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn a_stem_has_neither_kind_nor_packing() {
        for (name, expected) in
            [("20210115_01_GAA.txt", "20210115_01_GAA"), ("a.b.txt.gz", "a.b"), ("a", "a"), (".a", ".a")]
        {
            assert_eq!(stem(name), expected);
        }
    }

    #[test]
    fn names_tell_day_number_and_entity() {
        let parts = |name| FileName::of(name).map(|name| [name.day, name.number, name.entity]);
        assert_eq!(parts("20210115_01_GAA.txt"), Some(["20210115", "01", "GAA"]));
        assert_eq!(parts("20210115_12_gaa_update.txt.gz"), Some(["20210115", "12", "gaa"]));
        for name in ["20210115_01_GAAX.txt", "2021115_01_GAA.txt", "20210115_1_GAA.txt", "20210115_01_GÄ.txt", "a.txt"]
        {
            assert_eq!(parts(name), None, "{name}");
        }
    }
}
