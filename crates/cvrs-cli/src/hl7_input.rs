//! HL7 as an input: read to CVRS rows on the way, so that everything after it is as for a CVRS file.
//!
//! ```text
//! HL7 ─ Reader ─┬→ CVRS text ─→ an Input whose lines are told as those of the MSH segments
//!               ├→ deletes, a file of their own
//!               └→ notices: counted, listed in a log on demand
//! ```

use crate::fault::Result;
use crate::outputs::Place;
use crate::{terminal, whole_text};
use cvrs_engine::Origin;
use cvrs_engine::io::{Input, InputCause, InputError, NotCvrs};
use cvrs_report::{Level, push_number, push_printable};
use cvrs_spec::Field;
use cvrs_transform::hl7::{
    CvrsText, LineMap, MessageTooLong, Notice, NoticeKind, ReadOptions, ReadRows, ReadTotals, Reader, is_hl7,
};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many lines are named for each kind of notice.
const LINES: usize = 5;

/// Whether an input is HL7; it can be read from its beginning afterwards.
pub(crate) fn is_input_hl7(input: &mut Input) -> Result<bool> {
    Ok(is_hl7(&input.first_bytes()?))
}

/// Where further products of the reading go.
#[derive(Default)]
pub(crate) struct Further {
    /// Rows that ask for deletion.
    pub(crate) deletes: Option<Place>,
    /// A line for each notice.
    pub(crate) log: Option<Place>,
}

/// What is known of a reading while and after it goes on.
#[derive(Clone, Debug)]
pub(crate) struct Reading(Arc<Mutex<Known>>);

struct Known {
    name: String,
    lines: LineMap,
    totals: ReadTotals,
    kinds: BTreeMap<(NoticeKind, Option<Field>), (u64, Vec<u64>)>,
    further: Further,
    /// Whether rows that ask for deletion have a file.
    keeps_deletes: bool,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Known({:?})", self.totals)
    }
}

/// The header of the log.
const LOG_HEADER: &str = "file\tline\tdose\tfield\trule\tlevel\tmessage\n";

/// Opens an HL7 input as CVRS text.
pub(crate) fn open(mut input: Input, options: ReadOptions, mut further: Further) -> Result<(Input, Reading)> {
    let name = input.name().to_owned();
    let source = whole_text::stream(input.body()?);
    if let Some(place) = &mut further.deletes {
        place.write(&Reader::new(options).header_line())?;
    }
    if let Some(place) = &mut further.log {
        place.write(LOG_HEADER.as_bytes())?;
    }
    let known = Known {
        name: name.clone(),
        lines: LineMap::default(),
        totals: ReadTotals::default(),
        kinds: BTreeMap::new(),
        keeps_deletes: further.deletes.is_some(),
        further,
    };
    let reading = Reading(Arc::new(Mutex::new(known)));
    let known = reading.clone();
    let text = CvrsText::new(source, options, move |rows: &ReadRows, totals: ReadTotals, has_ended| {
        if has_ended && totals.doses == 0 {
            return Err(InputCause::from(NotCvrs::Hl7WithoutDose).into());
        }
        known.lock().take(rows, totals)
    });
    let made = Input::from_reader(name, Box::new(Text(text)))?;
    Ok((made.with_origin(Arc::new(reading.clone())), reading))
}

/// The text, whose errors are those of inputs.
struct Text<R>(R);

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<MessageTooLong>());
            let cause = cause.copied();
            cause.map_or(error, |MessageTooLong { line }| InputCause::from(NotCvrs::Hl7TooLong(line)).into())
        })
    }
}

impl Known {
    fn take(&mut self, rows: &ReadRows, totals: ReadTotals) -> io::Result<()> {
        self.totals = totals;
        rows.lines.iter().for_each(|&line| self.lines.push(line));
        let failed = |error: cvrs_engine::Error| match error {
            cvrs_engine::Error::Write { error, .. } => error,
            other => io::Error::other(other.to_string()),
        };
        if let Some(place) = &mut self.further.deletes
            && !rows.deletes.is_empty()
        {
            place.put(&rows.deletes).map_err(failed)?;
        }
        let mut log = Vec::new();
        for notice in &rows.notices {
            let (count, lines) = self.kinds.entry((notice.kind, notice.field)).or_default();
            *count += 1;
            if lines.len() < LINES {
                lines.push(notice.line);
            }
            if self.further.log.is_some() {
                push_notice(&mut log, &self.name, notice);
            }
        }
        match &mut self.further.log {
            Some(place) if !log.is_empty() => place.put(&log).map_err(failed),
            _ => Ok(()),
        }
    }
}

/// Appends a notice as a line of the log.
fn push_notice(out: &mut Vec<u8>, name: &str, notice: &Notice) {
    push_printable(out, name.as_bytes());
    out.push(b'\t');
    push_number(out, notice.line);
    out.push(b'\t');
    if notice.dose > 0 {
        push_number(out, notice.dose);
    }
    let field = notice.field.map_or("", Field::name);
    for text in [field, notice.kind.code(), notice.kind.level().name(), notice.kind.words()] {
        out.push(b'\t');
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'\n');
}

impl Reading {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what was read and what there is to say about it.
    pub(crate) fn tell(&self) {
        let known = self.lock();
        let ReadTotals { messages, doses, rows, deletes, no_events, missed } = known.totals;
        let name = &known.name;
        let word = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        terminal::note(&format!(
            "{name}: {}, {} (RXA) = {} + {} apart + {no_events} without event + {missed} missed",
            word(messages, "HL7 message"),
            word(doses, "dose"),
            word(rows, "record"),
            word(deletes, "delete"),
        ));
        for ((kind, field), (count, lines)) in &known.kinds {
            let about = field.map_or(String::new(), |field| format!(" {}", field.name()));
            let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
            let more = count - lines.len() as u64;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let word = if *count == 1 { "line" } else { "lines" };
            let (level, code, words) = (kind.level(), kind.code(), kind.words());
            debug_assert!(level > Level::Off, "every kind is told");
            terminal::note(&format!("  {} {code}{about}: {words} ({word} {}{more})", level.name(), shown.join(", ")));
        }
        if deletes > 0 && !known.keeps_deletes {
            terminal::note("  records that ask for deletion were left out; --deletes PATH writes them");
        }
    }

    /// Makes the further files appear under their names.
    pub(crate) fn commit(&self) -> Result<()> {
        let further = std::mem::take(&mut self.lock().further);
        [further.deletes, further.log].into_iter().flatten().try_for_each(Place::commit)
    }
}

impl Origin for Reading {
    fn line(&self, line: u64) -> u64 {
        self.lock().lines.line(line)
    }
}

/// Turns an error about a text that is no HL7 into the one line about it.
pub(crate) fn refuse_other(input: &mut Input) -> Result<()> {
    if is_input_hl7(input)? { Ok(()) } else { Err(InputError::new(input.name(), NotCvrs::NoHl7).into()) }
}
