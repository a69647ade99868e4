//! What is started, and what stands between it and its telemetry.

use std::path::PathBuf;

use super::credentials;
use super::{Finding, Grade, Subject};
use crate::agent::{LastBatches, Own, RecognisedFrom, TakesParent};
use crate::environment::Environment;
use crate::plan::{self, Action, Cause, Collection, Plan, Untold, Warning};
use crate::settings::{Content, Origin};

/// What the agent is found out from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The plan of its run.
    pub plan: &'a Plan,
    /// What its own configuration says.
    pub own: &'a Own,
    /// The environment that the run would be started in.
    pub environment: &'a Environment,
    /// How many words the command has.
    pub words: usize,
    /// The first word of the command, and the file that it names.
    pub started: (&'a str, &'a Found),
    /// The file of the agent itself, where something else is started in front of it.
    pub behind: Option<&'a Found>,
    /// The version, as its package says.
    pub version: Option<&'a str>,
}

/// The file of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This file.
    File(PathBuf),
    /// This file, which is not one that can be started.
    NotExecutable(PathBuf),
    /// None.
    Missing,
}

/// An agent that is installed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub file: PathBuf,
    /// The version, as its package says.
    pub version: Option<String>,
}

/// What is to be said of the agent that a command starts.
pub fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = found(facts);
    findings.extend(recognised(facts));
    findings.extend(told(facts));
    findings.extend(warnings(&facts.plan.warnings, facts));
    findings.extend(own_configuration(facts));
    findings.extend(empty_booleans(facts));
    findings.extend(without_plugins(facts));
    findings.extend(characteristics(facts));
    findings
}

/// What is to be said where no command was named: which agents there are.
pub fn without_command(installed: &[Installed]) -> Vec<Finding> {
    let words: Vec<String> = installed
        .iter()
        .map(|Installed { name, file, version }| {
            let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            format!("{name}{version} is {}", file.display())
        })
        .collect();
    let what = match words.as_slice() {
        [] => "no agent that otel-run knows is in PATH".to_owned(),
        words => words.join(", "),
    };
    let name = installed.first().map_or("AGENT", |installed| installed.name);
    vec![
        finding(Grade::Note, "agent.installed", what)
            .remedy(format!("`otel-run doctor {name}`, or `otel-run doctor -- COMMAND`, looks at one of them")),
    ]
}

/// Whether programs of this machine can reach each other: the run's collector listens on loopback. The error is what the
/// system said.
pub fn loopback(tried: &Result<(), String>) -> Finding {
    match tried {
        Ok(()) => finding(Grade::Fine, "agent.loopback", "127.0.0.1 can be listened at and reached"),
        Err(reason) => {
            let what = format!(
                "127.0.0.1 cannot be listened at or reached ({reason}), so the run has no collector and nothing of what the \
                 command sends"
            );
            let remedy = "start otel-run where loopback is allowed: outside of the sandbox, or with the network switched on in it";
            finding(Grade::Loss, "agent.loopback", what).remedy(remedy)
        }
    }
}

fn finding(grade: Grade, check: &'static str, what: impl Into<String>) -> Finding {
    Finding::new(Subject::Agent, grade, check, what)
}

/// Where it is, and which version.
fn found(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { plan, started: (word, file), behind, version, .. } = facts;
    let title = title(plan);
    let mut findings = Vec::new();
    match file {
        Found::Missing => {
            let what = format!("there is no program {word:?} in PATH: the run would end with 127");
            let remedy = format!(
                "install it, or put its folder into PATH, or name the file: otel-run doctor -- /path/to/{word}"
            );
            findings.push(finding(Grade::Loss, "agent.missing", what).remedy(remedy));
        }
        Found::NotExecutable(path) => {
            let what = format!("{} cannot be started: the run would end with 126", path.display());
            let remedy = format!("chmod +x {}", path.display());
            findings.push(finding(Grade::Loss, "agent.not_executable", what).remedy(remedy));
        }
        Found::File(path) => {
            let seen = plan.agent.profile.versions;
            let name = version.map_or_else(|| title.clone(), |version| format!("{title} {version}"));
            let what = match behind {
                Some(Found::File(behind)) => format!("{name} is {}", behind.display()),
                _ if plan.agent.recognised_from == RecognisedFrom::Package => {
                    format!("{name} is what {} finds as a package", path.display())
                }
                _ => format!("{name} is {}", path.display()),
            };
            findings.push(match version {
                Some(version) if !seen.is_empty() && !seen.contains(version) => {
                    let what = format!("{what}; otel-run was tried with {}", seen.join(", "));
                    finding(Grade::Note, "agent.version", what)
                }
                Some(_) => {
                    finding(Grade::Fine, "agent.version", format!("{what}, the version that otel-run was tried with"))
                }
                None => finding(Grade::Fine, "agent.found", what),
            });
        }
    }
    if let (Found::File(_), Some(Found::Missing)) = (file, behind) {
        let what = format!("{} is not in PATH as it is now; {word} may find it elsewhere", plan.agent.program_name);
        findings.push(finding(Grade::Note, "agent.behind", what));
    }
    findings
}

