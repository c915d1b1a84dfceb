//! Many machines together: walls 14 to 16.

pub mod communication;
pub mod fragility;
pub mod multi_tenant;
pub mod recovery;
