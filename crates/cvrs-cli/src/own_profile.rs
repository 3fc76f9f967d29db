//! `--profile`: the name of a built-in profile, or the path of one's own.

use crate::fault::{Fault, Result};
use cvrs_rules::{Options, Profile, nearest};
use std::path::PathBuf;
use std::str::FromStr;

/// What stands after `--profile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProfileArg {
    /// A profile that comes with the program.
    BuiltIn(Profile),
    /// A TOML file.
    File(PathBuf),
}

impl FromStr for ProfileArg {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if let Some(profile) = Profile::from_name(text) {
            return Ok(Self::BuiltIn(profile));
        }
        let path = PathBuf::from(text);
        let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if is_toml || path.exists() {
            return Ok(Self::File(path));
        }
        let names = Profile::ALL.map(Profile::name);
        let meant = nearest(text, names).map_or_else(String::new, |meant| format!("did you mean {meant}? "));
        Err(format!("{meant}expected {} or the path of a TOML file", names.join(", ")))
    }
}

impl ProfileArg {
    /// The profile in reports: its name, or the file with the name of what it extends.
    pub(crate) fn label(&self, extends: Profile) -> String {
        match self {
            Self::BuiltIn(profile) => profile.name().to_owned(),
            Self::File(path) => {
                let mut shown = Vec::new();
                cvrs_report::push_printable(&mut shown, path.display().to_string().as_bytes());
                format!("{} ({})", String::from_utf8_lossy(&shown), extends.name())
            }
        }
    }

    /// Lays the profile under the options.
    pub(crate) fn apply(&self, options: &mut Options) -> Result<()> {
        match self {
            Self::BuiltIn(profile) => options.profile = *profile,
            Self::File(path) => {
                let fault = |what: String| Fault::usage(format!("profile {}: {what}", path.display()));
                let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
                cvrs_profile::parse(&text).map_err(|error| fault(error.to_string()))?.apply(options);
            }
        }
        Ok(())
    }
}
