//! What is made of each record, and which records cannot be said in FHIR.

use super::id::{Id, IdSet, write_uuid};
use super::json::{self, Json, is_blank, quoted};
use super::observation::ANSWERS;
use super::recent::Recent;
use super::{patient, place};
use crate::mix::mix;
use cvrs_codes::CodeSets;
use cvrs_parse::Record;
use cvrs_report::{Finding, Level, Message};
use cvrs_spec::Field::*;
use cvrs_spec::{Event, Field, SetId};
use std::fmt;

/// What a transaction is asked to do with each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Nothing: the entries of a collection.
    None,
    /// To write the resource under its id.
    Put,
    /// To delete the Immunization. No other resource goes out.
    Delete,
}

/// How resources stand in the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One resource a line; references are relative.
    Lines,
    /// One entry of a Bundle a line. With `parts` each reference stands in both its forms until it is known whether the
    /// Bundle is one or several: see [`Resources::choose`].
    Entries {
        /// The request of each entry.
        method: Method,
        /// Whether there may be several Bundles.
        parts: bool,
    },
}

/// What to write, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The code of the submitting entity, which is part of ids and systems.
    pub entity: String,
    /// What systems of identifiers begin with.
    pub system_base: String,
    /// Whether counties go out by name, the code beside it.
    pub county_names: bool,
    /// Whether the three answers go out as Observations too.
    pub observations: bool,
    /// How resources stand in the product.
    pub form: Form,
}

impl Options {
    /// The usual ones for an entity: one resource a line.
    pub fn new(entity: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            system_base: "urn:cvrs".to_owned(),
            county_names: false,
            observations: false,
            form: Form::Lines,
        }
    }
}

/// JSON that is the same in every record.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) vax_event_id: String,
    pub(super) recip_id: String,
    pub(super) pprl_id: String,
    pub(super) pin: String,
}

impl Texts {
    fn new(options: &Options) -> Self {
        let base = &options.system_base;
        // A base that is a folder of URLs goes on as one.
        let (base, joint) = base.strip_suffix('/').map_or((base.as_str(), ':'), |base| (base, '/'));
        let system = |parts: &[&str]| {
            let parts: String = parts.iter().flat_map(|part| [joint.to_string(), (*part).to_owned()]).collect();
            quoted(&format!("{base}{parts}"))
        };
        let identifier = |kind: &str, system: &str| {
            let v2 = "http://terminology.hl7.org/CodeSystem/v2-0203";
            format!(r#"{{"type":{{"coding":[{{"system":"{v2}","code":"{kind}"}}]}},"system":{system},"value":"#)
        };
        let entity = options.entity.as_str();
        Self {
            vax_event_id: format!("\"identifier\":[{}", identifier("FILL", &system(&[entity, "vax-event-id"]))),
            recip_id: format!("\"identifier\":[{}", identifier("SR", &system(&[entity, "recip-id"]))),
            pprl_id: identifier("ANON", &system(&["pprl-id"])),
            pin: format!(r#""identifier":[{{"system":{},"value":"#, system(&["vtrcks-pin"])),
        }
    }
}

/// Makes resources of records.
#[derive(Debug)]
pub struct Converter<'c> {
    codes: &'c CodeSets,
    options: Options,
    texts: Texts,
}

/// What resources of a record are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    pub(super) immunization: Id,
    pub(super) patient: Id,
    pub(super) location: Id,
    pub(super) organization: Id,
}

/// A worker's memory.
pub struct Worker<'c> {
    pub(super) codes: &'c CodeSets,
    pub(super) county_names: bool,
    pub(super) form: Form,
    pub(super) ids: Ids,
    pub(super) has_location: bool,
    pub(super) has_organization: bool,
    /// Whether no text of the record needs escaping.
    pub(super) is_plain: bool,
    pub(super) scratch: Vec<u8>,
    /// Patients of this chunk.
    patients: IdSet,
    /// What this worker has written in this chunk or an earlier one, which went before it in the text.
    places: IdSet,
    /// Ids of places by what they are hashed of: mostly few places give many doses. What stands here is in `places`.
    locations: Recent<Id>,
    organizations: Recent<Id>,
    /// What a Patient says of race and ethnicity, by these cells.
    pub(super) extensions: Recent<Vec<u8>>,
    /// That of the record.
    pub(super) extension: Vec<u8>,
}

/// Shows no text: it may be a person's.
impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("ids", &self.ids).finish_non_exhaustive()
    }
}

