use super::*;

fn target() -> Target {
    Target { url: "u".into(), client: "c".into(), operation: Operation::Create }
}

fn facts() -> InputFacts {
    InputFacts { name: "a.txt".into(), bytes: 1, sha256: "s".into() }
}

#[test]
fn a_ledger_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let first = SCHEMA.replace(",\n    held text", "").replace("user_version = 2", "user_version = 1");
    assert_ne!(first, SCHEMA);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&first).unwrap();
    connection
        .execute_batch(
            "insert into submission values (1, 'u', 'c', 'create', 's', 'a.txt', 1, '2021-01-02T03:04:05.678Z');
             insert into part (submission, sha256, records, text_bytes, body_bytes, mode, lines, blocks, state)
             values (1, 'p', 3, 10, 9, 'sync', '2-4', '3', 'done'), (1, 'q', 1, 10, 9, 'sync', '5', '1', 'sending');",
        )
        .unwrap();
    drop(connection);
    // The second time there is nothing to be changed.
    for _ in 0..2 {
        let ledger = Ledger::open(&path, &mut || false).unwrap();
        let submission = ledger.submission(&target(), &facts(), false).unwrap();
        let parts = submission.parts().unwrap();
        assert_eq!(parts.iter().map(|part| part.state).collect::<Vec<_>>(), [State::Done, State::Unsure]);
        let held = BTreeMap::from([("REDACTED_DB".to_owned(), 2)]);
        submission.enter_held(parts[1].id, &held).unwrap();
        assert_eq!(submission.part(parts[1].id).unwrap().held, Some(held));
        // What an export has shown is about the attempts until then.
        submission.begin(parts[1].id).unwrap();
        assert_eq!(submission.part(parts[1].id).unwrap().held, None);
        assert_eq!(submission.days().unwrap().0, "2021-01-01");
    }
}

#[test]
fn a_ledger_of_a_later_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    Connection::open(&path).unwrap().execute_batch("pragma user_version = 3;").unwrap();
    let error = Ledger::open(&path, &mut || false).unwrap_err().to_string();
    assert!(error.contains("newer version"), "{error}");
}
