//! Pictures of twelve pages, which the README and `doc/console.md` show. `KEYFOB_WRITE=1 cargo test --test browser screenshots` takes them again.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::server::{PASSWORD, Server};
use crate::webdriver::{Browser, Driver, Scripts};

/// Users, organizations and clients of a made-up farm and its neighbours. Its clock is so many [`DAYS`] before the pictures.
const SEED: &str = "tests/browser/screenshots.json";

const DAYS: u64 = 30;

/// Who signs in to which client, from which day on, and how often a day, about.
const USE: &[(&str, &str, u64, u64)] = &[
    ("ines", "field-notebook", 1, 4),
    ("maria", "grafana", 2, 2),
    ("samuel", "tide-table", 6, 2),
    ("tomasz", "field-notebook", 12, 3),
    ("aiko", "reading-room", 26, 1),
    ("ines", "greenhouse-panel", 28, 1),
];

/// The sizes of screens, in pixels.
const DESK: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);

/// How heavy a picture may be, and all of them, in bytes.
const HEAVIEST: u64 = 150_000;
const HEAVIEST_TOGETHER: u64 = 1_200_000;

/// Every picture with its size.
const SCREENSHOTS: [(&str, (u32, u32)); 12] = [
    ("sign-in", PHONE),
    ("consent", PHONE),
    ("dashboard", DESK),
    ("clients", DESK),
    ("add-client", DESK),
    ("new-secret", DESK),
    ("client", DESK),
    ("try-it", DESK),
    ("review", DESK),
    ("activity", DESK),
    ("user", DESK),
    ("organizations", PHONE),
];

/// Those in which the screen is dark.
const DARK: [&str; 2] = ["dashboard", "organizations"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path(name: &str) -> PathBuf {
    root().join(format!("doc/screenshots/{name}.png"))
}

/// Each file is there, and is what the pages say that it is.
pub fn screenshots_are_small_and_shown(driver: &Driver) {
    if std::env::vars().any(|(name, value)| name == "KEYFOB_WRITE" && value == "1") {
        write(driver);
    }
    let console = std::fs::read_to_string(root().join("doc/console.md")).expect("a page");
    let mut total = 0;
    for (name, size) in SCREENSHOTS {
        let bytes = std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(size_of(&bytes), Some(size), "{name}");
        let length = bytes.len() as u64;
        assert!(length <= HEAVIEST, "{name} has {length} bytes");
        assert!(console.contains(&format!("](screenshots/{name}.png)")), "doc/console.md does not show {name}");
        total += length;
    }
    assert!(total <= HEAVIEST_TOGETHER, "together they have {total} bytes");
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let shown: Vec<&str> = readme.split("doc/screenshots/").skip(1).filter_map(|rest| rest.split(".png").next()).collect();
    assert!(!shown.is_empty(), "the README shows none");
    assert!(shown.iter().all(|shown| SCREENSHOTS.iter().any(|(name, _)| name == shown)), "{shown:?}");
}

/// The width and the height of a PNG, which its header says.
fn size_of(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    Some((number(0)?, number(4)?))
}

/// Lets the days pass on which people sign in to the clients, now more, now less; near the end some register one, which waits.
fn pass_days(server: &Server) {
    for day in 1..=DAYS {
        server.is_steered("POST", "/clock/advance", &json!({"by": "1d"}));
        for (user, client, first, often) in USE {
            if day == *first {
                let url = format!("/oauth/authorize?client_id={client}&response_type=code&scope=openid");
                server.is_steered("POST", "/authorize", &json!({"user_id": user, "url": url, "decision": "allow"}));
            }
            let tokens = if day < *first { 0 } else { often * (3 + day * 7 % 5) / 4 };
            for _ in 0..tokens {
                server.is_steered("POST", "/tokens", &json!({"user_id": user, "client_id": client, "refresh": false}));
            }
        }
        if day + 2 == DAYS {
            let client = json!({
                "ids": {"client_id": "barn-lights"}, "name": "Barn Lights", "description": "Switches the lights of the barn from a phone.",
                "redirect_uris": ["https://lights.greenvalley.example/callback"], "grants": ["GRANT_AUTHORIZATION_CODE"],
                "rights": ["RIGHT_USER_INFO", "RIGHT_APPLICATION_INFO", "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"], "state": "STATE_REQUESTED",
            });
            server.is_told("POST", "/api/v3/organizations/green-valley/clients", &json!({"client": client}));
        }
    }
    let change = json!({"client": {"description": "Tells when somebody should open a window."}, "field_mask": "description"});
    server.is_told("PUT", "/api/v3/clients/reading-room", &change);
    server.is_steered("POST", "/clock/advance", &json!({"by": "45m"}));
    server.is_told("POST", "/api/v3/clients/tide-table/secret", &json!({"grace": "86400s"}));
    server.is_steered("POST", "/clock/advance", &json!({"by": "12m"}));
}

fn write(driver: &Driver) {
    std::fs::create_dir_all(root().join("doc/screenshots")).expect("a folder is made");
    let server = Server::steered(SEED);
    pass_days(&server);
    let browser = driver.browser(Scripts::Run);
    let open = |target: &str| browser.open(&format!("{}{target}", server.url));
    let callback = "https://notebook.greenvalley.example/callback";
    open(&format!("/oauth/authorize?client_id=field-notebook&response_type=code&redirect_uri={callback}"));
    take(&browser, "sign-in");
    browser.fill("user_id", "samuel");
    browser.fill("password", PASSWORD);
    browser.press("Sign in");
    browser.find("[name=authorize]");
    take(&browser, "consent");
    open("/console");
    browser.press("Sign out");

    browser.has_size(DESK);
    browser.signs_in(&server, "maria", "/console");
    take(&browser, "dashboard");
    for (name, target) in [
        ("clients", "/console/clients?of=all"),
        ("client", "/console/clients/field-notebook"),
        ("review", "/console/review"),
        ("activity", "/console/activity"),
        ("user", "/console/users/ines"),
        ("organizations", "/console/organizations"),
        ("add-client", "/console/add/client"),
    ] {
        open(target);
        // Of a client's page how it is used: the endpoints above are on the page of its new secret too.
        browser.script("document.querySelector('.picture')?.closest('section').scrollIntoView({block: 'center'})");
        take(&browser, name);
    }
    browser.fill("name", "Orchard Camera");
    browser.fill("description", "Shows what the camera in the orchard sees.");
    browser.fill("redirect_uris", "https://camera.greenvalley.example/callback");
    browser.press("User account 0 of 15");
    browser.find("input[value=RIGHT_USER_INFO]").press();
    browser.press("Create OAuth client");
    browser.find("#client-secret");
    browser.script("document.activeElement.blur()");
    take(&browser, "new-secret");
    browser.press("Try it");
    browser.find(".exchanges");
    take(&browser, "try-it");
}

/// Takes a picture of what the browser shows, as large as the table says.
fn take(browser: &Browser, name: &str) {
    let (_, size) = SCREENSHOTS.iter().find(|(known, _)| *known == name).expect("it is in the table");
    browser.has_size(*size);
    browser.prefers(if DARK.contains(&name) { "dark" } else { "light" });
    browser.pictures(&path(name));
}
