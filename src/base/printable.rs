//! Escapes text that others wrote for a terminal and the log, so that it cannot control what is shown.

/// Returns whether a character controls a terminal or misleads a reader: control characters (C0, DEL and C1), line and paragraph
/// separators, and those that change the direction of the text or are invisible (Unicode's `Default_Ignorable_Code_Point`, and blanks that are
/// letters), but for those that join what stands around them.
pub fn steers(c: char) -> bool {
    let is_hidden = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    c.is_control() || is_hidden
}

/// Returns whether a character that is invisible by itself changes nothing that is seen here: a joiner does where scripts are that know it,
/// between emoji too, and a selector of a form after a symbol.
fn is_hidden_between(before: Option<char>, c: char, after: Option<char>) -> bool {
    let is_joined = |c: Option<char>| c.is_some_and(|c| c >= '\u{590}' && !steers(c) && !matches!(c, '\u{200c}' | '\u{200d}'));
    match c {
        '\u{200c}' | '\u{200d}' => !is_joined(before) || !is_joined(after),
        '\u{fe0e}' | '\u{fe0f}' => {
            !before.is_some_and(|c| c >= '\u{2000}' && !c.is_alphanumeric() && !matches!(c, '\u{fe0e}' | '\u{fe0f}'))
        }
        _ => steers(c),
    }
}

/// Returns the text on one line, with such characters escaped: `\n`, `\u{1b}`.
pub fn printable(text: &str) -> String {
    escaped(text, |_| false, |c| c.escape_default().collect())
}

/// The same, but keeps the lines and columns of our own text.
pub fn lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'), |c| c.escape_default().collect())
}

/// Returns JSON text with such characters escaped as in JSON: `\u202e`. They only occur in its strings; the lines between them stay.
pub fn json(text: &str) -> String {
    escaped(text, |c| c == '\n', |c| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect())
}

/// Returns HTML with such characters shown in its texts: `\u{202e}`. They stay in tags and in what can be edited, where they change nothing else
/// on the page, and where a form must send back what it was given.
pub fn html(markup: &str) -> String {
    const EDITED: &str = "textarea";
    let mut whole = String::with_capacity(markup.len());
    let mut is_edited = false;
    for part in markup.split_inclusive('>') {
        let (text, tag) = part.split_at(part.find('<').unwrap_or(part.len()));
        if is_edited {
            whole.push_str(text)
        } else {
            whole.push_str(&lines(text))
        }
        whole.push_str(tag);
        is_edited = tag.starts_with('<') && tag[1..].starts_with(EDITED);
    }
    whole
}

/// Escapes what is hidden or steers, but for our own characters.
fn escaped(text: &str, is_own: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> String {
    // Most text has nothing to escape, and most of what is logged is written for every request.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    let (mut before, mut rest) = (None, text.chars().peekable());
    while let Some(c) = rest.next() {
        if !is_own(c) && is_hidden_between(before, c, rest.peek().copied()) {
            whole.push_str(&escape(c));
        } else {
            whole.push(c);
        }
        before = Some(c);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_shows_what_steers_in_texts_and_keeps_it_in_tags_and_in_what_is_edited() {
        let markup = "<p title=\"a\u{202e}\">b\u{202e}\n<b>c\u{7f}</b>é</p><textarea name=\"x\">d\u{202e}\n</textarea>e\u{2066}";
        let shown = "<p title=\"a\u{202e}\">b\\u{202e}\n<b>c\\u{7f}</b>é</p><textarea name=\"x\">d\u{202e}\n</textarea>e\\u{2066}";
        assert_eq!(html(markup), shown);
    }

    #[test]
    fn nothing_that_steers_is_left_and_everything_else_is() {
        let text = "Ünï, 漢字 \u{1f469}\u{200d}\u{1f680} \u{2764}\u{fe0f}\u{200d}\u{1f525} \u{645}\u{6cc}\u{200c}\u{62e}";
        assert_eq!((printable(text), lines(text), json(text)), (text.to_owned(), text.to_owned(), text.to_owned()));
        let odd =
            "\u{0}\u{7}\u{1b}[2J\r\u{7f}\u{85}\u{9b}2J\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2028}\u{2066}\u{2069}\u{feff}\u{e0041}";
        for escaped in [printable(odd), lines(odd), json(odd)] {
            assert!(escaped.is_ascii() && !escaped.contains(char::is_control), "{escaped}");
        }
        assert_eq!(printable("a\nb\u{202e}"), "a\\nb\\u{202e}");
        assert_eq!(lines("a\nb\t\u{9b}"), "a\nb\t\\u{9b}");
        let unseen = ["a\u{200b}b", "a\u{ad}b", "a\u{2060}b", "a\u{200d}b", "a\u{fe0f}b", "\u{1f680}\u{200d}", "\u{3164}\u{2800}\u{e0100}"];
        for text in unseen {
            assert!(printable(text).is_ascii() || text.starts_with('\u{1f680}') && printable(text).ends_with("\\u{200d}"), "{text:?}");
        }
        let value = serde_json::json!({"name": odd});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&format!("{value:#}"))).unwrap(), value);
    }
}
