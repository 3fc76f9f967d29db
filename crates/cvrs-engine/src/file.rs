//! A run over an input: a file, plain or compressed, or stdin.

use crate::chunk::ReadAt;
use crate::convert::{Checks, Convert, Target};
use crate::error::{Error, Result};
#[cfg(target_os = "linux")]
use crate::io::Mapped;
use crate::io::{Body, Input, InputCause, InputError, read_exact_at, sniff_text};
use crate::run::{self, Asked, Checked, Control, Conversion, Request, Sinks};
use crate::survey::{Facts, Survey};
use crate::text::Text;
use std::fs::File;
use std::sync::atomic::Ordering;

impl ReadAt for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        read_exact_at(self, buffer, offset)
    }
}

/// What can be done with an input as often as needed: it is opened anew each time.
struct Reading<'i> {
    name: String,
    input: &'i mut Input,
    looks: Looks,
}

/// How a file may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// In copies that nobody else can change: what is made of a text must be made of what was judged.
    AtCopies,
    /// In memory, where another program's writing shows at once; that the file was written to is an error in the end.
    InMemoryUnchanged,
    /// In memory, for reports alone.
    InMemory,
}

/// The first `len` bytes of a file, in memory where that is allowed and of use.
fn place(file: File, len: u64, looks: Looks) -> Box<dyn ReadAt> {
    #[cfg(target_os = "linux")]
    let file = match Mapped::new(file, len, looks) {
        Ok(mapped) => return Box::new(mapped),
        Err(file) => file,
    };
    #[cfg(not(target_os = "linux"))]
    let _ = (len, looks);
    Box::new(file)
}

type Open<'a> = &'a mut dyn FnMut() -> Result<Text<'static>>;
pub(crate) type Judge<'a> = &'a dyn Fn(&[u8], bool) -> Result<()>;

impl Reading<'_> {
    fn with<T>(self, act: impl FnOnce(Open<'_>, Judge<'_>) -> Result<T>) -> Result<T> {
        let Self { name, input, looks } = self;
        let mut open = || {
            Ok(match input.body()? {
                Body::Plain { file, len } => Text::Positional { file: place(file, len, looks), len },
                Body::Stream(reader) => Text::Stream(reader),
            })
        };
        let judge = |head: &[u8], is_whole: bool| {
            Ok(sniff_text(head, is_whole).map_err(|cause| InputError::new(&name, cause))?)
        };
        act(&mut open, &judge).map_err(|error| match error {
            Error::Read(error) => Error::Input(InputError::from_stream(&name, error)),
            other => other,
        })
    }
}

/// Opens an input once and hands over its text, with what judges its head.
pub(crate) fn with_judged_text<T>(
    input: &mut Input,
    act: impl FnOnce(Text<'static>, Judge<'_>) -> Result<T>,
) -> Result<T> {
    let reading = Reading { name: input.name().to_owned(), input, looks: Looks::AtCopies };
    reading.with(|open, judge| act(open()?, judge))
}

/// Adds an input to the survey of a run. It must be rewindable if it is to be checked afterwards.
///
/// # Errors
/// As [`check_input`]. The input has its number in the survey all the same.
pub fn survey_input(input: &mut Input, request: &Request<'_>, control: &Control, survey: &mut Survey) -> Result<()> {
    input.set_threads(request.tuning.threads);
    let reading = Reading { name: input.name().to_owned(), input, looks: Looks::InMemory };
    let n_inputs = survey.n_inputs();
    let surveyed = reading.with(|open, judge| run::survey(open, judge, request, control, survey));
    if survey.n_inputs() == n_inputs {
        survey.skip();
    }
    surveyed
}

/// Checks an input. If the rules ask what all records together show, it is read twice; an input that cannot be read
/// twice is copied to an unlinked temporary file first.
///
/// `facts` are those of a survey of all inputs of the run, with this one's number among them, from 0; without them the
/// input is surveyed by itself.
///
/// # Errors
/// [`Error::Input`] where the input cannot be read or is no CVRS text, else as [`Error`] names them.
pub fn check_input(
    input: Input,
    request: &Request<'_>,
    facts: Option<(&Facts, usize)>,
    control: &Control,
    sinks: &mut dyn Sinks,
) -> Result<Checked> {
    let conversion = Conversion { converter: &(), takes_all: false };
    drive(input, request, facts, control, &conversion, &mut Checks(sinks))
}

/// Checks an input as [`check_input`] does, and has each record that is taken converted by the workers on the way:
/// those without an error, or with `takes_all` every one. What is neither taken nor can be said by the target is
/// rejected, so that `clean` in the counts are the records that were converted.
///
/// # Errors
/// As [`check_input`], and what the converter and the target report.
pub fn convert_input<C: Convert>(
    input: Input,
    request: &Request<'_>,
    control: &Control,
    converter: &C,
    takes_all: bool,
    target: &mut dyn Target<C::Product>,
) -> Result<Checked> {
    drive(input, request, None, control, &Conversion { converter, takes_all }, target)
}

fn drive<C: Convert>(
    input: Input,
    request: &Request<'_>,
    facts: Option<(&Facts, usize)>,
    control: &Control,
    conversion: &Conversion<'_, C>,
    target: &mut dyn Target<C::Product>,
) -> Result<Checked> {
    let is_read_twice = facts.is_none() && request.book.needs_survey();
    let mut input = if is_read_twice { input.rewindable(None)? } else { input };
    input.set_threads(request.tuning.threads);
    let origin = input.origin();
    let asked = Asked { request, origin: origin.as_deref(), control };
    let looks = match (C::IS_ASKED, request.parts) {
        (false, false) => Looks::InMemory,
        (false, true) if target.sinks().can_restart() => Looks::InMemoryUnchanged,
        _ => Looks::AtCopies,
    };
    let counted = [&control.bytes, &control.records].map(|counter| (counter, counter.load(Ordering::Relaxed)));
    let name = input.name().to_owned();
    let mut check = |looks, target: &mut dyn Target<C::Product>| {
        let reading = Reading { name: name.clone(), input: &mut input, looks };
        reading.with(|open, judge| run::run(open, judge, asked, facts, conversion, target))
    };
    match check(looks, target) {
        Err(Error::Input(error))
            if looks == Looks::InMemoryUnchanged && matches!(error.cause(), InputCause::Changed) =>
        {
            // Somebody writes to it, perhaps at its end only. What is parted from copies is what was judged.
            target.sinks().restart()?;
            for (counter, before) in counted {
                counter.store(before, Ordering::Relaxed);
            }
            check(Looks::AtCopies, target)
        }
        checked => checked,
    }
}
