//! The manual pages: names, synopses and options as `clap_mangen` has them; variables and keys from their tables; examples from
//! the help; and words that stand in `words/`, one file a page, with the sections that it has.

use clap::Command;
use clap_mangen::Man;
use otel_run::settings::keys::{self, Key, Kind};
use otel_run::settings::variables::{self, Family};

/// When the pages were changed last.
const DATE: &str = "2026-11-26";
const MANUAL: &str = "otel-run Manual";

/// The sections of a page in their order (man-pages(7)).
const SECTIONS: [&str; 11] = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "KEYS",
    "OPTIONS",
    "VERBS",
    "EXIT STATUS",
    "ENVIRONMENT",
    "FILES",
    "EXAMPLES",
    "SEE ALSO",
];

/// Every file of `man/` with what has to be in it.
pub fn files() -> Vec<(String, String)> {
    let mut program = otel_run::cli::command().disable_help_subcommand(true);
    program.build();
    let mut pages = vec![settings_page(&program)];
    collect(&program, &program, &mut pages);
    pages
}

fn collect(program: &Command, command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push(page_of(program, command));
    command.get_subcommands().for_each(|verb| collect(program, verb, pages));
}

/// `otel-run`, `otel-run-show`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The names of all pages with their sections, but that of `page` itself.
fn others(program: &Command, page: &str) -> String {
    fn add(command: &Command, all: &mut Vec<String>) {
        all.push(format!("{} (1)", escaped(name(command))));
        command.get_subcommands().for_each(|verb| add(verb, all));
    }
    let mut all = Vec::new();
    add(program, &mut all);
    all.push(format!("{} (5)", escaped("otel-run-config")));
    all.extend(["env (1)".to_owned(), "timeout (1)".to_owned()]);
    all.retain(|other| other.replace(" (", ".").replace(r"\-", "-").trim_end_matches(')') != page);
    let lines: Vec<String> = all.iter().map(|page| format!(".BR {page}")).collect();
    lines.join(" ,\n") + "\n"
}

