//! The report as JSON, for other programs.

use core::fmt::Write;

use super::report::{OpReport, Report};

impl Report {
    /// Returns the report as one JSON object, schema `kits-report/1`.
    ///
    /// Sizes are bytes; `sources` are operators of the file; `buffers` carry the plan that was
    /// written, their lifetimes in operators.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"schema\":\"kits-report/1\"");
        for (key, value) in [
            ("file_operators", self.file_operators as u64),
            ("file_bytes", self.file_bytes as u64),
            ("kit_bytes", self.kit_bytes as u64),
            ("constant_bytes", self.constant_bytes),
            ("macs", self.macs),
            ("arena", self.arena.into()),
            ("scratch", self.scratch.into()),
            ("slow", self.slow.into()),
            ("arena_greedy", self.arena_greedy.into()),
            ("arena_searched", self.arena_searched.into()),
            ("arena_overlap", self.arena_overlap.into()),
            ("lower_bound", self.lower_bound.into()),
        ] {
            let _ = write!(out, ",\"{key}\":{value}");
        }
        match self.peak_op {
            Some(op) => drop(write!(out, ",\"peak_op\":{op}")),
            None => out.push_str(",\"peak_op\":null"),
        }
        out.push_str(",\"ops\":[");
        list(&mut out, &self.ops, operator);
        out.push_str("],\"buffers\":[");
        let buffers: Vec<_> =
            self.problem.buffers.iter().zip(&self.plan.offsets).zip(&self.buffer_names).collect();
        list(&mut out, &buffers, |out, ((buffer, offset), name)| {
            let _ = write!(
                out,
                "{{\"name\":{},\"bytes\":{},\"first\":{},\"last\":{},\"offset\":{offset}}}",
                quoted(name),
                buffer.bytes,
                buffer.first,
                buffer.last
            );
        });
        out.push_str("]}");
        out
    }
}

fn operator(out: &mut String, op: &OpReport) {
    let _ = write!(
        out,
        "{{\"index\":{},\"operator\":\"{}\",\"sources\":{:?},\"input_dims\":{:?},\"output_dims\":{:?},\"macs\":{},\"constant_bytes\":{},\"live_bytes\":{}}}",
        op.index,
        op.code,
        op.sources,
        op.input_dims,
        op.output_dims,
        op.macs,
        op.constant_bytes,
        op.live_bytes
    );
}

/// Writes items with commas between them.
fn list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
}

/// Returns a text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn texts_survive_a_json_parser() {
        for text in ["plain", "quote \" and \\ backslash", "line\nbreak\u{1}", "ä🦀"] {
            let back: String = serde_json::from_str(&quoted(text)).unwrap();
            assert_eq!(back, text);
        }
    }
}
