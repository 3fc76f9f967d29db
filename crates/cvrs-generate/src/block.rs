//! One block of records: the unit that is made alone, from the seed and its number.

use cvrs_spec::{Event, Field, Model};

use crate::Models;
use crate::fault::{Context, Expected};
use crate::people::{
    BODY_SITES, ETHNICITIES, FIRST_NAMES, LAST_NAMES, MIDDLE_NAMES, RACES, ROUTES, STATUSES, STREETS, UNITS,
};
use crate::places::PLACES;
use crate::products::{Age, Lot, PRODUCTS, Product, Series};
use crate::rng::Rng;
use crate::row::Row;
use crate::tables::{SHELF_LIFE, Tables};

/// Records in a block; the last one of a file may have fewer.
pub(crate) const RECORDS: u64 = 2048;

/// What a later fault may copy from a record; a fault that changes it makes the record unfit for that.
const IDENTITY: [Field; 5] = [Field::VaxEventId, Field::RecipId, Field::RecipDob, Field::RecipSex, Field::AdminDate];

/// Recipients kept for a further dose.
const WAITING: usize = 64;

/// A block in writing.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The records.
    pub(crate) text: Vec<u8>,
    /// Their truth lines.
    pub(crate) truth: Vec<u8>,
    /// How many records have a planted fault.
    pub(crate) n_faults: u64,
    /// How many findings the faults lead to.
    pub(crate) n_findings: u64,
}

/// A recipient who may come again. The record stays in the block's text.
#[derive(Clone, Copy, Debug)]
struct Recipient {
    record: u64,
    /// Where `ext_type` to `recip_ethnicity` stand.
    start: usize,
    end: usize,
    day: usize,
    product: u8,
    dose: u8,
    facility: usize,
}

/// A record's dose.
#[derive(Clone, Copy, Debug)]
struct Dose {
    day: usize,
    product: u8,
    number: u8,
    facility: usize,
}

/// Makes the blocks of one worker.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    tables: &'a Tables,
    rng: Rng,
    waiting: Vec<Recipient>,
    /// The last record that a fault may refer to: number, start, end.
    earlier: Option<(u64, usize, usize)>,
}

impl<'a> Maker<'a> {
    pub(crate) const fn new(tables: &'a Tables) -> Self {
        Self { tables, rng: Rng::new(0, 0), waiting: Vec::new(), earlier: None }
    }

    /// Writes the block with this number, up to the record `end` of the file (0-based, exclusive).
    pub(crate) fn make(&mut self, number: u64, end: u64, block: &mut Block) {
        let tables = self.tables;
        self.rng = Rng::new(tables.seed, number);
        self.waiting.clear();
        self.earlier = None;
        block.text.clear();
        block.truth.clear();
        (block.n_faults, block.n_findings) = (0, 0);
        let first = number * RECORDS;
        // Where the round of faults starts, so that the blocks together plant them about evenly.
        let mut turn = tables.round_starts_at(first);
        for record in first..end.min(first + RECORDS) {
            let model = self.model(record);
            // The second record of a mixed file brings in another model; it and the first are otherwise good.
            if tables.models == Models::Mix && record < 2 {
                // A recipient who comes again brings the model along.
                self.waiting.clear();
                self.good(record, model, None, &mut block.text);
                if record == 1 {
                    truth(
                        block,
                        1,
                        &Expected { code: "XR011", dch: None, field: Some(Field::ExtType), level: crate::Level::Warn },
                    );
                }
            } else if self.rng.chance(tables.error_rate) {
                self.faulty(record, model, &mut turn, block);
            } else {
                self.good(record, model, None, &mut block.text);
            }
        }
    }

    fn model(&mut self, record: u64) -> Model {
        match self.tables.models {
            Models::D => Model::D,
            Models::I => Model::I,
            Models::P => Model::P,
            Models::Mix => match record {
                0 => Model::D,
                1 => Model::I,
                _ => Model::ALL[self.rng.below(3)],
            },
        }
    }

