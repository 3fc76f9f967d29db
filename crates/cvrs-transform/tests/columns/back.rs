//! The way back.

use crate::made::{file, make, parquet, stream};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use bytes::Bytes;
use cvrs_spec::Version;
use cvrs_transform::columns::{Batches, Compression, Dictionaries, FileForm, Options, TextWriter};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::Arc;

/// The text that batches stand for.
fn text(batches: Batches) -> Vec<u8> {
    let mut writer = TextWriter::new(batches.schema()).expect("columns of CVRS");
    let mut out = writer.header().to_vec();
    for batch in batches {
        writer.push(&batch.expect("sound"), &mut out);
    }
    assert!(writer.n_mended().is_empty());
    out
}

fn read(bytes: Vec<u8>) -> Vec<u8> {
    text(match FileForm::of(&bytes).expect("a form") {
        FileForm::Parquet => Batches::parquet(Bytes::from(bytes)).expect("Parquet"),
        FileForm::ArrowFile => Batches::arrow_file(Cursor::new(bytes)).expect("a file"),
        FileForm::ArrowStream => Batches::arrow_stream(Cursor::new(bytes)).expect("a stream"),
    })
}

/// All columns of a Parquet file, group by group.
fn whole(bytes: &[u8], rows: usize) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).expect("Parquet");
    let batches = reader.with_batch_size(rows).build().expect("Parquet");
    batches.map(|batch| plain(&batch.expect("sound"))).collect()
}

/// The same batch without metadata and with texts instead of dictionaries.
fn plain(batch: &RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, array)| {
        let array = match array.as_dictionary_opt::<Int32Type>() {
            Some(array) => {
                let array = array.downcast_dict::<StringArray>().expect("texts");
                Arc::new(array.into_iter().collect::<StringArray>()) as ArrayRef
            }
            None => Arc::clone(array),
        };
        (field.name().clone(), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).expect("columns of one length")
}

/// Cells of any text that a canonical file can hold.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        3 => prop::sample::select(vec!["YES", "NO", "UNK", "2021-01-15", "2021-02", "2021-02-30", "Redacted", "13121", "07", " "])
            .prop_map(str::to_owned),
        2 => "[^\t\r\n]{1,12}",
    ]
}

/// A file of whole rows in either version, in either order of columns, with either line end.
fn any_canonical() -> impl Strategy<Value = String> {
    let version = prop_oneof![3 => Just(Version::V3), 1 => Just(Version::V1)];
    (version, any::<bool>(), any::<bool>()).prop_flat_map(|(version, is_turned, is_crlf)| {
        let mut names: Vec<&str> = version.columns().iter().map(|field| field.name()).collect();
        if is_turned {
            names.reverse();
        }
        let row = prop::collection::vec(any_cell(), names.len());
        prop::collection::vec(row, 0..9).prop_map(move |rows| {
            let end = if is_crlf { "\r\n" } else { "\n" };
            let mut text = names.join("\t") + end;
            for row in rows {
                text += &(row.join("\t") + end);
            }
            text
        })
    })
}