fn title(plan: &Plan) -> String {
    match plan.agent.profile.is_other() {
        true => plan.agent.program_name.clone(),
        false => plan.agent.profile.title.to_owned(),
    }
}

/// What it was recognised as, and what was seen through for that.
fn recognised(facts: &Facts<'_>) -> Option<Finding> {
    let Facts { plan, started: (word, _), .. } = facts;
    let agent = &plan.agent;
    if agent.profile.is_other() {
        let what = format!(
            "{} is no agent that otel-run knows: it gets TRACEPARENT and the standard OTEL_* variables, and what it makes of \
             them is its own affair",
            agent.program_name
        );
        let remedy =
            "if it is an agent under another name, say which one with --agent NAME; `otel-run agents` lists them";
        return Some(finding(Grade::Note, "agent.unknown", what).remedy(remedy).said_at(&plan.agent_choice.origin));
    }
    let seen_through = agent.program > 0 || agent.in_shell.is_some();
    seen_through.then(|| {
        let what = format!("{word} starts {}, which is seen through", agent.profile.title);
        finding(Grade::Fine, "agent.launcher", what)
    })
}

/// How the agent learns where to send.
fn told(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { plan, environment, .. } = facts;
    let mut findings = Vec::new();
    match &plan.collection {
        // It does not arrive, and that is said.
        Collection::Redirected(_) if plan.warnings.iter().any(|warning| warning.cause == Cause::Hindrance) => {}
        Collection::Redirected(_) => findings.push(injected(facts)),
        Collection::NotTold(_, Untold::NoAgent) => {
            let what = "--agent none: the command gets the context and is not told where to send anything";
            findings.push(
                finding(Grade::Warning, "agent.none", what)
                    .said_at(&plan.agent_choice.origin)
                    .remedy("leave it out to have the command's telemetry in the run"),
            );
        }
        // Others say so.
        Collection::NotTold(..) | Collection::Off(_) | Collection::Unavailable | Collection::Disabled => {}
    }
    if !plan.is_redirected() {
        findings.extend(credentials::undecoded(plan.agent.profile.name, environment));
    }
    findings
}

/// So many names are told one by one.
const NAMED: usize = 5;

/// What is injected, in a few words.
fn injected(facts: &Facts<'_>) -> Finding {
    let Facts { plan, words, .. } = facts;
    let set = plan.environment.iter().filter(|change| matches!(change.action, Action::Set(_)));
    let set: Vec<&str> = set.map(|change| change.name.as_str()).collect();
    let removed = plan.environment.len() - set.len();
    let named = set.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let mut what = format!("it is told where to send by {named}");
    if set.len() > NAMED {
        what.push_str(&format!(" and {} more", set.len() - NAMED));
    }
    if removed > 0 {
        what.push_str(&format!(", without {removed} of its variables"));
    }
    if let Some(file) = &plan.private_file {
        what.push_str(&format!(", and by a file of the run's own, which sets {}", file.names().join(", ")));
    } else if plan.argv.len() > *words {
        what.push_str(&format!(", and by {} words in its command line", plan.argv.len() - words));
    }
    what.push_str(" (`otel-run plan` shows all)");
    finding(Grade::Fine, "agent.told", what)
}

