//! Compiling a version before it goes live: in an instance of its tenant that serves nobody else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{ByteCount, Cause, Ceiling, Level, Line, admission, life::Event, pool::make_room};

use super::{
    Books, Limits, Pool, Start,
    bind::{BindError, Exports},
};
use crate::{exit::Chain, registry::Version};

/// A version that can go live.
#[derive(Debug)]
pub struct Compiled {
    /// What it exports.
    pub exports: Exports,
    /// How long loading it took.
    pub loading: Duration,
}

/// Why a version does not go live.
#[derive(Debug)]
pub enum CompileError {
    /// The source was refused, and where.
    Source {
        /// The module.
        path: String,
        /// From 1; 0 if unknown.
        line: u32,
        /// From 1; 0 if unknown.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// A typed cause, and what more there is to say to the tenant.
    Cause(Cause, Option<String>),
}

impl From<Cause> for CompileError {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause, None)
    }
}

impl Pool {
    /// Compiles and evaluates `version` behind all walls and within its limits. For the tenant's rate that is
    /// like a call.
    ///
    /// # Errors
    ///
    /// [`CompileError`].
    pub async fn compile(self: &Arc<Self>, version: &Version) -> Result<Compiled, CompileError> {
        admission::spend(&mut [(Level::Tenant, &mut self.lock().gauge)], Instant::now())
            .map_err(|denied| CompileError::from(Cause::Quota(denied)))?;
        self.kept_gives_way_to_deploy(&mut self.lock(), version)?;
        self.make_way(version).await;
        // More than its instances will have, if the tenant has it to spare.
        let memory = self
            .lock()
            .memory
            .reserve_up_to(version.limits.memory, Self::deploy_memory(version))
            .map_err(|denied| CompileError::from(Cause::Quota(denied)))?;
        let limits =
            |books: &Books| Limits { memory: Ceiling::At(memory), ..books.limits_of(version) };
        let launched = self.launch(limits).await;
        let (instance, mut link) = match launched {
            Ok(launched) => launched,
            Err(error) => {
                let mut books = self.lock();
                books.memory.release(memory);
                let told = self.launch_failed(&mut books, &error);
                return Err(CompileError::Cause(error.cause(), told));
            }
        };
        {
            let mut seat = Self::seat(&instance, memory, Ceiling::Open, Start::Clone);
            seat.cpu = Ceiling::At(version.limits.cpu);
            seat.on(Event::BindStarted { version: version.id });
            self.lock().sit(seat, Line::Loads);
        }
        let start = Instant::now();
        let bound = self.bind_here(version, &instance, &mut link, None).await;
        let (loading, clock) = (start.elapsed(), instance.cpu_time());
        drop(link);
        {
            let mut books = self.lock();
            books.turn(instance.id, clock, Line::Starts);
            books.condemn(instance.id);
        }
        let death = self.bury(&instance, None).await;
        bound.map(|exports| Compiled { exports, loading }).map_err(|error| match error {
            BindError::Source { path, line, column, name, message } => {
                CompileError::Source { path, line, column, message: format!("{name}: {message}") }
            }
            BindError::Stopped(cause) => cause.into(),
            // Whatever broke the link: the kernel knows.
            BindError::Link(_) => death.cause.into(),
            BindError::Limit(error) => {
                tracing::error!(tenant = %self.tenant, error = %Chain(&error), "cannot compile");
                Cause::SpawnFailed.into()
            }
        })
    }

    fn deploy_memory(version: &Version) -> ByteCount {
        let memory = version.limits.memory;
        version.content.get().map_or(memory, |content| content.deploy_memory(memory))
    }

    /// Has spares and idle instances give way, if that makes room, and waits until they are gone.
    async fn make_way(self: &Arc<Self>, version: &Version) {
        let graves: Vec<_> = {
            let mut books = self.lock();
            let missing = books.memory.shortfall(version.limits.memory);
            let leaving = make_room(missing, &self.candidates(&books)).unwrap_or_default();
            leaving.into_iter().filter_map(|id| self.doom(&mut books, id, None)).collect()
        };
        for grave in graves {
            // A panic in there would be ours; the reservation decides.
            let _ = grave.await;
        }
    }
}
