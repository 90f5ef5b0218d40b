#!/usr/bin/env python3
"""Measures keyfob beside Ory Hydra: the same load, on one server after the other. README.md says how to repeat it."""

import argparse
import contextlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

CONNECTIONS = 16
# More than connections: a token is used up while its reply is awaited.
TOKENS = 64

CALLBACK = "https://app.example.com/oauth/callback"
NAME = "A client of the benchmark"
DESCRIPTION = "It stands for those that people register."

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class KeepRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the caller."""

    def redirect_request(self, *_):
        return None


def browser():
    """Returns what sends requests and keeps the cookies of the replies."""
    return urllib.request.build_opener(KeepRedirects, urllib.request.HTTPCookieProcessor())


def ask(opener, method, url, body="", **headers):
    """Sends a request; returns the headers and the body of a reply that is no refusal."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        reply = opener.open(urllib.request.Request(url, body.encode() or None, headers, method=method))
    except urllib.error.HTTPError as error:
        reply = error
    text = reply.read().decode()
    if reply.status >= 400:
        raise SystemExit(f"{method} {url}: {reply.status} {text}")
    return reply.headers, text


def redirected(headers, name):
    """Returns a parameter of the address that a reply redirects to."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)[name][0]


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


class Keyfob:
    """keyfob with its default settings. It logs every request, to nowhere."""

    key = "NNSXS.ADMINADMINADMINADMINADMINADMINADMINADMI.ADMINADMINADMINADMINADMINADMINADMINADMINADMINADMINAD"
    password = "Correct-horse-battery-staple-9"
    authorization = {"Authorization": f"Bearer {key}"}
    every_field = (
        "name,description,attributes,administrative_contact,technical_contact,redirect_uris,logout_redirect_uris,state,"
        "state_description,skip_authorization,endorsed,grants,rights"
    )
    clients = "/api/v3/users/admin/clients"
    tokens = "/oauth/token"

    def __init__(self, options):
        self.binary = options.keyfob
        self.file = options.folder / "keyfob.db"

    def prepare(self):
        """Does nothing: the first start makes the file."""

    @contextlib.contextmanager
    def serving(self):
        environment = os.environ | {"KEYFOB_ADMIN_API_KEY": self.key, "KEYFOB_ADMIN_PASSWORD": self.password}
        command = [self.binary, "serve", "--listen", "127.0.0.1:0", "--data", self.file]
        with running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            self.registry = self.issuer = json.loads(process.stdout.readline())["url"]
            yield

    def client(self, client_id):
        client = {
            "ids": {"client_id": client_id},
            "name": NAME,
            "description": DESCRIPTION,
            "redirect_uris": [CALLBACK],
            "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
            "rights": ["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"],
        }
        return json.dumps({"client": client})

    def reading(self, client_id):
        return f"/api/v3/clients/{client_id}?field_mask={self.every_field}"

    def secret(self, made):
        return made["secret"]

    def signed_in(self):
        user = browser()
        credentials = urllib.parse.urlencode({"user_id": "admin", "password": self.password})
        ask(user, "POST", f"{self.issuer}/oauth/api/auth/login", credentials, Content_Type=FORM)
        return user

    def code(self, user, client_id):
        query = urllib.parse.urlencode({"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK})
        headers, _ = ask(user, "POST", f"{self.issuer}/oauth/authorize?{query}", "authorize=true", Content_Type=FORM)
        return redirected(headers, "code")


class Hydra:
    """Ory Hydra with one round of PBKDF2 for the secrets that it makes, and a log of errors only."""

    authorization = {}
    registry = "http://127.0.0.1:4445"
    issuer = "http://127.0.0.1:4444"
    clients = "/admin/clients"
    tokens = "/oauth2/token"
    settings = {"OAUTH2_HASHERS_PBKDF2_ITERATIONS": "1", "LOG_LEVEL": "error"}

    def __init__(self, options):
        self.binary = options.hydra
        self.folder = options.folder

    def environment(self):
        return os.environ | self.settings | {
            "DSN": self.data_source(),
            "SECRETS_SYSTEM": "only-for-this-benchmark",
            "SERVE_PUBLIC_HOST": "127.0.0.1",
            "SERVE_ADMIN_HOST": "127.0.0.1",
            "URLS_SELF_ISSUER": self.issuer,
            # Never asked: `accept` answers in their place.
            "URLS_LOGIN": "http://127.0.0.1/login",
            "URLS_CONSENT": "http://127.0.0.1/consent",
            "SQA_OPT_OUT": "true",
        }

    def database(self):
        """Runs the database; SQLite needs nothing."""
        return contextlib.nullcontext()

    def prepare(self):
        with self.database():
            subprocess.run([self.binary, "migrate", "sql", "-e", "--yes"], env=self.environment(), check=True, **SILENT)

    @contextlib.contextmanager
    def serving(self):
        with self.database(), running([self.binary, "serve", "all", "--dev"], env=self.environment(), **SILENT):
            wait_for(f"{self.issuer}/health/ready")
            wait_for(f"{self.registry}/health/ready")
            yield

    def client(self, client_id):
        client = {
            "client_id": client_id,
            "client_name": NAME,
            "metadata": {"description": DESCRIPTION},
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "offline",
            "token_endpoint_auth_method": "client_secret_post",
        }
        return json.dumps(client)

    def reading(self, client_id):
        return f"/admin/clients/{client_id}"

    def secret(self, made):
        return made["client_secret"]

    def signed_in(self):
        return browser()

    def code(self, user, client_id):
        query = {"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "offline", "state": "long enough"}
        headers, _ = ask(user, "GET", f"{self.issuer}/oauth2/auth?{urllib.parse.urlencode(query)}")
        headers, _ = ask(user, "GET", self.accept("login", headers, {"subject": "someone"}))
        headers, _ = ask(user, "GET", self.accept("consent", headers, {"grant_scope": ["offline"]}))
        return redirected(headers, "code")

    def accept(self, what, headers, body):
        """Answers in the place of the page that the user was sent to; returns the address where to go on."""
        challenge = urllib.parse.quote(redirected(headers, f"{what}_challenge"))
        url = f"{self.registry}/admin/oauth2/auth/requests/{what}/accept?{what}_challenge={challenge}"
        return json.loads(ask(browser(), "PUT", url, json.dumps(body), Content_Type=JSON)[1])["redirect_to"]


class HydraOnSqlite(Hydra):
    """Hydra on SQLite with the journal and the syncs of keyfob's file."""

    def data_source(self):
        return f"sqlite://{self.folder}/hydra.db?_fk=true&mode=rwc&_journal_mode=WAL&_synchronous=FULL"


