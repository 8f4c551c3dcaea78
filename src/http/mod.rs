//! What all HTTP answers share: files, headers, compression, logging.
