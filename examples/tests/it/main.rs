//! The programs as their users meet them.

mod climb;
mod export;
mod price;
mod quantizers;
