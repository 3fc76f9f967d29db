//! One message: which order a segment belongs to, and which of its doses become rows.

use super::message::{Delimiters, Segment};
use super::notice::{Notice, NoticeKind};
use super::read::{Deletes, ReadOptions, ReadRows, ReadTotals};
use super::row::{Row, Sources};
use super::value::Decoder;
use cvrs_spec::Field;

/// Reads messages one after the other and counts.
#[derive(Debug)]
pub(super) struct MessageReader {
    options: ReadOptions,
    totals: ReadTotals,
    row: Row,
    has_told_signature: bool,
}

/// The segments of an order that a dose needs.
#[derive(Clone, Copy, Default)]
struct Order<'a> {
    orc: Option<&'a [u8]>,
    rxa: Option<&'a [u8]>,
    rxr: Option<&'a [u8]>,
    /// Where its OBX segments stand among those of the message.
    first_observation: usize,
    n_doses: usize,
}

/// What of a message has no place in CVRS.
#[derive(Clone, Copy, Default)]
struct Lost {
    contact: bool,
    kin: bool,
    protection: bool,
    name: bool,
    note: bool,
    other: bool,
}

impl MessageReader {
    pub(super) fn new(options: ReadOptions) -> Self {
        Self { options, totals: ReadTotals::default(), row: Row::default(), has_told_signature: false }
    }

    pub(super) const fn options(&self) -> &ReadOptions {
        &self.options
    }

    pub(super) const fn totals(&self) -> ReadTotals {
        self.totals
    }

    /// Reads the message whose segments stand at these places of a text; the first is its MSH.
    pub(super) fn read(&mut self, text: &[u8], segments: &[(u32, u32)], line: u64, out: &mut ReadRows) {
        let bytes = |&(start, end): &(u32, u32)| &text[start as usize..end as usize];
        let Some(msh) = segments.first().map(bytes) else { return };
        let delimiters = Delimiters::of(msh);
        let msh = Segment::new(msh, delimiters);
        self.totals.messages += 1;
        let is_latin_1 = msh.repetitions(18).any(|part| matches!(part.bytes, b"8859/1" | b"ISO-8859-1"));
        let mut reading = Reading {
            options: &self.options,
            totals: &mut self.totals,
            row: &mut self.row,
            decoder: Decoder { delimiters, is_latin_1 },
            line,
            msh,
            pid: None,
            observations: Vec::new(),
            out,
        };
        let kind = msh.first(9).0;
        if kind.is_filled() && !kind.component(1).eq_ignore_ascii_case(b"VXU") {
            reading.tell(NoticeKind::OtherMessage, None);
        }
        let mut lost = Lost::default();
        let mut order = Order::default();
        for segment in segments[1..].iter().map(bytes) {
            // A segment's name ends at the field separator, or with the segment.
            let name = segment.get(..3).filter(|_| segment.get(3).is_none_or(|&byte| byte == delimiters.field));
            match name {
                Some(b"PID") => {
                    reading.dose(&mut order);
                    order = Order { first_observation: reading.observations.len(), ..Order::default() };
                    let pid = Segment::new(segment, delimiters);
                    lost.contact |= !pid.field(13).is_empty() || !pid.field(14).is_empty();
                    lost.name |= !pid.field(6).is_empty() || !pid.field(9).is_empty();
                    self.has_told_signature |= reading.tell_signature(&pid, self.has_told_signature);
                    reading.pid = Some(pid);
                }
                Some(b"ORC") => {
                    reading.dose(&mut order);
                    let first_observation = reading.observations.len();
                    order = Order { orc: Some(segment), first_observation, ..Order::default() };
                }
                Some(b"RXA") => {
                    reading.dose(&mut order);
                    order.rxa = Some(segment);
                    order.n_doses += 1;
                    if order.n_doses == 2 && order.orc.is_some() {
                        reading.tell(NoticeKind::SharedOrder, None);
                    }
                }
                Some(b"RXR") => match order.rxr {
                    None => order.rxr = Some(segment),
                    Some(_) => reading.tell(NoticeKind::Routes, None),
                },
                Some(b"OBX") if order.orc.is_none() && order.rxa.is_none() => {
                    reading.tell(NoticeKind::LooseObservation, None);
                }
                Some(b"OBX") => reading.observations.push(segment),
                Some(b"NTE") => lost.note = true,
                Some(b"NK1" | b"GT1" | b"IN1" | b"IN2" | b"IN3") => lost.kin = true,
                Some(b"PD1") => lost.protection = true,
                _ => lost.other = true,
            }
        }
        reading.dose(&mut order);
        for (is_lost, kind) in [
            (lost.contact, NoticeKind::LostContact),
            (lost.kin, NoticeKind::LostKin),
            (lost.protection, NoticeKind::LostProtection),
            (lost.note, NoticeKind::LostNote),
            (lost.name, NoticeKind::LostName),
            (lost.other, NoticeKind::LostSegment),
        ] {
            if is_lost {
                reading.tell(kind, None);
            }
        }
    }
}

