//! How the model's values stand in columns.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::model::chroot::ChrootRecipe;
use crate::model::delivery::Forge;
use crate::model::options::{Bootstrap, Isolation};
use crate::model::repo_url::RepoUrl;
use crate::model::source::SourceSpec;
use crate::model::{
    BatchId, BuildChrootId, BuildId, BuildState, ChrootId, ChrootName, ChrootState, DeliveryId,
    DirId, DirName, GroupId, GroupName, JobId, Owner, PackageId, PackageName, ProjectId,
    ProjectName, SourceState, TokenId, UserId, UserName,
};

/// Integers: ids and times.
macro_rules! as_integer {
    ($($type:ident),+ $(,)?) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$type> {
                value.as_i64().map($type)
            }
        }
    )+};
}

as_integer!(
    BatchId,
    BuildChrootId,
    BuildId,
    ChrootId,
    DeliveryId,
    DirId,
    GroupId,
    JobId,
    PackageId,
    ProjectId,
    Timestamp,
    TokenId,
    UserId,
);

/// Texts that `Display` writes and `FromStr` reads: names, states, words.
macro_rules! as_text {
    ($($type:ident),+ $(,)?) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.to_string().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$type> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    )+};
}

as_text!(
    Bootstrap,
    BuildState,
    ChrootName,
    ChrootState,
    DirName,
    Forge,
    GroupName,
    Isolation,
    Owner,
    PackageName,
    ProjectName,
    SourceState,
    UserName,
);

fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<ToSqlOutput<'static>> {
    let text = serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    Ok(text.into())
}

fn from_json<T: DeserializeOwned>(value: ValueRef<'_>) -> FromSqlResult<T> {
    serde_json::from_str(value.as_str()?).map_err(FromSqlError::other)
}

/// A value kept as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        to_json(&self.0)
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Json<T>> {
        from_json(value).map(Json)
    }
}

macro_rules! as_json {
    ($($type:ident),+ $(,)?) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                to_json(self)
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$type> {
                from_json(value)
            }
        }
    )+};
}

as_json!(ChrootRecipe, SourceSpec);

/// Repositories as a JSON list of the texts that were given.
pub(super) fn repos(list: &[RepoUrl]) -> Json<Vec<&str>> {
    Json(list.iter().map(RepoUrl::as_str).collect())
}

/// The inverse of [`repos`]; a stored text was parsed before it was stored.
pub(super) fn parse_repos(Json(texts): Json<Vec<String>>) -> FromSqlResult<Vec<RepoUrl>> {
    texts.iter().map(|text| text.parse().map_err(FromSqlError::other)).collect()
}