/// What the plan warns of, but what has to do with what was said or handed in.
fn warnings<'a>(warnings: &'a [Warning], facts: &'a Facts<'_>) -> impl Iterator<Item = Finding> + 'a {
    warnings.iter().filter_map(|Warning { cause, text }| {
        let title = title(facts.plan);
        let (check, grade, remedy) = match cause {
            Cause::Said => return None,
            Cause::NoSuchAgent => ("agent.choice", Grade::Warning, "`otel-run agents` lists them".to_owned()),
            Cause::OwnConfiguration => (
                "agent.configuration",
                Grade::Warning,
                format!("change it in the configuration of {title}, or accept that it is so"),
            ),
            Cause::Fixed => (
                "agent.configuration.fixed",
                Grade::Loss,
                "ask whoever looks after this machine to take the variable out of it, or to name otel-run's upstream there".to_owned(),
            ),
            Cause::NotInjected => (
                "agent.not_told",
                Grade::Loss,
                "take out what stands in the way; `otel-run plan` shows what is given instead".to_owned(),
            ),
            Cause::Caution => {
                ("agent.caution", Grade::Warning, "start it as the sentence says, if what is missing matters".to_owned())
            }
            Cause::Hindrance => (
                "agent.hindrance",
                Grade::Loss,
                format!("put otel-run right in front of {}", facts.plan.agent.program_name),
            ),
            Cause::ConfigurationFile => {
                ("agent.configuration_file", Grade::Loss, "unset OTEL_CONFIG_FILE for this command".to_owned())
            }
            Cause::SwitchedOff => {
                ("agent.switched_off", Grade::Warning, "unset them to have its telemetry in the run".to_owned())
            }
            Cause::Attributes => {
                ("agent.attributes", Grade::Warning, "write %25 for %, and %2C for a comma".to_owned())
            }
        };
        Some(finding(grade, check, text).remedy(remedy))
    })
}

/// Variables of its own files, and destinations in them, that are dealt with.
fn own_configuration(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { plan, own, .. } = facts;
    let mut findings = Vec::new();
    let again = plan.private_file.as_ref().map(|file| file.names()).unwrap_or_default();
    for variable in own.variables.iter().filter(|variable| again.contains(&variable.name.as_str())) {
        let what = format!("{} sets {}, and the run says it again, so that it counts", variable.origin, variable.name);
        findings.push(finding(Grade::Note, "agent.configuration.again", what).said_at(&variable.origin));
    }
    if let Some(probe) = plan.agent.profile.probe.filter(|_| own.may_clash && plan.is_redirected()) {
        let what = format!(
            "its own configuration has something to say of telemetry as well, so a run asks it first what it takes ({})",
            probe.arguments.join(" ")
        );
        findings.push(finding(Grade::Note, "agent.asked", what));
    }
    for upstream in &own.upstreams {
        let shown = plan.destinations.iter().find(|destination| destination.name == upstream.name);
        let Some(endpoint) = upstream.destination.any_endpoint() else { continue };
        let what = match shown {
            Some(_) => format!(
                "its own configuration exports to {}, which is a destination of the run as well",
                plan::without_credentials(&endpoint.value)
            ),
            None => format!(
                "its own configuration exports to {}, which gets nothing while otel-run collects",
                plan::without_credentials(&endpoint.value)
            ),
        };
        let grade = if shown.is_some() { Grade::Fine } else { Grade::Note };
        findings.push(finding(grade, "agent.configuration.destination", what).said_at(&endpoint.origin));
    }
    findings
}

/// opencode ends at once where one of its switches is set to nothing.
fn empty_booleans(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.plan.agent.profile.name != "opencode" {
        return Vec::new();
    }
    let names = facts.environment.iter().filter(|(_, value)| value.is_empty()).filter_map(|(name, _)| name.to_str());
    names
        .filter(|name| name.starts_with("OPENCODE_"))
        .map(|name| {
            let what = format!("{name} is set to nothing, and opencode does not start with a switch that is");
            finding(Grade::Warning, "agent.empty_variable", what)
                .said_at(&Origin::Variable(name.to_owned()))
                .remedy(format!("unset {name}"))
        })
        .collect()
}

