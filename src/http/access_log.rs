//! One line for each request.

use std::time::Instant;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Data, Request, Response};

/// As much of a user agent as tells clients apart.
const AGENT_LENGTH: usize = 60;

/// Logs method, path, status, time, size, address and user agent, at `info` under the target
/// `access`. Queries, headers and the secrets that some addresses hold are left out.
pub struct AccessLog;

#[derive(Clone, Copy)]
struct Begun(Instant);

#[rocket::async_trait]
impl Fairing for AccessLog {
    fn info(&self) -> Info {
        Info { name: "access log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Begun(Instant::now()));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return;
        }
        let begun = request.local_cache(|| Begun(Instant::now()));
        let announced = response.headers().get_one("Content-Length").and_then(|n| n.parse().ok());
        let bytes = response.body().preset_size().or(announced);
        let agent = request.headers().get_one("User-Agent").unwrap_or("-");
        tracing::info!(
            target: "access",
            "{} {} {} {} ms {} B {} {:?}",
            request.method(),
            without_secrets(request.uri().path().as_str()),
            response.status().code,
            begun.0.elapsed().as_millis(),
            bytes.map_or_else(|| "?".to_owned(), |bytes| bytes.to_string()),
            request.client_ip().map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
            agent.chars().take(AGENT_LENGTH).collect::<String>(),
        );
    }
}

/// The path up to where a secret may follow: log-in links and webhooks carry theirs in it.
fn without_secrets(path: &str) -> &str {
    for (prefix, names) in [("/login/once/", 0), ("/webhooks/", 2)] {
        if let Some(rest) = path.strip_prefix(prefix) {
            let shown: usize = rest.split_inclusive('/').take(names).map(str::len).sum();
            return &path[..prefix.len() + shown];
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_are_cut_off() {
        assert_eq!(without_secrets("/login/once/abcdef"), "/login/once/");
        assert_eq!(without_secrets("/webhooks/github/12/secret/pkg/"), "/webhooks/github/12/");
        assert_eq!(without_secrets("/webhooks/"), "/webhooks/");
        assert_eq!(without_secrets("/coprs/alice/foo/"), "/coprs/alice/foo/");
    }
}
