//! The list of a project's deliveries.

use askama::Template;
use rocket::{State, get};

use super::{sender, state};
use crate::auth::guard::SignedIn;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::delivery::{Delivery, Line};
use crate::model::list::Slice;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::webhooks::log;
use crate::web::error::PageError;
use crate::web::parts::{self, Masthead, Moment, Pages, Shape, Shell};
use crate::web::view;

/// Deliveries on one page.
const SIZE: u32 = 50;

/// `/coprs/<owner>/<project>/integrations/deliveries/`
#[derive(Template)]
#[template(path = "deliveries/list.html")]
pub struct ListPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The deliveries, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Where in their list this is.
    pub pages: Pages,
}

/// A delivery in the list.
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// Its page.
    pub url: String,
    /// What became of it.
    pub state: parts::State,
    /// When it came.
    pub received: Moment,
    /// What sent it.
    pub sender: &'static str,
    /// What happened there.
    pub event: String,
    /// What was decided, in a few words.
    pub said: String,
    /// Some of it came before.
    pub is_repeated: bool,
}

/// The deliveries of a project.
#[get("/coprs/<owner>/<name>/integrations/deliveries?<page>")]
pub async fn list(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
) -> Result<Page<ListPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let found = app.store.read(move |db| log::list(db, &user.0, (&owner, &name), slice)).await?;
    let now = Timestamp::now();
    let project = &found.head.project;
    let address =
        format!("{}integrations/deliveries/", view::project_url(&project.owner, &project.name));
    Ok(Page(ListPage {
        head: view::masthead(&found.head, "settings", now),
        deliveries: found.deliveries.iter().map(|one| row(&address, one, now)).collect(),
        pages: Pages::new(&address, number, SIZE.into(), found.count.into()),
        shell,
    }))
}

fn row(address: &str, delivery: &Delivery, now: Timestamp) -> DeliveryRow {
    DeliveryRow {
        id: delivery.id.0,
        url: format!("{address}{}/", delivery.id),
        state: state(delivery),
        received: Moment::new(delivery.received_on, now),
        sender: sender(&delivery.letter),
        event: delivery.letter.event.clone().unwrap_or_default(),
        said: summary(delivery),
        is_repeated: delivery.repeats.is_some(),
    }
}

/// Lines of one delivery in the list.
const TOLD: usize = 3;
/// Characters of each.
const WIDTH: usize = 160;

/// What is built, or else why nothing is.
fn summary(delivery: &Delivery) -> String {
    let built: Vec<String> = delivery
        .lines()
        .filter_map(|line| match line {
            Line::Built { package, build, .. } => Some(format!("{package} in build {build}")),
            Line::Left { .. } | Line::Words(_) => None,
        })
        .collect();
    if built.is_empty() {
        let left: Vec<String> = delivery
            .lines()
            .map(|line| match line {
                Line::Left { package, why } => short(&format!("{package}: {why}")),
                other => short(&other.to_string()),
            })
            .collect();
        return first(&left, "; ");
    }
    first(&built, ", ")
}

fn first(all: &[String], between: &str) -> String {
    let told = all[..all.len().min(TOLD)].join(between);
    if all.len() > TOLD { format!("{told}{between}{} more", all.len() - TOLD) } else { told }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_packages_the_first_are_told() {
        let all = ["a", "b", "c", "d", "e"].map(String::from);
        assert_eq!(first(&all, ", "), "a, b, c, 2 more");
        assert_eq!(first(&all[..2], ", "), "a, b");
        assert_eq!(first(&[], ", "), "");
        assert_eq!(short(&"ä".repeat(200)).chars().count(), WIDTH + 1);
    }
}
