-- The secret in the addresses that webhooks of a project are sent to.
ALTER TABLE projects ADD COLUMN webhook_secret TEXT;

-- When the data of a chroot go away that the server no longer offers; NULL keeps them.
ALTER TABLE project_chroots ADD COLUMN retire_after INTEGER;

-- What goes away by itself is found by index.
CREATE INDEX projects_ending ON projects (id) WHERE delete_after IS NOT NULL;
CREATE INDEX project_chroots_ending ON project_chroots (project_id, chroot_id)
    WHERE delete_after IS NOT NULL OR retire_after IS NOT NULL;
CREATE INDEX packages_limited ON packages (id) WHERE max_builds > 0;
CREATE INDEX dirs_of_pull_requests ON dirs (id) WHERE instr(name, ':pr:') > 0;

-- A chroot build without a result directory has lost its packages, though it stays on record: it
-- is in no repository any more.
DROP INDEX build_chroots_published;
CREATE INDEX build_chroots_published ON build_chroots (dir_id, chroot_id, id)
    WHERE state IN ('succeeded', 'forked') AND result_dir IS NOT NULL;
CREATE INDEX build_chroots_failed ON build_chroots (dir_id, chroot_id, id)
    WHERE state IN ('failed', 'canceled') AND result_dir IS NOT NULL;
