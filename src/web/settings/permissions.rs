//! Who may do what in a project: for who decides, and for who asks.

use askama::Template;
use rocket::{Either, State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Choice, Done, Form, Labels, Refused};
use super::super::parts::{Masthead, Shell};
use super::super::view;
use super::Frame;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::permission::{Grant, Permission, Role};
use crate::model::{Owner, ProjectName};
use crate::ops::settings::{self, OwnRoles};
use crate::ops::{self, App, permissions};

/// `/coprs/<owner>/<project>/permissions/` for who decides.
#[derive(Template)]
#[template(path = "settings/permissions.html")]
pub struct PermissionsPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// Who has a role, or asks for one.
    pub users: Vec<UserRow>,
    /// The form that gives somebody a role.
    pub form: Form,
    /// The roles.
    pub roles: Vec<Choice>,
    /// What a request for a role can become.
    pub grants: Vec<Choice>,
}

/// A user's roles.
pub struct UserRow {
    /// The user's name.
    pub name: String,
    /// Both roles, in the order of [`ROLES`].
    pub roles: Vec<RoleCell>,
}

/// A role of a user.
pub struct RoleCell {
    /// The field.
    pub field: String,
    /// What it means for people who do not see the table.
    pub label: String,
    /// How far it has come.
    pub grant: &'static str,
    /// It was asked for.
    pub is_asked: bool,
}

/// The same address for who may ask.
#[derive(Template)]
#[template(path = "settings/ask.html")]
pub struct AskPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// Name and tabs of the project.
    pub head: Masthead,
    /// Both roles.
    pub roles: Vec<AskRow>,
    /// The viewer owns the project, and needs no role.
    pub is_owner: bool,
    /// What was wrong with a request.
    pub form: Form,
}

/// A role that can be asked for.
pub struct AskRow {
    /// As requests name it.
    pub role: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What it allows.
    pub about: &'static str,
    /// How far it has come.
    pub grant: &'static str,
}

const ROLES: [Role; 2] = [Role::Builder, Role::Admin];
const FIELDS: Labels = &[("user", "User"), ("role", "Role")];

fn title(role: Role) -> &'static str {
    match role {
        Role::Builder => "Builder",
        Role::Admin => "Admin",
    }
}

fn address(owner: &Owner, name: &ProjectName) -> String {
    format!("{}permissions/", view::project_url(owner, name))
}

async fn page(
    app: &App,
    user: &SignedIn,
    shell: Shell,
    (owner, name): (Owner, ProjectName),
    form: Form,
) -> Result<PermissionsPage, PageError> {
    let viewer = user.0.clone();
    let found = app.store.read(move |db| settings::roles(db, &viewer, &owner, &name)).await?;
    Ok(PermissionsPage {
        frame: Frame::new(&found.head, "permissions"),
        users: found.users.iter().map(user_row).collect(),
        form,
        roles: Choice::list(&[("builder", "Builder"), ("admin", "Admin")]),
        grants: Choice::list(&[("nothing", "No"), ("request", "Asked for"), ("approved", "Yes")]),
        shell,
    })
}

fn user_row(one: &Permission) -> UserRow {
    let cell = |role: Role| RoleCell {
        field: format!("{}:{}", role.as_str(), one.user_name),
        label: format!("{} is {}", one.user_name, role.as_str()),
        grant: one.grant(role).as_str(),
        is_asked: one.grant(role) == Grant::Request,
    };
    UserRow { name: one.user_name.to_string(), roles: ROLES.into_iter().map(cell).collect() }
}

fn ask_page(shell: Shell, found: &OwnRoles, form: Form) -> AskPage {
    let row = |(role, about): (Role, &'static str)| AskRow {
        role: role.as_str(),
        title: title(role),
        about,
        grant: match role {
            Role::Builder => found.builder.as_str(),
            Role::Admin => found.admin.as_str(),
        },
    };
    let roles = [
        (Role::Builder, "May hand in and cancel builds, and nothing else."),
        (Role::Admin, "May do that, change packages and settings, and give roles to others."),
    ];
    AskPage {
        is_owner: found.head.rights.delete,
        head: view::masthead(&found.head, "", Timestamp::now()),
        roles: roles.into_iter().map(row).collect(),
        form,
        shell,
    }
}