fn any_options() -> impl Strategy<Value = Options> {
    any::<[bool; 3]>().prop_map(|[typed, dictionary, source]| Options { typed, dictionary, source })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_canonical_file_comes_back_byte_for_byte(
        text in any_canonical(),
        options in any_options(),
        rows in 1usize..6,
        chunk in 1usize..5,
    ) {
        let text = text.into_bytes();
        prop_assert_eq!(read(parquet(&text, &options, chunk, rows)).escape_ascii().to_string(), text.escape_ascii().to_string());
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            prop_assert_eq!(&read(stream(&text, &options, compression, rows)), &text);
            prop_assert_eq!(&read(file(&text, &options, compression, rows)), &text);
        }
    }

    #[test]
    fn parquet_holds_what_the_batches_hold(
        text in any_canonical(),
        options in any_options(),
        rows in 1usize..6,
        chunk in 1usize..5,
    ) {
        let text = text.into_bytes();
        let batches = make(&text, &options, chunk, rows, Dictionaries::OfBatch).batches;
        prop_assert_eq!(whole(&parquet(&text, &options, chunk, rows), rows), batches.iter().map(plain).collect::<Vec<_>>());
    }

    #[test]
    fn chunks_do_not_show(text in any_canonical(), options in any_options(), rows in 1usize..6, chunk in 1usize..5) {
        let text = text.into_bytes();
        prop_assert_eq!(parquet(&text, &options, chunk, rows), parquet(&text, &options, usize::MAX, rows));
        for dictionaries in [Dictionaries::OfBatch, Dictionaries::UpTo(2), Dictionaries::Whole(9999)] {
            let (parts, whole) = (make(&text, &options, chunk, rows, dictionaries), make(&text, &options, usize::MAX, rows, dictionaries));
            prop_assert_eq!(&parts.batches, &whole.batches);
            let full = parts.batches.len().saturating_sub(1);
            prop_assert!(parts.batches[..full].iter().all(|batch| batch.num_rows() == rows));
        }
    }
}

#[test]
fn a_hundred_thousand_records_of_every_model_and_event_come_back_byte_for_byte() {
    let options = cvrs_generate::Options {
        records: 100_000,
        models: cvrs_generate::Models::Mix,
        ..cvrs_generate::Options::default()
    };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("a file");
    let count = |column: usize, value: &[u8]| {
        let rows = text.split(|&byte| byte == b'\n').skip(1);
        rows.filter(|row| row.split(|&byte| byte == b'\t').nth(column) == Some(value)).count()
    };
    let (ext_type, vax_refusal) = (1, 42);
    for (column, value) in
        [(ext_type, "D"), (ext_type, "I"), (ext_type, "P"), (vax_refusal, "YES"), (vax_refusal, "NO")]
    {
        assert!(count(column, value.as_bytes()) > 1000, "{value}");
    }
    let own = Options::default();
    let packed = parquet(&text, &own, 999, 65_536);
    assert!(packed == parquet(&text, &own, 20_001, 65_536));
    // Here columns are long enough for more than one page, and for texts without a dictionary.
    let batches = make(&text, &own, 999, 65_536, Dictionaries::OfBatch).batches;
    assert!(whole(&packed, 65_536) == batches.iter().map(plain).collect::<Vec<_>>());
    assert!(read(packed) == text);
    assert!(read(file(&text, &own, Compression::Lz4, 65_536)) == text);
    assert!(read(stream(&text, &own, Compression::Zstd, 65_536)) == text);
}

mod foreign {
    //! Files of other programs.

    use super::text;
    use arrow_array::types::{Int8Type, Int32Type, UInt16Type};
    use arrow_array::{
        ArrayRef, BinaryArray, DictionaryArray, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray,
        StringViewArray,
    };
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
    use cvrs_transform::columns::{BadColumn, Batches, TextWriter};
    use std::io::Cursor;
    use std::sync::Arc;

    fn batches(columns: Vec<(&str, ArrayRef)>) -> Batches {
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
        let batch = batch.expect("columns of one length");
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a schema");
        writer.write(&batch).and_then(|()| writer.finish()).expect("a batch");
        Batches::arrow_stream(Cursor::new(writer.into_inner().expect("bytes"))).expect("a stream")
    }

