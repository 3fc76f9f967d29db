//! The contract of the clearinghouse, case by case, over the wire.
//!
//! The cases say what the contract says, whatever a server does; where this one is known to differ, `KNOWN` says so and
//! why, and a difference that is gone fails too. By default a server is started on a loopback port. Any other one is
//! held to the same cases by
//!
//! ```sh
//! CVRS_CONFORMANCE_URL=http://HOST:PORT CVRS_CONFORMANCE_CLIENT=ID CVRS_CONFORMANCE_SECRET=… cargo test -p cvrs-server --test conformance
//! ```
//!
//! with a client that has every scope and writes both stores and object storage. It is sent synthetic records only, under
//! ids of their own. Cases that need another account or a clock of their own are left out there.
#![expect(clippy::disallowed_methods, reason = "a server keeps files, and the address of another comes from outside")]

mod case;
mod endpoints;
mod exports;
mod jobs;
mod site;
mod tokens;
mod uploads;

use case::Case;
use site::Site;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where this server does not do what the contract says: a part of the case's name, the status, and why.
const KNOWN: [(&str, u16, &str); 0] = [];

#[test]
fn the_contract_is_kept() {
    let site = Site::open();
    let mut cases: Vec<Case> = Vec::new();
    cases.extend(endpoints::cases(&site));
    cases.extend(tokens::cases(&site));
    cases.extend(uploads::cases(&site));
    cases.extend(jobs::cases(&site));
    cases.extend(exports::cases(&site));
    assert!(cases.len() >= 120, "{}", cases.len());
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names.windows(2).find(|two| two[0] == two[1]), None, "a case is named twice");
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(difference) = case.run(&site, &KNOWN) {
                        failures.lock().unwrap().push(format!("{}: {difference}", case.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    println!("{} cases", cases.len());
}

/// What needs calls one after the other.
#[test]
fn the_contract_is_kept_over_several_calls() {
    let site = Site::open();
    uploads::life_of_a_record(&site);
    uploads::repeats_and_cut_lists(&site);
    jobs::a_job_to_its_end(&site);
    jobs::what_fails_later(&site);
    exports::what_was_stored_comes_back(&site);
    tokens::a_refreshed_token_works(&site);
    if site.is_ours() {
        tokens::sixty_calls_a_minute(&site);
        tokens::ten_failures_lock(&site);
        jobs::jobs_are_the_jurisdictions(&site);
        exports::exports_are_the_jurisdictions(&site);
        uploads::the_account_decides(&site);
    }
}
