-- Counts over time, each in two widths: stretches of `span` seconds that begin at `at`. Short ones
-- are for the last day, long ones for the last months; older ones are forgotten.

-- The most that waited, and the most that were at work, in each stretch.
CREATE TABLE queue_samples (
    span    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    working INTEGER NOT NULL,
    PRIMARY KEY (span, at)
) STRICT, WITHOUT ROWID;

-- What was built in each chroot, and how long that took in all.
CREATE TABLE chroot_counts (
    span      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    chroot_id INTEGER NOT NULL REFERENCES chroots (id) ON DELETE CASCADE,
    succeeded INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    seconds   INTEGER NOT NULL,
    PRIMARY KEY (span, at, chroot_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chroot_counts_by_chroot ON chroot_counts (chroot_id, span, at);

-- How often chroots of each project were built in each stretch of thirty days.
CREATE TABLE project_counts (
    at         INTEGER NOT NULL,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    builds     INTEGER NOT NULL,
    PRIMARY KEY (project_id, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_counts_by_builds ON project_counts (at, builds);

-- Here, not where states are set: whatever ends a build is counted. One that never began (its
-- sources failed) is not.
CREATE TRIGGER build_chroot_ended AFTER UPDATE OF state ON build_chroots
WHEN NEW.state IN ('succeeded', 'failed') AND OLD.state IN ('starting', 'running')
    AND OLD.started_on IS NOT NULL AND NEW.ended_on IS NOT NULL
BEGIN
    INSERT INTO chroot_counts (span, at, chroot_id, succeeded, failed, seconds)
    VALUES
        (3600, NEW.ended_on / 3600 * 3600, NEW.chroot_id, NEW.state = 'succeeded',
            NEW.state = 'failed', max(NEW.ended_on - OLD.started_on, 0)),
        (86400, NEW.ended_on / 86400 * 86400, NEW.chroot_id, NEW.state = 'succeeded',
            NEW.state = 'failed', max(NEW.ended_on - OLD.started_on, 0))
    ON CONFLICT DO UPDATE SET succeeded = succeeded + excluded.succeeded,
        failed = failed + excluded.failed, seconds = seconds + excluded.seconds;
    INSERT INTO project_counts (at, project_id, builds)
    SELECT NEW.ended_on / 2592000 * 2592000, project_id, 1 FROM builds WHERE id = NEW.build_id
    ON CONFLICT DO UPDATE SET builds = builds + 1;
END;

-- What was built before there was anybody to count.
INSERT INTO chroot_counts (span, at, chroot_id, succeeded, failed, seconds)
SELECT 86400, ended_on / 86400 * 86400, chroot_id, sum(state = 'succeeded'),
    sum(state = 'failed'), sum(max(ended_on - started_on, 0))
FROM build_chroots
WHERE state IN ('succeeded', 'failed') AND started_on IS NOT NULL
    AND ended_on > unixepoch() - 90 * 86400
GROUP BY 2, 3;
INSERT INTO project_counts (at, project_id, builds)
SELECT c.ended_on / 2592000 * 2592000, b.project_id, count(*)
FROM build_chroots c JOIN builds b ON b.id = c.build_id
WHERE c.state IN ('succeeded', 'failed') AND c.ended_on > unixepoch() - 90 * 86400
GROUP BY 1, 2;

-- What has ended lately, in all projects.
CREATE INDEX builds_by_end ON builds (ended_on, id) WHERE ended_on IS NOT NULL;
