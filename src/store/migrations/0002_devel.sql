-- What a project that decides itself when builds enter its repository has built since: published
-- in the "devel" repository only.
ALTER TABLE build_chroots
    ADD COLUMN in_devel INTEGER NOT NULL DEFAULT 0 CHECK (in_devel IN (0, 1));
CREATE INDEX build_chroots_in_devel ON build_chroots (dir_id) WHERE in_devel = 1;
