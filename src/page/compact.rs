//! Leaves out of our stylesheet and scripts what only their readers need: comments, indentation, blanks.

/// Returns a stylesheet without comments and needless blanks. Each of its lines ends with a mark that needs no blank after it.
pub fn style(source: &str) -> String {
    let mut rest = source;
    let mut text = String::with_capacity(source.len());
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).collect::<String>();
    [(": ", ":"), (" {", "{"), ("{ ", "{"), ("; ", ";"), (", ", ","), (" }", "}"), (";}", "}")]
        .iter()
        .fold(lines, |text, (from, to)| text.replace(from, to))
}

/// Returns a script without indentation and the lines that are comments. Its lines stay lines.
pub fn script(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_only_readers_need_is_left_out() {
        let style = "/* One */\na, b:hover {\n    margin: 0 auto; /* two */\n    color: red;\n}\n@media (max-width: 1rem) {\n    a > b { top: 0; }\n}\n";
        assert_eq!(super::style(style), "a,b:hover{margin:0 auto;color:red}@media (max-width:1rem){a > b{top:0}}");
        assert_eq!(super::script("// One\nif (a) {\n    b(\"// c\"); // d\n}\n"), "if (a) {\nb(\"// c\"); // d\n}\n");
    }

    #[test]
    fn every_line_of_the_stylesheet_ends_where_no_blank_is_needed() {
        let style = include_str!("style.css");
        let (_, after_head) = style.split_once("*/").expect("a head");
        let is_whole = |line: &&str| line.is_empty() || line.ends_with(['{', '}', ';', ',', '/']);
        assert_eq!(after_head.lines().find(|line| !is_whole(line)), None);
    }
}
