//! Feeds [`otel_run_fuzz::baggage`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::baggage::check(data);
});
