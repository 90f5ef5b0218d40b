//! A browser, driven over WebDriver (W3C): JSON over HTTP on one connection to `chromedriver`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long the driver looks for something before it is not there.
const PATIENCE_MILLISECONDS: u64 = 10_000;

/// Where an element's ID stands in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The driver as a process of ours; it and its browsers end with this.
pub struct Driver {
    child: Child,
    port: u16,
    /// Held open: the driver ends when it cannot write any more.
    _output: BufReader<ChildStdout>,
}

/// Whether a page may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    Run,
    Blocked,
}

impl Driver {
    /// Nothing if there is no `chromedriver` on this machine.
    pub fn start() -> Option<Driver> {
        let mut child = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let said = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("successfully on port "))
            .expect("the driver says its port");
        let digits = said.split("on port ").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_digit).collect::<String>();
        Some(Driver { child, port: digits.parse().expect("a port"), _output: output })
    }

    /// A browser window of its own, without a cookie.
    pub fn browser(&self, scripts: Scripts) -> Browser {
        let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).expect("the driver accepts"));
        connection.get_mut().set_read_timeout(Some(Duration::from_secs(120))).expect("a timeout is set");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--lang=en-US",
            "--window-size=1280,900",
            // A name of the own network, for a server on this machine.
            "--host-resolver-rules=MAP keyfob.local 127.0.0.1",
        ];
        let preferences = match scripts {
            Scripts::Run => json!({}),
            Scripts::Blocked => json!({"profile.managed_default_content_settings.javascript": 2}),
        };
        let capabilities = json!({
            "timeouts": {"implicit": PATIENCE_MILLISECONDS},
            "goog:chromeOptions": {"args": arguments, "prefs": preferences},
        });
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let made = exchange(&mut connection, "POST", "/session", &body).expect("a browser starts");
        let session = made["sessionId"].as_str().expect("a session").to_owned();
        Browser { connection: connection.into(), session }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Browser {
    connection: std::cell::RefCell<BufReader<TcpStream>>,
    session: String,
}

/// Something on the page.
pub struct Element<'b> {
    browser: &'b Browser,
    id: String,
}

impl Browser {
    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        exchange(&mut self.connection.borrow_mut(), method, &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}\non {}", self.address_or_nothing()))
    }

    fn address_or_nothing(&self) -> String {
        self.command("GET", "/url", &json!({})).ok().and_then(|url| url.as_str().map(str::to_owned)).unwrap_or_default()
    }

    #[track_caller]
    pub fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({"url": url}));
    }

    /// Sends the request of the page again, a form too.
    #[track_caller]
    pub fn reload(&self) {
        self.ask("POST", "/refresh", &json!({}));
    }

    #[track_caller]
    pub fn address(&self) -> String {
        self.ask("GET", "/url", &json!({})).as_str().expect("an address").to_owned()
    }

    /// By a CSS selector.
    #[track_caller]
    pub fn find(&self, selector: &str) -> Element<'_> {
        self.located("css selector", selector)
    }

    #[track_caller]
    fn located(&self, using: &str, value: &str) -> Element<'_> {
        let found = self.ask("POST", "/element", &json!({"using": using, "value": value}));
        Element { browser: self, id: found[ELEMENT].as_str().expect("an element").to_owned() }
    }

    /// Presses the button, or follows the link, that says this.
    #[track_caller]
    pub fn press(&self, text: &str) {
        let said = format!("[normalize-space(.)='{text}' or @aria-label='{text}']");
        self.located("xpath", &format!("//button{said} | //a{said} | //summary{said}")).press();
    }

    /// What the page says, as its reader sees it.
    #[track_caller]
    pub fn text(&self) -> String {
        self.find("body").text()
    }

    /// Waits until the page says this.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.located("xpath", &format!("//*[contains(normalize-space(.), \"{text}\")]"));
    }

    /// Waits until the page has this message (`src/page/message.rs`).
    #[track_caller]
    pub fn tells(&self, message: &str) {
        self.find(&format!("[data-message={message}]"));
    }

    /// Waits until the page is about this error.
    #[track_caller]
    pub fn explains(&self, error: &str) {
        self.find(&format!("[data-error={error}]"));
    }

    #[track_caller]
    pub fn does_not_see(&self, text: &str) {
        assert!(!self.text().contains(text), "{} says {text}\n{}", self.address(), self.text());
    }

    /// Empties a field and types into it.
    #[track_caller]
    pub fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name={name}]"));
        self.ask("POST", &format!("/element/{}/clear", field.id), &json!({}));
        field.types(text);
    }

    /// Runs a script in the page; what it returns. With WebDriver's own powers, so the page's policy does not stand in its way.
    #[track_caller]
    pub fn script(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The same, for a script that calls its last argument when it is done.
    #[track_caller]
    pub fn script_until_done(&self, script: &str) -> Value {
        self.ask("POST", "/execute/async", &json!({"script": script, "args": []}))
    }

    /// Every page from now on begins with this script, whatever its policy.
    #[track_caller]
    pub fn brings(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": script}));
    }

    #[track_caller]
    pub fn has_width(&self, width: u32) {
        self.has_size((width, 900));
    }

    #[track_caller]
    pub fn has_size(&self, (width, height): (u32, u32)) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        self.devtools("Emulation.setScrollbarsHidden", &json!({"hidden": true}));
    }

    /// `light` or `dark`.
    #[track_caller]
    pub fn prefers(&self, scheme: &str) {
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}));
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Writes a picture of what is on the screen.
    #[track_caller]
    pub fn pictures(&self, path: &Path) {
        let picture = self.devtools("Page.captureScreenshot", &json!({}));
        let data = picture["data"].as_str().expect("a picture");
        let bytes = data_encoding::BASE64.decode(data.as_bytes()).expect("it is Base64");
        std::fs::write(path, bytes).expect("the picture is written");
    }

    /// What the page complained about: blocked by its policy, or a script that failed. A form that is refused is as it should be.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({"type": "browser"}));
        let entries = log.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE").map(text);
        severe.filter(|text| !text.ends_with("the server responded with a status of 400 (Bad Request)")).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.command("DELETE", "", &json!({}));
    }
}

