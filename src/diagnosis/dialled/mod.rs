//! What was seen of upstreams, in words: what is well, what is wrong with which signals, and what to say instead where the
//! user has said it.

mod answered;
mod silent;
mod tls;
mod words;

use std::time::Duration;

use super::{Finding, Grade, Subject};
use crate::delivery::probe::{
    Dialled, FileFound, Ground, Heard, Network, Observation, Outcome, Reply, Sent, SocketFound,
};
use crate::otlp::Signal;
use crate::settings::{Origin, Upstream};
use words::{Words, length, listed, place};

/// How much two clocks may differ before it is told. Less is the network.
const CLOCKS: Duration = Duration::from_secs(60);

/// What is said of one signal. Those of several signals that say the same are one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    check: &'static str,
    grade: Grade,
    what: String,
    remedy: Option<String>,
    origin: Origin,
}

/// One signal's way with everything that helps to judge it.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    seen: &'a Observation,
    words: Words<'a>,
    /// The signals that are taken at the same upstream.
    taken: &'a [Signal],
}

impl Case<'_> {
    fn remark(self, grade: Grade, check: &'static str, what: impl Into<String>) -> Remark {
        Remark { check, grade, what: what.into(), remedy: None, origin: self.words.origin() }
    }

    fn loss(self, check: &'static str, what: impl Into<String>) -> Remark {
        self.remark(Grade::Loss, check, what)
    }
}

impl Remark {
    fn with(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// The findings about `upstreams`, which were dialled with these results.
pub fn findings(upstreams: &[Upstream], observations: &[Observation]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for upstream in upstreams {
        let of_it: Vec<&Observation> = observations.iter().filter(|seen| seen.upstream == upstream.name).collect();
        let name = if upstreams.len() > 1 { format!("{}: ", upstream.name) } else { String::new() };
        let arriving: Vec<Signal> = of_it.iter().filter(|seen| is_well(seen)).map(|seen| seen.signal).collect();
        let (mut remarks, mut taken): (Vec<(Remark, Vec<Signal>)>, Vec<&Observation>) = (Vec::new(), Vec::new());
        for seen in &of_it {
            let words = Words { upstream, signal: seen.signal };
            let case = Case { seen, words, taken: &arriving };
            if is_well(seen) {
                taken.push(seen);
            }
            for remark in judge(case) {
                match remarks.iter_mut().find(|(known, _)| *known == remark) {
                    Some((_, signals)) => signals.push(seen.signal),
                    None => remarks.push((remark, vec![seen.signal])),
                }
            }
        }
        for (remark, signals) in remarks {
            let about =
                if signals.len() == of_it.len() { String::new() } else { format!("{}: ", signals_in_words(&signals)) };
            findings.push(finding(remark, &format!("{name}{about}")));
        }
        findings.extend(well(upstream, &taken, &name));
    }
    findings
}

/// That an upstream cannot be dialled at all, for these reasons, which have their remedies in them.
pub fn not_dialled(upstream: &Upstream, reasons: &[String]) -> Finding {
    let words = Words { upstream, signal: Signal::Traces };
    let what = format!("{} is not dialled: {}", words.shown_endpoint(), reasons.join("; "));
    let finding = Finding::new(Subject::Destination, Grade::Loss, "destination.not_dialled", what);
    upstream.destination.any_endpoint().iter().fold(finding, |finding, endpoint| finding.said_at(&endpoint.origin))
}

/// What became of telemetry that was sent to be looked for. It is marked with `id`, which is its trace.
pub fn sent(upstreams: &[Upstream], sent: &[Sent], id: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for upstream in upstreams {
        let name = if upstreams.len() > 1 { format!("{}: ", upstream.name) } else { String::new() };
        let of_it: Vec<&Sent> = sent.iter().filter(|sent| sent.upstream == upstream.name).collect();
        let origin = upstream.destination.any_endpoint().map_or(Origin::Default, |endpoint| endpoint.origin.clone());
        let taken: Vec<&str> =
            of_it.iter().filter(|sent| is_taken_whole(&sent.outcome)).map(|sent| one_of(sent.signal)).collect();
        if !taken.is_empty() {
            let were = if taken.len() == 1 { "was" } else { "were" };
            let what =
                format!("{name}{} with otel_run.doctor=true {were} taken: look for the trace {id}", listed(&taken));
            findings.push(Finding::new(Subject::Destination, Grade::Fine, "destination.sent", what).said_at(&origin));
        }
        for sent in of_it.iter().filter(|sent| !is_taken_whole(&sent.outcome)) {
            let what = match &sent.outcome {
                Outcome::Lost(reason) => format!("{name}{} was not taken: {reason}", one_of(sent.signal)),
                Outcome::Taken { remark, .. } => {
                    let remark = remark.as_deref().map(|remark| format!(": {remark}")).unwrap_or_default();
                    format!("{name}{} was rejected{remark}", one_of(sent.signal))
                }
            };
            let finding =
                Finding::new(Subject::Destination, Grade::Loss, "destination.not_sent", what).said_at(&origin);
            findings.push(finding);
        }
    }
    findings
}

fn is_taken_whole(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Taken { rejected: 0, .. })
}

fn one_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "a span",
        Signal::Metrics => "a data point",
        Signal::Logs => "a log record",
    }
}

