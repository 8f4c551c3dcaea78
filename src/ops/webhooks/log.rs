//! The list of a project's deliveries, and taking one of them in once more.

use super::{custom, receive};
use crate::model::delivery::{Arrival, Content, Delivery, Forge};
use crate::model::list::Slice;
use crate::model::user::User;
use crate::model::{DeliveryId, Owner, ProjectName};
use crate::ops::authorise::{Action, authorise};
use crate::ops::pages::{self, ProjectHead};
use crate::ops::{App, Error, Result};
use crate::store::{Connection, deliveries};

/// A part of the list of a project's deliveries.
pub struct Log {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The deliveries, newest first.
    pub deliveries: Vec<Delivery>,
    /// How many there are in all.
    pub count: u32,
}

/// A delivery.
pub struct Detail {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The delivery.
    pub delivery: Delivery,
    /// What came with it, where that is still kept.
    pub content: Option<Content>,
}

impl Detail {
    /// Why it cannot be taken in once more.
    pub fn is_final(&self) -> Option<&'static str> {
        is_final(&self.delivery, self.content.as_ref())
    }
}

fn is_final(delivery: &Delivery, content: Option<&Content>) -> Option<&'static str> {
    if delivery.letter.forge == Forge::Poll {
        return Some("Nothing was sent: the server has looked by itself, and will look again.");
    }
    match content {
        None => Some("What came with this delivery is no longer kept; only the newest have it."),
        Some(Content { payload: None, .. }) => {
            Some("What came with this delivery was too long to be kept: have the forge send it.")
        }
        Some(_) => None,
    }
}

/// Reads part of the list of a project's deliveries, newest first.
pub fn list(
    db: &Connection,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    slice: Slice,
) -> Result<Log> {
    let head = admitted(db, user, owner, name)?;
    let found = deliveries::newest(db, head.project.id, slice)?;
    let count = deliveries::count(db, head.project.id)?;
    Ok(Log { head, deliveries: found, count })
}

/// Reads a delivery with what came with it.
pub fn detail(
    db: &Connection,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    id: DeliveryId,
) -> Result<Detail> {
    let head = admitted(db, user, owner, name)?;
    let delivery = deliveries::find(db, head.project.id, id)?.ok_or_else(|| {
        Error::NotFound(format!(
            "There is no delivery {id} here; each project keeps the newest {}.",
            deliveries::KEPT
        ))
    })?;
    let content = deliveries::content(db, delivery.id)?;
    Ok(Detail { head, delivery, content })
}

/// Payloads may tell of private repositories: they are for those who have set up the webhook.
fn admitted(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<ProjectHead> {
    let head = pages::head(db, owner, name, Some(user))?;
    authorise(db, user, Action::ManageProject(&head.project))?;
    Ok(head)
}

/// Takes a delivery in once more, as if it had just come, except that nobody has to prove
/// anything; the answer is the new delivery's number.
pub async fn redeliver(
    app: &App,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    id: DeliveryId,
) -> Result<DeliveryId> {
    let place = (user.clone(), owner.clone(), name.clone());
    let read = move |db: &Connection| {
        let (user, owner, name) = place;
        detail(db, &user, (&owner, &name), id)
    };
    let found = app.store.read(read).await?;
    if let Some(why) = found.is_final() {
        return Err(Error::Conflict(why.to_owned()));
    }
    let Detail { head, delivery, content } = found;
    let content = content.unwrap_or(Content { headers: Vec::new(), payload: None });
    let arrival = Arrival {
        letter: delivery.letter,
        package: delivery.package,
        dir: delivery.dir,
        headers: content.headers,
        payload: content.payload.unwrap_or_default(),
        repeats: Some(delivery.id),
    };
    if arrival.letter.forge == Forge::Custom {
        return custom::again(app, &head.project, arrival).await;
    }
    Ok(receive::take_in(app, head.project.id, arrival).await?.id)
}