/// A message on its way into rows.
struct Reading<'r, 'a> {
    options: &'r ReadOptions,
    totals: &'r mut ReadTotals,
    row: &'r mut Row,
    decoder: Decoder,
    line: u64,
    msh: Segment<'a>,
    pid: Option<Segment<'a>>,
    observations: Vec<&'a [u8]>,
    out: &'r mut ReadRows,
}

impl<'a> Reading<'_, 'a> {
    fn tell(&mut self, kind: NoticeKind, field: Option<Field>) {
        self.out.notices.push(Notice { kind, line: self.line, dose: 0, field });
    }

    /// Tells, once, that the text looks like the CDC tool's, unless the dialect is told; whether it did.
    fn tell_signature(&mut self, pid: &Segment<'_>, has_told: bool) -> bool {
        if has_told || self.options.dialect.is_some() {
            return false;
        }
        let is_typed = pid.repetitions(3).any(|part| !part.component(5).is_empty());
        let is_model = matches!(self.msh.field(8), b"D" | b"I" | b"P");
        let name = pid.first(5).0;
        let names = [name.component(1), name.component(2), name.component(3)];
        let is_named = names.iter().any(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"Redacted"));
        let is_signed = is_model && self.msh.field(21).is_empty() && !is_typed && is_named;
        if is_signed {
            self.tell(NoticeKind::CdcSignature, None);
        }
        is_signed
    }

    /// Makes what there is to make of the dose that has come to its end, and leaves its order open for another one.
    fn dose(&mut self, order: &mut Order<'a>) {
        let Some(rxa) = order.rxa.take() else { return };
        let delimiters = self.decoder.delimiters;
        let cut = |segment: Option<&'a [u8]>| {
            segment.map_or(Segment::empty(delimiters), |segment| Segment::new(segment, delimiters))
        };
        let sources = Sources {
            msh: self.msh,
            pid: self.pid.unwrap_or(Segment::empty(delimiters)),
            orc: cut(order.orc),
            rxa: Segment::new(rxa, delimiters),
            rxr: cut(order.rxr.take()),
        };
        let first = std::mem::replace(&mut order.first_observation, self.observations.len());
        self.totals.doses += 1;
        let dose = self.totals.doses;
        let mut tell = |kind, field| self.out.notices.push(Notice { kind, line: self.line, dose, field });
        if self.pid.is_none() {
            tell(NoticeKind::NoRecipient, None);
        }
        let event = sources.event();
        if event.is_none {
            self.totals.no_events += 1;
            return tell(NoticeKind::NoEvent, None);
        }
        if event.is_missed && !self.options.is_v1 {
            self.totals.missed += 1;
            return tell(NoticeKind::Missed, None);
        }
        let observations = &self.observations[first..];
        self.row.fill(&sources, event, observations, self.decoder, self.options, &mut tell);
        let is_delete = sources.rxa.first(21).0.component(1).eq_ignore_ascii_case(b"D");
        if is_delete && self.options.deletes == Deletes::Apart {
            self.totals.deletes += 1;
            self.row.write(self.options.version(), &mut self.out.deletes);
            tell(NoticeKind::Delete, None);
        } else {
            self.totals.rows += 1;
            self.row.write(self.options.version(), &mut self.out.text);
            self.out.lines.push(self.line);
        }
    }
}
