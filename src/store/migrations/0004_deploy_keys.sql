-- The private keys with which packages' sources are cloned over ssh.
CREATE TABLE deploy_keys (
    package_id  INTEGER PRIMARY KEY REFERENCES packages (id) ON DELETE CASCADE,
    private_key TEXT    NOT NULL
);
