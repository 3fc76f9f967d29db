//! One suite for both back ends.
#![expect(clippy::disallowed_methods, reason = "the PostgreSQL store is tried on a server of its own")]

use super::{Days, End, Operation, Status, Store, Upload};
use crate::batch::{Batch, Preparer};
use crate::intake::Media;
use crate::reply::{Reply, Stored};
use cvrs_api::{JobState, Store as Name};
use cvrs_parse::Header;
use cvrs_spec::Version;
use uuid::Uuid;

fn upload(jurisdiction: &str, operation: Operation, day: &str) -> Upload {
    Upload {
        id: Uuid::new_v4(),
        client: "c".into(),
        jurisdiction: jurisdiction.into(),
        operation,
        is_job: false,
        media: Media::Text,
        kind: crate::intake::Kind::Cvrs,
        bytes: 1,
        received: 1,
        day: day.into(),
        keeps_raw: true,
        stores: Name::ALL.to_vec(),
        validates: true,
    }
}

fn end(upload: &Upload, stored: &[Stored]) -> End {
    let reply = Reply { id: upload.id, state: None, total: Some(0), errors: None, stored: Some(stored) };
    End {
        status: Status::Completed,
        total: 7,
        rejected: 1,
        processed: stored.iter().map(|stored| stored.processed).sum(),
        refused: stored.iter().map(|stored| stored.errors.count()).sum(),
        rules: Vec::new(),
        reply: reply.bytes(0).unwrap(),
        body: None,
        ended: 2,
    }
}

/// Records of id, person and last name, as `A1/B1/Doe`.
fn batch(rows: &[&str]) -> Batch {
    let header = Header::parse(b"vax_event_id\trecip_id\trecip_last_name", Some(Version::V3));
    let lines: String = rows.iter().map(|row| row.replace('/', "\t") + "\n").collect();
    Preparer::new(header, true).prepare(lines.as_bytes())
}

/// What an upload comes to: applied and refused in each store, with the messages of the first.
fn apply(store: &dyn Store, upload: &Upload, batches: &[&[&str]]) -> (Vec<(u64, u64)>, String) {
    let mut stored: Vec<Stored> = upload.stores.iter().map(|&name| Stored::new(name, 0)).collect();
    let mut writer = store.writer(upload).unwrap();
    for rows in batches {
        writer.apply(&batch(rows), &mut stored).unwrap();
    }
    writer.settle(&mut stored).unwrap();
    let end = end(upload, &stored);
    let reply = String::from_utf8(end.reply.clone()).unwrap();
    writer.commit(&end).unwrap();
    (stored.iter().map(|stored| (stored.processed, stored.errors.count())).collect(), reply)
}

/// Id and last name of what an export holds.
fn exported(store: &dyn Store, name: Name, jurisdiction: &str, first: &str, last: &str) -> Vec<String> {
    let mut found = Vec::new();
    let days = Days { first: first.into(), last: last.into() };
    store
        .export(name, jurisdiction, &days, &mut |row| {
            let cells: Vec<String> = String::from_utf8_lossy(row).split('\t').map(str::to_owned).collect();
            assert_eq!(cells.len(), 45);
            found.push(format!("{}/{}", cells[0], cells[6]));
            true
        })
        .unwrap();
    found
}

fn all(store: &dyn Store, name: Name, jurisdiction: &str) -> Vec<String> {
    exported(store, name, jurisdiction, "0000-01-01", "9999-12-31")
}

fn records_are_told_apart_by_jurisdiction_and_id(store: &dyn Store) {
    let day = "2021-01-01";
    let create = || upload("J1", Operation::Create, day);
    let first = apply(store, &create(), &[&["A1/B1/Doe", "a1/B1/Doe", "A1/B9/Roe"], &["A2/B2/Poe", "A1/B1/Doe"]]);
    assert_eq!(first.0, [(3, 2), (3, 2)]);
    let refused = "storage=NON_REDACTED_DB vaxEventID=A1 recipId=B9 message=Record already exists";
    assert!(first.1.contains(refused), "{}", first.1);
    assert_eq!(apply(store, &upload("J2", Operation::Create, day), &[&["A1/B1/Zoe"]]).0, [(1, 0), (1, 0)]);
    assert_eq!(apply(store, &create(), &[&["A1/B1/New", "A3/B3/Moe"]]).0, [(1, 1), (1, 1)]);
    assert_eq!(all(store, Name::NonRedacted, "J1"), ["A1/Doe", "a1/Doe", "A2/Poe", "A3/Moe"]);
    assert_eq!(all(store, Name::Redacted, "J2"), ["A1/Redacted"]);
    assert_eq!(store.n_records(Name::Redacted).unwrap(), 5);
}

