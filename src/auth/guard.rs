//! Request guards: who sent this request. They read headers alone, so the answer to a wrong token
//! is on its way before the first byte of an upload is read.
//!
//! They need a [`Store`] among Rocket's managed state.

use std::net::{IpAddr, Ipv4Addr};

use rocket::Request;
use rocket::http::{Method, Status};
use rocket::request::{FromRequest, Outcome};

use super::attempts::Attempts;
use super::login::{self, LoginError};
use super::{basic, session, token};
use crate::clock::Timestamp;
use crate::model::TokenId;
use crate::model::user::User;
use crate::store::{Store, StoreError, tokens};

/// What the headers of one request say; worked out once for each request.
enum Identity {
    /// Nothing.
    Nobody,
    /// Something that does not count.
    Refused,
    /// A browser's session.
    Session(User),
    /// An API token.
    Token(User, TokenId),
    /// The store could not be asked.
    Failed,
}

/// Whoever sent the request, on addresses that are for everybody. A wrong token is no error there.
pub struct Caller(pub Option<User>);

/// A user, on API calls that need one. Anything else is answered `401`.
pub struct ApiUser {
    /// The user.
    pub user: User,
    /// The token that said so; `None` for a session.
    pub token: Option<TokenId>,
}

/// A user with a session, on pages that need one. Anything else is answered `401`.
pub struct SignedIn(pub User);

/// A request that changes something and does not come from another site's page.
///
/// A browser tells where a request comes from, and other clients have no cookie to be misused.
pub struct SameOrigin;

/// The words of every `401`: clients look for them.
pub fn login_invalid(base_url: &str) -> String {
    format!("Login invalid/expired. Please visit {base_url}/api to get or renew your API token.")
}

/// The user whose name and password a request carries in place of a token's login and secret;
/// `None` when it carries neither. For the original Copr's methods: each check costs a hash, so
/// what programs call often takes tokens only.
///
/// It needs [`Attempts`] among Rocket's managed state.
pub async fn by_password(request: &Request<'_>) -> Result<Option<User>, LoginError> {
    let header = request.headers().get_one("Authorization").and_then(basic::parse);
    let rocket = request.rocket();
    let managed = (rocket.state::<Store>(), rocket.state::<Attempts>());
    let (Some((name, password)), (Some(store), Some(attempts))) = (header, managed) else {
        return Ok(None);
    };
    let address = request.client_ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    login::check(store, attempts, &name, password, address).await.map(Some)
}

async fn identify(request: &Request<'_>) -> Identity {
    let Some(store) = request.rocket().state::<Store>() else { return Identity::Failed };
    let outcome = match by_session(request, store).await {
        Ok(Some(user)) => Ok(Identity::Session(user)),
        Ok(None) => by_token(request, store).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "cannot tell who is asking");
        Identity::Failed
    })
}

/// The user of the request's session. Other sites' forms carry the cookie only when the browser
/// ignores `SameSite`; they are not listened to either way.
async fn by_session(request: &Request<'_>, store: &Store) -> Result<Option<User>, StoreError> {
    let Some(cookie) = request.cookies().get(session::COOKIE) else { return Ok(None) };
    if !is_safe(request.method()) && !is_same_origin(request) {
        return Ok(None);
    }
    let id = cookie.value().to_owned();
    store.look_up(move |db| session::user(db, &id, Timestamp::now())).await
}

async fn by_token(request: &Request<'_>, store: &Store) -> Result<Identity, StoreError> {
    let Some(header) = request.headers().get_one("Authorization") else {
        return Ok(Identity::Nobody);
    };
    let Some((login, secret)) = basic::parse(header) else { return Ok(Identity::Refused) };
    let now = Timestamp::now();
    let checked = store.look_up(move |db| token::check(db, &login, &secret, now)).await?;
    let Some(checked) = checked else { return Ok(Identity::Refused) };
    let id = checked.token;
    if checked.is_use_stale {
        store.write(move |tx| tokens::touch(tx, id, now)).await?;
    }
    Ok(Identity::Token(checked.user, id))
}

fn is_safe(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head | Method::Options)
}

