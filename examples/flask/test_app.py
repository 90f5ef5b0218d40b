import pytest
import requests

from app import make_app

pytest_plugins = ["keyfob_fixture"]


@pytest.fixture(scope="session")
def keyfob_seed():
    return {
        "users": [{"user_id": "alice"}],
        "clients": [
            {
                "client_id": "photo-prints",
                "owner": "alice",
                "redirect_uris": ["http://localhost/callback"],
                "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
                "rights": ["RIGHT_USER_INFO"],
            }
        ],
        "auto": {"user_id": "alice", "consent": "allow"},
    }


@pytest.fixture(autouse=True)
def http_without_tls(monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def visit(keyfob):
    """A browser: it follows redirects, into keyfob and back, and keeps the app's cookie."""
    shop = make_app(keyfob.url, **keyfob.client("photo-prints")).test_client()

    def visit(address):
        at_keyfob = address.startswith(keyfob.url)
        reply = requests.get(address, allow_redirects=False) if at_keyfob else shop.get(address)
        if "Location" in reply.headers:
            return visit(reply.headers["Location"])
        assert not at_keyfob, reply.text
        return reply.status_code, reply.text

    return visit


def test_alice_is_greeted_by_her_name(visit):
    assert visit("/") == (200, "Hello, alice!")


def test_who_says_no_is_told_so(keyfob, visit):
    keyfob.auto("alice", "deny")
    assert visit("/") == (403, "You did not let us know who you are.")


def test_a_token_that_is_over_is_refreshed_without_asking_again(keyfob, visit):
    visit("/")
    keyfob.advance("2h")
    keyfob.auto(None)
    assert visit("/") == (200, "Hello, alice!")
    keyfob.verify({"route": "oauth.token", "form.grant_type": "refresh_token"})


def test_a_lost_reply_signs_nobody_out(keyfob, visit):
    visit("/")
    keyfob.advance("2h")
    keyfob.auto(None)
    keyfob.fault({"grant_type": "refresh_token"}, {"drop": "after"})
    assert visit("/") == (200, "Hello, alice!")
    keyfob.verify({"route": "oauth.token", "form.grant_type": "refresh_token", "status": 200}, 2)


def test_a_server_that_is_out_of_order_is_no_blank_page(keyfob, visit):
    keyfob.fault({"grant_type": "authorization_code"}, {"drop": "before"})
    assert visit("/") == (502, "Signing in failed. Try again.")
