//! How an SRPM comes to be, one file for each way of handing over sources.

pub mod address;
pub mod download;
