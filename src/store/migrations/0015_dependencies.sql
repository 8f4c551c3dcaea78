-- What packages provide and need, as the newest build of each that succeeded in the main directory
-- has it. It goes with that build.
CREATE TABLE package_headers (
    package_id INTEGER PRIMARY KEY REFERENCES packages (id) ON DELETE CASCADE,
    build_id   INTEGER NOT NULL REFERENCES builds (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX package_headers_by_build ON package_headers (build_id);

-- Kinds: 0 it provides this, 1 its sources need it, 2 its binaries need it.
CREATE TABLE package_links (
    project_id INTEGER NOT NULL,
    kind       INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    name       TEXT    NOT NULL,
    package_id INTEGER NOT NULL REFERENCES package_headers (package_id) ON DELETE CASCADE,
    PRIMARY KEY (project_id, kind, name, package_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_links_by_package ON package_links (package_id, kind);
