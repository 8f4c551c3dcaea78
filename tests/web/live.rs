//! The log that follows.

use std::io::Write;

use coprbox::model::ChrootState;
use flate2::write::GzEncoder;
use rocket::http::Method;

use crate::site::Site;

/// `(event, id, data)` of each event.
fn events(stream: &str) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for block in stream.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let field = |name: &str| -> String {
            let values: Vec<&str> = block
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(|value| value.strip_prefix(' ').unwrap_or(value))
                .collect();
            values.join("\n")
        };
        all.push((field("event"), field("id"), field("data")));
    }
    all
}

fn event(name: &str, id: &str, data: &str) -> (String, String, String) {
    (name.to_owned(), id.to_owned(), data.to_owned())
}

#[test]
fn a_log_is_sent_in_lines_with_the_byte_after_them() {
    let site = Site::new();
    let (id, log) = site.build(ChrootState::Failed);
    std::fs::write(&log, "one\ntwo <b>\x1b[1m\nthr\u{e9}e").unwrap();
    let live = format!("/coprs/alice/tools/build/{id}/live?log=fedora-42-x86_64");
    let answer = site.page(&live);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    let expected = [
        event("log", "16", r#"["one","two <b>"]"#),
        event("log", "22", "[\"thr\u{e9}e\"]"),
        event("end", "", ""),
    ];
    assert_eq!(events(&answer.text), expected);

    let later = site.page(&format!("{live}&offset=4"));
    assert_eq!(events(&later.text)[0], event("log", "16", r#"["two <b>"]"#));
    let resumed =
        site.send(Method::Get, &format!("{live}&offset=4"), "", &[("Last-Event-ID", "16")]);
    assert_eq!(events(&resumed.text)[0], event("log", "22", "[\"thr\u{e9}e\"]"));
}

#[test]
fn a_packed_log_is_sent_from_any_byte() {
    let site = Site::new();
    let (id, log) = site.build(ChrootState::Succeeded);
    let file = std::fs::File::create(log.with_extension("log.gz")).unwrap();
    let mut encoder = GzEncoder::new(file, flate2::Compression::fast());
    for number in 0..40_000 {
        writeln!(encoder, "line {number:05}").unwrap();
    }
    encoder.finish().unwrap();
    let live = format!("/coprs/alice/tools/build/{id}/live?log=fedora-42-x86_64");
    let end = site.page(&format!("{live}&offset={}", 11 * 39_999));
    let expected = [event("log", "440000", r#"["line 39999"]"#), event("end", "", "")];
    assert_eq!(events(&end.text), expected);
    let all = events(&site.page(&live).text);
    let lines: usize = all.iter().map(|(_, _, data)| data.matches("\"line").count()).sum();
    assert_eq!(lines, 40_000);
    assert!(all.len() > 5, "in pieces");
}

#[test]
fn a_log_that_there_is_not_is_not_followed() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Running);
    for path in ["live?log=epel-9-x86_64", "live?log=../../x", "live?log="] {
        assert_eq!(
            site.get(&format!("/coprs/alice/tools/build/{id}/{path}")).status,
            404,
            "{path}"
        );
    }
    assert_eq!(site.get("/coprs/alice/tools/build/99/live").status, 404);
}
