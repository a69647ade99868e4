//! Which CI system otel-run is in, and what its variables say in the words of the semantic conventions
//! (resource conventions for CI/CD and VCS).
//!
//! A missing variable leaves its attribute out. Variables that hold tokens are not in the tables, and every URL is cleaned.

mod systems;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::names::*;
use super::url;
use crate::environment::Environment;

/// What is known about the CI job around the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ci {
    /// The system, in its own spelling.
    pub system: &'static str,
    /// Resource attributes, at most one of each name; all ids are strings.
    pub attributes: Vec<(&'static str, String)>,
}

/// Recognises the system from its variables. `github_event` is the text of the file that `GITHUB_EVENT_PATH` names,
/// where it could be read; without it the head of a pull request is unknown and left out.
pub fn detect(environment: &Environment, github_event: Option<&str>) -> Option<Ci> {
    let system = systems::SYSTEMS.iter().find(|system| (system.here)(environment))?;
    let event = github_event.and_then(|text| serde_json::from_str::<GithubEvent>(text).ok());
    let source = Source { environment, pull_request: event.and_then(|event| event.pull_request) };
    let mut attributes = Vec::new();
    for rule in system.rules.iter().copied().flatten() {
        rule.apply(&source, system.provider, &mut attributes);
    }
    Some(Ci { system: system.name, attributes })
}

struct System {
    name: &'static str,
    here: fn(&Environment) -> bool,
    /// The provider of the repository, where the system implies it.
    provider: Option<&'static str>,
    rules: &'static [&'static [Rule]],
}

enum Rule {
    /// The first of the variables that is set.
    Is(&'static str, &'static [&'static str]),
    /// Where the repository is, in whatever form: its URL, name, owner and provider.
    Repository(fn(&Source<'_>) -> Option<String>),
    /// The tag, else the branch that is built: name and type.
    Head { tags: &'static [&'static str], branches: &'static [&'static str] },
    /// Whatever takes more than one variable.
    Made(&'static str, fn(&Source<'_>) -> Option<String>),
}

struct Source<'a> {
    environment: &'a Environment,
    pull_request: Option<PullRequest>,
}

impl Source<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }

    fn own(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }
}

impl Rule {
    fn apply(&self, source: &Source<'_>, provider: Option<&'static str>, out: &mut Vec<(&'static str, String)>) {
        let mut add = |name: &'static str, value: Option<String>| {
            let value = if name.ends_with(".url.full") { value.and_then(|url| url::page(&url)) } else { value };
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                out.push((name, value));
            }
        };
        match self {
            Rule::Is(name, variables) => add(name, source.first(variables).map(str::to_owned)),
            Rule::Made(name, make) => add(name, make(source)),
            Rule::Repository(find) => {
                if let Some(url) = find(source).and_then(|text| url::repository(&text)) {
                    let provider = provider_of(source, &url, provider);
                    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                    let (owner, name) = path.rsplit_once('/').unwrap_or(("", path));
                    add(VCS_REPOSITORY_NAME, Some(name.to_owned()));
                    // Elsewhere a path may hold more than owner and name.
                    add(VCS_OWNER_NAME, provider.is_some().then(|| owner.to_owned()));
                    add(VCS_PROVIDER_NAME, provider.map(str::to_owned));
                    add(VCS_REPOSITORY_URL_FULL, Some(url));
                }
            }
            Rule::Head { tags, branches } => {
                let head = match (source.first(tags), source.first(branches)) {
                    (Some(tag), _) => Some((tag, "tag")),
                    (None, Some(branch)) => Some((branch, "branch")),
                    (None, None) => None,
                };
                if let Some((name, kind)) = head {
                    add(VCS_REF_HEAD_NAME, Some(name.to_owned()));
                    add(VCS_REF_TYPE, Some(kind.to_owned()));
                }
            }
        }
    }
}

/// The values that the conventions know: `github`, `gitlab`, `gitea`, `bitbucket`.
fn provider_of(source: &Source<'_>, url: &str, implied: Option<&'static str>) -> Option<&'static str> {
    let by_forge = || match source.get("CI_FORGE_TYPE")? {
        "github" => Some("github"),
        "gitlab" => Some("gitlab"),
        "gitea" | "forgejo" => Some("gitea"),
        "bitbucket" | "bitbucket_dc" => Some("bitbucket"),
        _ => None,
    };
    let by_host = || match url.split('/').nth(2)? {
        "github.com" => Some("github"),
        "gitlab.com" => Some("gitlab"),
        "gitea.com" | "codeberg.org" => Some("gitea"),
        "bitbucket.org" => Some("bitbucket"),
        _ => None,
    };
    implied.or_else(by_forge).or_else(by_host)
}

#[derive(Deserialize)]
struct GithubEvent {
    pull_request: Option<PullRequest>,
}

#[derive(Deserialize)]
struct PullRequest {
    number: Option<u64>,
    title: Option<String>,
    head: Option<PullRequestHead>,
}

#[derive(Deserialize)]
struct PullRequestHead {
    sha: Option<String>,
    r#ref: Option<String>,
}