fn page_of(program: &Command, command: &Command) -> (String, String) {
    let page = format!("{}.1", name(command));
    // What is hidden is a trick of the parser.
    let shown: Vec<_> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let man = Man::new(command.clone().override_usage(usage));
    let mut sections = Sections::of_words(&page);
    sections.default("NAME", rendered(|out| man.render_name_section(out)));
    sections.default("SYNOPSIS", rendered(|out| man.render_synopsis_section(out)));
    sections.default("DESCRIPTION", rendered(|out| man.render_description_section(out)));
    if !shown.is_empty() {
        let options = rendered(|out| man.render_options_section(out)).replace(".SH OPTIONS\n", "");
        // Subjects of options are no sections of the page.
        let options = shown.iter().filter_map(|arg| arg.get_help_heading()).fold(options, |options, heading| {
            options.replace(&format!(".SH {}\n", heading.to_uppercase()), &format!(".SS {heading}\n"))
        });
        sections.default("OPTIONS", format!(".SH OPTIONS\n{options}"));
    }
    let verbs: String = command
        .get_subcommands()
        .map(|verb| format!(".TP\n.BR {} (1)\n{}\n", escaped(name(verb)), escaped(&about(verb))))
        .collect();
    if !verbs.is_empty() {
        sections.default("VERBS", format!(".SH VERBS\n{verbs}"));
    }
    sections.default(
        "EXIT STATUS",
        ".SH EXIT STATUS\n0, or 1 where the work could not be done, or 125 where the command line is wrong.\n"
            .to_owned(),
    );
    sections.default(
        "ENVIRONMENT",
        match name(command) {
            "otel-run" => environment(),
            _ => ".SH ENVIRONMENT\nSee\n.BR otel\\-run (1).\n".to_owned(),
        },
    );
    let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    sections.default("EXAMPLES", examples(&after));
    sections.default("SEE ALSO", format!(".SH SEE ALSO\n{}", others(program, &page)));
    let text = sections.page(&name(command).to_uppercase(), "1", command.get_version().unwrap_or_default());
    (page, text)
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// One section from `clap_mangen`, without what it begins every text with.
fn rendered(section: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut text = Vec::new();
    section(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    text.lines().skip_while(|line| !line.starts_with(".SH")).map(|line| format!("{line}\n")).collect()
}

/// What is read of the environment, by whose it is.
fn environment() -> String {
    let mut text = ".SH ENVIRONMENT\nAn empty variable counts as one that is not set.\n".to_owned();
    for (family, heading) in [
        (Family::OtelRun, "otel-run's own"),
        (Family::OpenTelemetry, "OpenTelemetry"),
        (Family::Context, "Trace context"),
        (Family::Folders, "Folders"),
        (Family::Screen, "The screen"),
        (Family::Commands, "Agents and other programs"),
    ] {
        text += &format!(".SS {}\n", escaped(heading));
        for variable in variables::ALL.iter().filter(|variable| variable.family == family) {
            text += &format!(".TP\n.B {}\n{}.\n", escaped(variable.name), escaped(&sentence(variable.meaning)));
        }
    }
    text
}

/// What stands in the help behind `Examples:`. A line with a colon at its end is followed by what is to be typed.
fn examples(after: &str) -> String {
    let mut text = ".SH EXAMPLES\n".to_owned();
    let mut typed = false;
    for line in after.lines().filter(|line| *line != "Examples:") {
        let is_typed = line.starts_with("    ");
        match (typed, is_typed) {
            (false, true) => text += ".IP\n.EX\n",
            (true, false) => text += ".EE\n",
            _ => {}
        }
        typed = is_typed;
        if is_typed {
            text += &format!("{}\n", escaped(&line[4..]));
        } else if line.is_empty() {
            text += ".PP\n";
        } else {
            text += &format!("{}\n", escaped(line.trim()));
        }
    }
    if typed {
        text += ".EE\n";
    }
    text
}

/// otel-run-config(5).
fn settings_page(program: &Command) -> (String, String) {
    let page = "otel-run-config.5".to_owned();
    let mut sections = Sections::of_words(&page);
    sections.default("NAME", ".SH NAME\notel\\-run\\-config \\- settings files of otel\\-run\n".to_owned());
    let places = r"$XDG_CONFIG_HOME/otel\-run/config.toml";
    sections.default("SYNOPSIS", format!(".SH SYNOPSIS\n.I {places}\n.br\n.I .otel\\-run.toml\n"));
    let mut text = ".SH KEYS\n".to_owned();
    for (subject, keys) in keys::SUBJECTS {
        text += &format!(".SS {}\n", escaped(subject));
        keys.iter().for_each(|key| text += &described(key));
    }
    text += ".SS An agent of your own\nBelow\n.BR [agents. \\fINAME\\fP] :\n";
    otel_run::agent::FIELDS.iter().for_each(|key| text += &described(key));
    sections.default("KEYS", text);
    sections.default(
        "ENVIRONMENT",
        ".SH ENVIRONMENT\nMost settings have a variable as well: it stands with the key.\nThe others are in\n.BR otel\\-run (1).\n".to_owned(),
    );
    let example = "endpoint = \"https://otlp.example.com\"\nservice_name = \"{agent}-{mode}\"\n\n[headers]\nauthorization = { env = \"OTLP_AUTHORIZATION\" }\n\n[resource_attributes]\nteam = \"tools\"";
    sections.default("EXAMPLES", format!(".SH EXAMPLES\n.EX\n{}\n.EE\n", escaped(example)));
    sections.default("SEE ALSO", format!(".SH SEE ALSO\n{}", others(program, &page)));
    let text = sections.page("OTEL-RUN-CONFIG", "5", program.get_version().unwrap_or_default());
    (page, text)
}

/// A key: what it means, and below that what can be said in its place.
fn described(key: &Key) -> String {
    let mut text = format!(".TP\n.B {}\n{}.\n", escaped(key.name), escaped(&sentence(key.meaning)));
    let mut facts = vec![format!("Value: {}", key.kind.words()), format!("without it: {}", key.unset)];
    facts.extend(key.flag.map(|flag| format!("option: {flag}")));
    let said = if key.variables.len() == 1 { "variable" } else { "variables" };
    facts.extend((!key.variables.is_empty()).then(|| format!("{said}: {}", key.variables.join(", "))));
    facts.extend(key.project.then(|| "a project's file may say it".to_owned()));
    text += &format!("{}.\n", escaped(&facts.join("; ").replace('`', "")));
    text += &format!(".IP\n.EX\n{}\n.EE\n", escaped(&format!("{} = {}", key.name, key.example)));
    if let Kind::Table(below) | Kind::List(Kind::Table(below)) = &key.kind {
        text += ".RS\n";
        below.iter().for_each(|key| text += &described(key));
        text += ".RE\n";
    }
    text
}

/// The same with a capital, unless it begins with something that is written small.
fn sentence(text: &str) -> String {
    let first = text.split([' ', ',', ':']).next().unwrap_or_default();
    let is_name = first.contains(['.', '/', '_'])
        || ["true", "on", "off", "adopt", "add", "full", "auto", "gzip", "cumulative", "otel-run", "opencode"]
            .contains(&first);
    let mut letters = text.chars();
    match letters.next() {
        Some(letter) if !is_name => letter.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// Text that roff prints as it stands.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', r"\e").replace('-', r"\-").replace('\'', r"\(aq").replace('`', r"\(ga");
    let escaped = escaped.replace('^', r"\(ha").replace('~', r"\(ti");
    escaped
        .lines()
        .map(|line| if line.starts_with('.') { format!(r"\&{line}") } else { line.to_owned() })
        .collect::<Vec<_>>()
        .join("\n")
}

/// What stands under which heading.
struct Sections(Vec<(String, String)>);

impl Sections {
    /// Those that are written by hand.
    fn of_words(page: &str) -> Self {
        let file = crate::folder("tests/manual/words").join(page);
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let sections = text.split_inclusive('\n').fold(Vec::new(), |mut sections: Vec<(String, String)>, line| {
            match line.strip_prefix(".SH ") {
                Some(heading) => sections.push((heading.trim().to_owned(), line.to_owned())),
                None => sections.last_mut().unwrap().1 += line,
            }
            sections
        });
        Self(sections)
    }

    /// A section, unless it was written by hand.
    fn default(&mut self, heading: &str, text: String) {
        if self.0.iter().all(|(other, _)| other != heading) {
            self.0.push((heading.to_owned(), text));
        }
    }

    /// All of them.
    fn page(&self, title: &str, section: &str, version: &str) -> String {
        let header = format!(
            ".\\\" Made by tests/manual: UPDATE_DOCS=1 cargo test --test manual\n.TH {title} {section} {DATE} \"otel\\-run {version}\" \"{MANUAL}\"\n"
        );
        assert!(self.0.iter().all(|(heading, _)| SECTIONS.contains(&heading.as_str())));
        let body = SECTIONS.iter().filter_map(|heading| self.0.iter().find(|(other, _)| other == heading));
        // The string of an apostrophe is clap_mangen's.
        let body: String = body.map(|(_, text)| text.replace(r"\*(Aq", r"\(aq")).collect();
        header + &wrapped(&body)
    }
}

/// Lines of text that are not wider than 80 columns, and paragraphs in the place of blank lines.
fn wrapped(body: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut literal, mut tagged) = (false, false);
    for line in body.lines() {
        match line.split(' ').next() {
            Some(".EX") => literal = true,
            Some(".EE") => literal = false,
            Some(".TP" | ".IP") => tagged = true,
            Some(".PP" | ".SH" | ".SS") => tagged = false,
            _ => {}
        }
        if line.trim().is_empty() && !literal {
            lines.push(if tagged { ".IP" } else { ".PP" }.to_owned());
        } else if line.starts_with('.') || literal || line.len() <= 80 {
            lines.push(line.to_owned());
        } else {
            let mut row = String::new();
            for word in line.split(' ') {
                if !row.is_empty() && row.len() + 1 + word.len() > 80 {
                    lines.push(std::mem::take(&mut row));
                }
                let word = if row.is_empty() && word.starts_with('.') { format!(r"\&{word}") } else { word.to_owned() };
                row += &if row.is_empty() { word } else { format!(" {word}") };
            }
            lines.push(row);
        }
    }
    // A paragraph is nothing at the end of a section, before another paragraph, or behind a heading.
    let is_heading = |line: &str| line.starts_with(".SH") || line.starts_with(".SS");
    let starts = |line: &str| is_heading(line) || [".PP", ".IP", ".TP", ".RS", ".RE"].contains(&line);
    let mut kept: Vec<String> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let is_empty = line == ".PP" || line == ".IP";
        let next = lines.get(index + 1).map_or(".SH", String::as_str);
        if is_empty && (starts(next) || kept.last().is_some_and(|last| is_heading(last))) {
            continue;
        }
        kept.push(line.clone());
    }
    kept.join("\n") + "\n"
}
