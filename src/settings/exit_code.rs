//! Exit codes as people write them.

use std::ops::RangeInclusive;

/// What can be an answer and no error. 0 is success whatever is said, and a process has one byte for its exit code.
pub const RANGE: RangeInclusive<i32> = 1..=255;

/// Reads one code. The error is a sentence.
pub fn read(text: &str) -> Result<i32, String> {
    let text = text.trim();
    let code = text.parse().ok().filter(|code| RANGE.contains(code));
    code.ok_or_else(|| format!("\"{text}\" is not an exit code from 1 to 255"))
}

/// Reads codes with commas between them.
pub fn read_list(text: &str) -> Result<Vec<i32>, String> {
    let codes: Result<Vec<i32>, String> =
        text.split(',').map(str::trim).filter(|code| !code.is_empty()).map(read).collect();
    codes.map(sorted)
}

/// Each code once, the smallest first.
pub fn sorted(mut codes: Vec<i32>) -> Vec<i32> {
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn codes() {
        for (text, expected) in [("1", vec![1]), (" 3, 1,3 ,", vec![1, 3]), ("255", vec![255]), (",", vec![])] {
            assert_eq!(read_list(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["0", "256", "-1", "x", "1.0", "99999999999"] {
            let sentence = format!("\"{text}\" is not an exit code from 1 to 255");
            assert_eq!(read(text), Err(sentence.clone()));
            assert_eq!(read_list(&format!("1,{text}")), Err(sentence));
        }
        assert_eq!(read(""), Err("\"\" is not an exit code from 1 to 255".to_owned()));
    }
}
