//! The results tree on disk: layout, metadata, signatures.
