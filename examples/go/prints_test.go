package prints_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"keyfob.example/keyfobtest"
	"keyfob.example/prints"
)

type object = keyfobtest.Object

var seed = object{
	"users": []object{{"user_id": "alice"}},
	"clients": []object{{
		"client_id":     "photo-prints",
		"owner":         "alice",
		"redirect_uris": []string{"http://127.0.0.1/callback"},
		"grants":        []string{"GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"},
		"rights":        []string{"RIGHT_USER_INFO"},
	}},
	"auto": object{"user_id": "alice", "consent": "allow"},
}

// Starts keyfob and the shop, and returns a browser's view of the shop: the status and the text that it ends at.
func start(t *testing.T) (*keyfobtest.World, func() (int, string)) {
	t.Helper()
	t.Parallel()
	keyfob := keyfobtest.StartWith(t, seed)
	client := keyfob.Clients[0]
	shop := &prints.Shop{Issuer: keyfob.URL, Config: oauth2.Config{
		ClientID:     client["client_id"].(string),
		ClientSecret: client["client_secret"].(string),
		Endpoint: oauth2.Endpoint{
			AuthURL:   keyfob.URL + "/oauth/authorize",
			TokenURL:  keyfob.URL + "/oauth/token",
			AuthStyle: oauth2.AuthStyleInHeader,
		},
	}}
	listener := httptest.NewServer(shop.Handler())
	t.Cleanup(listener.Close)
	shop.Config.RedirectURL = listener.URL + "/callback"
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	return keyfob, func() (int, string) {
		reply, err := browser.Get(listener.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		text, _ := io.ReadAll(reply.Body)
		return reply.StatusCode, strings.TrimSpace(string(text))
	}
}

func shows(t *testing.T, visit func() (int, string), status int, text string) {
	t.Helper()
	if s, is := visit(); s != status || is != text {
		t.Fatal(s, is)
	}
}

func TestAliceIsGreetedByHerName(t *testing.T) {
	_, visit := start(t)
	shows(t, visit, http.StatusOK, "Hello, alice!")
}

func TestWhoSaysNoIsToldSo(t *testing.T) {
	keyfob, visit := start(t)
	keyfob.Control("PUT", "/auto", object{"user_id": "alice", "consent": "deny"})
	shows(t, visit, http.StatusForbidden, "You did not let us know who you are.")
}

func TestATokenThatIsOverIsRefreshedWithoutAskingAgain(t *testing.T) {
	keyfob, visit := start(t)
	visit()
	keyfob.Control("POST", "/clock/advance", object{"by": "2h"})
	keyfob.Control("PUT", "/auto", object{"user_id": "alice", "consent": "deny"})
	shows(t, visit, http.StatusOK, "Hello, alice!")
	keyfob.Control("POST", "/journal/verify", object{"match": object{"route": "oauth.token", "form.grant_type": "refresh_token"}, "count": 1})
}

func TestALostReplySignsNobodyOut(t *testing.T) {
	keyfob, visit := start(t)
	visit()
	keyfob.Control("POST", "/clock/advance", object{"by": "2h"})
	keyfob.Control("PUT", "/auto", object{"user_id": "alice", "consent": "deny"})
	keyfob.Control("POST", "/faults", object{"match": object{"grant_type": "refresh_token"}, "then": object{"drop": "after"}, "times": 1})
	shows(t, visit, http.StatusOK, "Hello, alice!")
	refreshes := object{"route": "oauth.token", "form.grant_type": "refresh_token", "status": 200}
	keyfob.Control("POST", "/journal/verify", object{"match": refreshes, "count": 2})
}

func TestAServerThatIsOutOfOrderIsNoBlankPage(t *testing.T) {
	keyfob, visit := start(t)
	keyfob.Control("POST", "/faults", object{"match": object{"grant_type": "authorization_code"}, "then": object{"status": 503}, "times": 1})
	shows(t, visit, http.StatusBadGateway, "Signing in failed. Try again.")
}