fn updates_replace_and_deletes_free_the_key(store: &dyn Store) {
    let of = |operation, day| upload("J3", operation, day);
    apply(store, &of(Operation::Create, "2021-01-01"), &[&["A1/B1/Doe", "A2/B2/Poe", "A3/B3/Moe"]]);
    let updated = apply(store, &of(Operation::Update, "2021-01-05"), &[&["A2/B2/One", "A9/B9/No", "A2/B2/Two"]]);
    assert_eq!(updated.0, [(2, 1), (2, 1)]);
    assert!(updated.1.contains("vaxEventID=A9 recipId=B9 message=Record does not exist"), "{}", updated.1);
    assert_eq!(exported(store, Name::NonRedacted, "J3", "2021-01-01", "2021-01-04"), ["A1/Doe", "A3/Moe"]);
    assert_eq!(exported(store, Name::NonRedacted, "J3", "2021-01-05", "2021-01-05"), ["A2/Two"]);
    let deleted = apply(store, &of(Operation::Delete, "2021-01-06"), &[&["A1/B1/", "A1/B1/", "A8/B8/"]]);
    assert_eq!(deleted.0, [(1, 2), (1, 2)]);
    assert_eq!(all(store, Name::Redacted, "J3"), ["A3/Redacted", "A2/Redacted"]);
    assert_eq!(apply(store, &of(Operation::Create, "2021-01-07"), &[&["A1/B1/Back"]]).0, [(1, 0), (1, 0)]);
    assert_eq!(exported(store, Name::NonRedacted, "J3", "2021-01-07", "2021-01-07"), ["A1/Back"]);
}

fn stores_are_independent(store: &dyn Store) {
    let only = |name: Name| Upload { stores: vec![name], ..upload("J4", Operation::Create, "2021-01-01") };
    assert_eq!(apply(store, &only(Name::Redacted), &[&["A1/B1/Doe"]]).0, [(1, 0)]);
    let both = apply(store, &upload("J4", Operation::Create, "2021-01-01"), &[&["A1/B1/Doe", "A2/B2/Poe"]]);
    assert_eq!(both.0, [(2, 0), (1, 1)]);
    assert_eq!(all(store, Name::Redacted, "J4").len(), 2);
}

fn what_was_not_committed_leaves_no_trace(store: &dyn Store) {
    let upload = upload("J5", Operation::Create, "2021-01-01");
    let mut stored = vec![Stored::new(Name::NonRedacted, 0), Stored::new(Name::Redacted, 0)];
    let mut writer = store.writer(&upload).unwrap();
    writer.apply(&batch(&["A1/B1/Doe"]), &mut stored).unwrap();
    writer.settle(&mut stored).unwrap();
    drop(writer);
    assert!(all(store, Name::NonRedacted, "J5").is_empty());
    assert!(store.find(upload.id).unwrap().is_none());
    assert_eq!(apply(store, &upload, &[&["A1/B1/Doe"]]).0, [(1, 0), (1, 0)]);
}

fn bytes_that_are_no_text_come_back_as_they_are(store: &dyn Store) {
    let header = Header::parse(b"vax_event_id\trecip_id\trecip_last_name", Some(Version::V3));
    let row = b"A\xFF\x00\tB1\tD\xE9\n";
    let batch = Preparer::new(header, true).prepare(row);
    let upload = upload("J6", Operation::Create, "2021-01-01");
    let mut stored = vec![Stored::new(Name::NonRedacted, 0), Stored::new(Name::Redacted, 0)];
    let mut writer = store.writer(&upload).unwrap();
    writer.apply(&batch, &mut stored).unwrap();
    writer.settle(&mut stored).unwrap();
    writer.commit(&end(&upload, &stored)).unwrap();
    let days = Days { first: "2021-01-01".into(), last: "2021-01-01".into() };
    let mut found = Vec::new();
    let mut take = |row: &[u8]| {
        found.push(row.to_vec());
        true
    };
    store.export(Name::NonRedacted, "J6", &days, &mut take).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(b"A\xFF\x00\t\t\tB1\t\t\tD\xE9\t"));
}

fn jobs_wait_in_order_and_end_once(store: &dyn Store) {
    let job = || Upload { is_job: true, ..upload("J7", Operation::Create, "2021-01-01") };
    let (one, two) = (job(), job());
    for job in [&one, &two] {
        store.submit(job, b"queued").unwrap();
    }
    assert_eq!(store.waiting().unwrap(), ["J7"]);
    assert_eq!(store.next_job("J7").unwrap().unwrap().upload.id, one.id);
    assert!(store.next_job("J1").unwrap().is_none());
    store.advance(one.id, JobState::Validating, b"validating", 3).unwrap();
    let found = store.find(one.id).unwrap().unwrap();
    assert_eq!((found.state, found.reply.as_slice(), found.total), (JobState::Validating, &b"validating"[..], None));
    apply(store, &one, &[&["A1/B1/Doe"]]);
    let found = store.find(one.id).unwrap().unwrap();
    assert_eq!((found.state, found.status, found.total), (JobState::Completed, Status::Completed, Some(7)));
    let states: Vec<&str> = found.times.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["QUEUED", "VALIDATING", "COMPLETED"]);
    assert_eq!(store.next_job("J7").unwrap().unwrap().upload.id, two.id);
    apply(store, &two, &[]);
    assert!(store.waiting().unwrap().is_empty());
    assert_eq!(all(store, Name::NonRedacted, "J7"), ["A1/Doe"]);
}

