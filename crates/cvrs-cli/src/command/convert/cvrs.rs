//! `--to cvrs`: the columns in their order, lower-case names, lines that end in LF.

use super::output::{Output, TextOutput};
use super::{Conversion, Result};
use crate::fault::Exit;
use cvrs_engine::io::Input;
use cvrs_engine::{Checked, RecordPlace};
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_spec::Version;
use cvrs_transform::Rows;

pub(super) fn run(conversion: &Conversion<'_>, input: Input) -> Result<Exit> {
    let told = conversion.told_version();
    let text = TextOutput::new(conversion.args.output.as_deref(), Vec::new())?;
    conversion.drive(input, &ToRows, RowOutput { text, told })
}

/// Makes rows of the version that they were read by.
struct ToRows;

impl cvrs_engine::Convert for ToRows {
    type Worker = Rows;
    type Product = Vec<u8>;

    fn worker(&self, header: &Header) -> Rows {
        Rows::new(header, header.version())
    }

    fn begin(&self, _: &mut Rows, product: &mut Vec<u8>) {
        product.clear();
    }

    fn record(
        &self,
        rows: &mut Rows,
        record: &Record<'_>,
        _: &RecordPlace,
        product: &mut Vec<u8>,
        findings: &mut Vec<Finding>,
    ) {
        rows.push(record, product);
        findings.extend(rows.explain(record));
    }
}

/// Rows under the header line of their version.
struct RowOutput {
    text: TextOutput,
    /// The version that the input is read by, if told.
    told: Option<Version>,
}

impl Output for RowOutput {
    type Product = Vec<u8>;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let header = Header::parse(header, self.told);
        self.text.put(&mut Rows::new(&header, header.version()).header_line())
    }

    fn put(&mut self, product: &mut Vec<u8>) -> cvrs_engine::Result<()> {
        self.text.put(product)
    }

    fn can_restart(&self) -> bool {
        self.text.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.text.restart()
    }

    fn finish(self, checked: &Checked) -> Result<()> {
        self.text.finish(checked)
    }
}
