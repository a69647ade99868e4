//! Which of the user's upstreams an agent on a platform exports to by itself, and what it has to be told for that.

use super::platform::Reference;
use super::text::Text;
use crate::agent::{Edit, Injection, Profile};
use crate::otlp::Signal;
use crate::plan::without_credentials;
use crate::settings::{HeaderValue, Headers, Place, Protocol, Sourced, Transport, Upstream, endpoint, variables};

/// Headers by their names, each with the name of what holds its value.
pub(super) type Named = Vec<(String, String)>;

/// Where it exports to.
pub(super) struct Towards {
    /// The base URL without a slash at its end; none where only single signals have one.
    pub(super) base: Option<Text>,
    /// The URLs of single signals.
    pub(super) own: Vec<(Signal, Text)>,
    /// How it speaks.
    pub(super) protocol: Protocol,
    /// Headers for all signals, then for single ones.
    pub(super) headers: Vec<(Option<Signal>, Named)>,
    /// What else the connection needs: variable, value, and why.
    pub(super) means: Vec<(String, String, &'static str)>,
    /// What the user has to supply.
    pub(super) references: Vec<Reference>,
    /// Where that is, in words that may be printed.
    pub(super) shown: String,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// The first upstream that the agent can export to; a reference for the user to fill in where there is none.
pub(super) fn towards(profile: &Profile, upstreams: &[Upstream]) -> Towards {
    let mut reasons = Vec::new();
    for upstream in upstreams {
        match fit(profile, upstream) {
            Ok(mut towards) => {
                if upstreams.len() > 1 {
                    let others: Vec<&str> = upstreams.iter().map(|one| one.name.as_str()).collect();
                    towards.notes.push(format!(
                        "An agent exports to one destination: {}. otel-run delivers to each of {}.",
                        upstream.name,
                        others.join(", ")
                    ));
                }
                return towards;
            }
            Err(why) => reasons.push(format!("\"{}\" {why}", upstream.name)),
        }
    }
    let why = if upstreams.is_empty() {
        "No upstream is configured".to_owned()
    } else {
        format!("No upstream is one that {} could export to itself: {}", profile.title, reasons.join("; "))
    };
    let name = variables::OTLP_ENDPOINT;
    Towards {
        base: Some(Text::reference(name)),
        own: Vec::new(),
        protocol: Protocol::HttpProtobuf,
        headers: Vec::new(),
        means: Vec::new(),
        references: vec![Reference {
            name: name.to_owned(),
            is_secret: false,
            holds: "the base URL of a backend that takes OTLP over HTTP".to_owned(),
        }],
        shown: format!("the backend that {name} names"),
        notes: vec![format!("{why}, so {name} is a reference for you to fill in; or say --endpoint URL here.")],
    }
}

/// What the agent has to be told to export to `upstream`. The error is the rest of a sentence about it.
fn fit(profile: &Profile, upstream: &Upstream) -> Result<Towards, String> {
    let title = profile.title;
    let wanted = if profile.speaks.signals.is_empty() { &Signal::ALL[..] } else { profile.speaks.signals };
    let mut routes: Vec<(Signal, String)> = Vec::new();
    let mut protocols = Vec::new();
    for (signal, route) in wanted.iter().filter_map(|signal| Some((*signal, upstream.route(*signal)?))) {
        match route.place {
            Place::Url(url) => routes.push((signal, url)),
            Place::Socket { .. } | Place::File(_) => return Err("is no URL".to_owned()),
        }
        protocols.push(route.protocol);
    }
    let Some(protocol) = protocols.first().copied() else {
        return Err(format!("takes none of the signals that {title} has"));
    };
    let grpc = protocol == Protocol::Grpc;
    if protocols.iter().any(|one| (*one == Protocol::Grpc) != grpc) {
        return Err("is spoken to in different ways for different signals".to_owned());
    }
    if grpc && !can_speak_grpc(profile) {
        return Err(format!("speaks gRPC, and {title} is told to speak HTTP"));
    }
    let mut notes = Vec::new();
    let base = base(upstream, &routes, grpc);
    if base.as_ref().is_some_and(|base| base.contains('?')) {
        return Err(format!("has a query in its URL, behind which {title} would put the paths of signals"));
    }
    let mut references = Vec::new();
    let mut place = |name: String, url: String| {
        if without_credentials(&url) == url {
            return Text::plain(url);
        }
        let holds = format!("the URL {}, which looks like it has a secret in it", without_credentials(&url));
        references.push(Reference { name: name.clone(), is_secret: true, holds });
        Text::reference(name)
    };
    let mut own = Vec::new();
    for (signal, url) in &routes {
        let below =
            base.as_ref().and_then(|base| if grpc { Some(base.clone()) } else { endpoint::below_base(base, *signal) });
        if below.as_ref() == Some(url) {
            continue;
        }
        match (takes_own(profile, *signal, "ENDPOINT"), &base) {
            (true, _) => own.push((*signal, place(variables::otlp(Some(*signal), "ENDPOINT"), url.clone()))),
            (false, Some(_)) => notes.push(format!(
                "The URL that {} have for themselves cannot be told to {title}: all it sends goes to the base URL.",
                signal.as_str()
            )),
            (false, None) => return Err(format!("has URLs for single signals, which {title} does not take")),
        }
    }
    let base_text = base.clone().map(|base| place(variables::OTLP_ENDPOINT.to_owned(), base));
    let mut headers = Vec::new();
    if !upstream.destination.headers.is_empty() {
        headers.push((None, referred(&upstream.destination.headers, &mut references)));
    }
    for (signal, list) in upstream.destination.signal_headers.iter() {
        let Some(list) = list.as_ref().filter(|_| wanted.contains(&signal)) else { continue };
        if takes_own(profile, signal, "HEADERS") {
            headers.push((Some(signal), referred(list, &mut references)));
        } else {
            notes.push(format!("The headers that {} have for themselves cannot be told to {title}.", signal.as_str()));
        }
    }
    if let Some(helper) = &upstream.destination.headers_helper {
        notes.push(format!(
            "{} prints headers, and only otel-run asks it: put what it prints into OTEL_EXPORTER_OTLP_HEADERS.",
            helper.value.display()
        ));
    }
    let means = means(profile, upstream, wanted);
    if means.iter().any(|(_, value, _)| value.starts_with('/')) {
        notes.push("The files that are named here have to be where the agent runs, under the same paths.".to_owned());
    }
    let shown = base.unwrap_or_else(|| routes.first().map(|(_, url)| url.clone()).unwrap_or_default());
    let shown = without_credentials(&shown);
    Ok(Towards { base: base_text, own, protocol, headers, means, references, shown, notes })
}

/// The base URL without a slash at its end: the one that was said, or what the URLs of the signals have in common.
fn base(upstream: &Upstream, routes: &[(Signal, String)], grpc: bool) -> Option<String> {
    let own = &upstream.destination.signal_endpoints;
    if let Some(base) = &upstream.destination.endpoint {
        if grpc {
            let of_base = routes.iter().find(|(signal, _)| own.of(*signal).is_none());
            return of_base.map(|(_, url)| url.clone()).or_else(|| endpoint::origin(&base.value));
        }
        return endpoint::as_it_stands(&base.value).map(|url| url.trim_end_matches('/').to_owned());
    }
    let mut bases = routes.iter().map(|(signal, url)| match grpc {
        true => Some(url.as_str()),
        false => url.strip_suffix(signal.path())?.strip_suffix('/'),
    });
    let first = bases.next()??;
    bases.all(|base| base == Some(first)).then(|| first.to_owned())
}

/// Whether the standard variable of one signal has the effect that it should have.
fn takes_own(profile: &Profile, signal: Signal, option: &str) -> bool {
    let of_endpoint = |text: &str| text.contains("{endpoint}") || text.contains("{collector}");
    let by_variable = profile.variables().any(|variable| {
        let text = match variable.injection {
            Injection::Set(text) | Injection::SetIfUnset(text) | Injection::Prepend { text, .. } => text,
            _ => "",
        };
        variable.name != variables::OTLP_ENDPOINT && of_endpoint(text)
    });
    let by_argument =
        profile.arguments.iter().any(|argument| words(argument.edit).iter().any(|word| of_endpoint(word)));
    !by_variable && !by_argument && !profile.ignores(&variables::otlp(Some(signal), option))
}

/// The words that an edit puts in.
pub(super) fn words(edit: Edit) -> &'static [&'static str] {
    match edit {
        Edit::InsertBefore(words) | Edit::InsertAfter(words) => words,
        Edit::Settings { .. } => &[],
    }
}

/// Whether it can be told to speak gRPC: by the standard variable, or by arguments of which its profile has others for that.
fn can_speak_grpc(profile: &Profile) -> bool {
    let knows = profile.speaks.protocols.is_empty() || profile.speaks.protocols.contains(&Protocol::Grpc);
    let own_variable = profile
        .variables()
        .any(|variable| variable.name.ends_with("_OTLP_PROTOCOL") && variable.name != variables::OTLP_PROTOCOL);
    let by_variable = !profile.ignores(variables::OTLP_PROTOCOL) && !own_variable;
    let with_endpoint = profile
        .arguments
        .iter()
        .filter(|argument| words(argument.edit).iter().any(|word| word.contains("{collector}")));
    let mut others = with_endpoint.map(|argument| argument.sets.is_some_and(|key| for_grpc(profile, key).is_some()));
    let by_arguments = others.next() == Some(true) && others.all(|other| other);
    knows && (by_variable || by_arguments)
}

/// The words that set `key` for gRPC.
pub(super) fn for_grpc(profile: &Profile, key: &str) -> Option<Edit> {
    let edit = profile.alternative(key)?.argument.edit;
    words(edit).iter().any(|word| word.contains("grpc")).then_some(edit)
}

/// The headers by their names, each with the name of what holds its value.
fn referred(headers: &Headers, references: &mut Vec<Reference>) -> Named {
    let mut named: Named =
        headers.iter().map(|(header, value)| (header.clone(), reference(header, value, references))).collect();
    named.sort();
    named
}

fn reference(header: &str, value: &Sourced<HeaderValue>, references: &mut Vec<Reference>) -> String {
    let made_of = |text: &str| -> String {
        let upper =
            text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
        upper.collect()
    };
    let name = match &value.value {
        HeaderValue::Env(name) if is_free(name) => name.clone(),
        _ => format!("OTEL_HEADER_{}", made_of(header)),
    };
    let source = value.value.source().map(|source| format!(", here from {source}")).unwrap_or_default();
    let grows_old = match value.value {
        HeaderValue::Command(_) => "; otel-run asks again when it is refused, and a platform does not",
        _ => "",
    };
    let holds = format!("the value of the header {header}{source}{grows_old}");
    let is_taken = |name: &str| references.iter().any(|known| known.name == name && known.holds != holds);
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let name = std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name);
    if !references.iter().any(|known| known.name == name) {
        references.push(Reference { name: name.clone(), is_secret: true, holds });
    }
    name
}

