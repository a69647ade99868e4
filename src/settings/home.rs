//! Folders of the user: where the user's settings file is, and what `~` stands for.

use std::path::{Path, PathBuf};

use super::value::{Origin, Sourced};
use super::variables;
use crate::environment::Environment;

/// `path` with a leading `~` replaced by the home folder; shells do that only at the beginning of a word.
pub fn expand(path: &Path, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), environment.raw(variables::HOME)) {
        (Ok(rest), Some(home)) if !home.is_empty() => Path::new(home).join(rest),
        _ => path.to_owned(),
    }
}

/// Where the user's settings file is: `--config` (given as `flag`), `OTEL_RUN_CONFIG`, or
/// `$XDG_CONFIG_HOME/otel-run/config.toml` with `~/.config` as the fallback (XDG Base Directory Specification;
/// a relative `XDG_CONFIG_HOME` is ignored). Only a path with the origin [`Origin::Default`] may be missing on disk
/// without that being a mistake. None where no home is known.
pub fn user_file(flag: Option<&Path>, environment: &Environment) -> Option<Sourced<PathBuf>> {
    if let Some(path) = flag {
        return Some(Sourced::new(path.to_owned(), Origin::Flag("--config")));
    }
    let set = |name: &str| environment.raw(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set(variables::RUN_CONFIG) {
        let origin = Origin::Variable(variables::RUN_CONFIG.to_owned());
        return Some(Sourced::new(expand(&path, environment), origin));
    }
    let folder = set(variables::XDG_CONFIG_HOME)
        .filter(|path| path.is_absolute())
        .or_else(|| set(variables::HOME).map(|home| home.join(".config")))?;
    Some(Sourced::default_value(folder.join("otel-run").join("config.toml")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_user_file_is_found() {
        let all = [("OTEL_RUN_CONFIG", "~/o.toml"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/u")];
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>);
        let cases: [Case<'_>; 6] = [
            (Some("f.toml"), &all, Some("f.toml")),
            (None, &all, Some("/home/u/o.toml")),
            (None, &all[1..], Some("/x/otel-run/config.toml")),
            (None, &all[2..], Some("/home/u/.config/otel-run/config.toml")),
            (None, &[("XDG_CONFIG_HOME", "relative"), ("HOME", "/h")], Some("/h/.config/otel-run/config.toml")),
            (None, &[], None),
        ];
        for (flag, variables, expected) in cases {
            let found = user_file(flag.map(Path::new), &variables.iter().copied().collect());
            assert_eq!(found.map(|found| found.value), expected.map(PathBuf::from), "{flag:?} {variables:?}");
        }
    }

    #[test]
    fn only_a_leading_tilde_is_the_home() {
        let environment: Environment = [("HOME", "/home/u")].into_iter().collect();
        for (path, expected) in [("~/a", "/home/u/a"), ("/~/a", "/~/a"), ("~u/a", "~u/a"), ("a/~", "a/~")] {
            assert_eq!(expand(Path::new(path), &environment), Path::new(expected));
        }
        assert_eq!(expand(Path::new("~/a"), &Environment::default()), Path::new("~/a"));
    }
}
