//! The user whose process this is.

/// Returns the user whom the system lets this process be.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
