//! The witness as the network sees it: a real socket, a real client, a real
//! folder.

mod crowd;
mod durable;
mod limits;
pub(crate) mod rig;
mod statuses;
