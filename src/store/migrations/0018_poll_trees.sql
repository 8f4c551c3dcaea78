-- What the directory of a package that is polled held the last time: git's own name for it.
ALTER TABLE polls ADD COLUMN tree TEXT;