    /// Writes a good record and plants the fault whose turn it is.
    fn faulty(&mut self, record: u64, model: Model, turn: &mut usize, block: &mut Block) {
        let list = &self.tables.faults[model as usize];
        let earlier = self.earlier.map(|(record, start, end)| (record, Row::parse(&block.text[start..end])));
        let start = block.text.len();
        loop {
            let (fault, event) = list[*turn % list.len()];
            *turn += 1;
            if fault.needs_earlier() && earlier.is_none() {
                continue;
            }
            block.text.truncate(start);
            self.good(record, model, Some(event), &mut block.text);
            let end = block.text.len() - self.tables.line_end.len();
            let good = Row::parse(&block.text[start..end]);
            let mut row = good.clone();
            let context = Context { today: self.tables.today, earlier: earlier.as_ref().map(|(_, row)| row) };
            if !fault.plant(&mut row, &context) {
                continue;
            }
            block.text.truncate(start);
            block.text.extend_from_slice(&row.to_line());
            let end = block.text.len();
            block.text.extend_from_slice(self.tables.line_end);
            block.n_faults += 1;
            for finding in fault.findings {
                truth(block, record, finding);
            }
            // Each record is referred to once, so that one fault does not change what another leads to.
            if let Some((used, _)) = earlier
                && fault.needs_earlier()
            {
                self.waiting.retain(|recipient| recipient.record != used);
                self.earlier = None;
            }
            if IDENTITY.iter().all(|field| row.get(*field) == good.get(*field)) {
                self.earlier = Some((record, start, end));
            }
            return;
        }
    }

    /// Writes a good record. One that gets a fault has its event given, and a recipient who comes once only.
    fn good(&mut self, record: u64, model: Model, event: Option<Event>, out: &mut Vec<u8>) {
        let tables = self.tables;
        let bits = self.rng.next();
        let line = out.len();
        tables.event_ids.push(out, record, bits);
        out.push(b'\t');
        let start = out.len();
        let again = if event.is_none() && bits >> 32 & 0xFF < 64 { self.again() } else { None };
        let is_refusal = event.map_or(bits >> 8 & 0xFF < 5, |event| event == Event::Refusal) && again.is_none();
        let dose = if let Some((recipient, dose)) = again {
            out.extend_from_within(recipient.start..recipient.end);
            dose
        } else {
            self.new_recipient(record, model, out)
        };
        let end = out.len();
        out.extend_from_slice(&tables.days[dose.day]);
        out.push(b'\t');
        let product = &PRODUCTS[dose.product as usize];
        out.extend_from_slice(product.cvx.as_bytes());
        if is_refusal {
            out.extend_from_slice(b"\t\t\t\t\t\t\t\t\t");
        } else {
            let known = self.dose(product, dose, out);
            if known && event.is_none() && again.is_none() && self.waiting.len() < WAITING {
                let Dose { day, product, number, facility } = dose;
                self.waiting.push(Recipient { record, start, end, day, product, dose: number, facility });
            }
        }
        out.extend_from_slice(&tables.facilities[dose.facility].cells);
        out.extend_from_slice(if is_refusal { b"YES\t" } else { b"NO\t" });
        out.extend_from_slice(self.rng.pick(&STATUSES).as_bytes());
        let after = out.len();
        out.extend_from_slice(tables.line_end);
        if event.is_none() {
            self.earlier = Some((record, line, after));
        }
    }

    /// A recipient who comes for the next dose, if the time for it is over.
    fn again(&mut self) -> Option<(Recipient, Dose)> {
        if self.waiting.is_empty() {
            return None;
        }
        let index = self.rng.below(self.waiting.len());
        let recipient = self.waiting[index];
        let wait = match PRODUCTS[recipient.product as usize].series {
            Series::Last(_) => 21 + self.rng.below(14),
            Series::One | Series::Later => 60 + self.rng.below(60),
        };
        self.waiting.swap_remove(index);
        let Recipient { product, facility, .. } = recipient;
        let day = recipient.day + wait;
        let dose = Dose { day, product, number: recipient.dose + 1, facility };
        (day < self.tables.n_days).then_some((recipient, dose))
    }