class HydraQuickstart(Hydra):
    """Hydra with the database of its quickstart and its default settings: a rollback journal, 25,000 rounds of PBKDF2, and a log of requests."""

    settings = {}

    def data_source(self):
        return f"sqlite://{self.folder}/hydra-quickstart.db?_fk=true&mode=rwc"


class HydraOnPostgres(Hydra):
    """Hydra on PostgreSQL as `initdb` sets it up, with a connection for each of the load's."""

    port = 54329
    # PostgreSQL refuses to run as root.
    started_by = {"user": "postgres"} if os.getuid() == 0 else {}

    def __init__(self, options):
        super().__init__(options)
        self.programs = options.postgres
        self.cluster = self.folder / "postgres"

    def data_source(self):
        pool = f"max_conns={CONNECTIONS}&max_idle_conns={CONNECTIONS}"
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable&{pool}"

    def prepare(self):
        self.cluster.mkdir()
        if self.started_by:
            subprocess.run(["chown", "postgres", self.cluster], check=True)
        command = [self.programs / "initdb", "--auth=trust", "--username=postgres", self.cluster]
        subprocess.run(command, check=True, **SILENT, **self.started_by)
        super().prepare()

    @contextlib.contextmanager
    def database(self):
        at = ["-h", "127.0.0.1", "-p", str(self.port)]
        with running([self.programs / "postgres", "-D", self.cluster, "-k", self.cluster, *at], **SILENT, **self.started_by):
            while subprocess.run([self.programs / "pg_isready", "-q", *at]).returncode:
                time.sleep(0.05)
            yield


