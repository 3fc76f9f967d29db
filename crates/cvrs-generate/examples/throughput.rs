//! Prints how fast records are made, writing to nowhere: `throughput [RECORDS [THREADS [MODEL [ERROR_RATE]]]]`.

use std::io::sink;
use std::time::Instant;

use cvrs_generate::{Error, Options, generate};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |index: usize, default: u64| arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default);
    let options = Options {
        records: number(0, 2_000_000),
        threads: number(1, 1) as usize,
        models: arguments.get(2).map_or(Ok(cvrs_generate::Models::D), |text| text.parse())?,
        error_rate: arguments.get(3).and_then(|text| text.parse().ok()).unwrap_or(0.0),
        ..Options::default()
    };
    let start = Instant::now();
    let totals = generate(&options, &mut sink(), Some(&mut sink()))?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} records, {:.1} bytes each, {} faults, {} findings, {:.0} MB/s, {:.2} million records/s",
        totals.records,
        totals.bytes as f64 / totals.records as f64,
        totals.faults,
        totals.findings,
        totals.bytes as f64 / seconds / 1e6,
        totals.records as f64 / seconds / 1e6,
    );
    Ok(())
}
