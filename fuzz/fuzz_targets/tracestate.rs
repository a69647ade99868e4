//! Feeds [`otel_run_fuzz::tracestate`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    otel_run_fuzz::tracestate::check(data);
});
