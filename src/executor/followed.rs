//! A submission whose end somebody must see, whether its submitter waits for it or not.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;

use super::Completion;

type Submission = Pin<Box<dyn Future<Output = Completion> + Send>>;

/// A submission with what is to be done at its end.
///
/// A dropped submission's job still runs. So when this future is dropped early, the rest of it becomes a task
/// of the tokio runtime it is dropped in, and the end is seen all the same: a client that goes away neither
/// frees a place that its job still takes, nor hides a failure. Outside a runtime what is to be done is
/// dropped undone.
pub(crate) struct Followed<F: FnOnce(&Completion) + Send + Unpin + 'static>(Option<(Submission, F)>);

impl<F: FnOnce(&Completion) + Send + Unpin + 'static> Followed<F> {
    /// Does `at_end` once the submission has its completion.
    pub fn new(submission: Submission, at_end: F) -> Self {
        Self(Some((submission, at_end)))
    }
}

impl<F: FnOnce(&Completion) + Send + Unpin + 'static> Future for Followed<F> {
    type Output = Completion;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Completion> {
        let Some((submission, _)) = self.0.as_mut() else {
            return Poll::Pending; // It has ended: whoever still polls has had the completion.
        };
        let completion = ready!(submission.as_mut().poll(context));
        if let Some((_, at_end)) = self.0.take() {
            at_end(&completion);
        }
        Poll::Ready(completion)
    }
}

impl<F: FnOnce(&Completion) + Send + Unpin + 'static> Drop for Followed<F> {
    fn drop(&mut self) {
        if let Some((submission, at_end)) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move { at_end(&submission.await) });
        }
    }
}
