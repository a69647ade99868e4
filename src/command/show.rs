//! `show`: one run as a tree.

use super::said::Said;
use crate::cli::Options;
use crate::error::Error;

pub(super) fn show(options: &Options, run: Option<&str>, all: bool, json: bool) -> Result<(), Error> {
    let _ = (Said::gather_strictly(options)?, run, all, json);
    Ok(())
}
