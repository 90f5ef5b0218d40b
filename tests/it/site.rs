//! How the operator calls and marks the server, and the theme that its readers choose.

use std::process::Command;
use std::time::{Duration, Instant};

use keyfob::model::settings::Settings;
use keyfob::model::site::Logo;

use crate::binary::{KEY, PASSWORD, Running, run};
use crate::browser::authorize_target;
use crate::client::send;
use crate::console::{server_with_alice, signed_in_admin};
use crate::folder::Folder;
use crate::server::Server;

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

#[test]
fn the_operators_name_and_mark_stand_where_people_sign_in_consent_and_work() {
    let mut server = Server::with(Settings { site_name: "Acme <Things>".to_owned(), ..Settings::default() });
    server.app.settings().site_logo.set(Logo::of(SVG.into()).expect("a picture"));
    server.has_user("alice");
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let mut alice = server.signed_in("alice");
    let consent = authorize_target("my-app", &[]);
    let pages = [alice.get(&server, "/console"), alice.get(&server, &consent), server.send("anon", "GET", "/oauth/login", "")];
    for page in pages {
        let page = page.text();
        assert!(page.contains("<strong>Acme &lt;Things&gt;</strong>") && page.contains(" · Acme &lt;Things&gt; "), "{page}");
        assert!(page.contains("src=\"/assets/site-logo?v=") && !page.contains("keyfob Account") && !page.contains("<!--site"), "{page}");
    }
    let logo = server.send("anon", "GET", "/assets/site-logo?v=1", "");
    assert_eq!((logo.status, logo.header("Content-Type"), logo.text()), (200, Some("image/svg+xml"), SVG.to_owned()));
    let policy = logo.header("Content-Security-Policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(logo.header("X-Content-Type-Options"), Some("nosniff"));
}

#[test]
fn without_a_name_of_its_own_the_server_is_called_keyfob() {
    let server = Server::start();
    let page = server.send("anon", "GET", "/oauth/login", "").text();
    assert!(page.contains("<strong>keyfob</strong>") && page.contains("<title>Sign in · keyfob Account</title>"), "{page}");
    assert!(page.contains("href=\"/assets/icon.svg\"") && !page.contains("site-logo"), "{page}");
}

#[test]
fn a_theme_is_chosen_by_a_form_and_each_page_has_it_from_its_first_line() {
    let (server, mut alice) = server_with_alice();
    let begin = |page: String| page.split('>').nth(1).unwrap_or_default().to_owned();
    assert_eq!(begin(alice.get(&server, "/console").text()), "<html lang=\"en\"");
    let answer = alice.sends_form(&server, "/console/theme", &[("theme", "dark"), ("back", "/console/clients?page=2")]);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/console/clients?page=2")));
    for page in ["/console", "/oauth/", "/nowhere"] {
        let page = alice.send(&server, "GET", page, &[("Accept", "text/html")], "");
        assert_eq!(begin(page.text()), "<html lang=\"en\" data-theme=\"dark\"");
    }
    alice.sees(&server, "/console", &["value=\"dark\" aria-pressed=\"true\"", "value=\"system\" aria-pressed=\"false\""]);
    for (theme, back) in [("system", "//evil.example"), ("pink\" onload", "https://evil.example"), ("", "/oauth/login"), ("x", "")] {
        let answer = alice.sends_form(&server, "/console/theme", &[("theme", theme), ("back", back)]);
        assert_eq!((answer.status, answer.header("Location")), (303, Some("/console")), "{back}");
        assert_eq!(begin(alice.get(&server, "/console").text()), "<html lang=\"en\"");
    }
    assert_eq!(begin(signed_in_admin(&server).get(&server, "/console").text()), "<html lang=\"en\"", "another browser has its own");
}

#[test]
fn choosing_a_theme_does_not_say_once_more_what_was_done() {
    let (server, mut alice) = server_with_alice();
    for (page, back) in [
        ("/console/profile?done=saved", "/console/profile"),
        ("/console/clients?of=deleted&done=deleted&what=lamp", "/console/clients?of=deleted"),
        ("/console/clients?q=done=saved", "/console/clients?q=done=saved"),
    ] {
        let shown = back.replace('&', "&amp;");
        alice.sees(&server, page, &[&format!("name=\"back\" value=\"{shown}\"")]);
    }
}

#[test]
fn a_mark_is_checked_at_the_start_and_read_again_on_a_hangup() {
    let folder = Folder::new("site-logo");
    let file = folder.file("mark");
    let path = file.to_str().expect("a path");
    let refused = |arguments: &[&str]| {
        let all = [&["serve", "--ephemeral", "--listen", "127.0.0.1:0"], arguments].concat();
        String::from_utf8_lossy(&run(&folder.0, &all, &[]).stderr).into_owned()
    };
    assert!(refused(&["--site-logo", path]).contains("--site-logo"), "it is not there");
    std::fs::write(&file, "GIF89a").expect("a file");
    assert!(refused(&["--site-logo", path]).contains("no PNG, JPEG, WebP or SVG"));
    std::fs::write(&file, [b"<svg>".to_vec(), vec![b' '; 64 * 1024]].concat()).expect("a file");
    assert!(refused(&["--site-logo", path]).contains("more than 64 KiB"));
    for name in ["two\nlines", &"x".repeat(41)] {
        assert!(refused(&["--site-name", name]).contains("--site-name"), "{name}");
    }
    std::fs::write(&file, SVG).expect("a file");
    let server = Running::start(&folder.0, &["--site-logo", path, "--site-name", "Acme"], &[KEY, PASSWORD]);
    let logo = || send(server.address(), "GET", "/assets/site-logo", &[], "").body;
    assert_eq!(logo(), SVG);
    assert!(send(server.address(), "GET", "/oauth/login", &[], "").body.contains("<strong>Acme</strong>"));
    std::fs::write(&file, "<svg/>").expect("a file");
    server.signal("-HUP");
    let begun = Instant::now();
    while logo() != "<svg/>" {
        assert!(begun.elapsed() < Duration::from_secs(20), "the file is not read again");
        std::thread::sleep(Duration::from_millis(50));
    }
    // What is no picture leaves the mark as it is.
    std::fs::write(&file, "nothing").expect("a file");
    server.signal("-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(logo(), "<svg/>");
    assert_eq!(server.end("-TERM").0, Some(0));
}

#[test]
fn a_mark_or_names_that_became_a_pipe_keep_no_server_from_ending() {
    let folder = Folder::new("piped-settings");
    for (flag, content) in [("--site-logo", SVG), ("--protected-names", "acme")] {
        let file = folder.file(flag.trim_start_matches('-'));
        let path = file.to_str().expect("a path");
        std::fs::write(&file, content).expect("a file");
        let server = Running::start(&folder.0, &[flag, path], &[KEY, PASSWORD]);
        std::fs::remove_file(&file).expect("it is removed");
        assert!(Command::new("mkfifo").arg(&file).status().expect("a pipe").success());
        server.signal("-HUP");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(server.end("-TERM").0, Some(0), "{flag}");
        let refused = run(&folder.0, &["serve", "--ephemeral", "--listen", "127.0.0.1:0", flag, path], &[]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("no regular file"), "{flag}");
    }
}
