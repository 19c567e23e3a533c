//! Holds nothing: the tests of the workspace are one binary, `it/main.rs`.