    #[test]
    fn texts_of_every_kind_are_read() {
        let small: DictionaryArray<Int8Type> = vec![Some("207"), None, Some("208")].into_iter().collect();
        let wide: DictionaryArray<UInt16Type> = vec![Some("MOD"), Some("PFR"), None].into_iter().collect();
        let found = text(batches(vec![
            ("MVX", Arc::new(wide)),
            ("cvx", Arc::new(small)),
            ("other", Arc::new(Int64Array::from(vec![1, 2, 3]))),
            ("lot_number", Arc::new(LargeStringArray::from(vec![Some("A"), None, Some("")]))),
            ("recip_id", Arc::new(StringViewArray::from(vec!["R1", "R2", "a recipient of a long name"]))),
            ("vax_event_id", Arc::new(BinaryArray::from(vec![b"E1".as_slice(), b"E2", b"E\xFF"]))),
            ("recip_sex", Arc::new(StringArray::from(vec![Some("F"), None, Some("M")]))),
            ("ndc", Arc::new(NullArray::new(3))),
        ]));
        let lines: Vec<&[u8]> = found.split(|&byte| byte == b'\n').collect();
        let cells = |line: usize| lines[line].split(|&byte| byte == b'\t').collect::<Vec<_>>();
        let header = cells(0);
        let row = |line: usize| -> Vec<&[u8]> {
            let cells = cells(line);
            let at = |name: &str| header.iter().position(|cell| *cell == name.as_bytes()).expect("a column");
            ["vax_event_id", "recip_id", "recip_sex", "cvx", "ndc", "mvx", "lot_number"]
                .map(|name| cells[at(name)])
                .to_vec()
        };
        assert_eq!((lines.len(), header.len()), (5, 45));
        assert_eq!(row(1), [&b"E1"[..], b"R1", b"F", b"207", b"", b"MOD", b"A"]);
        assert_eq!(row(2), [&b"E2"[..], b"R2", b"", b"", b"", b"PFR", b""]);
        assert_eq!(row(3), [&b"E\xFF"[..], b"a recipient of a long name", b"M", b"208", b"", b"", b""]);
    }

    #[test]
    fn what_would_break_a_row_becomes_a_blank_and_is_counted() {
        let names: DictionaryArray<Int8Type> = vec!["a\tb", "c\r\nd", "e\u{b}f"].into_iter().collect();
        let batches = batches(vec![
            ("admin_name", Arc::new(names)),
            ("lot_number", Arc::new(StringArray::from(vec!["x", "y", "z\n"]))),
        ]);
        let mut writer = TextWriter::new(batches.schema()).expect("columns of CVRS");
        let mut out = Vec::new();
        for batch in batches {
            writer.push(&batch.expect("sound"), &mut out);
        }
        let rows: Vec<String> =
            String::from_utf8_lossy(&out).lines().map(|line| line.trim_matches('\t').replace('\t', "|")).collect();
        assert_eq!(rows, ["x|||||||a b", "y|||||||c  d", "z |||||||e\u{b}f"]);
        assert_eq!(writer.n_mended().clone().into_iter().collect::<Vec<_>>(), [("admin_name", 2), ("lot_number", 1)]);
    }

    #[test]
    fn columns_that_cannot_be_cells_are_refused() {
        let refused = |columns| TextWriter::new(batches(columns).schema()).expect_err("it cannot be read");
        let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"])) };
        let number = || -> ArrayRef { Arc::new(Int64Array::from(vec![207])) };
        assert_eq!(refused(vec![("a", text()), ("b", number())]), BadColumn::None);
        assert_eq!(refused(vec![("cvx", text()), ("CVX", text())]), BadColumn::Twice("cvx"));
        assert_eq!(refused(vec![("cvx", number())]), BadColumn::NoText { name: "cvx", found: "Int64".to_owned() });
    }

    /// What packs well is longer than it looks, and is read all the same.
    #[test]
    fn a_column_that_packs_well_is_read() {
        let n = 400_000;
        let codes: DictionaryArray<Int32Type> = std::iter::repeat_n(Some("207"), n).collect();
        let ids = StringArray::from(vec!["GA-1"; n]);
        let columns: Vec<(&str, ArrayRef, bool)> =
            vec![("vax_event_id", Arc::new(ids), true), ("cvx", Arc::new(codes), true)];
        let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
        for packing in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
            let options = IpcWriteOptions::default().try_with_compression(Some(packing)).expect("a packing");
            let mut writer =
                StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a schema");
            writer.write(&batch).and_then(|()| writer.finish()).expect("a batch");
            let batches = Batches::arrow_stream(Cursor::new(writer.into_inner().expect("bytes"))).expect("a stream");
            assert_eq!(batches.map(|batch| batch.expect("sound").num_rows()).sum::<usize>(), n);
        }
    }
}
