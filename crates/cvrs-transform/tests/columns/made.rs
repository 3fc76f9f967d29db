//! What comes of a text, chunk by chunk.

use cvrs_codes::CodeSets;
use cvrs_parse::{Header, Index};
use cvrs_transform::columns::{
    Builder, Compression, Dictionaries, Error, Facts, FileWriter, Gatherer, Options, Packer, ParquetWriter, Part,
    RecordBatch, RowGroup, Source, StreamWriter,
};

/// Batches of a text, with what goes with them.
pub(crate) struct Made {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) gatherer: Gatherer,
    pub(crate) facts: Facts,
    /// Codes of what was told.
    pub(crate) told: Vec<&'static str>,
}

/// Makes parts of a text that is cut into chunks of so many lines, one after another in the same memory. Gives the codes
/// of what was told.
fn parts(text: &[u8], mut builder: Builder<'_>, chunk: usize, mut take: impl FnMut(&mut Part)) -> Vec<&'static str> {
    let (header, body) = Header::split_off(text);
    let mut index = Index::default();
    index.build(body);
    let (mut part, mut cells) = (Part::default(), Vec::new());
    let (mut findings, mut number) = (Vec::new(), 0);
    let lines: Vec<_> = index.lines(body).collect();
    for chunk in lines.chunks(chunk) {
        builder.begin(&mut part);
        for line in chunk.iter().filter(|line| !line.is_blank()) {
            number += 1;
            let record = index.record(body, &header, *line, &mut cells);
            builder.push(&record, line.number as u64 + 2, number, &mut part, &mut findings);
        }
        builder.end(&mut part);
        take(&mut part);
    }
    findings.iter().map(|finding| finding.code).collect()
}

fn source(options: &Options) -> Option<Source> {
    options.source.then(|| Source { name: "a.txt".to_owned() })
}

/// Makes batches of `rows` rows of a text that is cut into chunks of so many lines.
pub(crate) fn make(text: &[u8], options: &Options, chunk: usize, rows: usize, dictionaries: Dictionaries) -> Made {
    let (header, _) = Header::split_off(text);
    let builder = Builder::new(&header, options, CodeSets::builtin());
    let mut gatherer = Gatherer::new(header.version(), options, source(options), rows, dictionaries);
    let mut batches = Vec::new();
    let told = parts(text, builder, chunk, |part| {
        let taken = gatherer.add(part, |batch| {
            batches.push(batch);
            Ok::<(), Error>(())
        });
        taken.expect("it fits");
    });
    batches.extend(gatherer.finish().expect("it fits"));
    let line = &text[..header.byte_len()];
    let facts = Facts::of_header(line, &header, "cvrs of a test");
    Made { batches, gatherer, facts, told }
}

/// The same as a Parquet file of row groups of so many rows.
pub(crate) fn parquet(text: &[u8], options: &Options, chunk: usize, rows: usize) -> Vec<u8> {
    parquet_within(text, options, chunk, rows, usize::MAX)
}

/// The same as a Parquet file of row groups of so many rows that end beyond so many bytes.
pub(crate) fn parquet_within(text: &[u8], options: &Options, chunk: usize, rows: usize, bytes: usize) -> Vec<u8> {
    let (header, _) = Header::split_off(text);
    let facts = Facts::of_header(&text[..header.byte_len()], &header, "cvrs of a test");
    let codes = CodeSets::builtin();
    let writer = ParquetWriter::new(Vec::new(), options, source(options), &facts, "cvrs of a test", codes, rows);
    let writer = writer.expect("a schema").with_group_bytes(bytes);
    let (mut writer, mut packer) = (writer, Packer::new().expect("memory"));
    let mut write = |writer: &mut ParquetWriter<Vec<u8>>, group: RowGroup| {
        let columns = group.columns().into_iter();
        let encoded = columns.flat_map(|column| column.encode(&mut packer).expect("encoded")).collect();
        writer.write_group(group, encoded).expect("a group");
    };
    parts(text, Builder::for_parquet(&header, options, codes), chunk, |part| {
        writer.add(part);
        while let Some(group) = writer.full_group() {
            write(&mut writer, group);
        }
    });
    while let Some(group) = writer.last_group() {
        write(&mut writer, group);
    }
    writer.finish(None).expect("a file")
}

/// The same as Arrow's stream form.
pub(crate) fn stream(text: &[u8], options: &Options, compression: Compression, rows: usize) -> Vec<u8> {
    let made = make(text, options, 100, rows, Dictionaries::UpTo(3));
    let mut writer = StreamWriter::new(made.gatherer.schema(), made.facts.metadata(), compression).expect("a schema");
    for batch in &made.batches {
        writer.batch(batch).expect("a batch");
    }
    writer.finish().expect("a stream");
    std::mem::take(writer.buffer())
}

/// The same as Arrow's file form.
pub(crate) fn file(text: &[u8], options: &Options, compression: Compression, rows: usize) -> Vec<u8> {
    let made = make(text, options, 100, rows, Dictionaries::Whole(1 << 20));
    let mut writer = FileWriter::new(made.gatherer.schema(), made.facts.metadata(), compression).expect("a schema");
    let mut kept = Vec::new();
    for batch in &made.batches {
        writer.batch(batch, &mut kept).expect("a batch");
    }
    let (start, end) = writer.finish(&made.gatherer.dictionaries()).expect("a file");
    [start, kept, end].concat()
}
