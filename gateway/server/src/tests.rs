//! The edge through real sockets: a server on loopback ports, over the shipped
//! catalogue and policies and a log in memory, with no registry behind it.

mod calls;
mod counts;
mod drain;
mod log_watch;
mod officer;
mod published;
mod published_places;
mod quota;
mod rig;
mod tls;
mod walk;
