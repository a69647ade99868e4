//! `runs`: a list of what was run.

use super::said::Said;
use crate::cli::Options;
use crate::error::Error;

pub(super) fn runs(options: &Options, json: bool, limit: Option<usize>) -> Result<(), Error> {
    let _ = (Said::gather_strictly(options)?, json, limit);
    Ok(())
}
