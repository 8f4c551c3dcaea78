//! What happens in a project, as server-sent events: `state` says that some build has moved on, so
//! that a page that shows it is to be asked for anew.

use std::time::Duration;

use rocket::futures::Stream;
use rocket::response::stream::{Event, EventStream};
use rocket::{Shutdown, State, get};
use tokio::{select, time};

use crate::http::events::Unbuffered;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::pages::pulse;
use crate::web::error::PageError;

/// A look at the tables at most this often: a page with many packages is no small thing to ask for
/// anew.
const PAUSE: Duration = Duration::from_secs(1);
/// And at least this often: another process's writes are not announced.
const LONGEST: Duration = Duration::from_secs(10);

/// Follows the builds of a project.
#[get("/coprs/<owner>/<name>/live")]
pub async fn follow(
    app: &State<App>,
    owner: Owner,
    name: ProjectName,
    mut end: Shutdown,
) -> Result<Unbuffered<impl Stream<Item = Event>>, PageError> {
    let app = app.inner().clone();
    let look = move || {
        let (app, owner, name) = (app.clone(), owner.clone(), name.clone());
        async move {
            let writes = app.store.writes();
            (writes, app.store.read(move |db| pulse(db, &owner, &name)).await)
        }
    };
    // Asked for once before the answer begins, so that a wrong address is a 404.
    let (mut writes, first) = look().await;
    let mut last = first?;
    Ok(Unbuffered(EventStream! {
        loop {
            select! {
                () = time::sleep(LONGEST) => {}
                () = &mut end => break,
                changed = writes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    // Writes come in groups.
                    select! {
                        () = time::sleep(PAUSE) => {}
                        () = &mut end => break,
                    }
                }
            }
            let (anew, found) = look().await;
            writes = anew;
            match found {
                Ok(now) if now != last => {
                    last = now;
                    yield Event::data("changed").event("state");
                }
                Ok(_) => {}
                // Deleted meanwhile, or the server is ending.
                Err(_) => break,
            }
        }
    }))
}
