//! Projects whose packages are reviewed.

use coprbox::ops::projects::Wish;

use super::fixture::Works;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_kept_beside_the_packages_and_its_lack_is_told() {
    let works = Works::new();
    let wish = Wish { fedora_review: Some(true), appstream: Some(true), ..Wish::default() };
    works.project("tools", wish).await;
    for (package, said) in [("one", "reviewed: see"), ("plain", "no repository of")] {
        let build = works.build("tools", package, "1").await;
        let dir = format!("tools/fedora-42-x86_64/{}-{package}", build.padded());
        let log = works.log(&format!("{dir}/backend.log.gz"));
        assert!(log.contains(said), "{log}");
        let review = works.path(&format!("results/alice/{dir}/fedora-review/review.txt"));
        if package == "one" {
            assert_eq!(std::fs::read_to_string(review).unwrap(), "2 packages reviewed\n");
            let log = works.log(&format!("{dir}/fedora-review/fedora-review.log.gz"));
            assert!(log.contains("--prebuilt --rpm-spec --name one"), "{log}");
        } else {
            assert!(!review.exists());
        }
    }
    assert_eq!(works.listed("tools/fedora-42-x86_64").len(), 2, "both builds are good");
    works.close().await;
}