fn kept_uploads_are_listed_by_day(store: &dyn Store) {
    let early = upload("J8", Operation::Create, "2021-01-01");
    let late = Upload { received: 9, ..upload("J8", Operation::Update, "2021-01-03") };
    let gone = Upload { keeps_raw: false, ..upload("J8", Operation::Create, "2021-01-01") };
    for upload in [&late, &early, &gone] {
        apply(store, upload, &[]);
    }
    let listed = |last: &str| {
        let days = Days { first: "2021-01-01".into(), last: last.into() };
        store.raw("J8", &days).unwrap().iter().map(|upload| upload.id).collect::<Vec<_>>()
    };
    assert_eq!(listed("2021-01-02"), [early.id]);
    assert_eq!(listed("2021-01-03"), [early.id, late.id]);
    assert_eq!(store.newest(1).unwrap()[0].upload.id, late.id);
}

fn suite(store: &dyn Store) {
    records_are_told_apart_by_jurisdiction_and_id(store);
    updates_replace_and_deletes_free_the_key(store);
    stores_are_independent(store);
    what_was_not_committed_leaves_no_trace(store);
    bytes_that_are_no_text_come_back_as_they_are(store);
    jobs_wait_in_order_and_end_once(store);
    kept_uploads_are_listed_by_day(store);
}

#[test]
fn the_embedded_store_keeps_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cvrs.db");
    suite(&super::SqliteStore::open(&path).unwrap());
    // Opened again, everything is there.
    let again = super::SqliteStore::open(&path).unwrap();
    assert_eq!(all(&again, Name::NonRedacted, "J3"), ["A3/Moe", "A2/Two", "A1/Back"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(all(feature = "postgres", unix))]
mod with_postgres {
    use cvrs_testkit::postgres::Throwaway;

    #[test]
    fn the_postgres_store_keeps_the_promises() {
        let server = match Throwaway::start() {
            Ok(server) => server,
            Err(cause) => {
                eprintln!("SKIPPED: the PostgreSQL store was not tried, since {cause}");
                return;
            }
        };
        let store = super::super::PostgresStore::open(&server.url()).unwrap();
        super::suite(&store);
        let again = super::super::PostgresStore::open(&server.url()).unwrap();
        assert_eq!(super::all(&again, super::Name::NonRedacted, "J3"), ["A3/Moe", "A2/Two", "A1/Back"]);
    }

    #[test]
    fn tls_is_as_strict_as_the_address_asks() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (server, port) = match Throwaway::start_encrypted(&own.cert.pem(), &own.signing_key.serialize_pem()) {
            Ok(started) => started,
            Err(cause) => {
                eprintln!("SKIPPED: TLS to PostgreSQL was not tried, since {cause}");
                return;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, pem: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, pem).unwrap();
            path.display().to_string().replace('/', "%2F")
        };
        let (right, wrong) = (file("right.pem", own.cert.pem()), file("wrong.pem", other.cert.pem()));
        let open = |host: &str, query: String| {
            super::super::PostgresStore::open(&format!("postgres://app@{host}:{port}/postgres{query}"))
        };
        // The server takes no one who does not encrypt, so that whoever gets in has.
        assert!(open("localhost", "?sslmode=disable".into()).is_err());
        for (host, query) in [
            ("localhost", String::new()),
            ("127.0.0.1", "?sslmode=require".into()),
            ("127.0.0.1", format!("?sslmode=verify-ca&sslrootcert={right}")),
            ("localhost", format!("?sslrootcert={right}&connect_timeout=9&sslmode=verify-full")),
        ] {
            open(host, query.clone()).unwrap_or_else(|error| panic!("{host} {query}: {error}"));
        }
        for (host, query) in [
            ("127.0.0.1", format!("?sslmode=verify-full&sslrootcert={right}")),
            ("localhost", format!("?sslmode=verify-full&sslrootcert={wrong}")),
            ("localhost", format!("?sslmode=verify-ca&sslrootcert={wrong}")),
            ("localhost", format!("?sslmode=require&sslrootcert={wrong}")),
            ("localhost", "?sslmode=verify-full&sslrootcert=system".into()),
        ] {
            assert!(open(host, query.clone()).is_err(), "{host} {query}");
        }
        let store = open("localhost", format!("?sslmode=verify-full&sslrootcert={right}")).unwrap();
        super::suite(&store);
        drop(server);
    }

    #[test]
    fn a_password_is_in_no_message() {
        for url in
            ["postgres://app:hush@[bad", "postgres://app:hush@127.0.0.1:1/x", "postgres://app:hush@x/y?sslmode=require"]
        {
            let error = super::super::PostgresStore::open(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }
}
