//! What a platform sets that starts the agent and cannot run otel-run, in the form that it takes.
//!
//! The agent's telemetry is switched on and goes straight to the user's backend. Secrets are references, never values, and
//! what otel-run would have done besides is said in comments.

mod docker;
mod dotenv;
mod github;
mod k8s;
mod notes;
mod platform;
mod shell;
mod text;
mod towards;
mod yaml;

#[cfg(test)]
mod tests;

pub use platform::{Circumstances, Nothing, Platform, Reference, Variable, platform};
pub use text::{Part, Text};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `export NAME=VALUE`, for bash, zsh, fish and dash alike.
    Shell,
    /// `NAME='VALUE'`, for what reads `.env` files.
    Dotenv,
    /// A file for `docker run --env-file`.
    Docker,
    /// The `env` of a container of a Kubernetes pod, with the container's name, and its command where that has to be another.
    K8s,
    /// The `env` of a workflow, a job or a step of GitHub Actions.
    Github,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Shell, Self::Dotenv, Self::Docker, Self::K8s, Self::Github];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Dotenv => "dotenv",
            Self::Docker => "docker",
            Self::K8s => "k8s",
            Self::Github => "github",
        }
    }

    /// What `platform` sets, in this form.
    pub fn write(self, platform: &Platform) -> String {
        match self {
            Self::Shell => shell::write(platform),
            Self::Dotenv => dotenv::write(platform),
            Self::Docker => docker::write(platform),
            Self::K8s => k8s::write(platform),
            Self::Github => github::write(platform),
        }
    }
}
