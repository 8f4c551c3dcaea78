//! APIv3, one file for each namespace.
