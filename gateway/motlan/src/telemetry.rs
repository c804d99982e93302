//! How the program tells others about itself.

mod process;

pub use process::Process;
