//! What the tests and the fuzzer share.

pub mod fuzz;