/// Who may do what; or, for who cannot decide that, what one can ask for.
#[get("/coprs/<owner>/<name>/permissions")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Either<Page<PermissionsPage>, Page<AskPage>>, PageError> {
    let (viewer, asked) = (user.0.clone(), (owner.clone(), name.clone()));
    let read = move |db: &_| settings::own_roles(db, &viewer, &asked.0, &asked.1);
    let own = app.store.read(read).await?;
    if own.head.rights.manage {
        let form = Form::new(FIELDS).set("role", "builder");
        return Ok(Either::Left(Page(page(app, &user, shell, (owner, name), form).await?)));
    }
    Ok(Either::Right(Page(ask_page(shell, &own, Form::default()))))
}

/// Asks for a role, or gives it back.
#[post("/coprs/<owner>/<name>/permissions_applier_change", data = "<body>")]
pub async fn ask(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<AskPage> {
    let form = Form::typed(&[], &body);
    let (role, is_wanted) = (form.value("role").to_owned(), form.is_on("wanted"));
    let (asked, named) = (owner.to_string(), name.to_string());
    let wanted = vec![(role.clone(), is_wanted)];
    match permissions::request(app, &user.0, (&asked, &named), wanted).await {
        Ok(_) if is_wanted => Ok(Done::at(address(&owner, &name))
            .saying(format!("You have asked to be {role}. Who runs the project will see it."))),
        Ok(_) => Ok(Done::at(address(&owner, &name)).saying(format!("You are not {role} here."))),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let viewer = user.0.clone();
            let read = move |db: &_| settings::own_roles(db, &viewer, &owner, &name);
            let own = app.store.read(read).await?;
            Err(Refused::new(status, ask_page(shell, &own, form)))
        }
    }
}

/// Answers requests, changes roles, or gives somebody one.
#[post("/coprs/<owner>/<name>/update_permissions", data = "<body>")]
pub async fn update(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<PermissionsPage> {
    let form = Form::typed(FIELDS, &body);
    let (asked, named) = (owner.to_string(), name.to_string());
    let refused = match wanted(&form, &body) {
        Ok(wanted) => permissions::set(app, &user.0, (&asked, &named), wanted).await,
        Err(error) => Err(error),
    };
    match refused {
        Ok(changed) => {
            let done = Done::at(address(&owner, &name));
            Ok(match changed.as_slice() {
                [] => done.saying("Nothing was changed."),
                [one] => done.saying(format!("The roles of {one} are saved.")),
                more => done.saying(format!("The roles of {} users are saved.", more.len())),
            })
        }
        Err(error) => {
            let field = if form.all("user").is_empty() { "" } else { "user" };
            let (status, form) = form.refused_at(field, error)?;
            Err(Refused::new(status, page(app, &user, shell, (owner, name), form).await?))
        }
    }
}

/// What the page sends: a role for somebody, one button's answer to a request, or the whole table.
fn wanted(form: &Form, body: &Body) -> ops::Result<Vec<(String, permissions::Roles)>> {
    let approved = || Grant::Approved.as_str().to_owned();
    if !form.all("user").is_empty() {
        let user = form.value("user").trim();
        if user.is_empty() {
            return Err(ops::Error::invalid("Say who is to have the role."));
        }
        return Ok(vec![(user.to_owned(), vec![(form.value("role").to_owned(), approved())])]);
    }
    if let Some((role, user)) = form.value("approve").split_once(':') {
        return Ok(vec![(user.to_owned(), vec![(role.to_owned(), approved())])]);
    }
    let fields = body.entries().filter_map(|(field, _)| {
        let (role, user) = field.split_once(':')?;
        Some((user.to_owned(), vec![(role.to_owned(), form.value(field).to_owned())]))
    });
    Ok(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, permissions::Roles)> {
        let body = Body::parse_form(text);
        wanted(&Form::typed(FIELDS, &body), &body).unwrap()
    }

    #[test]
    fn one_button_answers_one_request_whatever_the_table_says() {
        let pair = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
        let sent = "builder:eve=request&admin:eve=request&approve=builder:eve";
        assert_eq!(read(sent), [("eve".to_owned(), pair("builder", "approved"))]);
        let table = read("builder:eve=nothing&admin:bob=approved");
        assert_eq!(table[0], ("eve".to_owned(), pair("builder", "nothing")));
        assert_eq!(table[1], ("bob".to_owned(), pair("admin", "approved")));
        assert_eq!(read("user=+eve&role=admin"), [("eve".to_owned(), pair("admin", "approved"))]);
    }
}
