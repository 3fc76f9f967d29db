//! Bodies of HL7: read to CVRS rows on the way into the check, so that all that follows is as for CVRS.
//!
//! ```text
//! batch ─────────────────────────┬─ CvrsText ─→ rows; findings are told by the line of the MSH
//! JSON ─ its strings, one by one ┘
//! ```

use super::text::TextReader;
use super::unpack::Guard;
use crate::refusal::{Refusal, Result};
use crate::store::Operation;
use cvrs_engine::Origin;
use cvrs_engine::io::{Input, InputError, Kept};
use cvrs_transform::hl7::{CvrsText, Deletes, LineMap, ReadOptions, ReadRows, ReadTotals, is_hl7};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// What a body holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// CVRS text.
    #[default]
    Cvrs,
    /// HL7 messages, in a batch or not.
    Hl7,
    /// HL7 messages as strings of a JSON document.
    Hl7Json,
}

/// The lines of the MSH segments, filled while the text is read.
#[derive(Debug, Default)]
struct Lines(Mutex<LineMap>);

impl Origin for Lines {
    fn line(&self, line: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).line(line)
    }
}

/// The name of a body in messages, which the engine puts first.
const NAME: &str = "body";

/// The text of a body of HL7 as CVRS text.
pub(super) fn as_cvrs(text: TextReader, kind: Kind, operation: Operation) -> Result<TextReader> {
    let (messages, guard) = guarded_messages(text, kind)?;
    // A DELETE asks for deletion whatever RXA-21 says; elsewhere a record that asks for it is none to be stored.
    let deletes = if operation == Operation::Delete { Deletes::AsRows } else { Deletes::Apart };
    let options = ReadOptions { deletes, ..ReadOptions::default() };
    let lines = Arc::new(Lines::default());
    let noted = Arc::clone(&lines);
    let rows = CvrsText::new(messages, options, move |rows: &ReadRows, _: ReadTotals, _| {
        let mut map = noted.0.lock().unwrap_or_else(PoisonError::into_inner);
        for &line in &rows.lines {
            map.push(line);
        }
        Ok(())
    });
    // Without a dose there is the header line, as in a CVRS file without a record.
    let input = Input::from_reader(NAME.into(), Box::new(rows));
    let input = input.map_err(|error| told(guard.as_ref(), &error))?;
    Ok(TextReader::new(input.with_origin(lines), guard))
}

fn told(guard: Option<&Guard>, error: &InputError) -> Refusal {
    guard.and_then(|guard| guard.judge().err()).unwrap_or_else(|| super::text::of_cause(error.cause()))
}

/// The messages of a body as they were received, those of JSON one after the other.
pub(crate) fn messages(text: TextReader, kind: Kind) -> Result<Box<dyn Read + Send>> {
    guarded_messages(text, kind).map(|(reader, _)| reader)
}

/// The same, with what watches their unpacking.
fn guarded_messages(mut text: TextReader, kind: Kind) -> Result<(Box<dyn Read + Send>, Option<Guard>)> {
    let guard = text.guard();
    let first = text.first_bytes().map_err(|error| told(guard.as_ref(), &error))?;
    let reader = text.reader()?;
    if kind == Kind::Hl7Json {
        let mut document = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 << 10, reader));
        let mut sink = Sink {
            out: io::BufWriter::with_capacity(256 << 10, Kept::new(None)?),
            n_messages: 0,
            has_array: false,
            failure: None,
        };
        let parsed = Messages(&mut sink).deserialize(&mut document).and_then(|()| document.end());
        if let Some(refusal) = guard.as_ref().and_then(|guard| guard.judge().err()) {
            return Err(refusal);
        }
        if let Some(error) = sink.failure {
            return Err(Refusal::internal(&error));
        }
        // What serde_json says may quote a value, so that only where it stands is told.
        parsed.map_err(|error| {
            Refusal::invalid(format!(
                "the body is no JSON with HL7 messages as strings (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        if sink.n_messages == 0 && !sink.has_array {
            return Err(Refusal::invalid("the JSON holds no HL7 message; send an array of messages as strings"));
        }
        let is_empty = sink.n_messages == 0;
        let kept = sink.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if is_empty {
            return Ok((Box::new(io::empty()), guard));
        }
        let input = kept.into_input(NAME)?;
        return Ok((TextReader::new(input, None).reader()?, guard));
    }
    if !is_hl7(&first) {
        return Err(Refusal::invalid(
            "the body is no HL7 version 2 text; send messages that begin with MSH, or a batch",
        ));
    }
    Ok((reader, guard))
}

/// Where the messages of a JSON document go.
struct Sink<W> {
    out: W,
    n_messages: u64,
    has_array: bool,
    failure: Option<io::Error>,
}

/// Finds HL7 texts in a JSON document: a string, the strings of an array, and those of objects in either.
struct Messages<'s, W>(&'s mut Sink<W>);

impl<'de, W: Write> DeserializeSeed<'de> for Messages<'_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, W: Write> Visitor<'de> for Messages<'_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HL7 messages as strings")
    }

    fn visit_str<E: Error>(self, text: &str) -> std::result::Result<(), E> {
        let sink = self.0;
        if is_hl7(text.as_bytes()) {
            sink.n_messages += 1;
            let written = sink.out.write_all(text.as_bytes()).and_then(|()| sink.out.write_all(b"\r"));
            if let Err(error) = written {
                sink.failure.get_or_insert(error);
                return Err(E::custom("the messages cannot be held"));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> std::result::Result<(), A::Error> {
        let sink = self.0;
        sink.has_array = true;
        while let Some(found) = array.next_element_seed(Element(sink))? {
            if !found {
                return Err(A::Error::custom("an element without a message"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> std::result::Result<(), A::Error> {
        let sink = self.0;
        while object.next_key::<IgnoredAny>()?.is_some() {
            object.next_value_seed(Messages(sink))?;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> std::result::Result<(), E> {
        Ok(())
    }
}

/// An element of an array, which must hold a message: whether it does.
struct Element<'s, W>(&'s mut Sink<W>);

impl<'de, W: Write> DeserializeSeed<'de> for Element<'_, W> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<bool, D::Error> {
        let before = self.0.n_messages;
        Messages(self.0).deserialize(deserializer)?;
        Ok(self.0.n_messages > before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Option<(u64, String)> {
        let mut sink = Sink { out: Vec::new(), n_messages: 0, has_array: false, failure: None };
        let mut document = serde_json::Deserializer::from_str(json);
        Messages(&mut sink).deserialize(&mut document).and_then(|()| document.end()).ok()?;
        Some((sink.n_messages, String::from_utf8(sink.out).expect("UTF-8")))
    }

    #[test]
    fn messages_are_found_in_every_layout() {
        let two = Some((2, "MSH|1\rMSH|2\r".to_owned()));
        for json in [
            r#"["MSH|1","MSH|2"]"#,
            r#"[{"message":"MSH|1"},{"id":7,"hl7":"MSH|2","note":null}]"#,
            r#"{"data":["MSH|1","MSH|2"],"count":2}"#,
            r#"{"messages":[{"message":"MSH|1"},"MSH|2"],"sender":"A"}"#,
        ] {
            assert_eq!(found(json), two, "{json}");
        }
        assert_eq!(found(r#"{"data":"MSH|1\rMSH|2"}"#), Some((1, "MSH|1\rMSH|2\r".to_owned())));
        assert_eq!(found("[]"), Some((0, String::new())));
        for json in ["", "[", r#"["hello"]"#, "[7]", r#"["MSH|1"] x"#, "{MSH|1}"] {
            assert_eq!(found(json), None, "{json}");
        }
    }
}
