//! The engine with everything but a builder: what is handed in is published in earnest.

mod dependencies;
mod devel;
mod fixture;
mod forks;
mod house;
mod janitor;
mod review;
mod uploads;
