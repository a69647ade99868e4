//! Feeds [`otel_run_fuzz::transform`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::transform::check(data);
});
