use bytesize::ByteSize;

use super::*;
use crate::engine::Limits;

/// Allocations of the fake add up as long as its isolate's realm lives, so the heap limit tells how long.
async fn allocates_twice(reuse: Reuse, recycle: Recycle) -> (Outcome, u64) {
    let limits = Limits { heap: Some(ByteSize::kib(100)), ..Limits::default() };
    let pool = pool(PoolConfig { limits, reuse, recycle, ..config(1) }).await;
    let allocate = job("allocate 60KiB; return 0");
    assert_eq!(pool.submit(allocate.clone()).await.outcome, Outcome::Ok("0".to_owned()));
    let outcome = pool.submit(allocate).await.outcome;
    (outcome, pool.gauges().recycled)
}

#[tokio::test]
async fn the_next_job_finds_what_reuse_says() {
    let zero = Outcome::Ok("0".to_owned());
    assert_eq!(allocates_twice(Reuse::Keep, Recycle::default()).await, (Outcome::OutOfMemory, 0));
    assert_eq!(allocates_twice(Reuse::Reset, Recycle::default()).await, (zero.clone(), 0));
    assert_eq!(allocates_twice(Reuse::Fresh, Recycle::default()).await, (zero, 0));
}

#[tokio::test]
async fn an_isolate_is_recycled_after_its_jobs() {
    let recycle = Recycle { after_jobs: Some(1), ..Recycle::default() };
    let (outcome, recycled) = allocates_twice(Reuse::Keep, recycle).await;
    assert_eq!(outcome, Outcome::Ok("0".to_owned()));
    assert!(recycled >= 1);
}

#[tokio::test]
async fn an_isolate_is_recycled_above_its_heap() {
    let limits = Limits { heap: Some(ByteSize::mib(100)), ..Limits::default() };
    let recycle = Recycle { above_heap: Some(ByteSize::kib(100)), ..Recycle::default() };
    let pool = pool(PoolConfig { limits, recycle, ..config(1) }).await;
    for _ in 0..3 * Recycle::HEAP_LOOK {
        assert_eq!(pool.submit(job("allocate 4KiB; return 0")).await.outcome, Outcome::Ok("0".to_owned()));
    }
    eventually("each look found more than 100 KiB", || pool.gauges().recycled == 3).await;
}

#[tokio::test]
async fn more_scripts_than_an_isolate_should_hold_are_no_trouble() {
    let pool = pool(config(1)).await;
    for n in 0..2500 {
        assert_eq!(pool.submit(job(&format!("return {n}"))).await.outcome, Outcome::Ok(n.to_string()));
    }
    eventually("the isolate was replaced twice", || pool.gauges().recycled == 2).await;
}

#[tokio::test]
async fn long_scripts_fill_an_isolate_sooner() {
    let pool = pool(config(1)).await;
    let padding = " ".repeat(1 << 20);
    for n in 0..40 {
        let long = job(&format!("return {n}{padding}"));
        assert_eq!(pool.submit(long).await.outcome, Outcome::Ok(n.to_string()));
    }
    eventually("every 16 MiB of source were enough", || pool.gauges().recycled == 2).await;
}