/// How many places and how many combinations of race and ethnicity a worker remembers.
const RECENT: [usize; 2] = [4096, 1024];

/// What a reference leads to.
#[derive(Clone, Copy)]
pub(super) enum Reference {
    Immunization,
    Patient,
    Location,
    Organization,
}

/// What stands before, between and after the two forms of a reference. None of them stands anywhere else in JSON.
const CHOICE: [u8; 3] = [1, 2, 3];

impl Worker<'_> {
    fn target(&self, reference: Reference) -> (&'static str, Id) {
        match reference {
            Reference::Immunization => ("Immunization/i-", self.ids.immunization),
            Reference::Patient => ("Patient/p-", self.ids.patient),
            Reference::Location => ("Location/l-", self.ids.location),
            Reference::Organization => ("Organization/o-", self.ids.organization),
        }
    }

    pub(super) fn reference(&self, json: &mut Json<'_>, key: &str, reference: Reference) {
        let (path, id) = self.target(reference);
        json.item(key);
        json.raw(r#"{"reference":""#);
        match self.form {
            Form::Lines => relative(json.out, path, id),
            Form::Entries { parts: false, .. } => urn(json.out, path, id),
            Form::Entries { parts: true, .. } => {
                json.out.push(CHOICE[0]);
                urn(json.out, path, id);
                json.out.push(CHOICE[1]);
                relative(json.out, path, id);
                json.out.push(CHOICE[2]);
            }
        }
        json.raw("\"}");
    }
}

fn relative(out: &mut Vec<u8>, path: &str, id: Id) {
    out.extend_from_slice(path.as_bytes());
    id.write(out);
}

fn urn(out: &mut Vec<u8>, path: &str, id: Id) {
    let mut url = Vec::with_capacity(64);
    relative(&mut url, path, id);
    out.extend_from_slice(b"urn:uuid:");
    write_uuid(&url, out);
}

/// A resource that may be known already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) id: Id,
    /// Where its text ends; it begins where that of the one before ends, and is empty where it stands before already.
    pub(super) end: u32,
}

/// Sixteen bits of each column that a Patient is made of.
pub(super) type Marks = [u16; patient::FIELDS.len()];

/// The resources of some records, in the order of the text. Reused from chunk to chunk.
#[derive(Debug, Default)]
pub struct Resources {
    pub(super) n_immunizations: u64,
    pub(super) immunizations: Vec<u8>,
    pub(super) n_observations: u64,
    pub(super) observations: Vec<u8>,
    pub(super) patients: Vec<Candidate>,
    pub(super) patient_texts: Vec<u8>,
    /// For each of `patients`.
    pub(super) marks: Vec<Marks>,
    pub(super) locations: Vec<Candidate>,
    pub(super) location_texts: Vec<u8>,
    pub(super) organizations: Vec<Candidate>,
    pub(super) organization_texts: Vec<u8>,
}

impl Resources {
    fn clear(&mut self) {
        self.n_immunizations = 0;
        self.n_observations = 0;
        for texts in [
            &mut self.immunizations,
            &mut self.observations,
            &mut self.patient_texts,
            &mut self.location_texts,
            &mut self.organization_texts,
        ] {
            texts.clear();
        }
        for candidates in [&mut self.patients, &mut self.locations, &mut self.organizations] {
            candidates.clear();
        }
        self.marks.clear();
    }

