-- Times are unix seconds. States are the wire names of model::state. Lists are JSON arrays.
-- AUTOINCREMENT where an id outlives its row in addresses or directory names.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    email         TEXT,
    admin         INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    password_hash TEXT,
    created_on    INTEGER NOT NULL
) STRICT;

CREATE TABLE groups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    created_on INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- API tokens. Only the SHA-256 of the secret is kept.
CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    login        TEXT    NOT NULL UNIQUE,
    token_hash   BLOB    NOT NULL,
    label        TEXT    NOT NULL,
    created_on   INTEGER NOT NULL,
    expires_on   INTEGER NOT NULL,
    last_used_on INTEGER
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id);

-- Browser sessions, by the SHA-256 of the cookie.
CREATE TABLE sessions (
    id_hash    BLOB    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_on INTEGER NOT NULL,
    expires_on INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_on);

-- One-time links that log a user in, by the SHA-256 of their secret.
CREATE TABLE login_links (
    secret_hash BLOB    PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_on  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_links_by_user ON login_links (user_id);

-- The chroots this server offers; the recipe is model::chroot::ChrootRecipe as JSON.
CREATE TABLE chroots (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL UNIQUE,
    recipe  TEXT    NOT NULL,
    comment TEXT    NOT NULL DEFAULT '',
    active  INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;

-- The owner is kept as clients write it, "alice" or "@devs": every look-up comes that way.
CREATE TABLE projects (
    id                            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner                         TEXT    NOT NULL,
    name                          TEXT    NOT NULL,
    creator_id                    INTEGER NOT NULL REFERENCES users (id),
    created_on                    INTEGER NOT NULL,
    persistent                    INTEGER NOT NULL CHECK (persistent IN (0, 1)),
    key_fingerprint               TEXT,
    delete_after                  INTEGER,
    description                   TEXT    NOT NULL,
    instructions                  TEXT    NOT NULL,
    homepage                      TEXT,
    contact                       TEXT,
    additional_repos              TEXT    NOT NULL,
    runtime_dependencies          TEXT    NOT NULL,
    unlisted                      INTEGER NOT NULL CHECK (unlisted IN (0, 1)),
    enable_net                    INTEGER NOT NULL CHECK (enable_net IN (0, 1)),
    auto_prune                    INTEGER NOT NULL CHECK (auto_prune IN (0, 1)),
    manual_createrepo             INTEGER NOT NULL CHECK (manual_createrepo IN (0, 1)),
    multilib                      INTEGER NOT NULL CHECK (multilib IN (0, 1)),
    module_hotfixes               INTEGER NOT NULL CHECK (module_hotfixes IN (0, 1)),
    fedora_review                 INTEGER NOT NULL CHECK (fedora_review IN (0, 1)),
    appstream                     INTEGER NOT NULL CHECK (appstream IN (0, 1)),
    bootstrap                     TEXT    NOT NULL,
    isolation                     TEXT    NOT NULL,
    follow_fedora_branching       INTEGER NOT NULL CHECK (follow_fedora_branching IN (0, 1)),
    packit_forge_projects_allowed TEXT    NOT NULL,
    repo_priority                 INTEGER,
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE dirs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    created_on INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

-- A row stays for some days after the project has switched the chroot off: delete_after is set.
CREATE TABLE project_chroots (
    project_id          INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    chroot_id           INTEGER NOT NULL REFERENCES chroots (id),
    delete_after        INTEGER,
    additional_repos    TEXT    NOT NULL DEFAULT '[]',
    additional_packages TEXT    NOT NULL DEFAULT '[]',
    additional_modules  TEXT    NOT NULL DEFAULT '[]',
    with_opts           TEXT    NOT NULL DEFAULT '[]',
    without_opts        TEXT    NOT NULL DEFAULT '[]',
    bootstrap           TEXT,
    bootstrap_image     TEXT,
    isolation           TEXT,
    comps_name          TEXT,
    comps               TEXT,
    PRIMARY KEY (project_id, chroot_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_chroots_by_chroot ON project_chroots (chroot_id);

-- Roles: 0 nothing, 1 request, 2 approved, as Copr numbers them.
CREATE TABLE permissions (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    builder    INTEGER NOT NULL CHECK (builder BETWEEN 0 AND 2),
    admin      INTEGER NOT NULL CHECK (admin BETWEEN 0 AND 2),
    PRIMARY KEY (project_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX permissions_by_user ON permissions (user_id);

-- The source is model::source::SourceSpec as JSON.
CREATE TABLE packages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id      INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    webhook_rebuild INTEGER NOT NULL DEFAULT 0 CHECK (webhook_rebuild IN (0, 1)),
    max_builds      INTEGER NOT NULL DEFAULT 0,
    timeout         INTEGER,
    chroot_denylist TEXT    NOT NULL DEFAULT '[]',
    UNIQUE (project_id, name)
) STRICT;

-- A set of builds; those of a blocked set wait until every build of the other is finished.
CREATE TABLE batches (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    blocked_by INTEGER REFERENCES batches (id)
) STRICT;

CREATE INDEX batches_by_blocker ON batches (blocked_by) WHERE blocked_by IS NOT NULL;

-- `state` is derived (model::state::BuildState::derive) and written with every change of a part,
-- so that lists can filter on it by index. Chroots that the submitter chose are given at once, as
-- waiting build_chroots; without a choice they are given, less `chroots_excluded`, when the package
-- is known.
CREATE TABLE builds (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id        INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    dir_id            INTEGER NOT NULL REFERENCES dirs (id),
    package_id        INTEGER REFERENCES packages (id),
    version           TEXT,
    srpm              TEXT,
    submitter_id      INTEGER REFERENCES users (id),
    submitted_on      INTEGER NOT NULL,
    source            TEXT    NOT NULL,
    source_state      TEXT    NOT NULL CHECK (source_state IN
        ('pending', 'starting', 'running', 'importing', 'succeeded', 'failed', 'canceled', 'forked')),
    source_message    TEXT,
    source_started_on INTEGER,
    source_ended_on   INTEGER,
    canceled          INTEGER NOT NULL DEFAULT 0 CHECK (canceled IN (0, 1)),
    state             TEXT    NOT NULL,
    started_on        INTEGER,
    ended_on          INTEGER,
    background        INTEGER NOT NULL CHECK (background IN (0, 1)),
    timeout           INTEGER NOT NULL,
    enable_net        INTEGER NOT NULL CHECK (enable_net IN (0, 1)),
    bootstrap         TEXT,
    isolation         TEXT,
    chroots_excluded  TEXT    NOT NULL DEFAULT '[]',
    batch_id          INTEGER REFERENCES batches (id)
) STRICT;
CREATE INDEX builds_by_project ON builds (project_id, id);
CREATE INDEX builds_by_project_state ON builds (project_id, state, id);
CREATE INDEX builds_by_package ON builds (package_id, id) WHERE package_id IS NOT NULL;
CREATE INDEX builds_by_dir ON builds (dir_id, id);
CREATE INDEX builds_by_submitter ON builds (submitter_id, id) WHERE submitter_id IS NOT NULL;
CREATE INDEX builds_by_batch ON builds (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX builds_unfinished ON builds (project_id, id)
    WHERE state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled');

CREATE TABLE build_chroots (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    build_id   INTEGER NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    chroot_id  INTEGER NOT NULL REFERENCES chroots (id),
    -- Copied from the build, so that one index answers "what is in this repository".
    dir_id     INTEGER NOT NULL REFERENCES dirs (id),
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'pending', 'starting', 'running',
        'succeeded', 'failed', 'canceled', 'skipped', 'forked')),
    message    TEXT,
    started_on INTEGER,
    ended_on   INTEGER,
    result_dir TEXT,
    UNIQUE (build_id, chroot_id)
) STRICT;
CREATE INDEX build_chroots_published ON build_chroots (dir_id, chroot_id, id)
    WHERE state IN ('succeeded', 'forked');
-- Whole, not partial: deleting a directory looks here for what refers to it.
CREATE INDEX build_chroots_by_dir ON build_chroots (dir_id);
CREATE INDEX build_chroots_by_chroot ON build_chroots (chroot_id, id);

-- What a chroot build made: one row for each RPM file in its result directory.
CREATE TABLE built_packages (
    id              INTEGER PRIMARY KEY,
    build_chroot_id INTEGER NOT NULL REFERENCES build_chroots (id) ON DELETE CASCADE,
    file            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    epoch           INTEGER,
    version         TEXT    NOT NULL,
    release         TEXT    NOT NULL,
    arch            TEXT    NOT NULL,
    UNIQUE (build_chroot_id, file)
) STRICT;

-- Queued work. A row lives until the work is done; a restart puts running ones back.
-- source: make the SRPM of a build. chroot: build one chroot of it. tidy: bring repositories in
-- line with the tables and remove directories (payload: model::job::Tidy as JSON).
CREATE TABLE jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('source', 'chroot', 'tidy')),
    build_id        INTEGER REFERENCES builds (id) ON DELETE CASCADE,
    build_chroot_id INTEGER REFERENCES build_chroots (id) ON DELETE CASCADE,
    owner           TEXT    NOT NULL DEFAULT '',
    background      INTEGER NOT NULL DEFAULT 0 CHECK (background IN (0, 1)),
    payload         TEXT,
    state           TEXT    NOT NULL CHECK (state IN ('queued', 'running')),
    -- chroot jobs: 'publish' once the packages are built and only signing and publishing is left.
    phase           TEXT    NOT NULL DEFAULT 'build' CHECK (phase IN ('build', 'publish')),
    attempt         INTEGER NOT NULL DEFAULT 0,
    queued_on       INTEGER NOT NULL,
    not_before      INTEGER NOT NULL DEFAULT 0,
    CHECK ((kind = 'tidy') = (payload IS NOT NULL)),
    CHECK ((kind = 'chroot') = (build_chroot_id IS NOT NULL)),
    CHECK ((kind = 'tidy') = (build_id IS NULL))
) STRICT;
CREATE INDEX jobs_queued ON jobs (kind, background, owner, id) WHERE state = 'queued';
CREATE INDEX jobs_publishing ON jobs (id) WHERE phase = 'publish';
CREATE INDEX jobs_running ON jobs (owner) WHERE state = 'running';
CREATE INDEX jobs_by_build ON jobs (build_id) WHERE build_id IS NOT NULL;
CREATE INDEX jobs_by_build_chroot ON jobs (build_chroot_id) WHERE build_chroot_id IS NOT NULL;
