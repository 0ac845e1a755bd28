//! Servers behind URLs, on real sockets: what they do to their clients, and what jsarena makes of it.
#![cfg(unix)]

mod command;
#[path = "../common/mod.rs"]
mod common;
mod driven;
mod server;
mod tools;