    /// Appends entries that were written with [`Form::Entries`] `parts`, each reference in one form: relative, or the
    /// name within the Bundle.
    pub fn choose(text: &[u8], relative: bool, out: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(start) = rest.iter().position(|&byte| byte == CHOICE[0]) {
            out.extend_from_slice(&rest[..start]);
            let end = rest[start..].iter().position(|&byte| byte == CHOICE[2]).map_or(rest.len(), |end| start + end);
            let both = &rest[start + 1..end];
            let middle = both.iter().position(|&byte| byte == CHOICE[1]).unwrap_or(both.len());
            out.extend_from_slice(if relative { both.get(middle + 1..).unwrap_or_default() } else { &both[..middle] });
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
    }
}

const fn finding(code: &'static str, level: Level, field: Option<Field>, text: &'static str) -> Finding {
    Finding { code, dch: None, level, field, related: None, message: Message::text(text) }
}

/// A record that FHIR cannot say.
const fn unfit(code: &'static str, field: Option<Field>, text: &'static str) -> Finding {
    finding(code, Level::Error, field, text)
}

/// What is to be told of a record in place of its resources, if an earlier record of the file has its `vax_event_id` but
/// for case: a server holds one resource of an id. A [`Converter`] sees one record at a time and cannot tell it.
pub const REPEATED_ID: Finding =
    unfit("CNV108", Some(VaxEventId), "an earlier record has it, and an Immunization's id is made of it");

const RACE_DROPPED: Finding = finding(
    "CNV110",
    Level::Warn,
    Some(RecipRace1),
    "US Core has UNK alone or not at all; beside a race it is left out",
);

/// Why a record cannot be said, if it cannot.
fn obstacle(record: &Record<'_>, is_delete: bool) -> Option<Finding> {
    let line = record.line();
    if !line.is_ascii() && std::str::from_utf8(line).is_err() {
        return Some(unfit("CNV101", None, "FHIR is UTF-8, and the record is not"));
    }
    if record.has_control() && line.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | 0x7F))
    {
        return Some(unfit("CNV102", None, "no FHIR text holds a control character"));
    }
    let needed: &[Field] = if is_delete { &[VaxEventId] } else { &[VaxEventId, RecipId, Cvx, AdminDate] };
    if let Some(&field) = needed.iter().find(|&&field| is_blank(record.get(field))) {
        return Some(unfit("CNV103", Some(field), "an Immunization needs it, and it is empty"));
    }
    if is_delete {
        return None;
    }
    let is_bad_date = |field: &&Field| !is_blank(record.get(**field)) && record.date(**field).is_none();
    if let Some(&field) = [RecipDob, AdminDate, VaxExpiration].iter().find(is_bad_date) {
        return Some(unfit("CNV104", Some(field), "no FHIR date is like that"));
    }
    if !is_blank(record.get(RecipSex)) && SetId::Sex.find(record.get(RecipSex)).is_none() {
        return Some(unfit("CNV105", Some(RecipSex), "FHIR's list of genders has no place for it"));
    }
    if record.event() == Event::MissedAppointment {
        return Some(unfit("CNV106", Some(RecipMissedAppt), "a missed appointment is no Immunization"));
    }
    if SetId::YesNo.find(record.get(VaxRefusal)).is_none() {
        return Some(unfit("CNV107", Some(VaxRefusal), "without YES or NO the Immunization has no status"));
    }
    None
}

/// Sixteen bits of a value.
#[inline]
fn mark(cell: &[u8]) -> u16 {
    let sum = mix(cell);
    (sum ^ (sum >> 16)) as u16
}

impl<'c> Converter<'c> {
    /// A converter that knows names by these code sets.
    pub fn new(options: Options, codes: &'c CodeSets) -> Self {
        let texts = Texts::new(&options);
        Self { codes, options, texts }
    }

