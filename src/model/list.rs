//! Which part of a list is wanted.

/// A part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// How many rows at the most; `None`: all.
    pub limit: Option<u32>,
    /// How many rows to skip.
    pub offset: u64,
}

impl Slice {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Slice {
        Slice { limit: Some(limit), offset: 0 }
    }
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// What lists of packages can be ordered by, each by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// The order in which they were made.
    #[default]
    Id,
    /// The name.
    Name,
}

/// What lists of projects can be ordered by: what Copr keeps of a project that has an order.
///
/// By id, date and name the rows come out of an index. For the others all the projects are read, those
/// of the owner or those of the server, which costs what a search costs; an index for each would
/// cost more than these orders are worth, as nobody pages along them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectKey {
    /// The order in which they were made.
    #[default]
    Id,
    /// The name.
    Name,
    /// The text that describes it.
    Description,
    /// The text that says how to install.
    Instructions,
    /// The web address; those without come last.
    Homepage,
    /// The address of who is to be asked; those without come last.
    Contact,
    /// When it was made.
    CreatedOn,
    /// When a temporary one goes away; the others come last.
    DeleteAfter,
    /// The priority of its repositories; those without come last.
    RepoPriority,
}

impl ProjectKey {
    /// All, with the words that clients have for them.
    pub const ALL: [(&'static str, ProjectKey); 9] = [
        ("id", ProjectKey::Id),
        ("name", ProjectKey::Name),
        ("description", ProjectKey::Description),
        ("instructions", ProjectKey::Instructions),
        ("homepage", ProjectKey::Homepage),
        ("contact", ProjectKey::Contact),
        ("created_on", ProjectKey::CreatedOn),
        ("delete_after", ProjectKey::DeleteAfter),
        ("repo_priority", ProjectKey::RepoPriority),
    ];
}

/// What the chroots of a build can be ordered by: what Copr keeps of one that has an order. They
/// are few, and ordered when they have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChrootKey {
    /// The order in which they were given.
    #[default]
    Id,
    /// The number of the state.
    Status,
    /// When it started; those that have not come last.
    StartedOn,
    /// When it ended; those that have not come last.
    EndedOn,
    /// The name of the directory with the results; those without come last.
    ResultDir,
}

impl ChrootKey {
    /// All, with the words that clients have for them. Older clients say name, and Copr takes that
    /// for the id.
    pub const ALL: [(&'static str, ChrootKey); 6] = [
        ("id", ChrootKey::Id),
        ("name", ChrootKey::Id),
        ("status", ChrootKey::Status),
        ("started_on", ChrootKey::StartedOn),
        ("ended_on", ChrootKey::EndedOn),
        ("result_dir", ChrootKey::ResultDir),
    ];
}
