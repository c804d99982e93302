//! Waking everyone who waits for one commit, at the price of one wake-up per
//! runtime thread.
//!
//! Waking a task from a foreign thread costs a system call; waking it from its
//! own thread costs a queue push. So the writer wakes one waiter of each
//! thread, and that one wakes its neighbours when it sees the result. A waiter
//! that is dropped passes the wake-up on. Should a chosen waiter be held
//! without being polled, [`Completion::flush`], called by the writer a moment
//! later, wakes the rest.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread, ThreadId};

use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use crate::error::Cause;

/// What became of a commit.
pub(crate) type Committed = Result<(), Cause>;

/// The waiters of one batch.
#[derive(Default)]
pub(crate) struct Completion {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    result: Option<Committed>,
    groups: SmallVec<[Group; 4]>,
}

struct Group {
    thread: ThreadId,
    wakers: Vec<Option<Waker>>,
}

/// One waiter: a future of the batch's fate.
pub(crate) struct Wait {
    completion: Arc<Completion>,
    slot: Option<(usize, usize)>,
    seen: bool,
}

// === impl Completion ===

impl Completion {
    /// A waiter.
    pub(crate) fn wait(self: &Arc<Self>) -> Wait {
        Wait { completion: Arc::clone(self), slot: None, seen: false }
    }

    /// Settles the batch and wakes one waiter of each thread. Only the first
    /// call counts.
    pub(crate) fn complete(&self, result: Committed) {
        let mut leaders: SmallVec<[Waker; 4]> = SmallVec::new();
        let mut inner = self.inner.lock();
        if inner.result.is_some() {
            return;
        }
        inner.result = Some(result);
        for group in &mut inner.groups {
            leaders.extend(group.wakers.iter_mut().find_map(Option::take));
        }
        drop(inner);
        leaders.into_iter().for_each(Waker::wake);
    }

    /// Wakes whoever has not been woken yet.
    pub(crate) fn flush(&self) {
        let groups = std::mem::take(&mut self.inner.lock().groups);
        groups.into_iter().flat_map(|group| group.wakers).flatten().for_each(Waker::wake);
    }

    /// Blocks the present thread until the batch is settled. Only for threads
    /// of this crate.
    pub(crate) fn block(self: &Arc<Self>) -> Committed {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut wait = self.wait();
        loop {
            if let Poll::Ready(result) = Pin::new(&mut wait).poll(&mut Context::from_waker(&waker)) {
                return result;
            }
            thread::park();
        }
    }

    /// After the result is known: wakes the rest of one group.
    fn pass_on(mut inner: MutexGuard<'_, Inner>, group: usize) {
        let rest = inner.groups.get_mut(group).map(|group| std::mem::take(&mut group.wakers));
        drop(inner);
        rest.into_iter().flatten().flatten().for_each(Waker::wake);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

// === impl Wait ===

impl Future for Wait {
    type Output = Committed;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Committed> {
        let Self { completion, slot, seen } = &mut *self;
        let mut inner = completion.inner.lock();
        if let Some(result) = inner.result {
            *seen = true;
            if let Some((group, _)) = *slot {
                Completion::pass_on(inner, group);
            }
            return Poll::Ready(result);
        }
        let (group, place) = *slot.get_or_insert_with(|| {
            let thread = thread::current().id();
            let known = inner.groups.iter().position(|group| group.thread == thread);
            let group = known.unwrap_or_else(|| {
                inner.groups.push(Group { thread, wakers: Vec::new() });
                inner.groups.len() - 1
            });
            inner.groups[group].wakers.push(None);
            (group, inner.groups[group].wakers.len() - 1)
        });
        let slot = &mut inner.groups[group].wakers[place];
        if !slot.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *slot = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let (false, Some((group, place))) = (self.seen, self.slot) else { return };
        let mut inner = self.completion.inner.lock();
        if inner.result.is_none() {
            inner.groups[group].wakers[place] = None;
        } else {
            Completion::pass_on(inner, group);
        }
    }
}

#[cfg(test)]
mod tests;