    /// The memory of a new worker.
    pub fn worker(&self) -> Worker<'c> {
        let none = Id([0; 16]);
        Worker {
            codes: self.codes,
            county_names: self.options.county_names,
            form: self.options.form,
            ids: Ids { immunization: none, patient: none, location: none, organization: none },
            has_location: false,
            has_organization: false,
            is_plain: false,
            scratch: Vec::new(),
            patients: IdSet::default(),
            places: IdSet::default(),
            locations: Recent::new(RECENT[0]),
            organizations: Recent::new(RECENT[0]),
            extensions: Recent::new(RECENT[1]),
            extension: Vec::new(),
        }
    }

    /// Begins a chunk.
    pub fn begin(&self, worker: &mut Worker<'c>, resources: &mut Resources) {
        worker.patients.clear();
        resources.clear();
    }

    /// Adds the resources of a record. What is to be told goes to `findings`; after one of level error nothing was
    /// added.
    pub fn record(
        &self,
        worker: &mut Worker<'c>,
        record: &Record<'_>,
        resources: &mut Resources,
        findings: &mut Vec<Finding>,
    ) {
        let is_delete = matches!(self.options.form, Form::Entries { method: Method::Delete, .. });
        if let Some(finding) = obstacle(record, is_delete) {
            findings.push(finding);
            return;
        }
        let entity = self.options.entity.as_bytes();
        let scratch = &mut worker.scratch;
        let id = |scratch: &mut Vec<u8>, fields: &[Field]| {
            Id::new(scratch, entity, fields.iter().map(|&field| record.get(field)))
        };
        worker.ids.immunization = id(scratch, &[VaxEventId]);
        resources.n_immunizations += 1;
        if is_delete {
            let out = &mut resources.immunizations;
            out.extend_from_slice(b"{\"request\":{\"method\":\"DELETE\",\"url\":\"");
            relative(out, "Immunization/i-", worker.ids.immunization);
            out.extend_from_slice(b"\"}}\n");
            return;
        }
        worker.ids.patient = id(scratch, &[RecipId]);
        let id = |scratch: &mut Vec<u8>, recent: &mut Recent<Id>, fields: &[Field]| {
            Id::fill(scratch, entity, fields.iter().map(|&field| record.get(field)));
            let (id, is_known) = recent.get(scratch, || Id::of(scratch));
            (*id, is_known)
        };
        let (location, knows_location) = id(scratch, &mut worker.locations, &place::FIELDS);
        let (organization, knows_organization) = id(scratch, &mut worker.organizations, &[ResponsibleOrg]);
        (worker.ids.location, worker.ids.organization) = (location, organization);
        worker.is_plain = !record.has_control() && json::is_plain(record.line());
        worker.has_organization = !is_blank(record.get(ResponsibleOrg));
        worker.has_location = place::FIELDS.iter().any(|&field| !is_blank(record.get(field)));

        if patient::drops_unknown_race(record) {
            findings.push(RACE_DROPPED);
        }
        let patient = worker.ids.patient;
        if worker.has_organization && !knows_organization && worker.places.insert(organization) {
            let out = &mut resources.organization_texts;
            self.wrapped(worker, Reference::Organization, out, |worker, out| worker.organization(record, out));
            resources.organizations.push(Candidate { id: organization, end: out.len() as u32 });
        }
        if worker.has_location && !knows_location && worker.places.insert(location) {
            let out = &mut resources.location_texts;
            self.wrapped(worker, Reference::Location, out, |worker, out| worker.location(record, &self.texts, out));
            resources.locations.push(Candidate { id: location, end: out.len() as u32 });
        }
        let out = &mut resources.patient_texts;
        if worker.patients.insert(patient) {
            worker.find_extensions(record);
            self.wrapped(worker, Reference::Patient, out, |worker, out| worker.patient(record, &self.texts, out));
        }
        resources.patients.push(Candidate { id: patient, end: out.len() as u32 });
        resources.marks.push(patient::FIELDS.map(|field| mark(record.get(field))));
        let out = &mut resources.immunizations;
        self.wrapped(worker, Reference::Immunization, out, |worker, out| {
            worker.immunization(record, &self.texts, out);
        });
        if self.options.observations {
            self.observations(worker, record, resources);
        }
    }

    fn observations(&self, worker: &mut Worker<'c>, record: &Record<'_>, resources: &mut Resources) {
        for answer in ANSWERS.iter().filter(|answer| !is_blank(record.get(answer.field))) {
            let cells = [record.get(VaxEventId), answer.field.name().as_bytes()];
            let id = Id::new(&mut worker.scratch, self.options.entity.as_bytes(), cells.into_iter());
            let out = &mut resources.observations;
            self.wrapped_as(worker, ("Observation/ob-", id), out, |worker, out| {
                worker.observation(record, answer, id, out);
            });
            resources.n_observations += 1;
        }
    }

    fn wrapped(
        &self,
        worker: &Worker<'c>,
        what: Reference,
        out: &mut Vec<u8>,
        write: impl FnOnce(&Worker<'c>, &mut Vec<u8>),
    ) {
        self.wrapped_as(worker, worker.target(what), out, write);
    }

    /// Writes a resource as the form has it.
    fn wrapped_as(
        &self,
        worker: &Worker<'c>,
        (path, id): (&str, Id),
        out: &mut Vec<u8>,
        write: impl FnOnce(&Worker<'c>, &mut Vec<u8>),
    ) {
        match self.options.form {
            Form::Lines => {
                write(worker, out);
                out.push(b'\n');
            }
            Form::Entries { method, .. } => {
                out.extend_from_slice(b"{\"fullUrl\":\"");
                urn(out, path, id);
                out.extend_from_slice(b"\",\"resource\":");
                write(worker, out);
                if method == Method::Put {
                    out.extend_from_slice(b",\"request\":{\"method\":\"PUT\",\"url\":\"");
                    relative(out, path, id);
                    out.extend_from_slice(b"\"}");
                }
                out.extend_from_slice(b"}\n");
            }
        }
    }
}
