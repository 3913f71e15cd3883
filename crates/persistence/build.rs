//! The migrations are embedded when this crate is compiled, and cargo does not see a new folder of them by itself.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../migrations");
}
