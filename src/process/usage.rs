//! What the command used, as the kernel accounts for it.

/// What `ru_inblock` and `ru_oublock` count, in bytes.
const BLOCK: u64 = 512;

/// Resources of the command and of those of its descendants that were waited for (`getrusage(2)`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor time in user mode, in seconds.
    pub user_seconds: f64,
    /// Processor time in the kernel, in seconds.
    pub system_seconds: f64,
    /// The largest resident set of any single process among them, in bytes.
    pub max_rss_bytes: u64,
    /// Page faults served without I/O.
    pub minor_faults: u64,
    /// Page faults that needed I/O.
    pub major_faults: u64,
    /// Times a process gave up the processor to wait.
    pub voluntary_switches: u64,
    /// Times a process was taken off the processor.
    pub involuntary_switches: u64,
    /// Bytes that were really read from a block device.
    pub block_input_bytes: u64,
    /// Bytes that were really written to a block device.
    pub block_output_bytes: u64,
}

impl Usage {
    pub(super) fn from_rusage(usage: &libc::rusage) -> Self {
        // Linux counts the resident set in KiB, macOS in bytes.
        let rss_unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        Self {
            user_seconds: seconds(usage.ru_utime),
            system_seconds: seconds(usage.ru_stime),
            max_rss_bytes: count(usage.ru_maxrss) * rss_unit,
            minor_faults: count(usage.ru_minflt),
            major_faults: count(usage.ru_majflt),
            voluntary_switches: count(usage.ru_nvcsw),
            involuntary_switches: count(usage.ru_nivcsw),
            block_input_bytes: count(usage.ru_inblock) * BLOCK,
            block_output_bytes: count(usage.ru_oublock) * BLOCK,
        }
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

fn count(value: libc::c_long) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
