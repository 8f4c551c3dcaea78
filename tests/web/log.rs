//! The pages of logs.

use std::fmt::Write as _;

use coprbox::model::ChrootState;

use crate::site::Site;

#[test]
fn a_log_is_read_page_by_page_without_javascript() {
    let site = Site::new();
    let (id, log) = site.build(ChrootState::Failed);
    let mut text = String::from("Executing(%build): sh\n");
    for number in 2..=20_000 {
        writeln!(text, "line {number} <i>").unwrap();
    }
    text.push_str("a.c:1:2: error: no\nerror: Bad exit status from /x (%build)\n");
    std::fs::write(&log, &text).unwrap();
    let url = format!("/coprs/alice/tools/build/{id}/log/fedora-42-x86_64/builder-live.log");
    let end = site.page(&url);
    end.has("id=\"L20002\"").has("The end of the log").lacks("id=\"L2\"").has("first error");
    end.has(&format!("{url}?line=20001#L20001"));
    let begin = site.page(&format!("{url}?at=0"));
    begin.has("id=\"L2\" href=\"#L2\">2</a>line 2 &#60;i&#62;\n").has("The beginning of the log");
    begin.has("rel=\"next\"");
    site.page(&format!("{url}?line=9000")).has("id=\"L9000\"").has("rel=\"prev\"");
    site.page(&format!("{url}?line=99999999")).has("The end of the log");
    for path in
        ["epel-9-x86_64/builder-live.log", "fedora-42-x86_64/..%2Fx", "fedora-42-x86_64/x.rpm"]
    {
        let path = format!("/coprs/alice/tools/build/{id}/log/{path}");
        assert_eq!(site.get(&path).status, 404, "{path}");
    }
    let page = site.page(&format!("/coprs/alice/tools/build/{id}/"));
    page.has("<strong>a.c:1:2: no</strong>").has(&format!("{url}?line=20001#L20001"));
    page.has("failed at build, says gcc");
}
