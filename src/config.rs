//! The settings: a TOML file, the environment, and the command line, in rising order.
