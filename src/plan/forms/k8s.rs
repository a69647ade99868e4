//! A container of a Kubernetes pod: its name and `env`, and its command where that has to be another.

use super::notes::heading;
use super::text::{Comments, Part, Text};
use super::yaml;
use super::{Form, Platform};

/// The names of the Secret and of the ConfigMap.
const OBJECT: &str = "otel-run";

/// What a pod knows of itself: the attribute, the variable, which has the name that the OpenTelemetry Operator gives it where
/// it gives one, and the field (Kubernetes, "Downward API").
const OF_THE_POD: [(&str, &str, &str); 4] = [
    ("k8s.namespace.name", "OTEL_RESOURCE_ATTRIBUTES_NAMESPACE_NAME", "metadata.namespace"),
    ("k8s.node.name", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "spec.nodeName"),
    ("k8s.pod.name", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "metadata.name"),
    ("k8s.pod.uid", "OTEL_RESOURCE_ATTRIBUTES_POD_UID", "metadata.uid"),
];

/// All of it.
pub(super) fn write(platform: &Platform) -> String {
    let mut out = String::new();
    let mut comments = Comments { out: &mut out, indent: "" };
    comments.say(&heading(platform, Form::K8s));
    for note in &platform.notes {
        comments.gap();
        comments.say(note);
    }
    objects(platform, &mut comments);
    let of_the_pod = platform.attributes.is_some();
    if of_the_pod {
        comments.gap();
        comments.say(
            "This goes into a container. Where that has another name, change it in OTEL_RESOURCE_ATTRIBUTES as well: a pod \
             cannot tell a container its name. The order of the variables matters.",
        );
    }
    out.push_str(&format!("name: {}\n", yaml::quoted(&platform.container)));
    if let Some(command) = &platform.command {
        Comments { out: &mut out, indent: "" }.say("The agent needs arguments as well.");
        out.push_str("command:\n");
        for word in command {
            out.push_str(&format!("  - {}\n", yaml::quoted(&expanded(word))));
        }
    }
    out.push_str("env:\n");
    let variables = platform.with_attributes(if of_the_pod { attributes(platform) } else { Vec::new() });
    // `$(NAME)` stands for a variable that comes before, so what others are made of comes first.
    for reference in &platform.references {
        let it = variables.iter().find(|variable| variable.name == reference.name);
        Comments { out: &mut out, indent: "  " }.say(it.map_or(reference.holds.as_str(), |it| &it.reason));
        let kind = if reference.is_secret { "secretKeyRef" } else { "configMapKeyRef" };
        source(&reference.name, kind, &[("name", OBJECT), ("key", &reference.name)], &mut out);
    }
    if of_the_pod {
        Comments { out: &mut out, indent: "  " }.say("for OTEL_RESOURCE_ATTRIBUTES");
        for (_, name, field) in OF_THE_POD {
            source(name, "fieldRef", &[("fieldPath", field)], &mut out);
        }
    }
    for variable in &variables {
        if platform.references.iter().any(|reference| reference.name == variable.name) {
            continue;
        }
        Comments { out: &mut out, indent: "  " }.say(&variable.reason);
        out.push_str(&format!("  - name: {}\n", yaml::quoted(&variable.name)));
        out.push_str(&format!("    value: {}\n", yaml::quoted(&expanded(&variable.value))));
    }
    out
}

/// What there has to be in the pod's namespace.
fn objects(platform: &Platform, comments: &mut Comments<'_>) {
    for (is_secret, kind) in [(true, "Secret"), (false, "ConfigMap")] {
        let mut wanted = platform.references.iter().filter(|reference| reference.is_secret == is_secret).peekable();
        if wanted.peek().is_none() {
            continue;
        }
        comments.gap();
        comments.say(&format!("The {kind} {OBJECT} has to be in the namespace of the pod, with these keys:"));
        for reference in wanted {
            comments.say(&format!("{}: {}", reference.name, reference.holds));
        }
    }
}

fn attributes(platform: &Platform) -> Vec<(&'static str, Text)> {
    let of_the_pod = OF_THE_POD.iter().map(|(key, name, _)| (*key, Text::native(format!("$({name})"))));
    of_the_pod.chain([("k8s.container.name", Text::plain(&platform.container))]).collect()
}

fn source(name: &str, kind: &str, keys: &[(&str, &str)], out: &mut String) {
    out.push_str(&format!("  - name: {}\n    valueFrom:\n      {kind}:\n", yaml::quoted(name)));
    for (key, value) in keys {
        out.push_str(&format!("        {key}: {}\n", yaml::quoted(value)));
    }
}

/// The text with what the kubelet is to put in.
fn expanded(text: &Text) -> String {
    let parts = text.parts().map(|part| match part {
        Part::Plain(text) => escaped(text),
        Part::Reference(name) => format!("$({name})"),
        Part::Native(words) => words.clone(),
    });
    parts.collect()
}

/// The text as the kubelet leaves it: `$$` is a dollar for it (kubernetes, `third_party/forked/golang/expansion/expand.go`).
pub(super) fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
