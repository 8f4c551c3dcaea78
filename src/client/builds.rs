//! What `coprbox build` is made of: the methods of today's API that hand in a build and tell how it
//! is going.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::Method;

use super::request::Sent;
use super::{ClientError, CoprClient};
use crate::model::{ChrootName, Owner, ProjectName};

/// The log that tells everything.
const LOG: &str = "builder-live.log";
/// How much of a log is asked for at once.
const PIECE: u64 = 1 << 20;

/// What a build is to be like. What is `None`, or empty, is as the project has it.
#[derive(Clone, Debug, Serialize)]
pub struct NewBuild {
    /// Whose project it is built in.
    #[serde(rename = "ownername", serialize_with = "as_text")]
    pub owner: Owner,
    /// The project.
    #[serde(rename = "projectname", serialize_with = "as_text")]
    pub project: ProjectName,
    /// The chroots: names and patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chroots: Vec<String>,
    /// How many seconds it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Whether the build has network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_net: Option<bool>,
    /// Whether others go first.
    pub background: bool,
}

/// What is sent to be built.
#[derive(Clone, Copy, Debug)]
pub enum Sources<'a> {
    /// An SRPM, or a spec file.
    File(&'a Path),
    /// A directory, packed with tar and gzip.
    Tree {
        /// The packed directory.
        packed: &'a Path,
        /// Its name.
        name: &'a str,
        /// The spec file's place in it.
        spec: &'a str,
        /// Whether the first source is made from it in any case.
        pack_source: bool,
    },
}

/// A build.
#[derive(Clone, Debug, Deserialize)]
pub struct Build {
    /// Its number.
    pub id: i64,
    /// `pending`, `running`, `succeeded` …
    pub state: String,
}

/// What a build is doing in one chroot, or for its source package.
#[derive(Clone, Debug, Deserialize)]
pub struct BuildPart {
    /// The chroot; empty for the source package.
    #[serde(default)]
    pub name: String,
    /// `waiting`, `running`, `succeeded` …
    pub state: String,
    /// Where logs and packages are, as soon as there is something.
    pub result_url: Option<String>,
}

/// What came behind the last byte that was read of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEnd {
    /// There may be more to come.
    Open,
    /// That was all.
    Closed,
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

