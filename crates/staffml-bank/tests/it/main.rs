//! The library as its users see it: damaged files, whole banks, laws over many variants.

mod broken;
mod damage;
mod log;
