//! Which chroots a build goes to when its submitter named none.

use super::{ChrootName, glob};

/// The chroots of a project that remain when those excluded for the build and those on the
/// package's denylist (globs) are taken away.
pub fn chroots(
    enabled: &[ChrootName],
    excluded: &[String],
    denylist: &[String],
) -> Vec<ChrootName> {
    let is_excluded = |name: &&ChrootName| excluded.iter().any(|other| other == name.as_str());
    let is_denied =
        |name: &&ChrootName| denylist.iter().any(|pattern| glob::fits(pattern, name.as_str()));
    enabled.iter().filter(|name| !is_excluded(name) && !is_denied(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_excluded_or_denied_is_left_out() {
        let enabled: Vec<ChrootName> = ["fedora-42-x86_64", "fedora-43-x86_64", "epel-9-x86_64"]
            .iter()
            .map(|name| name.parse().unwrap())
            .collect();
        let left = chroots(&enabled, &["fedora-43-x86_64".into()], &["epel-*".into()]);
        assert_eq!(left, enabled[..1]);
        assert_eq!(chroots(&enabled, &[], &[]), enabled);
        assert!(chroots(&enabled, &[], &["*".into()]).is_empty());
    }
}
