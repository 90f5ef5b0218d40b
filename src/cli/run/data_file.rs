//! The data file that a command works on.

use std::path::Path;

use crate::cli::api_error::{ApiError, HIDDEN_DATA, NO_DATA};

/// Checks that the file is there: a mistyped name must not create one.
pub fn require(data: &Path) -> Result<(), ApiError> {
    let refusal = match data.try_exists() {
        Ok(true) => return Ok(()),
        Ok(false) => NO_DATA.error(),
        Err(_) => HIDDEN_DATA.error(),
    };
    Err(ApiError::from(refusal).with("data", data.display()))
}