    /// Writes `ext_type` to `recip_ethnicity` for a recipient not seen before.
    fn new_recipient(&mut self, record: u64, model: Model, out: &mut Vec<u8>) -> Dose {
        let tables = self.tables;
        let bits = self.rng.next();
        let day = self.rng.below(tables.n_days);
        let age = match bits & 31 {
            0 => Age::Toddler,
            1 | 2 => Age::Child,
            _ => Age::Adult,
        };
        let choices = tables.market.choices(day, age);
        let product = choices[self.rng.below(choices.len())];
        let facility = self.rng.below(tables.facilities.len());
        let place = match bits >> 5 & 7 {
            0 => self.rng.below(PLACES.len()),
            _ => tables.facilities[facility].place,
        };
        let place = &PLACES[place];
        // 0 female, 1 male; with few others unknown.
        let sex = (bits >> 8 & 1) as usize;

        out.extend_from_slice(model.name().as_bytes());
        out.push(b'\t');
        if model == Model::P {
            tables.tokens.push_token(out, record);
        }
        out.push(b'\t');
        tables.recip_ids.push(out, record, bits >> 9);
        out.push(b'\t');
        if model == Model::I {
            out.extend_from_slice(self.rng.pick(FIRST_NAMES[sex]).as_bytes());
            out.push(b'\t');
            out.extend_from_slice(self.rng.pick(&MIDDLE_NAMES).as_bytes());
            out.push(b'\t');
            out.extend_from_slice(self.rng.pick(&LAST_NAMES).as_bytes());
            out.push(b'\t');
        } else {
            out.extend_from_slice(b"Redacted\tRedacted\tRedacted\t");
        }
        self.birth(day, PRODUCTS[product as usize].age, out);
        out.extend_from_slice(match (bits >> 16 & 63, sex) {
            (0, _) => b"\tU\t",
            (_, 0) => b"\tF\t",
            _ => b"\tM\t",
        });
        if model == Model::I {
            push_number(out, self.rng.below(9989) + 11);
            out.push(b' ');
            out.extend_from_slice(self.rng.pick(&STREETS).as_bytes());
            out.push(b'\t');
            out.extend_from_slice(self.rng.pick(&UNITS).as_bytes());
            push_number(out, self.rng.below(99) + 1);
            out.push(b'\t');
            out.extend_from_slice(place.city.as_bytes());
            out.push(b'\t');
        } else {
            out.extend_from_slice(b"Redacted\tRedacted\tRedacted\t");
        }
        out.extend_from_slice(place.county.as_bytes());
        out.push(b'\t');
        out.extend_from_slice(place.state.as_bytes());
        out.push(b'\t');
        out.extend_from_slice(place.zip3.as_bytes());
        push_digits(out, [(bits >> 24) as usize % 10, (bits >> 28) as usize % 9 + 1]);
        if bits >> 40 & 15 < 2 {
            out.push(b'-');
            push_digits(out, [bits >> 44, bits >> 48, bits >> 52, bits >> 56].map(|bits| (bits & 7) as usize + 1));
        }
        out.push(b'\t');
        out.extend_from_slice(self.rng.pick(&RACES).as_bytes());
        out.extend_from_slice(self.rng.pick(&ETHNICITIES).as_bytes());
        Dose { day, product, number: self.first_dose(product), facility }
    }

    /// A day of birth that gives the age on that day; few are known by month only.
    fn birth(&mut self, day: usize, age: Age, out: &mut Vec<u8>) {
        let bits = self.rng.next();
        let years = match age {
            Age::Toddler => 2 + self.rng.below(3),
            Age::Child => 7 + self.rng.below(5),
            // Two draws, so that ages between gather.
            Age::Adult => 14 + self.rng.below(48) + self.rng.below(43),
        };
        let text = &self.tables.days[day];
        let year = text[..4].iter().fold(0, |year, digit| year * 10 + usize::from(digit - b'0')) - years;
        let month = (bits & 0xFFFF) as usize % 12 + 1;
        push_digits(out, [year / 1000, year / 100 % 10, year / 10 % 10, year % 10]);
        out.push(b'-');
        push_digits(out, [month / 10, month % 10]);
        if bits >> 32 & 127 != 0 {
            let day = (bits >> 16 & 0xFFFF) as usize % 28 + 1;
            out.push(b'-');
            push_digits(out, [day / 10, day % 10]);
        }
    }

    /// The number of a recipient's first dose in the file.
    const fn first_dose(&mut self, product: u8) -> u8 {
        match PRODUCTS[product as usize].series {
            Series::One => 1,
            Series::Last(_) => 1 + (self.rng.below(5) == 0) as u8,
            Series::Later => 2 + self.rng.below(3) as u8,
        }
    }

