//! How long to wait before the next attempt: a pure function of attempts and chance.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);
/// A longer wish of the server is cut to this, so that a wrong clock cannot park a run for days.
const LONGEST_WISH: Duration = Duration::from_secs(300);

/// The wait after `attempts` failed attempts: doubling with jitter (half of it fixed, half by `chance` in 0..1), or
/// what the server asked for, which counts more (OTLP, "Throttling").
pub(super) fn wait(attempts: u32, asked: Option<Duration>, chance: f64) -> Duration {
    if let Some(asked) = asked {
        return asked.min(LONGEST_WISH);
    }
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST);
    doubled.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!(wait(1, None, 1.0), Duration::from_millis(100));
        assert_eq!(wait(1, None, 0.0), Duration::from_millis(50));
        assert_eq!(wait(4, None, 1.0), Duration::from_millis(800));
        assert_eq!(wait(60, None, 1.0), LONGEST);
    }

    #[test]
    fn what_the_server_asks_for_counts_more() {
        assert_eq!(wait(9, Some(Duration::from_secs(7)), 0.5), Duration::from_secs(7));
        assert_eq!(wait(1, Some(Duration::ZERO), 0.5), Duration::ZERO);
        assert_eq!(wait(1, Some(Duration::from_secs(1 << 40)), 0.5), LONGEST_WISH);
    }
}