impl Element<'_> {
    /// Presses it. What leads to another page has left this one when this returns: the driver waits for a page that is on its way, not for
    /// one that the browser has yet to ask for, and what is looked for next may be on both.
    #[track_caller]
    pub fn press(&self) {
        // As a reader does, who does not press what the bar at the bottom of a long form covers.
        let ready = "const it = arguments[0]; it.scrollIntoView({block: 'center', behavior: 'instant'}); \
                     const link = it.closest('a[href]'), button = it.closest('button'); \
                     if (link) return !link.download && link.href.split('#')[0] !== location.href.split('#')[0]; \
                     return !!button && button.type === 'submit' && !!button.form && (button.formNoValidate || button.form.noValidate || button.form.checkValidity());";
        let leaves = self.browser.command("POST", "/execute/sync", &json!({"script": ready, "args": [{ELEMENT: self.id}]}));
        let page = self.browser.find("html");
        self.browser.ask("POST", &format!("/element/{}/click", self.id), &json!({}));
        if leaves == Ok(Value::Bool(true)) {
            page.is_left();
        }
    }

    /// Waits until the page of this element is not the browser's any more.
    #[track_caller]
    fn is_left(&self) {
        let begun = Instant::now();
        while self.browser.command("GET", &format!("/element/{}/name", self.id), &json!({})).is_ok() {
            assert!(begun.elapsed() < Duration::from_millis(PATIENCE_MILLISECONDS), "still on {}", self.browser.address());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub fn types(&self, text: &str) {
        self.browser.ask("POST", &format!("/element/{}/value", self.id), &json!({"text": text}));
    }

    #[track_caller]
    pub fn text(&self) -> String {
        self.browser.ask("GET", &format!("/element/{}/text", self.id), &json!({})).as_str().expect("a text").to_owned()
    }

    #[track_caller]
    pub fn value(&self) -> String {
        self.browser.ask("GET", &format!("/element/{}/property/value", self.id), &json!({})).as_str().unwrap_or_default().to_owned()
    }
}

/// One command and its answer; the error's name and words if it is one.
fn exchange(connection: &mut BufReader<TcpStream>, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let body = if method == "POST" { body.to_string() } else { String::new() };
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let broken = |error: std::io::Error| format!("the driver is gone: {error}");
    connection.get_mut().write_all((head + &body).as_bytes()).map_err(broken)?;
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        connection.read_line(&mut line).map_err(broken)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().expect("a length"),
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut answer = vec![0; length];
    connection.read_exact(&mut answer).map_err(broken)?;
    let answer: Value = serde_json::from_slice(&answer).expect("the driver answers JSON");
    match answer["value"]["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", answer["value"]["message"].as_str().unwrap_or_default())),
        None => Ok(answer["value"].clone()),
    }
}