fn finding(remark: Remark, about: &str) -> Finding {
    let Remark { check, grade, what, remedy, origin } = remark;
    let finding = Finding::new(Subject::Destination, grade, check, format!("{about}{what}")).said_at(&origin);
    match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

/// Whether telemetry arrives.
fn is_well(seen: &Observation) -> bool {
    match &seen.ground {
        Ground::File { found, .. } => *found == FileFound::Writable,
        _ => seen.heard.is_taken(),
    }
}

/// What is well, in one sentence for each way that signals go.
fn well(upstream: &Upstream, taken: &[&Observation], name: &str) -> Vec<Finding> {
    let mut groups: Vec<(String, Vec<&Observation>)> = Vec::new();
    for seen in taken {
        let words = Words { upstream, signal: seen.signal };
        let where_to = match &seen.ground {
            Ground::File { .. } => words.shown_endpoint(),
            Ground::Socket { path, .. } => format!("unix:{} by {}", path.display(), seen.protocol.as_str()),
            Ground::Network(network) => {
                let proxy = network.proxy.as_ref();
                let proxy = proxy.map(|proxy| format!(", through the proxy {}", proxy.address)).unwrap_or_default();
                format!("{} by {}{}{proxy}", place(network), seen.protocol.as_str(), tls::of_the_well(seen, network))
            }
        };
        match groups.iter_mut().find(|(known, _)| *known == where_to) {
            Some((_, group)) => group.push(seen),
            None => groups.push((where_to, vec![seen])),
        }
    }
    groups
        .into_iter()
        .map(|(where_to, group)| {
            let signals: Vec<Signal> = group.iter().map(|seen| seen.signal).collect();
            let slowest = group.iter().filter_map(|seen| match &seen.heard {
                Heard::Reply(reply) => Some(reply.took),
                _ => None,
            });
            let took = slowest.max().map(|took| format!(", in {}", length(took.as_secs_f64()))).unwrap_or_default();
            let (verb, check) = match group.first().map(|seen| &seen.ground) {
                Some(Ground::File { .. }) => ("can be written to", "destination.file.writable"),
                _ => ("are taken", "destination.taken"),
            };
            let what = match verb {
                "are taken" => format!("{name}{} are taken at {where_to}{took}", signals_in_words(&signals)),
                _ => format!("{name}{where_to} {verb}, for {}", signals_in_words(&signals)),
            };
            let origin = group.first().map(|seen| Words { upstream, signal: seen.signal }.origin());
            let finding = Finding::new(Subject::Destination, Grade::Fine, check, what);
            origin.iter().fold(finding, Finding::said_at)
        })
        .collect()
}

fn signals_in_words(signals: &[Signal]) -> String {
    listed(&signals.iter().map(|signal| signal.as_str()).collect::<Vec<_>>())
}

/// Everything there is to say about one signal but that it is well.
fn judge(case: Case<'_>) -> Vec<Remark> {
    let seen = case.seen;
    let mut remarks = Vec::new();
    match &seen.ground {
        Ground::File { path, found } => remarks.extend(file(case, path, found)),
        Ground::Socket { path, found } if *found != SocketFound::Socket => remarks.push(no_socket(case, path, *found)),
        Ground::Socket { path, .. } => {
            remarks.extend(heard(case, None, &format!("unix:{}", path.display())));
        }
        Ground::Network(network) => {
            remarks.extend(heard(case, Some(network), &place(network)));
            remarks.extend(localhost(case, network));
            remarks.extend(tls::soon_over(case, network));
        }
    }
    if let Heard::Reply(reply) = &seen.heard {
        remarks.extend(clock(case, reply));
    }
    remarks
}

/// What came of the request. `network` is none for a socket; `at` says where it was made.
fn heard(case: Case<'_>, network: Option<&Network>, at: &str) -> Option<Remark> {
    match &case.seen.heard {
        Heard::Reply(reply) => answered::remark(case, network, at, reply),
        Heard::Failed(failure) => Some(silent::remark(case, network, at, failure)),
        Heard::Unanswered => Some(silent::unanswered(case, network, at)),
        Heard::NobodyToAsk => None,
    }
}

fn file(case: Case<'_>, path: &std::path::Path, found: &FileFound) -> Option<Remark> {
    let shown = path.display();
    Some(match found {
        FileFound::Writable => return None,
        FileFound::Folder => {
            let remedy = format!(
                "say {} for a file of each signal in it",
                case.words.say(words::Key::Endpoint, &format!("file:{shown}/"))
            );
            case.loss("destination.file.folder", format!("{shown} is a folder, and no file")).with(remedy)
        }
        FileFound::NoFolder(what) => case
            .loss(
                "destination.file.no_folder",
                format!("{shown} cannot be made, because {} is no folder", what.display()),
            )
            .with(format!(
                "say a file below a folder, as in {}",
                case.words.say(words::Key::Endpoint, "file:/var/log/otlp.jsonl")
            )),
        FileFound::Denied(what, said) => case
            .loss("destination.file.denied", format!("{shown} cannot be written to: {}: {said}", what.display()))
            .with("let the user who runs otel-run write there, or name another file"),
    })
}

fn no_socket(case: Case<'_>, path: &std::path::Path, found: SocketFound) -> Remark {
    let shown = path.display();
    match found {
        SocketFound::NoSocket => case.loss("destination.socket.other", format!("{shown} is no socket")).with(format!(
            "name the socket that the receiver listens at; a file to write to is {}",
            case.words.say(words::Key::Endpoint, &format!("file:{shown}"))
        )),
        SocketFound::Hidden(kind) => case
            .loss("destination.socket.hidden", format!("{shown} cannot be looked at: {kind}"))
            .with("let the user who runs otel-run read the folders above it, and write to the socket"),
        SocketFound::Nothing | SocketFound::Socket => case
            .loss("destination.socket.missing", format!("there is no socket at {shown}"))
            .with("start the receiver that makes it, or correct the path"),
    }
}

/// `localhost` that means two addresses, of which only one answers.
fn localhost(case: Case<'_>, network: &Network) -> Option<Remark> {
    if !network.host.eq_ignore_ascii_case("localhost") || network.proxy.is_some() || !case.seen.heard.is_taken() {
        return None;
    }
    let open = |open: bool| {
        let these = network.dialled.iter().filter(move |(_, dialled)| (*dialled == Dialled::Open) == open);
        these.map(|(address, _)| address.ip()).collect::<Vec<_>>()
    };
    let (open, closed) = (open(true), open(false));
    let named = network.addresses.as_ref()?.as_ref().ok()?;
    let (answers, silent) = (open.first()?, closed.iter().find(|address| named.contains(address))?);
    let what = format!("localhost is {silent} as well as {answers} here, and only {answers} answers");
    let to =
        |host: &str| case.words.say_endpoint(&network.scheme, host, network.port, &network.path, case.seen.protocol);
    Some(
        case.remark(Grade::Note, "destination.localhost", what)
            .with(format!("otel-run tries both; for programs that try one, say {}", to(&answers.to_string()))),
    )
}

fn clock(case: Case<'_>, reply: &Reply) -> Option<Remark> {
    let ahead = reply.clock_ahead?;
    if ahead.unsigned_abs() <= CLOCKS {
        return None;
    }
    let by = length(ahead.unsigned_abs().as_secs_f64());
    let what = if ahead.is_positive() {
        format!("the backend's clock is {by} ahead of this machine's")
    } else {
        format!("the backend's clock is {by} behind this machine's")
    };
    Some(case.remark(Grade::Warning, "destination.clock", what).with(
        "set the clock that is wrong (`timedatectl` shows this one): spans are looked for at the wrong time, and tokens and \
         certificates are refused",
    ))
}

#[cfg(test)]
mod tests;
