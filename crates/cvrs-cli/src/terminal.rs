//! What goes to stderr, and when colours are used.

use std::io::IsTerminal;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it the choice for stderr.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => anstream::ColorChoice::Always.write_global(),
            Self::Never => anstream::ColorChoice::Never.write_global(),
        }
    }

    /// Whether a report on stdout is coloured.
    pub(crate) fn is_for_stdout(self) -> bool {
        let is_unwanted = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Auto => std::io::stdout().is_terminal() && !is_unwanted(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Says why the run failed.
pub(crate) fn error(message: &str) {
    anstream::eprintln!("\x1B[31merror:\x1B[0m {message}");
}

/// Says something that is worth knowing.
pub(crate) fn note(message: &str) {
    anstream::eprintln!("\x1B[2mnote:\x1B[0m {message}");
}
