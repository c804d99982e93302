//! `compare` in small: both servers as processes, every answer judged. Ratios
//! are for a release build on a quiet machine, and nothing is said of them here.

use std::path::PathBuf;
use std::time::Duration;

use motlan_load::compare::{self, Options};

#[tokio::test]
async fn every_answer_of_a_small_comparison_is_right() {
    let options = Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_motlan-load")),
        rounds: 1,
        length: Duration::from_millis(300),
        folder: None,
        smoke: true,
        brief: false,
    };
    let report = compare::run(&options).await.expect("no answer is wrong");
    assert!(report.answers_checked() > 100, "only {} answers", report.answers_checked());
    assert_eq!(report.targets().len(), 6);
}
