//! `cvrs export`.

use super::connect::Line;
use crate::args::{Common, Export};
use crate::fault::{Exit, Fault, Result};
use crate::outputs::Place;
use crate::terminal;
use cvrs_api::{ExportFormat, ExportRequest, Scope};
use cvrs_engine::io::OutputError;
use cvrs_submit::{ExportError, export};
use std::io::Write;
use std::path::Path;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 256 << 10;

pub(crate) fn run(args: &Export, common: &Common) -> Result<Exit> {
    if args.start > args.end {
        return Err(Fault::usage("--start is after --end"));
    }
    let line = Line::open(&args.connect)?;
    // A file can be taken back, and appears only when it is whole.
    let path = args.output.as_deref().filter(|path| path.as_os_str() != "-");
    let mut place = path.map_or_else(|| Ok(Place::stdout()), Place::file)?;
    let scope = match args.format {
        ExportFormat::CvrsProcessedRedacted => Scope::ExportRedacted,
        _ => Scope::ExportNonRedacted,
    };
    let request = ExportRequest { start_date: args.start.clone(), end_date: args.end.clone(), format: args.format };
    let mut writer = Writer { place: &mut place, fault: None };
    let mut out = std::io::BufWriter::with_capacity(BUFFER, &mut writer);
    let mut tokens = line.tokens(&[scope]);
    let mut got = export(&line.connection, &mut tokens, &request, &mut out);
    let is_refused = |error: &ExportError| matches!(error, ExportError::Service(cvrs_submit::Error::Call(call)) if call.status == Some(403));
    if scope == Scope::ExportRedacted && got.as_ref().err().is_some_and(is_refused) {
        // The wider scope permits it as well.
        tokens = line.tokens(&[Scope::ExportNonRedacted]);
        got = export(&line.connection, &mut tokens, &request, &mut out);
    }
    let got = got.and_then(|n| out.flush().map(|()| n).map_err(ExportError::Write));
    drop(out);
    let written = writer.fault.take();
    match got {
        Ok(n) => {
            place.commit()?;
            if !common.quiet {
                let to = path.map_or_else(|| "stdout".to_owned(), |path: &Path| path.display().to_string());
                terminal::note(&format!("{n} bytes of {} to {to}", args.format.name()));
            }
            Ok(Exit::Done)
        }
        Err(ExportError::Service(error)) => Err(error.into()),
        Err(error) => Err(written.unwrap_or_else(|| Fault::file(error.to_string()))),
    }
}

/// Writes to a place and keeps why it could not.
struct Writer<'a> {
    place: &'a mut Place,
    fault: Option<Fault>,
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = match self.place {
            Place::Stdout(out) => out.lock().write_all(bytes).map_err(|error| Fault::stdout(&error)),
            Place::File(file) => {
                file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
            }
        };
        match written {
            Ok(()) => Ok(bytes.len()),
            Err(fault) => {
                let message = fault.message.clone();
                self.fault = Some(fault);
                Err(std::io::Error::other(message))
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.place {
            Place::Stdout(out) => out.lock().flush(),
            Place::File(_) => Ok(()),
        }
    }
}
