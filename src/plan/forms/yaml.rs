//! Strings in YAML, as every reader of it has them: YAML 1.1, which Kubernetes reads, and 1.2.

/// The text in double quotes (YAML 1.2.2, section 7.3.1). Without them `no`, `1e3` or `~` would be no strings.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Line breaks of YAML 1.1, and what is not printable (section 5.1).
            other
                if other.is_control()
                    || matches!(other, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04X}", u32::from(other)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