fn as_text<S: serde::Serializer>(value: &impl std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

impl CoprClient {
    /// The chroots that projects can have, with what the server's administrator says of them.
    pub fn chroot_list(&self) -> Result<BTreeMap<String, String>, ClientError> {
        self.get_today("/mock-chroots/list")
    }

    /// Makes a project for these chroots.
    pub fn project_create(
        &self,
        owner: &Owner,
        name: &ProjectName,
        chroots: &[ChrootName],
    ) -> Result<(), ClientError> {
        let chroots: Vec<&str> = chroots.iter().map(ChrootName::as_str).collect();
        let body = json!({ "name": name.to_string(), "chroots": chroots });
        let _: Value = self.ask_today(Method::POST, &format!("/project/add/{owner}"), &body)?;
        Ok(())
    }

    /// Whether a build like this would be taken; `status` 404 of the refusal means that there is no
    /// such project.
    pub fn build_check(&self, new: &NewBuild) -> Result<(), ClientError> {
        let _: Value = self.ask_today(Method::POST, "/build/check-before-build", new)?;
        Ok(())
    }

    /// Hands in a build. Once `stop` says so nothing is sent any more, and that is an error.
    pub fn build_create(
        &self,
        new: &NewBuild,
        sources: &Sources<'_>,
        stop: impl Fn() -> bool + 'static,
    ) -> Result<Build, ClientError> {
        let mut fields = serde_json::to_value(new).unwrap_or_default();
        let (path, file, name) = match sources {
            Sources::File(file) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                ("/build/create/upload", *file, name)
            }
            Sources::Tree { packed, name, spec, pack_source } => {
                fields["spec"] = json!(spec);
                fields["pack_source"] = json!(pack_source);
                ("/build/create/tree", *packed, format!("{name}.tar.gz"))
            }
        };
        let fields = Some(fields.to_string());
        self.form_today(path, &Sent { field: "pkgs", file, name: &name, fields }, stop)
    }

    /// How a build is going.
    pub fn build_info(&self, id: i64) -> Result<Build, ClientError> {
        self.get_today(&format!("/build/{id}"))
    }

    /// A build as the server tells of it, for programs.
    pub fn build_json(&self, id: i64) -> Result<Value, ClientError> {
        self.get_today(&format!("/build/{id}"))
    }

    /// How its source package is going.
    pub fn build_source(&self, id: i64) -> Result<BuildPart, ClientError> {
        self.get_today(&format!("/build/source-chroot/{id}"))
    }

    /// How it is going in its chroots; none are known before there is a source package.
    pub fn build_chroots(&self, id: i64) -> Result<Vec<BuildPart>, ClientError> {
        let Items { items } = self.get_today(&format!("/build-chroot/list?build_id={id}"))?;
        Ok(items)
    }

    /// Stops a build. One that has ended already is refused with `status` 409.
    pub fn build_cancel(&self, id: i64) -> Result<(), ClientError> {
        let _: Value = self.ask_today(Method::PUT, &format!("/build/cancel/{id}"), &json!({}))?;
        Ok(())
    }

    /// Reads the log of a part of a build onward from byte `at`, which moves.
    pub fn build_log(
        &self,
        result_url: &str,
        at: &mut u64,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<LogEnd, ClientError> {
        let path = format!("{}/{LOG}", path_of(result_url));
        loop {
            let (status, mut body) = self.file_part(&path, Some((*at, PIECE)))?;
            match status {
                206 => {
                    let read = self.hand_on(&mut body, sink)?;
                    *at += read;
                    if read < PIECE {
                        return Ok(LogEnd::Open);
                    }
                }
                // Something in between does not know ranges.
                200 => {
                    let skipped = io::copy(&mut (&mut body).take(*at), &mut io::sink());
                    skipped.map_err(|error| self.broken(&error))?;
                    *at += self.hand_on(&mut body, sink)?;
                    return Ok(LogEnd::Open);
                }
                // Nothing is behind the last byte, or nothing is there at all, for now.
                404 | 416 => return Ok(LogEnd::Open),
                // A log that has ended is packed.
                301..=303 | 307 | 308 => return self.packed_log(&path, at, sink),
                other => return Err(self.stranger(format!("it answers with status {other}"))),
            }
        }
    }

    fn packed_log(
        &self,
        path: &str,
        at: &mut u64,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<LogEnd, ClientError> {
        let (status, body) = self.file_part(&format!("{path}.gz"), None)?;
        if status != 200 {
            return Ok(LogEnd::Open);
        }
        let mut log = MultiGzDecoder::new(body);
        let skipped = io::copy(&mut (&mut log).take(*at), &mut io::sink());
        skipped.map_err(|error| self.broken(&error))?;
        *at += self.hand_on(&mut log, sink)?;
        Ok(LogEnd::Closed)
    }

    fn hand_on(
        &self,
        from: &mut impl Read,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<u64, ClientError> {
        let (mut buffer, mut sum) = (vec![0; 64 << 10], 0);
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(sum),
                Ok(read) => {
                    sink(&buffer[..read]);
                    sum += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    fn broken(&self, error: &io::Error) -> ClientError {
        ClientError::Unreachable { url: self.url().to_owned(), cause: error.to_string() }
    }
}

/// The path of an address: the server may be reached by another name than it knows.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |slash| rest[slash..].trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_for_at_the_server_that_is_talked_to() {
        assert_eq!(path_of("https://h:5000/results/a/b/"), "/results/a/b");
        assert_eq!(path_of("https://h"), "");
    }

    #[test]
    fn what_is_not_said_is_not_sent() {
        let new = NewBuild {
            owner: "@crew".parse().unwrap(),
            project: "tools".parse().unwrap(),
            chroots: Vec::new(),
            timeout: None,
            enable_net: Some(true),
            background: false,
        };
        let sent = serde_json::to_value(new).unwrap();
        let expected = json!({
            "ownername": "@crew", "projectname": "tools", "enable_net": true, "background": false,
        });
        assert_eq!(sent, expected);
    }
}
