//! Feeds [`otel_run_fuzz::log`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::log::check(data);
});
