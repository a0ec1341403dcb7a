//! What CPU time was for: the four lines of a bill, and the meter of one instance.
//!
//! This module reads no clock: whoever reads that of an instance says so to its [`Meter`].
//!
//! Always true: what one meter gave to all lines together is the highest time it was told of. So nothing is
//! billed twice and nothing is left out, and the lines of a tenant add up to what the kernel counted.

use std::time::Duration;

/// What CPU time was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Calls, with an app that was loaded by one of them.
    Calls,
    /// Loading apps for whoever comes, and compiling them.
    Loads,
    /// Beginnings and ends of instances.
    Starts,
    /// Instances that wait for an app.
    Spares,
}

impl Line {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Loads, Self::Starts, Self::Spares];

    const fn place(self) -> usize {
        match self {
            Self::Calls => 0,
            Self::Loads => 1,
            Self::Starts => 2,
            Self::Spares => 3,
        }
    }
}

/// One line: how often, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// How many of them began.
    pub count: u64,
    /// CPU time.
    pub cpu: Duration,
}

/// The bill of a tenant or of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill([Entry; 4]);

impl Bill {
    /// One line of it.
    pub const fn of(&self, line: Line) -> Entry {
        self.0[line.place()]
    }

    /// One more has begun.
    pub fn count(&mut self, line: Line) {
        let entry = &mut self.0[line.place()];
        entry.count = entry.count.saturating_add(1);
    }

    /// So much more was used.
    pub fn add(&mut self, line: Line, cpu: Duration) {
        let entry = &mut self.0[line.place()];
        entry.cpu = entry.cpu.saturating_add(cpu);
    }

    /// All lines together.
    pub fn cpu(&self) -> Duration {
        self.0.iter().fold(Duration::ZERO, |sum, entry| sum.saturating_add(entry.cpu))
    }
}

/// What of the CPU time of one instance is on a bill already, and which line the rest will be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    line: Line,
    billed: Duration,
}

impl Meter {
    /// Of an instance that has just begun.
    pub const NEW: Self = Self { line: Line::Starts, billed: Duration::ZERO };

    /// Which line its time is for now.
    pub const fn line(&self) -> Line {
        self.line
    }

    /// From now on its time is for `line`; so is what was not billed yet.
    pub fn runs_for(&mut self, line: Line) {
        self.line = line;
    }

    /// Its clock shows `clock`: what is new of that belongs to the line that it ran for, and from now on it
    /// runs for `next`. A clock of zero is one that is gone: then nothing is known, and the line stays.
    #[must_use]
    pub fn turn(&mut self, clock: Duration, next: Line) -> (Line, Duration) {
        let line = self.line;
        if clock.is_zero() {
            return (line, Duration::ZERO);
        }
        self.line = next;
        let more = clock.saturating_sub(self.billed);
        self.billed = self.billed.max(clock);
        (line, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// Turns a meter at each clock and adds it up.
    fn billed(turns: &[(u64, Line)]) -> Bill {
        let (mut meter, mut bill) = (Meter::NEW, Bill::default());
        for (clock, next) in turns {
            let (line, cpu) = meter.turn(ms(*clock), *next);
            bill.add(line, cpu);
        }
        bill
    }

    fn cpu(bill: &Bill) -> [u128; 4] {
        Line::ALL.map(|line| bill.of(line).cpu.as_millis())
    }

    #[test]
    fn the_life_of_a_spare_is_on_four_lines() {
        let life = [
            (3, Line::Spares),
            (5, Line::Loads),
            (12, Line::Starts),
            (12, Line::Calls),
            (40, Line::Starts),
            (41, Line::Starts),
        ];
        assert_eq!(cpu(&billed(&life)), [28, 7, 4, 2]);
        assert_eq!(billed(&life).cpu(), ms(41));
    }

    #[test]
    fn whoever_dies_in_a_call_has_the_rest_on_that_line() {
        // The clock of the process is gone; its group still knows.
        assert_eq!(
            cpu(&billed(&[(3, Line::Calls), (0, Line::Starts), (9, Line::Starts)])),
            [6, 0, 3, 0]
        );
    }

    #[test]
    fn a_clock_that_goes_back_bills_nothing_twice() {
        let bill = billed(&[(9, Line::Calls), (7, Line::Calls), (11, Line::Starts)]);
        assert_eq!(bill.cpu(), ms(11));
    }

    #[test]
    fn what_was_not_billed_yet_goes_where_it_is_said_to() {
        let mut meter = Meter::NEW;
        meter.runs_for(Line::Calls);
        assert_eq!(meter.turn(ms(4), Line::Starts), (Line::Calls, ms(4)));
        assert_eq!(meter.line(), Line::Starts);
    }

    #[test]
    fn each_line_has_a_place_of_its_own() {
        let mut bill = Bill::default();
        for (line, times) in Line::ALL.into_iter().zip(1..) {
            (0..times).for_each(|_| bill.count(line));
        }
        assert_eq!(Line::ALL.map(|line| bill.of(line).count), [1, 2, 3, 4]);
    }
}
