//! The pool over every engine that is built in, from outside: what a deadline does to a worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsarena::engine::{Deadlines, Interruption, Script, registry};
use jsarena::executor::{ActorPool, Job, Outcome, PoolConfig, TimeoutKind};

fn job(body: &str) -> Job {
    let deadlines = Deadlines { inner: Duration::from_millis(200), outer: Duration::from_secs(20) };
    Job { script: Arc::new(Script::new("t", body)), input: "null".into(), deadlines }
}

#[tokio::test]
async fn a_worker_outlives_the_endless_loop_it_was_given() {
    for engine in registry::built() {
        let info = engine.info();
        if info.capabilities.interruption == Interruption::None {
            continue;
        }
        let pool = ActorPool::start(PoolConfig::new(engine, 1)).unwrap();
        pool.ready().await.unwrap();
        for round in 0..3 {
            let submitted = Instant::now();
            let stopped = pool.submit(job("while (true) {}")).await.outcome;
            println!("{}, round {round}: {stopped}, answered after {:?}", info.id, submitted.elapsed());
            assert!(
                matches!(stopped, Outcome::Timeout { kind: TimeoutKind::Inner, .. }),
                "{}: {stopped}",
                info.id
            );
            let next = pool.submit(job("return 1 + 1")).await.outcome;
            assert_eq!(next, Outcome::Ok("2".to_owned()), "{}", info.id);
        }
        let gauges = pool.gauges();
        assert_eq!((gauges.restarts, gauges.lost_workers), (0, 0), "{}: the same worker", info.id);
        pool.shutdown().await;
    }
}