/// Whether every platform takes `name` for something that a user supplies, and nothing here is called so.
fn is_free(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    letters
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.starts_with("OTEL_")
        && !name.starts_with("GITHUB_")
}

/// What was said of the connection and is the same for all signals.
fn means(profile: &Profile, upstream: &Upstream, wanted: &[Signal]) -> Vec<(String, String, &'static str)> {
    let same = |of: &dyn Fn(&Transport, Signal) -> Option<String>| {
        let mut values = wanted.iter().map(|signal| of(upstream.transport.of(*signal), *signal));
        let first = values.next()??;
        values.all(|value| value.as_ref() == Some(&first)).then_some(first)
    };
    let path = |said: &Option<Sourced<std::path::PathBuf>>| said.as_ref().map(|path| path.value.display().to_string());
    let identity = |signal| upstream.destination.identity.of(signal);
    let all = [
        (
            "TIMEOUT",
            same(&|transport, _| Some(transport.timeout.as_ref()?.value.as_millis().to_string())),
            "in milliseconds",
        ),
        ("CERTIFICATE", same(&|transport, _| path(&transport.certificate)), "the authorities that are trusted"),
        ("CLIENT_CERTIFICATE", same(&|_, signal| path(&identity(signal).certificate)), "is shown to the backend"),
        ("CLIENT_KEY", same(&|_, signal| path(&identity(signal).key)), "the key of the certificate"),
    ];
    let named = all.into_iter().filter_map(|(option, value, why)| Some((variables::otlp(None, option), value?, why)));
    named.filter(|(name, ..)| !profile.ignores(name)).collect()
}
