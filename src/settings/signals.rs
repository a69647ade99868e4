//! Signals with commas between them.

use super::choice;
use crate::otlp::Signal;

/// Reads some of `traces`, `metrics` and `logs`, each of them once in the result. None at all are none. The error is a
/// sentence.
pub fn read_any(text: &str) -> Result<Vec<Signal>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let mut signals = words.map(|word| choice::read(choice::SIGNAL, word)).collect::<Result<Vec<Signal>, String>>()?;
    signals.sort();
    signals.dedup();
    Ok(signals)
}

/// The same, but at least one.
pub fn read(text: &str) -> Result<Vec<Signal>, String> {
    let signals = read_any(text)?;
    match signals.is_empty() {
        true => Err(format!("it names no signal; write some of {}", Signal::ALL.map(Signal::as_str).join(", "))),
        false => Ok(signals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_named_once_and_there_is_one() {
        use Signal::{Logs, Metrics, Traces};
        for (text, signals) in [
            ("traces", vec![Traces]),
            (" Logs , traces,logs,", vec![Traces, Logs]),
            ("metrics,logs,traces", vec![Traces, Metrics, Logs]),
        ] {
            assert_eq!(read(text), Ok(signals), "{text}");
        }
        assert_eq!(read(" , "), Err("it names no signal; write some of traces, metrics, logs".to_owned()));
        assert_eq!(read_any(""), Ok(vec![]));
        let mistake = "\"trace\" is not one of traces, metrics, logs; did you mean traces?";
        assert_eq!(read("logs,trace"), Err(mistake.to_owned()));
    }
}
