//! A line that is being typed.

/// Text and the place of the cursor, counted in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    cursor: usize,
}

/// Characters that a line takes at most; nobody types more into one answer.
const MOST: usize = 8000;

impl Line {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Characters before the cursor.
    pub(super) fn before(&self) -> usize {
        self.cursor
    }

    fn at(&self, place: usize) -> usize {
        self.text.char_indices().nth(place).map_or(self.text.len(), |(at, _)| at)
    }

    fn len(&self) -> usize {
        self.text.chars().count()
    }

    /// Puts text in at the cursor; line breaks become spaces, other control characters vanish.
    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if !c.is_control() && self.len() < MOST {
                let at = self.at(self.cursor);
                self.text.insert(at, c);
                self.cursor += 1;
            }
        }
    }

    /// Removes the character before the cursor.
    pub(super) fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            let at = self.at(self.cursor);
            self.text.remove(at);
        }
    }

    /// Removes the character at the cursor.
    pub(super) fn delete(&mut self) {
        if self.cursor < self.len() {
            let at = self.at(self.cursor);
            self.text.remove(at);
        }
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub(super) fn right(&mut self) {
        self.cursor = (self.cursor + 1).min(self.len());
    }

    pub(super) const fn home(&mut self) {
        self.cursor = 0;
    }

    pub(super) fn end(&mut self) {
        self.cursor = self.len();
    }
}
