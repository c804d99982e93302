//! Tests of the room through its public face, on the shipped catalogue and
//! policies, with certificates and keys made on the spot.

mod config;
mod data;
mod evidence;
mod family;
mod operate;
mod permit;
mod policies;
mod random;
mod tokens;
mod world;
