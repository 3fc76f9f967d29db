use super::*;

const SECOND: &str = r#"{"id":"u1","totalRecords":4,"validationErrors":[
    "line#3: vaxEventId=A2 recipId=B2 field=admin_date message=invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\""],
    "validationErrorsCount":3,"storageResult":{"REDACTED_DB":{"status":"SUCCESS","processingErrors":[
    "storage=REDACTED_DB vaxEventID=A3 recipId=B3 message=Record already exists"],"processedCount":1,
    "processingErrorsCount":2}}}"#;

#[test]
fn the_second_generation_is_read_with_its_counts() {
    let answer = Answer::parse(SECOND.as_bytes()).unwrap();
    assert_eq!(answer.standing(), Standing::Done);
    let tally = tally(&answer, 4, Operation::Create, None, None);
    assert_eq!(tally.stored, BTreeMap::from([("REDACTED_DB".to_owned(), 1)]));
    assert_eq!((tally.n_unlisted, tally.doubt, tally.is_estimate), (2 + 1, None, false));
}

#[test]
fn a_repeat_takes_what_exists_for_ours_and_nothing_else() {
    let answer = Answer::parse(SECOND.as_bytes()).unwrap();
    let repeat = tally(&answer, 4, Operation::Create, Some(0), None);
    assert_eq!(repeat.settled["REDACTED_DB"], 2);
    assert_eq!((repeat.stored["REDACTED_DB"], repeat.n_unlisted), (3, 2));
    // Of two records with one id the second is refused in any case.
    let repeat = tally(&answer, 4, Operation::Create, Some(1), None);
    assert_eq!((repeat.settled["REDACTED_DB"], repeat.stored["REDACTED_DB"], repeat.n_unlisted), (1, 2, 3));
    // The same words mean something else where records are to be changed or deleted.
    assert!(tally(&answer, 4, Operation::Update, Some(0), None).settled.is_empty());
    assert_eq!(tally(&answer, 4, Operation::Delete, Some(0), None).settled["REDACTED_DB"], 1);
}

#[test]
fn the_first_generation_is_read_without_counts() {
    let reply = r#"{"id":"u1","validationErrors":["line#8: vaxEventId=A1 recipId=B1 field=recip_dob message=x"],
        "processingErrors":["storage=NON_REDACTED_DB vaxEventID=A2 recipId=B2 message=Record already exists",
        "storage=REDACTED_DB vaxEventID=A2 recipId=B2 message=Record already exists",
        "storage=REDACTED_DB vaxEventID=A3 recipId=B3 message=Record already exists"],
        "truncated":true,"storageResult":{"NON_REDACTED_DB":{"status":"SUCCESS"},"REDACTED_DB":{"status":"SUCCESS"}}}"#;
    let answer = Answer::parse(reply.as_bytes()).unwrap();
    let tally = tally(&answer, 10, Operation::Create, None, None);
    assert_eq!((tally.stored["NON_REDACTED_DB"], tally.stored["REDACTED_DB"]), (8, 7));
    assert!(tally.is_estimate);
}

#[test]
fn a_job_that_stored_nothing_is_told_from_an_account_that_only_validates() {
    let standing = |reply: &str| Answer::parse(reply.as_bytes()).unwrap().standing();
    let ended = |entry: &str| {
        standing(&format!(
            r#"{{"id":"j","status":"COMPLETED","totalRecords":3,"validationErrors":["{entry}"],"validationErrorsCount":1,"storageResult":{{}}}}"#
        ))
    };
    assert_eq!(ended("MAX ROWS: too many"), Standing::Failed("MAX ROWS: too many".into()));
    assert_eq!(ended("line#2: vaxEventId=A recipId=B field=cvx message=must be a number"), Standing::Done);
    for state in ["QUEUED", "DE-QUEUED", "VALIDATING", "PROCESSING", "RESTING"] {
        let reply = format!(
            r#"{{"id":"j","status":"{state}","totalRecords":null,"validationErrors":[],"validationErrorsCount":-1,"storageResult":null}}"#
        );
        assert_eq!(standing(&reply), Standing::Underway(state.into()));
    }
    for state in ["ERROR", "FAILED TO LOAD", "MAX ROWS", "LOAD FAILURE"] {
        let reply = format!(r#"{{"id":"j","status":"{state}"}}"#);
        assert!(matches!(standing(&reply), Standing::Failed(_)), "{state}");
    }
}

#[test]
fn entries_of_every_known_shape_are_read_from_left_to_right() {
    let item =
        Item::parse("line#79: vaxEventId=A-2 b recipId=B2 field=admin_date message=expected: \"x\" field=y, or z");
    assert_eq!(
        (item.line, item.vax_event_id.as_deref(), item.recip_id.as_deref()),
        (Some(79), Some("A-2 b"), Some("B2"))
    );
    assert_eq!(item.message.as_deref(), Some("expected: \"x\" field=y, or z"));
    let item = Item::parse("line#4 field=cvx message=must be a number");
    assert_eq!((item.line, item.field.as_deref()), (Some(4), Some("cvx")));
    let item = Item::parse("VaxEventId=A1 RecipId=B1 message=Record already exists");
    assert_eq!((item.vax_event_id.as_deref(), item.message.as_deref()), (Some("A1"), Some("Record already exists")));
    let item = Item::parse("storage=REDACTED_DB vaxEventID= recipId= message=m");
    assert_eq!((item.store.as_deref(), item.vax_event_id.as_deref()), (Some("REDACTED_DB"), Some("")));
    assert_eq!(Item::parse("the service had no room"), Item::default());
}

#[test]
fn what_is_no_reply_is_not_taken_for_one() {
    for text in ["", "[]", "{}", "<html>", r#"{"message":"no"}"#] {
        assert_eq!(Answer::parse(text.as_bytes()), None, "{text}");
    }
}
