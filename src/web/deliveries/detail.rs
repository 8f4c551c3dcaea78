//! A delivery: what came, what was decided about each package and why, and having it taken in
//! once more.

use askama::Template;
use rocket::{State, get, post};

use super::{sender, state};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::delivery::Line;
use crate::model::project::Project;
use crate::model::{BuildId, DeliveryId, Owner, ProjectName};
use crate::ops::App;
use crate::ops::webhooks::log::{self, Detail};
use crate::web::error::PageError;
use crate::web::form::Done;
use crate::web::parts::{self, Masthead, Moment, Shape, Shell};
use crate::web::view;

/// Characters of a payload that are shown.
const SHOWN: usize = 60_000;

/// `/coprs/<owner>/<project>/integrations/deliveries/<id>/`
#[derive(Template)]
#[template(path = "deliveries/detail.html")]
pub struct DetailPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// Its number.
    pub id: i64,
    /// Its address.
    pub url: String,
    /// What became of it.
    pub state: parts::State,
    /// When it came.
    pub received: Moment,
    /// What it says about itself: names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The one that it repeats: its number and its address.
    pub repeats: Option<(i64, String)>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// Why it cannot be taken in once more.
    pub is_final: Option<&'static str>,
    /// The headers that are kept.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub payload: Option<Payload>,
}

/// What was decided about a package, or about all.
pub struct Decision {
    /// The package and its page.
    pub package: Option<(String, String)>,
    /// The build and its page.
    pub build: Option<(BuildId, String)>,
    /// Why.
    pub why: String,
}

/// What came.
pub struct Payload {
    /// For reading.
    pub text: String,
    /// Not all of it is shown.
    pub is_cut: bool,
}

/// A delivery.
#[get("/coprs/<owner>/<name>/integrations/deliveries/<id>")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: DeliveryId,
) -> Result<Page<DetailPage>, PageError> {
    let found = app.store.read(move |db| log::detail(db, &user.0, (&owner, &name), id)).await?;
    Ok(Page(page(shell, found)))
}

/// Takes a delivery in once more.
#[post("/coprs/<owner>/<name>/integrations/deliveries/<id>/redeliver")]
pub async fn redeliver(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    id: DeliveryId,
) -> Result<Done, PageError> {
    let made = log::redeliver(app, &user.0, (&owner, &name), id).await?;
    let list = format!("{}integrations/deliveries/", view::project_url(&owner, &name));
    let told = format!("Delivery {id} was taken in once more, as number {made}.");
    Ok(Done::at(format!("{list}{made}/")).saying(told))
}

fn page(shell: Shell, found: Detail) -> DetailPage {
    let is_final = found.is_final();
    let Detail { head, delivery, content } = found;
    let now = Timestamp::now();
    let url = view::project_url(&head.project.owner, &head.project.name);
    let list = format!("{url}integrations/deliveries/");
    let (headers, payload) = content.map_or_else(Default::default, |content| {
        (content.headers, content.payload.filter(|payload| !payload.is_empty()))
    });
    let letter = &delivery.letter;
    let size = if delivery.size > 0 { format!("{} bytes", delivery.size) } else { String::new() };
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let facts = [
        ("From", sender(letter).to_owned()),
        ("Event", said(&letter.event)),
        ("By", said(&letter.sender)),
        ("Delivery", said(&letter.delivery)),
        ("Program", said(&letter.user_agent)),
        ("Package in the address", said(&delivery.package)),
        ("Directory in the address", said(&delivery.dir)),
        ("Payload", size),
    ];
    DetailPage {
        id: delivery.id.0,
        url: format!("{list}{}/", delivery.id),
        state: state(&delivery),
        received: Moment::new(delivery.received_on, now),
        facts: facts.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        repeats: delivery.repeats.map(|first| (first.0, format!("{list}{first}/"))),
        decisions: delivery.lines().map(|line| decision(&head.project, &url, line)).collect(),
        is_final,
        headers,
        payload: payload.map(|payload| readable(&payload)),
        head: view::masthead(&head, "settings", now),
        shell,
    }
}

fn decision(project: &Project, url: &str, line: Line) -> Decision {
    let page = |package: String| {
        let address = view::package_url(url, &package);
        Some((package, address))
    };
    match line {
        Line::Built { package, build, why } => {
            let address = view::build_url(&project.owner, &project.name, build);
            Decision { package: page(package), build: Some((build, address)), why }
        }
        Line::Left { package, why } => Decision { package: page(package), build: None, why },
        Line::Words(why) => Decision { package: None, build: None, why },
    }
}

/// A payload for reading: JSON with its lines set apart, anything else as it came.
fn readable(payload: &[u8]) -> Payload {
    let text = String::from_utf8_lossy(payload);
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok();
    let text = if is_json { indented(&text) } else { text.into_owned() };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Payload { text: text[..end].to_owned(), is_cut: true },
        None => Payload { text, is_cut: false },
    }
}

/// JSON with each entry on a line of its own, in the order in which it came.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut rest = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        // Whoever nests deeper than this does not want to be read.
        out.push_str(&"  ".repeat(depth.min(40)));
    };
    while let Some(c) = rest.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_set_apart_and_anything_else_stays() {
        let json = br#"{"b":{"x" : [1, 2]},"a":[ ],"s":"{,:\"}"}"#;
        let lines = [
            "{",
            r#"  "b": {"#,
            r#"    "x": ["#,
            "      1,",
            "      2",
            "    ]",
            "  },",
            r#"  "a": [],"#,
            r#"  "s": "{,:\"}""#,
            "}",
        ];
        assert_eq!(readable(json).text, lines.join("\n"));
        assert_eq!(readable(b"a=1\xff").text, "a=1\u{fffd}");
        assert!(readable(&vec![b'x'; SHOWN + 1]).is_cut);
    }
}
