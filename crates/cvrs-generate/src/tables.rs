//! What all blocks of a file share, made once from the seed.

use std::io::Write as _;

use cvrs_spec::{Event, Model};

use crate::date::Date;
use crate::fault::{Fault, Level};
use crate::ids::Ids;
use crate::people::{ORGANISATIONS, SITES, STREETS};
use crate::places::PLACES;
use crate::products::{FIRST_DAY, Market};
use crate::rng::Rng;
use crate::{Models, Options};

/// Streams of the seed that are not blocks.
const FACILITIES: u64 = u64::MAX;
const ORDER: u64 = u64::MAX - 1;

const N_FACILITIES: usize = 512;

/// A place that gives vaccine.
#[derive(Debug)]
pub(crate) struct Facility {
    /// Its ten cells, `responsible_org` to `admin_address_zip`, each followed by a tab.
    pub(crate) cells: Vec<u8>,
    /// Its county, as a number in the list of places.
    pub(crate) place: usize,
}

/// What all blocks share.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) seed: u64,
    pub(crate) error_rate: f64,
    pub(crate) models: Models,
    pub(crate) line_end: &'static [u8],
    pub(crate) today: Date,
    /// The days from the first one on, to well after the last: `YYYY-MM-DD`.
    pub(crate) days: Vec<[u8; 10]>,
    /// How many of the days may be an admin_date.
    pub(crate) n_days: usize,
    pub(crate) market: Market,
    pub(crate) facilities: Vec<Facility>,
    pub(crate) event_ids: Ids,
    pub(crate) recip_ids: Ids,
    pub(crate) tokens: Ids,
    /// By model: the faults to plant with the event of their record, in the order of planting.
    pub(crate) faults: [Vec<(&'static Fault, Event)>; 3],
}

/// Longest time from a dose to the expiry date of its lot, in days.
pub(crate) const SHELF_LIFE: usize = 300;

impl Tables {
    pub(crate) fn new(options: &Options) -> Self {
        let first = FIRST_DAY.max(options.today.plus(-364));
        let n_days = first.days_until(options.today) + 1;
        let seed = options.seed;
        Self {
            seed,
            error_rate: options.error_rate,
            models: options.models,
            line_end: options.line_end.as_bytes(),
            today: options.today,
            days: first.following().map(Date::iso).take(n_days + SHELF_LIFE + 1).collect(),
            n_days,
            market: Market::new(first, n_days),
            facilities: facilities(&mut Rng::new(seed, FACILITIES)),
            event_ids: Ids::new(seed, 1, "EV"),
            recip_ids: Ids::new(seed, 2, "R-"),
            tokens: Ids::new(seed, 3, ""),
            faults: Model::ALL.map(|model| order(model, &mut Rng::new(seed, ORDER))),
        }
    }

    /// Which fault of the lists a block takes first, so that all blocks together plant them about evenly.
    #[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
    pub(crate) fn round_starts_at(&self, first_record: u64) -> usize {
        (first_record as f64 * self.error_rate) as usize
    }
}

fn facilities(rng: &mut Rng) -> Vec<Facility> {
    let make = |_| {
        let place = rng.below(PLACES.len());
        let cells = facility_cells(rng, place);
        Facility { cells, place }
    };
    (0..N_FACILITIES).map(make).collect()
}

fn facility_cells(rng: &mut Rng, place: usize) -> Vec<u8> {
    let at = &PLACES[place];
    let mut cells = Vec::new();
    let mut write = |arguments: std::fmt::Arguments<'_>| {
        cells.write_fmt(arguments).expect("a vector takes all bytes");
    };
    let organisation = rng.pick(&ORGANISATIONS);
    write(format_args!("{organisation}\t{organisation} - {}\t", rng.pick(&SITES)));
    // Required if known: most facilities know it.
    if rng.percent(90) {
        write(format_args!("{:06}", rng.below(1_000_000)));
    }
    match rng.below(50) {
        0 => write(format_args!("\tUNK\t")),
        _ => write(format_args!("\t{}\t", rng.below(28) + 1)),
    }
    if rng.percent(3) {
        write(format_args!("\t\t\t\t\t\t"));
        return cells;
    }
    write(format_args!("{} {}\t", rng.below(9900) + 1, rng.pick(&STREETS)));
    if rng.percent(20) {
        write(format_args!("Suite {}", rng.below(400) + 1));
    }
    write(format_args!("\t{}\t{}\t{}\t{}{:02}", at.city, at.county, at.state, at.zip3, rng.below(99) + 1));
    if rng.percent(15) {
        write(format_args!("-{:04}", rng.below(9999) + 1));
    }
    write(format_args!("\t"));
    cells
}

/// The faults for a model, shuffled. What may be in either event goes mostly into vaccinations.
fn order(model: Model, rng: &mut Rng) -> Vec<(&'static Fault, Event)> {
    let planted = Fault::all().filter(|fault| fault.findings.iter().all(|finding| finding.level > Level::Info));
    let mut faults: Vec<_> = planted
        .filter_map(|fault| {
            let events = [Event::Vaccination, Event::Refusal].map(|event| fault.fits(model, event));
            match events {
                [true, true] => Some((fault, if rng.percent(10) { Event::Refusal } else { Event::Vaccination })),
                [true, false] => Some((fault, Event::Vaccination)),
                [false, true] => Some((fault, Event::Refusal)),
                [false, false] => None,
            }
        })
        .collect();
    for index in (1..faults.len()).rev() {
        faults.swap(index, rng.below(index + 1));
    }
    faults
}
