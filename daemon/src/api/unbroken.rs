//! Work that goes on to its end whoever waits for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

use super::status::Refusal;

/// Work that a caller who hangs up must not leave half done. It runs in the task of whoever waits for it:
/// that saves a switch of tasks, often between two processors. When nobody waits any more, it goes on in
/// a task of its own.
pub(super) fn to_its_end<F>(work: F) -> ToItsEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    ToItsEnd { work: Some(Box::pin(work)) }
}

/// See [`to_its_end`]. A panic of the work is an internal error for who waits, as in a task of its own.
pub(super) struct ToItsEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    /// Until it has ended.
    work: Option<Pin<Box<F>>>,
}

impl<F> Future for ToItsEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    type Output = Result<F::Output, Refusal>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = self.work.as_mut() else {
            return Poll::Ready(Err(Refusal::Internal("asked again after the end".to_owned())));
        };
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(_) => Err(Refusal::Internal("a panic, which the log tells of".to_owned())),
        };
        self.work = None;
        Poll::Ready(ended)
    }
}

impl<F> Drop for ToItsEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the daemon itself is ending.
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        sync::oneshot,
        time::{sleep, timeout},
    };

    use super::*;

    #[tokio::test]
    async fn the_work_answers_who_waits() {
        assert_eq!(to_its_end(async { 7 }).await.ok(), Some(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let ended = to_its_end(async { panic!("on purpose") }).await;
        assert!(matches!(ended, Err::<(), _>(Refusal::Internal(_))));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_goes_on() {
        let (tell, told) = oneshot::channel();
        let work = to_its_end(async move {
            sleep(Duration::from_millis(20)).await;
            tell.send("done")
        });
        // Given up in the middle.
        assert!(timeout(Duration::from_millis(1), work).await.is_err());
        assert_eq!(told.await, Ok("done"));
    }

    #[tokio::test]
    async fn work_that_was_never_waited_for_is_done_too() {
        let (tell, told) = oneshot::channel();
        drop(to_its_end(async move { tell.send("done") }));
        assert_eq!(told.await, Ok("done"));
    }
}
