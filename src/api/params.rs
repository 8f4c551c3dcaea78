//! The query of a request, and which part of a list it asks for.

use rocket::Request;
use rocket::request::{FromParam, FromRequest, Outcome};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::body::Body;
use crate::model::list::{Direction, Slice, SortKey};
use crate::model::{Owner, ProjectName};
use crate::ops::{Error, Result};

/// The parameters of a query; those that nobody asks for are ignored.
pub(super) struct Params(Body);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Params {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Params, Self::Error> {
        let query = request.uri().query().map_or("", |query| query.as_str());
        Outcome::Success(Params(Body::parse_form(query)))
    }
}

/// What [`Params::project`] reads.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct OfProject {
    /// The project's owner: a user, or a group as `@name`.
    ownername: Owner,
    /// The project's name.
    projectname: ProjectName,
}

/// What [`Params::page`] reads; what a list can be ordered by is each list's own.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct Paging {
    /// How many items at most; 0 and nothing mean all of them.
    limit: Option<u32>,
    /// How many items to leave out before.
    offset: Option<u32>,
    /// Which way to go.
    #[param(inline)]
    order_type: Option<Way>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
enum Way {
    #[schema(rename = "ASC")]
    Ascending,
    #[schema(rename = "DESC")]
    Descending,
}

/// What lists of packages can be ordered by.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct ByIdOrName {
    /// What to order by.
    #[param(inline)]
    order: Option<IdOrName>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(rename_all = "lowercase")]
enum IdOrName {
    Id,
    Name,
}

impl Params {
    /// A parameter; `None` when it is not there.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.raw(name)?.first()?.as_str()
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| Error::invalid(format!("Missing argument {name}")))
    }

    /// Owner and name of a project. Where one is empty Copr goes on to look into the body, which
    /// such a request does not have.
    pub(super) fn project(&self) -> Result<(&str, &str)> {
        let (owner, name) = (self.required("ownername")?, self.required("projectname")?);
        if owner.is_empty() || name.is_empty() {
            Err(Error::NothingSent)
        } else {
            Ok((owner, name))
        }
    }

    /// Every value of a parameter that may come several times.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.0.raw(name).unwrap_or_default();
        values.iter().filter_map(|value| value.as_str()).collect()
    }

    /// A switch, off when it is not there.
    pub(super) fn switch(&self, name: &str) -> bool {
        self.0.reader().switch(name).unwrap_or(false)
    }

    /// Which part of a list is wanted; `columns` is what it can be ordered by.
    pub(super) fn page(&self, columns: &[&str]) -> Result<Page> {
        let limit = self.number("limit")?.filter(|&limit| limit != 0);
        let offset = self.number("offset")?.unwrap_or(0);
        let order = self.get("order").filter(|order| !order.is_empty()).unwrap_or("id");
        if !columns.contains(&order) {
            return Err(Error::invalid(format!("Cannot order by {order}")));
        }
        let direction = match self.get("order_type").filter(|way| !way.is_empty()) {
            None | Some("ASC") => Direction::Ascending,
            Some("DESC") => Direction::Descending,
            Some(_) => return Err(Error::invalid("order_type: Not a valid choice.")),
        };
        Ok(Page { limit, offset, order: order.to_owned(), direction })
    }

    fn number(&self, name: &str) -> Result<Option<u32>> {
        let text = self.get(name).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::parse).transpose().map_err(|_| {
            Error::invalid(format!("{name}: Not a valid integer value from 0 to {}.", u32::MAX))
        })
    }
}

/// A number in an address, however large; an address with anything else there is none of ours.
pub(super) struct Number<'r>(pub(super) &'r str);

impl<'r> FromParam<'r> for Number<'r> {
    type Error = &'r str;

    fn from_param(segment: &'r str) -> std::result::Result<Number<'r>, &'r str> {
        let is_number = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        if is_number { Ok(Number(segment)) } else { Err(segment) }
    }
}

/// Part of a list.
pub(super) struct Page {
    limit: Option<u32>,
    offset: u32,
    order: String,
    direction: Direction,
}

impl Page {
    pub(super) fn slice(&self) -> Slice {
        Slice { limit: self.limit, offset: self.offset.into() }
    }

    /// What to order by, where that is the id or the name.
    pub(super) fn order(&self) -> (SortKey, Direction) {
        self.order_of(&[("id", SortKey::Id), ("name", SortKey::Name)])
    }

    /// What to order by, by its word; the id where the word is none of these.
    pub(super) fn order_of<K: Copy + Default>(&self, keys: &[(&str, K)]) -> (K, Direction) {
        let known = keys.iter().find(|(word, _)| *word == self.order);
        (known.map(|&(_, key)| key).unwrap_or_default(), self.direction)
    }

    /// This part of what is all there already.
    pub(super) fn cut<T>(&self, all: Vec<T>) -> Vec<T> {
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        all.into_iter().skip(self.offset as usize).take(limit).collect()
    }

    /// The same part, said to be ordered by id.
    pub(super) fn by_id(self) -> Page {
        Page { order: "id".to_owned(), ..self }
    }

    pub(super) fn list<T>(self, items: Vec<T>) -> List<T> {
        List { items, meta: self.meta() }
    }

    /// What the answer says about its part of the list.
    pub(super) fn meta(self) -> Meta {
        let order_type = match self.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        Meta {
            limit: self.limit,
            offset: Some(self.offset),
            order: Some(self.order),
            order_type: Some(order_type),
        }
    }
}

/// A list as clients take it: paging looks at `meta`.
#[derive(Serialize, ToSchema)]
pub(super) struct List<T> {
    items: Vec<T>,
    meta: Meta,
}

impl<T> List<T> {
    /// A list that is not part of a longer one.
    pub(super) fn whole(items: Vec<T>) -> List<T> {
        let meta = Meta { limit: None, offset: None, order: None, order_type: None };
        List { items, meta }
    }
}

/// Which part of a list an answer is.
#[derive(Serialize, ToSchema)]
pub(super) struct Meta {
    #[schema(required)]
    limit: Option<u32>,
    #[schema(required)]
    offset: Option<u32>,
    #[schema(required)]
    order: Option<String>,
    #[schema(required)]
    order_type: Option<&'static str>,
}
