//! `/webhook`.

use serde_json::{Value, json};

use crate::hub::Hub;

#[test]
fn a_projects_secret_is_new_each_time() {
    let hub = Hub::new();
    let project = hub.project("tools");
    let path = "/api_3/webhook/generate/alice/tools";
    let stored = || {
        let id = coprbox::model::ProjectId(project["id"].as_i64().unwrap());
        hub.app.store.read_now(|db| coprbox::store::projects::webhook_secret(db, id)).unwrap()
    };
    assert_eq!(stored(), None);
    let first = hub.post("alice", path, Value::Null).ok();
    let secret = first["webhook_secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 36);
    assert_eq!(stored().as_deref(), Some(secret.as_str()));
    let expected = json!({
        "id": project["id"], "name": "tools", "ownername": "alice", "full_name": "alice/tools",
        "webhook_secret": secret,
    });
    assert_eq!(first, expected);
    let second = hub.post("alice", path, Value::Null).ok();
    assert_ne!(second["webhook_secret"], first["webhook_secret"]);
    hub.post("", path, Value::Null).refused(401);
    hub.post("eve", path, Value::Null).refused(403);
    hub.post("alice", "/api_3/webhook/generate/alice/none", Value::Null).refused(404);
}
