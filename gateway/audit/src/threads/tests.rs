//! Who goes first where the processor is short.

use std::sync::mpsc;

use super::*;

type Body = Box<dyn FnOnce() + Send>;

/// That of a thread begun so, and then the calling thread's own.
fn niceness(spawn: impl Fn(&'static str, Body) -> Result<Worker, AuditError>) -> (i32, i32) {
    let nice = || getpriority_process(None).unwrap();
    let (tell, told) = mpsc::channel();
    spawn("motlan-nice", Box::new(move || tell.send(nice()).unwrap())).unwrap().join();
    (told.recv().unwrap(), nice())
}

#[test]
fn what_nobody_waits_for_gives_way_and_nothing_else() {
    let (its, own) = niceness(Worker::spawn_behind::<Body>);
    // 19 is the most there is.
    assert_eq!(its, (own + BEHIND).min(19));
    assert_eq!(niceness(Worker::spawn::<Body>), (own, own), "neither who began it nor who comes later");
}
