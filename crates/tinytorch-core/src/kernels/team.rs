//! Threads that work on one operation together.
//!
//! A layer of a small model is over in some ten microseconds, about as long as it takes to wake a sleeping thread.
//! So the thread that calls does its share itself, in place of sleeping until others have done all, and threads that
//! have just worked look for more for a while before they sleep: a step of training hands over hundreds of times.

use core::{
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use std::{
    collections::VecDeque,
    sync::{Mutex, OnceLock, PoisonError},
    time::Instant,
};

use rayon::ThreadPool;

/// How long a thread without work looks for some: several times what waking it would take.
const AWAKE: Duration = Duration::from_micros(100);

/// How long a caller that is through looks for the others' end before it sleeps.
const PATIENCE: Duration = Duration::from_micros(200);

/// Helpers that look for work.
static LOOKING: AtomicUsize = AtomicUsize::new(0);

/// Calls `f` once for each of `count` parts, on this thread and as many others as the pool allows.
///
/// Each thread has a stretch of neighbouring parts, because memory is read ahead, and helps the others at its end.
pub(crate) fn share<P: Send>(
    count: usize,
    mut parts: impl Iterator<Item = P>,
    f: &(dyn Fn(P) + Sync),
) {
    let threads = rayon::current_num_threads().min(count);
    let mut stretch = |i| {
        let length = count * (i + 1) / threads - count * i / threads;
        Mutex::new(parts.by_ref().take(length).collect::<VecDeque<P>>())
    };
    let stretches: Vec<_> = (0..threads).map(&mut stretch).collect();
    let queue = |i: usize| stretches[i].lock().unwrap_or_else(PoisonError::into_inner);
    // A part is taken with the lock held and done without it.
    let own = |i| queue(i).pop_front();
    let other = |i| (1..threads).find_map(|by| queue((i + by) % threads).pop_back());
    together(threads, &|i| {
        while let Some(part) = own(i) {
            f(part);
        }
        while let Some(part) = other(i) {
            f(part);
        }
    });
}

/// The threads that help one that belongs to no pool: one fewer than the common pool has.
///
/// A pool of their own, because all of them look for work between operations. In a pool with one thread more than can
/// work, that one would sleep, and be woken for every operation to find nothing left.
fn helpers() -> Option<&'static ThreadPool> {
    static HELPERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let build = || {
        let count = rayon::current_num_threads().checked_sub(1).filter(|&count| count > 0)?;
        let name = |i| format!("tinytorch-{i}");
        rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(name).build().ok()
    };
    HELPERS.get_or_init(build).as_ref()
}

/// Runs `work(0)` on this thread and `work(1)` to `work(threads - 1)` on others until all return.
fn together(threads: usize, work: &(dyn Fn(usize) + Sync)) {
    #[cfg(feature = "course")]
    let scope = crate::course::Scope::capture();
    let done = AtomicUsize::new(0);
    let job = |i| {
        // Counted when it is dropped, so also if `work` panics.
        let _counted = Counted(&done);
        #[cfg(feature = "course")]
        scope.enter(|| work(i));
        #[cfg(not(feature = "course"))]
        work(i);
    };
    if rayon::current_thread_index().is_some() {
        return rayon::in_place_scope(|s| {
            hand_over(s, threads, &job);
            work(0);
        });
    }
    // Without helpers all stretches are done here.
    let Some(pool) = helpers() else { return work(0) };
    pool.in_place_scope(|s| {
        hand_over(s, threads, &job);
        keep_looking(pool);
        work(0);
        wait(|| done.load(Ordering::Acquire) == threads - 1);
    });
}

fn hand_over<'s>(s: &rayon::Scope<'s>, threads: usize, job: &'s (dyn Fn(usize) + Sync)) {
    for i in 1..threads {
        s.spawn(move |_| job(i));
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// Looks for the end of the others for a while.
fn wait(over: impl Fn() -> bool) {
    let start = Instant::now();
    while !over() && start.elapsed() < PATIENCE {
        spin_loop();
    }
    // Between their count and the end of their job lie some instructions.
    for _ in 0..16 {
        spin_loop();
    }
}

/// Sees to it that all threads of the pool look for work after what they do now.
fn keep_looking(pool: &ThreadPool) {
    while LOOKING.fetch_add(1, Ordering::Relaxed) < pool.current_num_threads() {
        pool.spawn(look);
    }
    LOOKING.fetch_sub(1, Ordering::Relaxed);
}

/// Does work of the pool until there has been none for a while.
fn look() {
    let mut last = Instant::now();
    while last.elapsed() < AWAKE {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => last = Instant::now(),
            _ => spin_loop(),
        }
    }
    LOOKING.fetch_sub(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    /// Every part once, with fewer and more parts than threads, from outside of a pool and from inside.
    #[test]
    fn every_part_is_done_once() {
        let check = |count: usize| {
            let mut done = vec![0u32; count];
            share(count, done.iter_mut().enumerate(), &|(i, at)| *at += 1 + i as u32);
            assert!(done.iter().enumerate().all(|(i, &n)| n == 1 + i as u32), "{done:?}");
        };
        for count in [1, 2, 3, 7, 1000] {
            check(count);
            for threads in 1..5 {
                pool(threads).install(|| check(count));
            }
        }
    }

    /// One thread is kept busy until the others have done all that was meant for it.
    #[test]
    fn a_thread_that_is_through_helps_the_others() {
        pool(2).install(|| {
            let left = AtomicUsize::new(8);
            share(8, 0..8, &|i| {
                left.fetch_sub(1, Ordering::SeqCst);
                // The first part ends when every other one has been done, the three of its own stretch by the other thread.
                while i == 0 && left.load(Ordering::SeqCst) > 0 {
                    std::thread::yield_now();
                }
            });
            assert_eq!(left.into_inner(), 0);
        });
    }

    #[test]
    fn parts_may_share_work_themselves() {
        let sum = AtomicUsize::new(0);
        share(6, 0..6, &|i| {
            share(5, 0..5, &|j| {
                sum.fetch_add(10 * i + j, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.into_inner(), 5 * 150 + 6 * 10);
    }

    #[test]
    fn a_panic_of_a_part_reaches_the_caller_and_leaves_the_team_usable() {
        for bad in [0, 63] {
            let failed = std::panic::catch_unwind(|| {
                share(64, 0..64, &|i| assert_ne!(i, bad, "no such part"));
            });
            assert!(failed.is_err());
            share(64, 0..64, &|_| ());
        }
    }
}
