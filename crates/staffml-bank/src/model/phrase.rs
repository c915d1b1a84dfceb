//! Text with places for values: `A model has {n_weights:,} weights.`

/// A piece of a [`Phrase`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// A place for a value.
    Place {
        /// Name of a parameter, or of a field of one: `hw.name`.
        name: String,
        /// How to print it: empty in full, `n` without its unit, `,` with its digits in groups.
        spec: String,
    },
}

/// Text with places for values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phrase {
    pieces: Vec<Piece>,
}

impl Phrase {
    /// Reads a text with placeholders `{name}` or `{name:spec}`.
    ///
    /// # Errors
    ///
    /// A sentence that says which brace or placeholder is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(open);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let inner = from.strip_prefix('{').ok_or("a `}` without its `{`")?;
            let close = inner.find('}').ok_or("a `{` without its `}`")?;
            let (name, spec) = inner[..close].split_once(':').unwrap_or((&inner[..close], ""));
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            if !is_name {
                return Err(format!("`{{{}}}` names no parameter", &inner[..close]));
            }
            if !matches!(spec, "" | "n" | ",") {
                return Err(format!("`{{{name}:{spec}}}`: the known forms are `n` and `,`"));
            }
            pieces.push(Piece::Place { name: name.to_owned(), spec: spec.to_owned() });
            rest = &inner[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Returns the text of these pieces.
    pub(crate) const fn of(pieces: Vec<Piece>) -> Self {
        Self { pieces }
    }

    /// Returns the pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns the names that stand in places.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Place { name, .. } => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Returns the text with each place filled by `value(name, spec)`; a place without value stays as it was.
    #[must_use]
    pub fn fill(&self, value: &dyn Fn(&str, &str) -> Option<String>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place { name, spec } => match value(name, spec) {
                    Some(text) => out.push_str(&text),
                    None => out.push_str(&format!("{{{name}}}")),
                },
            }
        }
        out
    }
}
