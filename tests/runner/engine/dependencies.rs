//! What packages need of each other is known once they are built, goes along into forks, and goes
//! with its build.

use coprbox::model::BuildState;
use coprbox::model::list::Slice;
use coprbox::ops::builds;
use coprbox::ops::forks::{self, NewFork};
use coprbox::ops::packages::dependencies;
use coprbox::ops::packages::dependencies::Dependencies;

use super::house::{House, X86, rpm_with};

async fn read(house: &House, owner: &str, name: &str) -> Dependencies {
    let (owner, name) = (owner.parse().unwrap(), name.parse().unwrap());
    let slice = Slice::first(50);
    let read = move |db: &_| dependencies::dependencies(db, (&owner, &name), None, slice, None);
    house.app.store.read(read).await.unwrap()
}

/// What needs what, in words.
fn edges(found: &Dependencies) -> Vec<String> {
    let needs = |(node, between): &(coprbox::model::dependency::Node, dependencies::Between)| {
        let name = node.name.clone();
        let needs = between.needs.first.iter().map(move |one| format!("{name} > {}", one.name));
        needs.collect::<Vec<_>>()
    };
    found.rows.iter().flat_map(needs).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_tells_what_it_needs() {
    let house = House::new().await;
    let scratch = tempfile::tempdir().unwrap();
    house.project("tools").await;
    let make = |name, version, line| rpm_with(scratch.path(), name, version, "noarch", line);
    let app = make("app", "1", "Requires: libfoo.so.1()(64bit)");
    house.publish("tools", &[app], &[X86]).await;
    assert!(edges(&read(&house, "alice", "tools").await).is_empty());
    let lib = make("lib", "1", "Provides: libfoo.so.1(FOO_2)(64bit)");
    let lib = house.publish("tools", &[lib], &[X86]).await;
    assert_eq!(lib.state, BuildState::Succeeded);
    assert_eq!(edges(&read(&house, "alice", "tools").await), ["app > lib"]);

    let new = NewFork {
        name: Some("mine".to_owned()),
        owner: Some("bob".to_owned()),
        ..NewFork::default()
    };
    forks::fork(&house.app, &house.bob, ("alice", "tools"), new).await.unwrap();
    house.rest().await;
    let fork = read(&house, "bob", "mine").await;
    assert_eq!(edges(&fork), ["app > lib"]);
    assert!(fork.rows.iter().all(|(node, _)| node.is_known));

    let other = make("app", "2", "Requires: bar");
    house.publish("tools", &[other], &[X86]).await;
    assert!(edges(&read(&house, "alice", "tools").await).is_empty(), "the newest has the say");
    assert_eq!(edges(&read(&house, "bob", "mine").await), ["app > lib"], "each has its own");

    builds::delete(&house.app, &house.alice, lib.id).await.unwrap();
    let after = read(&house, "alice", "tools").await;
    let known: Vec<bool> = after.rows.iter().map(|(node, _)| node.is_known).collect();
    assert_eq!(known, [true, false], "with its build");
}
