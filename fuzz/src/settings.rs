//! Settings files of both kinds: a project's says nothing that it may not, and complaints show no credential.

use std::path::PathBuf;

use otel_run::environment::Environment;
use otel_run::settings::file::{FileKind, FileText, layer};
use otel_run::settings::{Complaint, Layer, Origin, resolve};
use toml::de::DeTable;

use super::Reading;

/// What stands in place of a credential.
const SECRET: &str = "SECRET";

/// The input is a file; what follows a first NUL is put before a header's value, and what follows a second behind it.
pub fn check(data: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(data) else { return Reading::Refused };
    let mut parts = text.splitn(3, '\0');
    let (file, before, after) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if let Some(before) = before {
        credentials_are_not_shown(file, before, after.unwrap_or_default());
    }

    let (user, complaints) = read(FileKind::User, file);
    are_placed(file, &complaints);
    let (project, complaints) = read(FileKind::Project, file);
    are_placed(file, &complaints);
    let allowed = Layer {
        service_name: user.service_name,
        resource_attributes: user.resource_attributes,
        agent: user.agent,
        nest: user.nest,
        success_codes: user.success_codes,
        ..Layer::default()
    };
    assert_eq!(project, allowed);
    if project == Layer::default() { Reading::Refused } else { Reading::Accepted }
}

fn read(kind: FileKind, text: &str) -> (Layer, Vec<Complaint>) {
    let file = FileText { path: PathBuf::from("/etc/settings.toml"), text: text.to_owned() };
    let environment: Environment = [("HOME", "/home/u")].into_iter().collect();
    layer(kind, &file, &environment)
}

/// All that is wrong with a file where it is the only thing that was said.
fn resolved(kind: FileKind, text: &str) -> Vec<Complaint> {
    let file = Some(FileText { path: PathBuf::from("/etc/settings.toml"), text: text.to_owned() });
    let (project, user) = if kind == FileKind::Project { (file, None) } else { (None, file) };
    resolve(Layer::default(), &Environment::default(), project, user).1
}

/// Complaints are in the order of the lines that they are about, and there are such lines; each is one line itself.
fn are_placed(text: &str, complaints: &[Complaint]) {
    let lines = text.split('\n').count();
    let mut last = 1;
    for complaint in complaints {
        let Origin::File { line, .. } = &complaint.origin else { panic!("{complaint:?}") };
        assert!((last..=lines).contains(line), "line {line} of {lines} after {last}");
        last = *line;
        assert!(!complaint.to_string().contains(|each: char| each.is_control()), "{complaint:?}");
    }
}

/// A header with anything around its value, and anything behind it, in a file that is well-formed before it.
fn credentials_are_not_shown(file: &str, before: &str, after: &str) {
    let foreign = [file, before, after].iter().any(|part| part.contains(SECRET));
    if foreign || before.contains('\n') || DeTable::parse(file).is_err() {
        return;
    }
    let mut texts = vec![format!("{file}\n[headers]\nauthorization = {before}{SECRET}{after}\n")];
    // A password ends where the URL says, and that is in the same string.
    if ![before, after].iter().any(|part| part.contains(['"', '\\', '\n', '\r'])) {
        texts.push(format!("endpoint = \"http://user:{before}{SECRET}{after}@host\"\n{file}\n"));
        texts.push(format!("{file}\n[[upstream]]\nendpoint = \"http://user:{before}{SECRET}{after}@host\"\n"));
    }
    for text in texts {
        for kind in [FileKind::User, FileKind::Project] {
            for complaint in resolved(kind, &text) {
                assert!(!complaint.to_string().contains(SECRET), "{complaint}\n{text}");
            }
        }
    }
}
