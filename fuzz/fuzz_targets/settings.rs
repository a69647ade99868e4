//! Feeds [`otel_run_fuzz::settings`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::settings::check(data);
});
