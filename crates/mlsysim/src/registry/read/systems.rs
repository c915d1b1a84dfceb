//! Reads records of fabrics, nodes and fleets.

use super::Reading;
use crate::document::{Fields, Problems};
use crate::ranges::Range;
use crate::registry::{Fabric, Fleet, Node, Wiring};
use crate::units::BytesPerSecond;

/// Adds a mistake for each field that must be there and is not.
fn require(entry: &Fields<'_, '_>, fields: &[(&str, &str)], problems: &mut Problems) {
    for (field, example) in fields {
        if entry.place_of(field).is_none() {
            let message = alloc::format!("needs {field}, for example {field} = {example}");
            entry.complain(&message, problems);
        }
    }
}

impl Reading<'_> {
    pub(super) fn read_fabric(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        require(&entry, &[("bandwidth", "\"50 GB/s\"")], problems);
        let bandwidth = entry.amount("bandwidth", Range::POSITIVE, problems);
        let bandwidth = bandwidth.unwrap_or(BytesPerSecond(1.0));
        let mut fabric = Fabric::new(id, bandwidth, origins.record.clone());
        fabric.origins = origins;
        fabric.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        fabric.wiring =
            entry.word("wiring", &Wiring::ALL, Wiring::key, problems).unwrap_or(Wiring::FatTree);
        fabric.latency = entry.amount("latency", Range::NOT_NEGATIVE, problems);
        fabric.oversubscription =
            entry.number("oversubscription", Range::AT_LEAST_ONE, problems).unwrap_or(1.0);
        super::check_fields(&fabric.origins.fields, &fabric.values(), &entry, problems);
        entry.finish(problems);
        self.added.fabrics.put(fabric, aliases);
    }

    pub(super) fn read_node(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        let name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        require(&entry, &[("accelerator", "\"h100\""), ("accelerators", "8")], problems);
        let (added, known) = (&self.added.hardware, &self.known.hardware);
        let find = |name: &str| added.find_or(known, name).cloned();
        let accelerator = super::named(&mut entry, "accelerator", find, problems);
        let accelerators = entry.count("accelerators", problems).unwrap_or(1);
        let link: Option<BytesPerSecond> = entry.amount("link", Range::POSITIVE, problems);
        let psus = entry.count("psus", problems).unwrap_or(2);
        let psu_redundancy = entry.whole("psu_redundancy", problems).unwrap_or(0);
        if psu_redundancy >= psus {
            let message =
                alloc::format!("{psu_redundancy} of {psus} power supplies cannot all be spare");
            entry.complain(&message, problems);
        }
        let max_power = entry.amount("max_power", Range::POSITIVE, problems);
        let nics = entry.count("nics", problems).unwrap_or(1);
        let facts = super::read_facts(&mut entry, problems);
        let upstream = super::corrections(&mut entry, problems);
        if let Some(accelerator) = accelerator {
            let of_part = accelerator.link.or(accelerator.host).map(|link| link.one_way());
            if link.or(of_part).is_none() {
                entry.complain("needs link, since the accelerator records none", problems);
            }
            let intra_bandwidth = link.or(of_part).unwrap_or(BytesPerSecond(1.0));
            let id = id.into();
            let node = Node {
                id,
                name,
                accelerator,
                accelerators,
                intra_bandwidth,
                nics,
                psus,
                psu_redundancy,
                max_power,
                facts,
                upstream,
                origins,
            };
            super::check_fields(&node.origins.fields, &node.values(), &entry, problems);
            self.added.nodes.put(node, aliases);
        }
        entry.finish(problems);
    }

    pub(super) fn read_fleet(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        let name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        let needed = [("node", "\"dgx_h100\""), ("nodes", "16"), ("fabric", "\"infiniband_ndr\"")];
        require(&entry, &needed, problems);
        let (added, known) = (&self.added, self.known);
        let nodes = |name: &str| added.nodes.find_or(&known.nodes, name).cloned();
        let fabrics = |name: &str| added.fabrics.find_or(&known.fabrics, name).cloned();
        let grids = |name: &str| added.grids.find_or(&known.grids, name).cloned();
        let sites = |name: &str| added.sites.find_or(&known.sites, name).cloned();
        let node = super::named(&mut entry, "node", nodes, problems);
        let count = entry.count("nodes", problems).unwrap_or(1);
        let fabric = super::named(&mut entry, "fabric", fabrics, problems);
        let grid = super::named(&mut entry, "grid", grids, problems);
        let site = super::named(&mut entry, "site", sites, problems);
        let mtbf = entry.amount("mtbf", Range::POSITIVE, problems);
        if let (Some(node), Some(fabric)) = (node, fabric) {
            let id = id.into();
            let fleet = Fleet { id, name, node, nodes: count, fabric, grid, site, mtbf, origins };
            super::check_fields(&fleet.origins.fields, &fleet.values(), &entry, problems);
            self.added.fleets.put(fleet, aliases);
        }
        entry.finish(problems);
    }
}
