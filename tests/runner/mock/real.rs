//! Around the real mock, where it is installed.
