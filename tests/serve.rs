//! The server from outside: real processes, real sockets.
#![cfg(unix)]

#[path = "serve/answers.rs"]
mod answers;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/operating.rs"]
mod operating;
#[path = "serve/per_core.rs"]
mod per_core;
#[path = "serve/server.rs"]
mod server;
#[path = "serve/shutdown.rs"]
mod shutdown;
#[path = "serve/statuses.rs"]
mod statuses;
#[path = "serve/switching.rs"]
mod switching;

use client::Client;
use server::{Server, eventually, is_built};
