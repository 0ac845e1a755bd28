//! Waiting until what is under way has ended.

use tokio::sync::Notify;

/// Waits until `is_over`, which is looked at again whenever `ended` tells that something has ended.
pub(super) async fn until(ended: &Notify, is_over: impl Fn() -> bool) {
    loop {
        let mut told = std::pin::pin!(ended.notified());
        // Listening before looking: what ends in between is not missed.
        told.as_mut().enable();
        if is_over() {
            return;
        }
        told.await;
    }
}
