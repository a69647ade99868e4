//! Feeds [`otel_run_fuzz::log_edits`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::log_edits::check(data);
});
