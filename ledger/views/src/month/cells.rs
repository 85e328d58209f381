//! Sums by number, of which a day has few.

/// Sums of lines by number, each in 10^-9 of one currency.
#[derive(Debug, Default)]
pub(super) struct CellSums {
    /// By number; how many lines tells whether there is anything.
    sums: Vec<(i128, u32)>,
    /// The numbers that have lines, in the order in which they first came.
    touched: Vec<u32>,
}

impl CellSums {
    /// Makes room for so many numbers.
    pub(super) fn reserve(&mut self, numbers: usize) {
        if self.sums.len() < numbers {
            self.sums.resize(numbers, (0, 0));
        }
    }

    /// Adds lines under a number that there is room for.
    pub(super) fn add(&mut self, number: u32, nanos: i128) {
        let (sum, lines) = &mut self.sums[number as usize];
        if *lines == 0 {
            self.touched.push(number);
            *lines = 1;
        }
        *sum += nanos;
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Hands over every number that has lines with its sum, and forgets them.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (u32, i128)> {
        let Self { sums, touched } = self;
        touched.drain(..).map(|number| (number, std::mem::take(&mut sums[number as usize]).0))
    }
}
