//! What a running server tells its administrators about itself.

use crate::base::error::Result;
use crate::base::time::Time;
use crate::diagnostics::{deployment, rows};
use crate::model::deployment::{Deployment, LastLook};
use crate::model::finding::{Finding, Level, span};
use crate::store::Tx;

/// How long a look at the files may take, in seconds: they are few.
const LONG: i64 = 60;

/// Looks at the files, and notes what is found for [`warnings`]. For a thread of its own: some of them may be far away, and never answer.
pub fn look_at_files(deployment: &Deployment, now: Time) {
    deployment.noted.begin(now);
    deployment.noted.end(deployment::check_files(deployment, now));
}

/// Returns what is wrong or could be better, the worst first; of files what was last noted. What takes long, and what the dashboard shows
/// anyway, is left to `keyfob doctor`.
/// # Errors
/// Only those of the store.
pub fn warnings(tx: &Tx<'_>, deployment: &Deployment) -> Result<Vec<Finding>> {
    let noted = deployment.noted.now();
    let of_server = deployment::check_settings(deployment, tx.now).into_iter().chain(unanswered(&noted, tx.now)).chain(noted.found);
    let found = of_server.chain(rows::check(tx, tx.now)?);
    let mut warnings: Vec<Finding> = found.filter(|finding| finding.level != Level::Ok).collect();
    warnings.sort_by_key(|finding| finding.level != Level::Problem);
    Ok(warnings)
}

/// Returns what is wrong if the files do not answer.
fn unanswered(noted: &LastLook, now: Time) -> Option<Finding> {
    let begun_at = noted.begun_at.filter(|begun_at| !begun_at.is_within(LONG, now))?;
    let text = format!("for {} some file of the server has not answered", span(now.seconds() - begun_at.seconds()));
    Some(Finding::problem("files", text, "see whether the folders of the data file, the certificate and the backups can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Clock;
    use crate::model::deployment::NotedFindings;

    #[test]
    fn files_that_do_not_answer_are_told_and_what_was_found_before_stays() {
        let (noted, begun_at) = (NotedFindings::default(), Clock::System.now());
        noted.end(vec![Finding::ok("wal", "small")]);
        noted.begin(begun_at);
        let told_after = |seconds| unanswered(&noted.now(), begun_at.plus_seconds(seconds)).map(|finding| finding.found);
        assert_eq!(told_after(1), None);
        assert_eq!(told_after(600).as_deref(), Some("for 10 minutes some file of the server has not answered"));
        assert_eq!(noted.now().found.len(), 1);
        noted.end(Vec::new());
        assert_eq!(told_after(600), None);
    }
}
