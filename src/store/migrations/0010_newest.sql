-- A repository's newest chroot build, whatever became of it, is found at once.
DROP INDEX build_chroots_by_dir;
CREATE INDEX build_chroots_by_dir ON build_chroots (dir_id, chroot_id, id);
