//! Badges for the READMEs of others: how a build, or a package's newest build, stands.

use rocket::http::ContentType;
use rocket::request::FromParam;
use rocket::response::{self, Responder};
use rocket::{Request, State, get};

use crate::model::{BuildId, BuildState, Owner, PackageName, ProjectName};
use crate::ops::builds::pages::newest_state;
use crate::ops::{App, pages};

/// A badge. There are few, so they are pictures that were drawn beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Badge {
    look: Look,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Succeeded,
    Failed,
    InProgress,
    Unknown,
    BadUrl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
}

macro_rules! picture {
    ($name:literal) => {
        include_bytes!(concat!("../../../static/img/badge/", $name))
    };
}

impl Badge {
    fn picture(self) -> &'static [u8] {
        match (self.look, self.format) {
            (Look::Succeeded, Format::Png) => picture!("succeeded.png"),
            (Look::Failed, Format::Png) => picture!("failed.png"),
            (Look::InProgress, Format::Png) => picture!("in_progress.png"),
            (Look::Unknown, Format::Png) => picture!("unknown.png"),
            (Look::BadUrl, Format::Png) => picture!("bad_url.png"),
            (Look::Succeeded, Format::Svg) => picture!("succeeded.svg"),
            (Look::Failed, Format::Svg) => picture!("failed.svg"),
            (Look::InProgress, Format::Svg) => picture!("in_progress.svg"),
            (Look::Unknown, Format::Svg) => picture!("unknown.svg"),
            (Look::BadUrl, Format::Svg) => picture!("bad_url.svg"),
        }
    }
}

impl From<BuildState> for Look {
    fn from(state: BuildState) -> Look {
        match state {
            BuildState::Succeeded | BuildState::Forked => Look::Succeeded,
            BuildState::Failed => Look::Failed,
            BuildState::Canceled | BuildState::Skipped => Look::Unknown,
            _ => Look::InProgress,
        }
    }
}

impl<'r> Responder<'r, 'static> for Badge {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let kind = match self.format {
            Format::Png => ContentType::PNG,
            Format::Svg => ContentType::SVG,
        };
        let mut response = (kind, self.picture()).respond_to(request)?;
        // The sites that show READMEs keep pictures otherwise, and this one changes.
        response.set_raw_header("Cache-Control", "no-cache, no-store, must-revalidate, max-age=0");
        response.set_raw_header("Expires", "0");
        Ok(response)
    }
}

/// The name of a badge's file.
pub struct Picture<const PACKAGE: bool>(Format);

impl<const PACKAGE: bool> FromParam<'_> for Picture<PACKAGE> {
    type Error = ();

    fn from_param(text: &str) -> Result<Self, ()> {
        let name = if PACKAGE { "last_build" } else { "status_image" };
        match text.strip_prefix(name) {
            Some(".png") => Ok(Picture(Format::Png)),
            Some(".svg") => Ok(Picture(Format::Svg)),
            _ => Err(()),
        }
    }
}

/// The badge of a build.
#[get("/coprs/build/<id>/<picture>", rank = 7)]
pub async fn of_build(app: &State<App>, id: &str, picture: Picture<false>) -> Badge {
    let look = match id.parse::<BuildId>() {
        Ok(id) => match app.store.read(move |db| pages::build(db, id)).await {
            Ok(build) => build.state.into(),
            Err(_) => Look::BadUrl,
        },
        Err(_) => Look::BadUrl,
    };
    Badge { look, format: picture.0 }
}

/// The badge of a package's newest build.
#[get("/coprs/<owner>/<name>/package/<package>/status_image/<picture>", rank = 7)]
pub async fn of_package(
    app: &State<App>,
    owner: &str,
    name: &str,
    package: &str,
    picture: Picture<true>,
) -> Badge {
    Badge { look: newest(app, owner, name, package).await, format: picture.0 }
}

async fn newest(app: &App, owner: &str, name: &str, package: &str) -> Look {
    let (Ok(owner), Ok(name), Ok(package)) =
        (owner.parse::<Owner>(), name.parse::<ProjectName>(), package.parse::<PackageName>())
    else {
        return Look::BadUrl;
    };
    match app.store.read(move |db| newest_state(db, &owner, &name, &package)).await {
        Ok(Some(state)) => state.into(),
        Ok(None) => Look::Unknown,
        Err(_) => Look::BadUrl,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_badge_is_a_picture_twenty_pixels_high() {
        for look in [Look::Succeeded, Look::Failed, Look::InProgress, Look::Unknown, Look::BadUrl] {
            let png = Badge { look, format: Format::Png }.picture();
            assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
            assert_eq!(&png[20..24], [0, 0, 0, 20], "{look:?}");
            let svg = std::str::from_utf8(Badge { look, format: Format::Svg }.picture()).unwrap();
            assert!(svg.starts_with("<svg ") && svg.contains("height=\"20\""), "{look:?}");
        }
    }

    #[test]
    fn only_the_names_that_copr_has_are_badges() {
        assert!(Picture::<false>::from_param("status_image.png").is_ok());
        assert!(Picture::<true>::from_param("last_build.svg").is_ok());
        assert!(Picture::<true>::from_param("status_image.png").is_err());
    }
}