SERVERS = {
    "keyfob": Keyfob,
    "hydra-sqlite": HydraOnSqlite,
    "hydra-postgres": HydraOnPostgres,
    "hydra-quickstart": HydraQuickstart,
}


def wait_for(url):
    for _ in range(200):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def rate(options, base, **load):
    """Returns the replies a second that wrk got, if none was a refusal."""
    script = Path(__file__).with_name("load.lua")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{options.seconds}s", "-s", script, base]
    told = subprocess.run(command, env=os.environ | load, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


def measure(server, options):
    """Registers clients, reads one of them, and refreshes tokens of it; returns the three rates."""
    client_id = f"client-{int(time.time())}"
    authorized = {name.upper(): value for name, value in server.authorization.items()}
    to_register = {"METHOD": "POST", "TARGET": server.clients, "BODY": server.client("@"), "CONTENT_TYPE": JSON}
    registered = rate(options, server.registry, **to_register, **authorized, PREFIX=f"{client_id}-")

    url = server.registry + server.clients
    made = json.loads(ask(browser(), "POST", url, server.client(client_id), Content_Type=JSON, **server.authorization)[1])
    read = rate(options, server.registry, METHOD="GET", TARGET=server.reading(client_id), **authorized)

    credentials = {"client_id": client_id, "client_secret": server.secret(made)}
    tokens = options.folder / "tokens"
    tokens.write_text("\n".join(refresh_tokens(server, credentials)))
    form = urllib.parse.urlencode({"grant_type": "refresh_token"} | credentials) + "&refresh_token=@"
    to_refresh = {"METHOD": "POST", "TARGET": server.tokens, "BODY": form, "CONTENT_TYPE": FORM}
    refreshed = rate(options, server.issuer, **to_refresh, TOKENS=str(tokens))
    return read, registered, refreshed


def refresh_tokens(server, credentials):
    user = server.signed_in()
    for _ in range(TOKENS):
        code = server.code(user, credentials["client_id"])
        form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | credentials)
        yield json.loads(ask(browser(), "POST", server.issuer + server.tokens, form, Content_Type=FORM)[1])["refresh_token"]


def read_arguments():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("work", choices=["prepare", "round"], help="make the databases, or measure once")
    arguments.add_argument("servers", nargs="+", choices=SERVERS, metavar="SERVER", help=", ".join(SERVERS))
    arguments.add_argument("--folder", type=Path, required=True, help="where the databases are, on the disk to measure")
    arguments.add_argument("--keyfob", default="target/release/keyfob", help="the binary")
    arguments.add_argument("--hydra", default="hydra", help="the binary")
    arguments.add_argument("--postgres", type=Path, default=Path("/usr/lib/postgresql/15/bin"), help="the folder of its programs")
    arguments.add_argument("--seconds", type=int, default=5, help="how long each of the three loads lasts (default: 5)")
    return arguments.parse_args()


def main():
    options = read_arguments()
    options.folder = options.folder.absolute()
    for name in options.servers:
        server = SERVERS[name](options)
        if options.work == "prepare":
            server.prepare()
            continue
        with server.serving():
            read, registered, refreshed = measure(server, options)
        print(f"{name:16} {read:6.0f} reads/s {registered:6.0f} registrations/s {refreshed:6.0f} refreshes/s", flush=True)


if __name__ == "__main__":
    main()
