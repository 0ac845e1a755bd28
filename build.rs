//! Has the program built anew when a workload changes: the suites are part of it, and a file that is new to
//! `workloads/` would go unnoticed otherwise.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=workloads");
}
