//! What the user should know of a run, and why it is so.

/// Something that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it comes from.
    pub cause: Cause,
    /// What to say, without credentials.
    pub text: String,
}

/// What a warning comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// What the user said, or what was handed in.
    Said,
    /// No agent has the name that the user chose.
    NoSuchAgent,
    /// The agent's own files or arguments: they lead elsewhere, or cannot be read.
    OwnConfiguration,
    /// A file that comes after everything that could be said to the agent.
    Fixed,
    /// The agent cannot be told what it needs.
    NotInjected,
    /// What is known of this way to start the agent.
    Caution,
    /// The command line keeps from the agent what it is told.
    Hindrance,
    /// `OTEL_CONFIG_FILE` decides.
    ConfigurationFile,
    /// Exporters are switched off.
    SwitchedOff,
    /// `OTEL_RESOURCE_ATTRIBUTES` does not decode.
    Attributes,
}

impl Warning {
    /// A warning that comes from `cause`.
    pub fn new(cause: Cause, text: impl Into<String>) -> Self {
        Self { cause, text: text.into() }
    }
}