fn is_same_origin(request: &Request<'_>) -> bool {
    let header = |name| request.headers().get_one(name);
    match (header("Sec-Fetch-Site"), header("Origin"), header("Host")) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        (None, None, _) => true,
        (None, Some(_), None) => false,
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Caller, ()> {
        match request.local_cache_async(identify(request)).await {
            Identity::Session(user) | Identity::Token(user, _) => {
                Outcome::Success(Caller(Some(user.clone())))
            }
            Identity::Nobody | Identity::Refused => Outcome::Success(Caller(None)),
            Identity::Failed => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ApiUser {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<ApiUser, ()> {
        match request.local_cache_async(identify(request)).await {
            Identity::Session(user) => {
                Outcome::Success(ApiUser { user: user.clone(), token: None })
            }
            Identity::Token(user, token) => {
                Outcome::Success(ApiUser { user: user.clone(), token: Some(*token) })
            }
            Identity::Nobody | Identity::Refused => Outcome::Error((Status::Unauthorized, ())),
            Identity::Failed => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<SignedIn, ()> {
        match request.local_cache_async(identify(request)).await {
            Identity::Session(user) => Outcome::Success(SignedIn(user.clone())),
            Identity::Failed => Outcome::Error((Status::InternalServerError, ())),
            _ => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<SameOrigin, ()> {
        if is_same_origin(request) {
            Outcome::Success(SameOrigin)
        } else {
            Outcome::Error((Status::Forbidden, ()))
        }
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::{Cookie, Header};
    use rocket::local::blocking::{Client, LocalRequest};
    use rocket::{get, post, routes};

    use super::*;
    use crate::store::testing::{self, TempStore};
    use crate::store::users;

    #[get("/public")]
    fn public(caller: Caller) -> String {
        caller.0.map_or("nobody".to_owned(), |user| user.name.to_string())
    }

    #[post("/api")]
    fn api(caller: ApiUser) -> String {
        format!("{} {}", caller.user.name, if caller.token.is_some() { "token" } else { "session" })
    }

    #[get("/page")]
    fn page(user: SignedIn) -> String {
        user.0.name.to_string()
    }

    #[post("/form")]
    fn form(_here: SameOrigin) {}

    struct Box {
        client: Client,
        store: TempStore,
        basic: String,
        session: String,
    }

    fn with_bob() -> Box {
        let store = testing::store();
        let now = Timestamp::now();
        let (new, session) = store
            .write_now(|tx| {
                let bob = users::insert(tx, &"bob".parse().unwrap(), None, false, now)?;
                let new = token::issue(tx, bob, "", token::expiry(now, 1), now)?;
                Ok::<_, StoreError>((new, session::start(tx, bob, now)?))
            })
            .unwrap();
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let rocket = rocket::custom(figment)
            .manage((*store).clone())
            .mount("/", routes![public, api, page, form]);
        let client = Client::untracked(rocket).unwrap();
        let basic = format!("Basic {}", base64(&format!("{}:{}", new.token.login, new.secret)));
        Box { client, store, basic, session }
    }

    fn base64(text: &str) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut coded = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let mut word = [0; 4];
            word[1..=chunk.len()].copy_from_slice(chunk);
            let word = u32::from_be_bytes(word);
            for place in 0..=chunk.len() {
                coded.push(char::from(DIGITS[(word >> (18 - 6 * place)) as usize & 63]));
            }
        }
        coded
    }

    fn answer(request: LocalRequest<'_>) -> (u16, String) {
        let answer = request.dispatch();
        (answer.status().code, answer.into_string().unwrap_or_default())
    }

    #[test]
    fn a_token_opens_the_api_and_a_bad_one_harms_only_there() {
        let it = with_bob();
        let auth = |value: &str| Header::new("Authorization", value.to_owned());
        let ok = |text: &str| (200, text.to_owned());
        assert_eq!(answer(it.client.post("/api").header(auth(&it.basic))), ok("bob token"));
        assert_eq!(answer(it.client.get("/public").header(auth(&it.basic))), ok("bob"));
        for bad in ["Basic YTpi", "Basic", "", "Bearer x", "Basic ????"] {
            assert_eq!(answer(it.client.post("/api").header(auth(bad))).0, 401, "{bad}");
            assert_eq!(answer(it.client.get("/public").header(auth(bad))), ok("nobody"));
        }
        assert_eq!(answer(it.client.post("/api")).0, 401);
        assert_eq!(answer(it.client.get("/page").header(auth(&it.basic))).0, 401);
    }

    #[test]
    fn a_used_token_says_when() {
        let it = with_bob();
        let header = Header::new("Authorization", it.basic.clone());
        answer(it.client.post("/api").header(header));
        let tokens = it.store.read_now(|db| {
            let bob = users::find(db, &"bob".parse().unwrap())?;
            tokens::of_user(db, bob.unwrap().id)
        });
        assert!(tokens.unwrap()[0].last_used_on.is_some());
    }

    #[test]
    fn a_session_comes_before_a_token() {
        let it = with_bob();
        let cookie = Cookie::new(session::COOKIE, it.session.clone());
        let bad = Header::new("Authorization", "Basic YTpi");
        let request = it.client.post("/api").cookie(cookie.clone()).header(bad);
        assert_eq!(answer(request), (200, "bob session".to_owned()));
        assert_eq!(answer(it.client.get("/page").cookie(cookie)), (200, "bob".to_owned()));
        let forged = Cookie::new(session::COOKIE, "x");
        assert_eq!(answer(it.client.get("/page").cookie(forged)).0, 401);
    }

    #[test]
    fn another_sites_form_is_nobodys() {
        let it = with_bob();
        let cookie = Cookie::new(session::COOKIE, it.session.clone());
        let from = |name: &'static str, value: &'static str| Header::new(name, value);
        for (name, value, allowed) in [
            ("Sec-Fetch-Site", "cross-site", false),
            ("Sec-Fetch-Site", "same-site", false),
            ("Sec-Fetch-Site", "same-origin", true),
            ("Origin", "http://evil.example", false),
            ("Origin", "null", false),
            ("Origin", "http://here:80", true),
        ] {
            let post = |path: &'static str| {
                it.client.post(path).header(from("Host", "here:80")).header(from(name, value))
            };
            let api = answer(post("/api").cookie(cookie.clone())).0;
            assert_eq!(api, if allowed { 200 } else { 401 }, "{name}: {value}");
            assert_eq!(answer(post("/form")).0, if allowed { 200 } else { 403 });
        }
    }
}
