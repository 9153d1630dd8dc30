//! `--indicator` and `--indicators`.

use anyhow::{Result, bail};
use remora_adhoc::{Indicator, read_file};

use crate::args::DetectorArgs;

/// Problems that are written out; a wrong file has as many as lines.
const SHOWN: usize = 20;

/// Whether any indicator is given.
pub(super) fn are_given(args: &DetectorArgs) -> bool {
    !args.indicator.is_empty() || !args.indicators.is_empty()
}

/// The configuration of the detector for the indicators of the arguments, if
/// there are any.
pub(super) fn config(args: &DetectorArgs) -> Result<Option<String>> {
    if !are_given(args) {
        return Ok(None);
    }
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for text in &args.indicator {
        match Indicator::read(text) {
            Ok(indicator) => {
                if !Indicator::is_typed(text) {
                    tracing::warn!("--indicator {text} is taken as {indicator}");
                }
                all.push(indicator);
            }
            Err(message) => problems.push(format!("--indicator: {message}")),
        }
    }
    for path in &args.indicators {
        match read_file(path) {
            Ok((indicators, guessed)) => {
                if guessed > 0 {
                    tracing::warn!(
                        "{}: the type of {guessed} of {} indicators was guessed from the value; write TYPE:VALUE to name it",
                        path.display(),
                        indicators.len()
                    );
                }
                all.extend(indicators);
            }
            Err(of_file) => problems.extend(of_file.iter().map(ToString::to_string)),
        }
    }
    let more = problems.len().saturating_sub(SHOWN);
    problems.truncate(SHOWN);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    if !problems.is_empty() {
        bail!("these indicators cannot be looked for; nothing was read\n{}", problems.join("\n"));
    }
    Ok(Some(remora_adhoc::config(&all)))
}
