//! How values become words: spans, ages, sizes, and the Markdown that users write.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

pub use crate::http::files::listing::size;
pub use in_templates::markdown;

/// How long ago, in one rounded unit. `static/js/page.js` repeats these steps, so that a page
/// that stays open says the same as one loaded anew.
pub fn ago(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (number, unit) = match seconds {
        0..10 => return "just now".into(),
        10..MINUTE => (seconds, "second"),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ if seconds < 14 * DAY => (seconds / DAY, "day"),
        _ if seconds < 60 * DAY => (seconds / (7 * DAY), "week"),
        _ if seconds < 730 * DAY => (seconds / (30 * DAY), "month"),
        _ => (seconds / (365 * DAY), "year"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart, `12 148`: by a narrow blank that does not break. Numbers of
/// four digits do without.
pub fn in_thousands(number: u64) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    let mut out = String::new();
    for (at, digit) in number.to_string().chars().rev().enumerate() {
        if at > 0 && at % 3 == 0 {
            out.insert(0, '\u{202f}');
        }
        out.insert(0, digit);
    }
    out
}

/// A span in its two largest units: `2 min 14 s`, with blanks that do not break.
pub fn span(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}\u{a0}s"),
        (0, min, s) => format!("{min}\u{a0}min\u{a0}{s}\u{a0}s"),
        (h, min, _) => format!("{h}\u{a0}h\u{a0}{min}\u{a0}min"),
    }
}

#[expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "askama's macro makes it so"
)]
mod in_templates {
    /// [`markdown_to_html`](super::markdown_to_html) as a filter.
    #[askama::filter_fn]
    pub fn markdown(source: &str, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(super::markdown_to_html(source))
    }
}

/// Markdown as HTML that cannot carry markup of its own: raw HTML becomes text, and only web and
/// mail addresses, or places on this server, can be linked to. Images would make the reader's
/// browser call other hosts, so they become links to themselves.
pub fn markdown_to_html(source: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(source, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(
            Tag::Link { link_type, dest_url, title, id }
            | Tag::Image { link_type, dest_url, title, id },
        ) => {
            let dest_url = if is_harmless(&dest_url) { dest_url } else { "#".into() };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    });
    let mut out = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// Whether an address may be linked to: `http`, `https`, `mailto`, or no scheme at all.
/// Browsers ignore blanks and control characters in a scheme, so those are never harmless.
pub fn is_harmless(address: &str) -> bool {
    let Some((before, _)) = address.split_once(':') else { return !address.starts_with('\\') };
    if before.contains(['/', '?', '#']) {
        return true;
    }
    ["http", "https", "mailto"].iter().any(|scheme| before.eq_ignore_ascii_case(scheme))
}

/// The beginning of a Markdown text as one plain line, for lists.
pub fn excerpt(source: &str) -> String {
    const LONGEST: usize = 180;
    let mut words = String::new();
    for event in Parser::new(source) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            // Paragraphs and the like stand apart; what is emphasised belongs to its sentence.
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) => words.push(' '),
            _ => {}
        }
        if words.len() > 4 * LONGEST {
            break;
        }
    }
    // No page shows the rest, and feeds, which are XML, may not hold it.
    words
        .retain(|c| c.is_whitespace() || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')));
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((at, _)) => {
            let cut = line[..at].rfind(' ').unwrap_or(at);
            format!("{}…", &line[..cut])
        }
    }
}

/// An error's words as a sentence of a page.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.to_uppercase().chain(letters.as_str().chars()).collect::<String>() + end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_age_is_one_rounded_unit() {
        assert_eq!(ago(3), "just now");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(7199), "1 hour ago");
        assert_eq!(ago(13 * 86_400), "13 days ago");
        assert_eq!(ago(20 * 86_400), "2 weeks ago");
        assert_eq!(ago(400 * 86_400), "13 months ago");
    }

    #[test]
    fn a_span_has_two_units() {
        let plain = |seconds| span(seconds).replace('\u{a0}', " ");
        assert_eq!(plain(0), "0 s");
        assert_eq!(plain(134), "2 min 14 s");
        assert_eq!(plain(3700), "1 h 1 min");
    }

    #[test]
    fn large_numbers_come_in_thousands() {
        assert_eq!(in_thousands(9999), "9999");
        assert_eq!(in_thousands(1_000_000).replace('\u{202f}', "_"), "1_000_000");
    }

    #[test]
    fn markup_in_markdown_is_text_and_scripts_are_no_links() {
        let html =
            markdown_to_html("a <script>x</script> **b** [a](javascript:x) ![i](http://h/i.png)");
        assert!(html.contains("&lt;script&gt;") && html.contains("<strong>b</strong>"), "{html}");
        assert!(!html.contains("javascript:") && !html.contains("<img"), "{html}");
        assert!(html.contains("<a href=\"http://h/i.png\">i</a>"), "{html}");
    }

    #[test]
    fn an_excerpt_is_one_line_of_plain_words() {
        assert_eq!(excerpt("# Tools\n\nfor *all*\nof `us`"), "Tools for all of us");
        let marked = "**Small** tools, for *all*, as [asked](https://example.org/).";
        assert_eq!(excerpt(marked), "Small tools, for all, as asked.");
        let long = excerpt(&"word ".repeat(200));
        assert!(long.ends_with("word…") && long.chars().count() <= 181, "{long}");
    }

    proptest! {
        #[test]
        fn no_markdown_brings_tags_or_addresses_of_its_own(source in "\\PC{0,200}") {
            let html = markdown_to_html(&source);
            for tag in ["<script", "<img", "<iframe", "<style", "<object", "<svg", "<form"] {
                prop_assert!(!html.to_ascii_lowercase().contains(tag), "{}", html);
            }
        }

        #[test]
        fn no_link_leads_to_a_script(scheme in "[ \\x00-\\x1f]{0,2}[jJ][aA]vascript[ \\t]{0,1}", rest in "[a-z(]{0,8}") {
            let html = markdown_to_html(&format!("[x](<{scheme}:{rest}>)"));
            prop_assert!(!html.to_ascii_lowercase().contains("href=\"javascript"), "{}", html);
            let address = format!("{scheme}:{rest}");
            prop_assert!(!is_harmless(&address));
        }
    }
}