    /// Writes what follows the CVX up to `vax_series_complete`; false if the dose does not count.
    fn dose(&mut self, product: &Product, dose: Dose, out: &mut Vec<u8>) -> bool {
        let bits = self.rng.next();
        let known = |shift: u32| bits >> shift & 31 != 0;
        out.push(b'\t');
        if known(0) && known(5) {
            out.extend_from_slice(product.ndc.as_bytes());
        }
        out.push(b'\t');
        if known(10) {
            out.extend_from_slice(product.mvx.as_bytes());
        }
        out.push(b'\t');
        if known(15) {
            push_lot(out, product.lot, self.rng.next());
        }
        out.push(b'\t');
        match bits >> 20 & 15 {
            0..3 => {}
            kind => {
                let text = &self.tables.days[dose.day + 14 + self.rng.below(SHELF_LIFE - 14)];
                // Month alone means its last day, which cannot lie before the day itself.
                out.extend_from_slice(if kind == 3 { &text[..7] } else { text });
            }
        }
        out.push(b'\t');
        out.extend_from_slice(self.rng.pick(&BODY_SITES).as_bytes());
        out.extend_from_slice(self.rng.pick(&ROUTES).as_bytes());
        let complete: &[u8] = match product.series {
            Series::One => b"YES\t",
            Series::Last(last) if dose.number >= last => b"YES\t",
            Series::Later if dose.number >= 2 => b"YES\t",
            Series::Last(_) | Series::Later => b"NO\t",
        };
        match bits >> 24 & 127 {
            0 | 1 => out.extend_from_slice(b"UNK\tUNK\t"),
            2 => out.extend_from_slice(b"INV\tNO\t"),
            kind => {
                push_digits(out, [dose.number.min(6) as usize]);
                out.push(b'\t');
                out.extend_from_slice(if kind < 6 { b"UNK\t" } else { complete });
                return true;
            }
        }
        false
    }
}

/// Appends a truth line: line, record, column, code, clearinghouse rule, level.
fn truth(block: &mut Block, record: u64, finding: &Expected) {
    use std::io::Write as _;

    let field = finding.field.map_or("", Field::name);
    let dch = finding.dch.unwrap_or("");
    let Expected { code, level, .. } = finding;
    writeln!(block.truth, "{}\t{}\t{field}\t{code}\t{dch}\t{level}", record + 2, record + 1)
        .expect("a vector takes all bytes");
    block.n_findings += 1;
}

/// Appends single digits.
#[inline]
fn push_digits<const N: usize>(out: &mut Vec<u8>, digits: [usize; N]) {
    out.extend_from_slice(&digits.map(|digit| b'0' + digit as u8));
}

/// Appends a number below 10000 without leading zeros.
#[inline]
fn push_number(out: &mut Vec<u8>, n: usize) {
    let text = [n / 1000, n / 100 % 10, n / 10 % 10, n % 10].map(|digit| b'0' + digit as u8);
    out.extend_from_slice(&text[text.iter().take(3).take_while(|digit| **digit == b'0').count()..]);
}

/// Appends a lot number as that manufacturer writes them.
#[inline]
fn push_lot(out: &mut Vec<u8>, lot: Lot, bits: u64) {
    let digit = |shift: u32| b'0' + ((bits >> shift & 0xFF) as usize * 10 / 256) as u8;
    let letter = |shift: u32| b"ABEFGHKLMNPRSTWX"[(bits >> shift & 15) as usize];
    match lot {
        Lot::Pfizer => {
            out.extend_from_slice(&[letter(0), letter(4), digit(8), digit(16), digit(24), digit(32)]);
        }
        Lot::Moderna => {
            out.extend_from_slice(&[digit(0), digit(8), digit(16), letter(24), b'2', digit(32), letter(40)]);
        }
        Lot::Janssen => {
            out.extend_from_slice(&[b'1', digit(0), digit(8), digit(16), digit(24), digit(32), digit(40)]);
        }
        Lot::Novavax => {
            let [a, b, c, d] = [digit(0), digit(8), digit(16), digit(24)];
            out.extend_from_slice(&[b'4', a, b, c, b'M', b'F', b'0', d, digit(32)]);
        }
    }
}
