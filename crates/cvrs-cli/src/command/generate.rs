//! `cvrs generate`.

use crate::args::{Common, Generate};
use crate::fault::{Exit, Fault, Result};
use crate::terminal;
use cvrs_engine::io::{AtomicFile, OutputError, same_file};
use cvrs_generate::{Date, Error, LineEnd, Models, Options, Totals};
use std::io::Write;
use std::time::Instant;

pub(crate) fn run(args: &Generate, common: &Common) -> Result<Exit> {
    let options = options(args, common)?;
    if let (Some(output), Some(truth)) = (&args.output, &args.truth)
        && (output == truth || same_file(output, truth))
    {
        return Err(Fault::usage("--output and --truth name the same file"));
    }
    let mut file = args.output.as_deref().map(AtomicFile::create).transpose()?;
    let mut truth = args.truth.as_deref().map(AtomicFile::create).transpose()?;
    let start = Instant::now();
    let made = {
        let mut stdout = std::io::stdout().lock();
        let out: &mut dyn Write = match &mut file {
            Some(file) => file,
            None => &mut stdout,
        };
        let truth = truth.as_mut().map(|truth| truth as &mut dyn Write);
        cvrs_generate::generate(&options, out, truth)
    };
    let totals = made.map_err(|error| fault(error, args))?;
    for file in [file, truth].into_iter().flatten() {
        file.commit()?;
    }
    if !common.quiet {
        terminal::note(&told(&totals));
    }
    if common.verbose {
        let seconds = start.elapsed().as_secs_f64();
        terminal::note(&format!("{seconds:.3} s, {:.0} MB/s", totals.bytes as f64 / 1e6 / seconds));
    }
    Ok(Exit::Done)
}

fn told(totals: &Totals) -> String {
    format!("{} records, {} bytes, {} faults planted", totals.records, totals.bytes, totals.faults)
}

fn options(args: &Generate, common: &Common) -> Result<Options> {
    let today =
        Date::parse(args.today.as_bytes()).ok_or_else(|| Fault::usage("--today: expected a day as YYYY-MM-DD"))?;
    let models: Models = args.ext_type.parse().map_err(|error: Error| Fault::usage(format!("--ext-type: {error}")))?;
    Ok(Options {
        records: args.records,
        seed: args.seed,
        error_rate: args.error_rate,
        models,
        line_end: if args.crlf { LineEnd::CrLf } else { LineEnd::Lf },
        today,
        threads: common.threads.map_or(0, usize::from),
    })
}

fn fault(error: Error, args: &Generate) -> Fault {
    match error {
        Error::Io(error) => match &args.output {
            None => Fault::stdout(&error),
            Some(path) => OutputError::from_write(&path.display().to_string(), error).into(),
        },
        other => Fault::usage(other.to_string()),
    }
}
