//! The life of one instance, from its clone to its proven death.
//!
//! This module says what follows from what; it sends no signal and reads no link. The daemon's pool
//! hands it each event and carries out the effect.
//!
//! ```text
//! Booting ──sealed──► Spare ──bind started──► Binding ──bound──► Idle ──leased──► Busy
//!                                                                 ▲                │
//!                                                                 └────returned────┘
//! any of these five ──condemned──► Doomed (kill sent) ──exited──► Gone
//! any of these five ──exited─────────────────────────────────────► Gone
//! ```
//!
//! Always true: an instance that began to bind never becomes a spare and never changes its version;
//! nothing leaves `Gone`; each life has at most one kill, and just one if it was condemned.

use crate::id::VersionId;

/// Where an instance stands. Each variant holds what exists in that state and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Cloned; building its walls.
    Booting,
    /// Sealed; serves no version yet.
    Spare,
    /// Loading the modules of a version.
    Binding {
        /// What it serves from now on, until it dies.
        version: VersionId,
    },
    /// Ready for a call.
    Idle {
        /// What it serves.
        version: VersionId,
    },
    /// Serving a call.
    Busy {
        /// What it serves.
        version: VersionId,
    },
    /// The kill was sent; its exit is still to be seen.
    Doomed,
    /// Its exit was seen.
    Gone,
}

impl State {
    /// The version it serves, once it began to bind and until it is given up.
    pub const fn version(self) -> Option<VersionId> {
        match self {
            State::Binding { version } | State::Idle { version } | State::Busy { version } => {
                Some(version)
            }
            State::Booting | State::Spare | State::Doomed | State::Gone => None,
        }
    }

    /// As a word, for people: both ways of getting ready are `starting`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Booting | State::Binding { .. } => "starting",
            State::Spare => "spare",
            State::Idle { .. } => "idle",
            State::Busy { .. } => "busy",
            State::Doomed => "doomed",
            State::Gone => "gone",
        }
    }
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It said that all its walls stand.
    Sealed,
    /// We sent it the modules of a version.
    BindStarted {
        /// The version.
        version: VersionId,
    },
    /// It said that it can serve.
    Bound,
    /// We gave it a call.
    Leased,
    /// Its reply was complete and well-formed.
    Returned,
    /// We gave it up.
    Condemned,
    /// Its process ended.
    Exited,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// Kill all of its control group, and lift its CPU quota if it is slow to die.
    Kill,
    /// Read its counters, remove its control group, give its memory back, and forget it.
    Forget,
}

/// An event that cannot happen there: a bug of ours, or an instance that does not keep the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} makes no sense in {state:?}")]
pub struct Refused {
    /// Where the instance stands, unchanged.
    pub state: State,
    /// What was refused.
    pub event: Event,
}