/// opencode without the plugins that somebody may export with.
fn without_plugins(facts: &Facts<'_>) -> Option<Finding> {
    let Facts { plan, environment, .. } = facts;
    let by_option =
        plan.agent.arguments(&plan.argv).iter().take_while(|word| *word != "--").any(|word| word == "--pure");
    let by_variable = environment.get("OPENCODE_PURE").is_some_and(|value| value == "1" || value == "true");
    (plan.agent.profile.name == "opencode" && (by_option || by_variable)).then(|| {
        let what = "opencode is started without plugins (--pure or OPENCODE_PURE): what otel-run collects is built into it and \
                    stays, and a plugin of yours that exports does not";
        finding(Grade::Note, "agent.without_plugins", what)
    })
}

/// What is known of the agent, as far as it makes a difference here.
fn characteristics(facts: &Facts<'_>) -> Vec<Finding> {
    let Facts { plan, environment, .. } = facts;
    let profile = plan.agent.profile;
    if profile.is_other() || !plan.is_redirected() || !matches!(facts.started.1, Found::File(_)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if !profile.records_unasked.is_empty() {
        let recorded = profile.records_unasked.join("; ");
        let kept = match plan.content.value {
            Content::Off => "content is off, so otel-run takes it out before anything is stored or sent",
            Content::Local => "content is local, so it is kept on this machine and not sent",
            Content::On => "content is on, so it is stored and sent",
        };
        let what = format!("it records unasked {recorded}; {kept}");
        findings.push(finding(Grade::Note, "agent.records", what).said_at(&plan.content.origin));
    }
    let lost = match (profile.flush.at_end, profile.flush.on_signal) {
        (LastBatches::Lost, _) => {
            Some("what it has not sent when it ends is lost, which is why it is told to send often")
        }
        (_, LastBatches::Lost) => Some("what it has not sent when a signal ends it is lost"),
        _ => None,
    };
    findings.extend(lost.map(|what| finding(Grade::Note, "agent.last_batches", what)));
    let nested = match profile.takes_parent {
        TakesParent::Never => Some("it ignores TRACEPARENT, so otel-run puts its spans under the run"),
        TakesParent::Partly => {
            Some("it takes TRACEPARENT for some of its spans, and otel-run puts the others under the run")
        }
        TakesParent::Always | TakesParent::Unknown => None,
    };
    findings.extend(nested.map(|what| finding(Grade::Fine, "agent.nested", what)));
    let is_set = |name: &&&str| environment.get(name).is_some() && name.starts_with("OTEL_");
    let ignored: Vec<&str> = profile.ignores.iter().filter(is_set).copied().collect();
    if !ignored.is_empty() {
        let what = format!("it ignores {}, which you have set", ignored.join(", "));
        findings.push(finding(Grade::Note, "agent.ignores", what));
    }
    findings.extend(proxy(facts));
    findings
}

/// A proxy that would take what is meant for loopback.
fn proxy(facts: &Facts<'_>) -> Option<Finding> {
    let Facts { plan, environment, .. } = facts;
    let name = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| environment.get(name).is_some())?;
    let after = plan.environment(environment);
    let exempt = ["NO_PROXY", "no_proxy"].iter().any(|name| {
        let hosts = after.get(name).unwrap_or_default();
        hosts.split(',').map(str::trim).any(|host| host == "*" || host == "127.0.0.1")
    });
    let exempts = plan.agent.profile.variables().any(|variable| variable.name == "NO_PROXY");
    let at = Origin::Variable(name.to_owned());
    match (exempt, exempts) {
        (true, _) => {
            let what = format!("{name} names a proxy, and the command goes to loopback without it");
            Some(finding(Grade::Fine, "agent.proxy", what).said_at(&at))
        }
        (false, true) => {
            let what = format!(
                "{name} names a proxy, and NO_PROXY does not exempt 127.0.0.1: what is sent to the run's collector goes to the proxy"
            );
            Some(finding(Grade::Loss, "agent.proxy", what).said_at(&at).remedy("set NO_PROXY=127.0.0.1,localhost"))
        }
        // Those that are not told so do not ask a proxy for loopback.
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests;
