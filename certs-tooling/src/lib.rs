//! Certificates for the webhook: an authority, a serving certificate, and the folder they live in.
//!
//! Talks to no cluster and to no network. Time is an argument everywhere; only the binary reads
//! the clock.
//!
//! ```
//! use countersign_certs::{Authority, Lifetime, Names};
//!
//! let now = jiff::Timestamp::UNIX_EPOCH;
//! let authority = Authority::generate(Lifetime::days(3650)?, now)?;
//! let names: Names = ["countersign.countersign.svc".parse()?].into_iter().collect();
//! let serving = authority.issue(&names, Lifetime::days(365)?, now)?;
//! assert!(serving.certificate().was_issued_by(authority.certificate()));
//! # Ok::<(), countersign_certs::Error>(())
//! ```

mod authority;
mod certificate;
mod error;
mod folder;
mod names;
mod values;

pub use authority::Authority;
pub use certificate::{Certificate, Lifetime, Pair};
pub use error::Error;
pub use folder::{Folder, Issued, Renewal};
pub use names::{Name, Names};
pub use values::helm_values;
