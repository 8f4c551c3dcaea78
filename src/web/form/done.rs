//! What is said after a form has done its work, on the page that it leads to.

use rocket::Request;
use rocket::http::{Cookie, CookieJar, Method, SameSite};
use rocket::response::{self, Redirect, Responder};

/// It is done: on to where that is seen.
#[derive(Debug)]
pub struct Done {
    to: String,
    flash: Option<Flash>,
}

impl Done {
    /// To an address of this server.
    pub fn at(to: impl Into<String>) -> Done {
        Done { to: to.into(), flash: None }
    }

    /// With a sentence that is shown there.
    #[must_use]
    pub fn saying(self, text: impl Into<String>) -> Done {
        Done { flash: Some(Flash { tone: "ok", text: text.into() }), ..self }
    }

    /// With a sentence that somebody should think about.
    #[must_use]
    pub fn warning(self, text: impl Into<String>) -> Done {
        Done { flash: Some(Flash { tone: "warn", text: text.into() }), ..self }
    }
}

impl<'r> Responder<'r, 'static> for Done {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if let Some(flash) = &self.flash {
            request.cookies().add(flash.cookie());
        }
        Redirect::to(self.to).respond_to(request)
    }
}

/// A message for the next page that is looked at, and for that one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// `ok` or `warn`.
    pub tone: &'static str,
    /// A sentence.
    pub text: String,
}

impl Flash {
    const COOKIE: &str = "told";
    /// Cookies are small.
    const LONGEST: usize = 1000;

    fn cookie(&self) -> Cookie<'static> {
        let text: String = self.text.chars().take(Self::LONGEST).collect();
        Cookie::build((Self::COOKIE, format!("{}:{text}", self.tone)))
            .http_only(true)
            .same_site(SameSite::Lax)
            .path("/")
            .max_age(time::Duration::minutes(1))
            .build()
    }

    /// Takes the message that waits for the reader of a page. What a script asks for is no page:
    /// nobody would read it there.
    pub fn take(request: &Request<'_>) -> Option<Flash> {
        let header = |name| request.headers().get_one(name);
        let is_page = header("Sec-Fetch-Dest").is_none_or(|wanted| wanted == "document");
        if request.method() != Method::Get || !is_page {
            return None;
        }
        let cookies: &CookieJar<'_> = request.cookies();
        let cookie = cookies.get(Self::COOKIE)?;
        let flash = Self::parse(cookie.value());
        cookies.remove(Cookie::build(Self::COOKIE).path("/").build());
        flash
    }

    fn parse(value: &str) -> Option<Flash> {
        let (tone, text) = value.split_once(':')?;
        let tone = match tone {
            "ok" => "ok",
            "warn" => "warn",
            _ => return None,
        };
        Some(Flash { tone, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_it_was() {
        let told = Flash { tone: "warn", text: "a: b".to_owned() };
        assert_eq!(Flash::parse(told.cookie().value()), Some(told));
        assert_eq!(Flash::parse("evil:x"), None);
    }
}