/// What `event` makes of `state`, and what is to be done about it.
///
/// # Errors
///
/// The event cannot happen in that state. The state stays; whoever sees it condemns the instance.
pub fn on(state: State, event: Event) -> Result<(State, Effect), Refused> {
    match (state, event) {
        (State::Booting, Event::Sealed) => Ok((State::Spare, Effect::Nothing)),
        (State::Spare, Event::BindStarted { version }) => {
            Ok((State::Binding { version }, Effect::Nothing))
        }
        (State::Binding { version }, Event::Bound) => {
            Ok((State::Idle { version }, Effect::Nothing))
        }
        (State::Idle { version }, Event::Leased) => Ok((State::Busy { version }, Effect::Nothing)),
        (State::Busy { version }, Event::Returned) => {
            Ok((State::Idle { version }, Effect::Nothing))
        }

        // We may give up on it at any time; the second time changes nothing.
        (
            State::Booting
            | State::Spare
            | State::Binding { .. }
            | State::Idle { .. }
            | State::Busy { .. },
            Event::Condemned,
        ) => Ok((State::Doomed, Effect::Kill)),
        (State::Doomed | State::Gone, Event::Condemned) => Ok((state, Effect::Nothing)),

        // A process may end at any time, and only once.
        (
            State::Booting
            | State::Spare
            | State::Binding { .. }
            | State::Idle { .. }
            | State::Busy { .. }
            | State::Doomed,
            Event::Exited,
        ) => Ok((State::Gone, Effect::Forget)),
        (State::Gone, Event::Exited) => Err(Refused { state, event }),

        // What it had said before it learnt that we gave it up.
        (State::Doomed, Event::Sealed | Event::Bound | Event::Returned) => {
            Ok((State::Doomed, Effect::Nothing))
        }
        // We give no work to what we gave up.
        (State::Doomed, Event::BindStarted { .. } | Event::Leased) => Err(Refused { state, event }),

        (
            State::Booting,
            Event::BindStarted { .. } | Event::Bound | Event::Leased | Event::Returned,
        )
        | (State::Spare, Event::Sealed | Event::Bound | Event::Leased | Event::Returned)
        | (
            State::Binding { .. },
            Event::Sealed | Event::BindStarted { .. } | Event::Leased | Event::Returned,
        )
        | (
            State::Idle { .. },
            Event::Sealed | Event::BindStarted { .. } | Event::Bound | Event::Returned,
        )
        | (
            State::Busy { .. },
            Event::Sealed | Event::BindStarted { .. } | Event::Bound | Event::Leased,
        )
        | (
            State::Gone,
            Event::Sealed
            | Event::BindStarted { .. }
            | Event::Bound
            | Event::Leased
            | Event::Returned,
        ) => Err(Refused { state, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: VersionId = VersionId::from_bytes([1; 32]);
    const TWO: VersionId = VersionId::from_bytes([2; 32]);

    const EVENTS: [Event; 8] = [
        Event::Sealed,
        Event::BindStarted { version: ONE },
        Event::BindStarted { version: TWO },
        Event::Bound,
        Event::Leased,
        Event::Returned,
        Event::Condemned,
        Event::Exited,
    ];

    /// All states that can be reached from `start`, itself included.
    fn reachable(start: State) -> Vec<State> {
        let mut reached = vec![start];
        let mut next = 0;
        while next < reached.len() {
            for event in EVENTS {
                if let Ok((to, _)) = on(reached[next], event)
                    && !reached.contains(&to)
                {
                    reached.push(to);
                }
            }
            next += 1;
        }
        reached
    }

    #[test]
    fn a_whole_life_goes_through_all_states() {
        let life = [
            (Event::Sealed, State::Spare, Effect::Nothing),
            (Event::BindStarted { version: ONE }, State::Binding { version: ONE }, Effect::Nothing),
            (Event::Bound, State::Idle { version: ONE }, Effect::Nothing),
            (Event::Leased, State::Busy { version: ONE }, Effect::Nothing),
            (Event::Returned, State::Idle { version: ONE }, Effect::Nothing),
            (Event::Condemned, State::Doomed, Effect::Kill),
            (Event::Exited, State::Gone, Effect::Forget),
        ];
        let mut state = State::Booting;
        for (event, to, effect) in life {
            assert_eq!(on(state, event), Ok((to, effect)));
            state = to;
        }
    }

    #[test]
    fn every_state_can_be_reached_from_birth() {
        // Three states hold one of two versions.
        assert_eq!(reachable(State::Booting).len(), 10);
    }

    #[test]
    fn a_bound_instance_never_turns_spare_nor_changes_its_version() {
        let starts = [
            State::Binding { version: ONE },
            State::Idle { version: ONE },
            State::Busy { version: ONE },
        ];
        for state in starts.into_iter().flat_map(reachable) {
            assert_ne!(state, State::Spare);
            assert_ne!(state, State::Booting);
            assert_ne!(state.version(), Some(TWO));
        }
    }

    #[test]
    fn nothing_leaves_gone() {
        assert_eq!(reachable(State::Gone), [State::Gone]);
    }

    #[test]
    fn nothing_but_the_exit_leaves_doomed() {
        assert_eq!(reachable(State::Doomed), [State::Doomed, State::Gone]);
    }

    #[test]
    fn whatever_lives_can_be_condemned_and_can_exit() {
        for state in reachable(State::Booting) {
            assert!(on(state, Event::Condemned).is_ok(), "{state:?}");
            assert_eq!(on(state, Event::Exited).is_ok(), state != State::Gone, "{state:?}");
        }
    }

    #[test]
    fn a_kill_leads_to_doomed_and_a_second_one_is_never_asked_for() {
        for state in reachable(State::Booting) {
            for event in EVENTS {
                if let Ok((to, effect)) = on(state, event) {
                    let dies_now = to == State::Doomed && state != State::Doomed;
                    assert_eq!(effect == Effect::Kill, dies_now, "{state:?} {event:?}");
                    let ends_now = to == State::Gone && state != State::Gone;
                    assert_eq!(effect == Effect::Forget, ends_now, "{state:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn a_late_reply_of_a_condemned_instance_is_ignored() {
        assert_eq!(on(State::Doomed, Event::Returned), Ok((State::Doomed, Effect::Nothing)));
    }

    #[test]
    fn a_condemned_instance_gets_no_call() {
        assert!(on(State::Doomed, Event::Leased).is_err());
    }

    #[test]
    fn a_busy_instance_gets_no_second_call() {
        let refused = on(State::Busy { version: ONE }, Event::Leased).unwrap_err();
        assert!(refused.to_string().starts_with("Leased makes no sense in Busy"), "{refused}");
    }

    /// What is known about an instance, as plain facts and counters.
    #[derive(Default)]
    struct Naive {
        sealed: bool,
        version: Option<VersionId>,
        bound: bool,
        busy: bool,
        doomed: bool,
        gone: bool,
    }

    impl Naive {
        /// Whether the event is legal; the facts change if it is.
        fn take(&mut self, event: Event) -> bool {
            let alive = !self.doomed && !self.gone;
            let late = self.doomed && !self.gone;
            match event {
                Event::Sealed => {
                    let legal = alive && !self.sealed;
                    self.sealed |= legal;
                    legal || late
                }
                Event::BindStarted { version } => {
                    let legal = alive && self.sealed && self.version.is_none();
                    if legal {
                        self.version = Some(version);
                    }
                    legal
                }
                Event::Bound => {
                    let legal = alive && self.version.is_some() && !self.bound;
                    self.bound |= legal;
                    legal || late
                }
                Event::Leased => {
                    let legal = alive && self.bound && !self.busy;
                    self.busy |= legal;
                    legal
                }
                Event::Returned => {
                    let legal = alive && self.busy;
                    self.busy &= !legal;
                    legal || late
                }
                Event::Condemned => {
                    self.doomed |= alive;
                    true
                }
                Event::Exited => !std::mem::replace(&mut self.gone, true),
            }
        }

        fn word(&self) -> &'static str {
            match self {
                Naive { gone: true, .. } => "gone",
                Naive { doomed: true, .. } => "doomed",
                Naive { busy: true, .. } => "busy",
                Naive { bound: true, .. } => "idle",
                Naive { version: Some(_), .. } | Naive { sealed: false, .. } => "starting",
                Naive { .. } => "spare",
            }
        }
    }

    proptest! {
        #[test]
        fn any_order_of_events_does_what_the_facts_say(
            // Mostly forward, so that long lives are common.
            picks in proptest::collection::vec(
                prop_oneof![
                    6 => 0_usize..6,
                    1 => 6_usize..8,
                ],
                0..60,
            ),
        ) {
            let mut state = State::Booting;
            let mut naive = Naive::default();
            let (mut kills, mut forgets) = (0, 0);
            for event in picks.into_iter().map(|at| EVENTS[at]) {
                let answer = on(state, event);
                prop_assert_eq!(answer.is_ok(), naive.take(event), "{:?} {:?}", state, event);
                if let Ok((to, effect)) = answer {
                    kills += u32::from(effect == Effect::Kill);
                    forgets += u32::from(effect == Effect::Forget);
                    state = to;
                }
                prop_assert_eq!(state.as_str(), naive.word());
                if let Some(version) = state.version() {
                    prop_assert_eq!(naive.version, Some(version));
                }
                prop_assert_eq!(kills, u32::from(naive.doomed));
                prop_assert_eq!(forgets, u32::from(naive.gone));
            }
        }
    }
}
