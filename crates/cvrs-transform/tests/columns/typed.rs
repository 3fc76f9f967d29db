//! Types, derived values, and what files tell of themselves.

use crate::made::{make, parquet, parquet_within};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int8Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use chrono::NaiveDate;
use cvrs_rules::example::{header, row};
use cvrs_spec::Field::{self, *};
use cvrs_spec::Version;
use cvrs_transform::columns::{Dictionaries, Options};
use parquet::basic::{Compression, Encoding, PageType, Type};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;

fn batch(rows: &[&[(Field, &str)]], options: &Options) -> RecordBatch {
    let mut text = header(Version::V3) + "\n";
    for cells in rows {
        text += &(row(Version::V3, cells) + "\n");
    }
    let mut made = make(text.as_bytes(), options, 2, 99, Dictionaries::OfBatch);
    assert_eq!(made.told, [""; 0]);
    made.batches.remove(0)
}

#[test]
fn columns_stand_in_their_order_with_their_types() {
    let options = Options { source: true, ..Options::default() };
    let batch = batch(&[&[]], &options);
    let schema = batch.schema();
    let told: Vec<(&str, &DataType)> =
        schema.fields().iter().map(|field| (field.name().as_str(), field.data_type())).collect();
    let names: Vec<&str> = Version::V3.columns().iter().map(|field| field.name()).collect();
    assert_eq!(told[..45].iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    let code = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let codes = "ext_type recip_sex recip_address_county recip_address_state recip_race_1 recip_race_2 recip_race_3 \
                 recip_race_4 recip_race_5 recip_race_6 recip_ethnicity cvx ndc mvx vax_admin_site vax_route dose_num \
                 vax_series_complete admin_type admin_address_county admin_address_state vax_refusal cmorbid_status serology";
    for (name, kind) in &told[..45] {
        let expected = if codes.split_whitespace().any(|code| code == *name) { &code } else { &DataType::Utf8 };
        assert_eq!(*kind, expected, "{name}");
    }
    let (date, text, yes, long) = (&DataType::Date32, &DataType::Utf8, &DataType::Boolean, &DataType::Int64);
    assert_eq!(
        told[45..],
        [
            ("recip_dob_date", date),
            ("admin_date_date", date),
            ("vax_expiration_date", date),
            ("recip_dob_precision", text),
            ("admin_date_precision", text),
            ("vax_expiration_precision", text),
            ("dose_number", &DataType::Int8),
            ("is_refusal", yes),
            ("is_series_complete", yes),
            ("is_special_risk", yes),
            ("is_serology_positive", yes),
            ("ndc11", text),
            ("source_file", text),
            ("source_line", long),
            ("source_record", long),
        ]
    );
    assert!(schema.fields().iter().all(|field| field.is_nullable()));
    let bare = Options { typed: false, dictionary: false, source: false };
    let made = make((header(Version::V3) + "\n").as_bytes(), &bare, 1, 1, Dictionaries::OfBatch);
    let plain = made.gatherer.schema();
    assert_eq!(plain.fields().len(), 45);
    assert!(plain.fields().iter().all(|field| field.data_type() == &DataType::Utf8));
}

#[test]
fn derived_values_are_null_where_the_source_says_nothing() {
    let options = Options { source: true, ..Options::default() };
    let rows: [&[(Field, &str)]; 3] = [
        &[
            (RecipDob, "1968-05-27"),
            (DoseNum, "2"),
            (VaxSeriesComplete, "YES"),
            (CmorbidStatus, "no"),
            (Serology, "UNK"),
            (Ndc, "80777-273-10"),
        ],
        &[
            (RecipDob, "1968-05"),
            (DoseNum, "INV"),
            (VaxRefusal, "yes"),
            (VaxSeriesComplete, ""),
            (Ndc, "8077727310"),
            (Cvx, "207"),
        ],
        &[(RecipDob, "1968-02-30"), (DoseNum, "7"), (VaxRefusal, "MAYBE"), (Ndc, "1234567890")],
    ];
    let batch = batch(&rows, &options);
    let column = |name: &str| batch.column_by_name(name).expect("a column");
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");
    let days = |year, month, day| {
        let date = NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        i32::try_from((date - epoch).num_days()).expect("few")
    };
    let born: Vec<_> = column("recip_dob_date").as_primitive::<Date32Type>().iter().collect();
    assert_eq!(born, [Some(days(1968, 5, 27)), Some(days(1968, 5, 1)), None]);
    let precision: Vec<_> = column("recip_dob_precision").as_string::<i32>().iter().collect();
    assert_eq!(precision, [Some("day"), Some("month"), None]);
    let doses: Vec<_> = column("dose_number").as_primitive::<Int8Type>().iter().collect();
    assert_eq!(doses, [Some(2), None, None]);
    let answers = |name: &str| column(name).as_boolean().iter().collect::<Vec<_>>();
    assert_eq!(answers("is_refusal"), [Some(false), Some(true), Some(false)]);
    assert_eq!(answers("is_series_complete")[..2], [Some(true), None]);
    assert_eq!(answers("is_special_risk")[0], Some(false));
    assert_eq!(answers("is_serology_positive")[0], None);
    let codes: Vec<_> = column("ndc11").as_string::<i32>().iter().collect();
    assert_eq!(codes, [Some("80777-0273-10"), Some("80777-0273-10"), None]);
    let lines: Vec<_> = column("source_line").as_primitive::<Int64Type>().iter().collect();
    assert_eq!(lines, [Some(2), Some(3), Some(4)]);
    assert_eq!(column("source_record").as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    assert!(column("source_file").as_string::<i32>().iter().all(|name| name == Some("a.txt")));
    // As they were sent, whatever they say.
    let sent: Vec<_> = column("recip_dob").as_string::<i32>().iter().collect();
    assert_eq!(sent, [Some("1968-05-27"), Some("1968-05"), Some("1968-02-30")]);
}

#[test]
fn rows_of_the_wrong_length_lose_only_what_no_column_holds() {
    let text = b"vax_event_id\trecip_id\tcvx\nA\tB\n\nC\tD\t207\tsurplus\n";
    let made = make(text, &Options::default(), 9, 9, Dictionaries::OfBatch);
    assert_eq!(made.told, ["CNV001"]);
    let cvx = made.batches[0].column_by_name("cvx").expect("a column");
    assert_eq!((made.batches[0].num_rows(), cvx.is_null(0), cvx.is_null(1)), (2, true, false));
    let made =
        make(b"vax_event_id\trecip_id\nA\t\xFF\nB\t\xC3\xA9\n", &Options::default(), 9, 9, Dictionaries::OfBatch);
    assert_eq!((made.told, made.batches[0].num_rows()), (vec!["CNV201"], 1));
}

#[test]
fn where_row_groups_end_is_told_by_the_rows_and_not_by_chunks() {
    const MOST: usize = 2200;
    let (mut text, mut expected, mut n_bytes) = (header(Version::V3) + "\n", vec![0], 0);
    for n in 0..90 {
        let line = row(Version::V3, &[(AdminName, &"long ".repeat(n * 7 % 41))]);
        n_bytes += line.len() + 1;
        let n_rows = expected.last_mut().expect("a group");
        *n_rows += 1;
        if n_bytes > MOST || *n_rows == 7 {
            expected.push(0);
            n_bytes = 0;
        }
        text += &(line + "\n");
    }
    expected.retain(|&n_rows| n_rows > 0);
    assert!(
        expected.contains(&7) && expected[..10].iter().any(|&n_rows| n_rows < 7),
        "both bounds are met: {expected:?}"
    );
    for chunk in [1, 2, 5, 13, 90] {
        let bytes = Bytes::from(parquet_within(text.as_bytes(), &Options::default(), chunk, 7, MOST));
        let file = SerializedFileReader::new(bytes).expect("Parquet");
        let found: Vec<i64> = file.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
        assert_eq!(found, expected, "{chunk}");
    }
}

#[test]
fn a_parquet_file_has_the_form_that_most_readers_know() {
    let mut text = header(Version::V3) + "\r\n";
    for _ in 0..10 {
        text += &(row(Version::V3, &[]) + "\r\n");
    }
    let bytes = Bytes::from(parquet(text.as_bytes(), &Options::default(), 3, 4));
    let file = SerializedFileReader::new(bytes).expect("Parquet");
    let metadata = file.metadata();
    assert_eq!(metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>(), [4, 4, 2]);
    assert_eq!(metadata.file_metadata().created_by(), Some("cvrs of a test"));
    for column in metadata.row_group(0).columns() {
        assert!(matches!(column.compression(), Compression::ZSTD(_)), "{}", column.column_path());
        assert!(column.statistics().is_some(), "{}", column.column_path());
        // A column of nothing but nulls has none.
        let is_empty = column.statistics().and_then(Statistics::null_count_opt) == Some(4);
        if column.column_type() == Type::BYTE_ARRAY && !is_empty {
            assert!(
                column.encodings().any(|encoding| encoding == Encoding::RLE_DICTIONARY),
                "{}",
                column.column_path()
            );
        }
    }
    let mut pages = file.get_row_group(0).expect("a group").get_column_page_reader(0).expect("pages");
    let mut kinds = Vec::new();
    while let Some(page) = pages.get_next_page().expect("a page") {
        kinds.push(page.page_type());
    }
    assert_eq!(kinds, [PageType::DICTIONARY_PAGE, PageType::DATA_PAGE]);
    let told = metadata.file_metadata().key_value_metadata().expect("facts");
    let value = |key: &str| told.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    assert_eq!(value("cvrs.version").as_deref(), Some("3"));
    assert_eq!(value("cvrs.header"), Some(header(Version::V3)));
    assert_eq!(value("cvrs.eol").as_deref(), Some("crlf"));
    assert_eq!(value("cvrs.columns").as_deref(), Some("45"));
    assert_eq!(value("cvrs.tool").as_deref(), Some("cvrs of a test"));
    assert_eq!(value("cvrs.source_sha256"), None);
}
