// coreos/go-oidc signs its user in at keyfob.
package parties

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"keyfob.example/keyfobtest"
)

type object = keyfobtest.Object

const (
	callback = "https://party.example/callback"
	bye      = "https://party.example/bye"
)

var secrets = map[string]string{"party": "a secret of the first party", "another-party": "a secret of the second party"}

func start(t *testing.T) *keyfobtest.World {
	t.Helper()
	text, err := os.ReadFile("../seed.json")
	check(t, err)
	var seed object
	check(t, json.Unmarshal(text, &seed))
	return keyfobtest.StartWith(t, seed)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An app, and the browser of its user.
type party struct {
	t        *testing.T
	provider *oidc.Provider
	config   oauth2.Config
	browser  *http.Client
}

func newParty(t *testing.T, server *keyfobtest.World, client string) *party {
	t.Helper()
	provider, err := oidc.NewProvider(context.Background(), server.URL)
	check(t, err)
	config := oauth2.Config{
		ClientID:     client,
		ClientSecret: secrets[client],
		RedirectURL:  callback,
		Endpoint:     provider.Endpoint(),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", "groups", oidc.ScopeOfflineAccess},
	}
	jar, err := cookiejar.New(nil)
	check(t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &party{t, provider, config, &http.Client{Jar: jar, CheckRedirect: stay}}
}

// Where a link leads in this browser.
func (party *party) follow(link string) *url.URL {
	party.t.Helper()
	reply, err := party.browser.Get(link)
	check(party.t, err)
	reply.Body.Close()
	location, err := reply.Location()
	check(party.t, err)
	return location
}

func (party *party) signIn(nonce string) (*oauth2.Token, string) {
	party.t.Helper()
	verifier := oauth2.GenerateVerifier()
	back := party.follow(party.config.AuthCodeURL("the-state", oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))).Query()
	if back.Get("state") != "the-state" {
		party.t.Fatal(back)
	}
	token, err := party.config.Exchange(context.Background(), back.Get("code"), oauth2.VerifierOption(verifier))
	check(party.t, err)
	idToken, there := token.Extra("id_token").(string)
	if !there {
		party.t.Fatal("there is no ID token")
	}
	return token, idToken
}

func (party *party) verify(idToken string) (*oidc.IDToken, error) {
	return party.provider.Verifier(&oidc.Config{ClientID: party.config.ClientID}).Verify(context.Background(), idToken)
}

func TestAdaSignsInAndHerClaimsAreHers(t *testing.T) {
	party := newParty(t, start(t), "party")
	token, raw := party.signIn("a-nonce")
	verified, err := party.verify(raw)
	check(t, err)
	check(t, verified.VerifyAccessToken(token.AccessToken))
	if verified.Nonce != "a-nonce" {
		t.Fatal("a nonce of somebody else: ", verified.Nonce)
	}
	info, err := party.provider.UserInfo(context.Background(), oauth2.StaticTokenSource(token))
	check(t, err)
	var ada struct {
		Username string `json:"preferred_username"`
		Groups   []string
	}
	check(t, info.Claims(&ada))
	if info.Subject != verified.Subject || info.Email != "ada@party.example" || !info.EmailVerified || ada.Username != "ada" ||
		!slices.Equal(ada.Groups, []string{"crew"}) {
		t.Fatal(info, ada)
	}
}

func TestAnIDTokenInES256IsAsGood(t *testing.T) {
	party := newParty(t, start(t), "another-party")
	_, raw := party.signIn("a-nonce")
	_, err := party.verify(raw)
	check(t, err)
}

func TestARefreshBringsANewIDTokenOfTheSameUser(t *testing.T) {
	party := newParty(t, start(t), "party")
	token, raw := party.signIn("a-nonce")
	first, err := party.verify(raw)
	check(t, err)
	old := &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Now().Add(-time.Hour)}
	newer, err := party.config.TokenSource(context.Background(), old).Token()
	check(t, err)
	second, err := party.verify(newer.Extra("id_token").(string))
	check(t, err)
	if second.Subject != first.Subject || second.Nonce != "" {
		t.Fatal(second)
	}
}

func TestTheNonceIsTheOneThatWasSent(t *testing.T) {
	party := newParty(t, start(t), "party")
	_, raw := party.signIn("of-somebody-else")
	verified, err := party.verify(raw)
	check(t, err)
	// The library leaves the comparison to the app.
	if verified.Nonce != "of-somebody-else" {
		t.Fatal(verified.Nonce)
	}
}

func TestAnIDTokenThatAnotherClientGotIsRefused(t *testing.T) {
	server := start(t)
	_, raw := newParty(t, server, "another-party").signIn("a-nonce")
	if _, err := newParty(t, server, "party").verify(raw); err == nil || !strings.Contains(err.Error(), "audience") {
		t.Fatal(err)
	}
}

func TestRotatedKeysAreFetchedAnew(t *testing.T) {
	server := start(t)
	party := newParty(t, server, "party")
	_, before := party.signIn("a-nonce")
	_, err := party.verify(before)
	check(t, err)
	rotate := func(more ...string) {
		words := append([]string{"keys", "rotate", "--data", server.Data}, more...)
		if said, err := exec.Command(os.Getenv("KEYFOB_BIN"), words...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	rotate()
	_, meanwhile := party.signIn("a-nonce")
	if header(meanwhile) != header(before) {
		t.Fatal("the new key signs before anybody has seen it")
	}
	rotate("--now")
	_, after := party.signIn("a-nonce")
	_, err = party.verify(after)
	check(t, err)
	// Who begins now has only the new key, and takes nothing that the stolen one signed.
	if _, err := newParty(t, server, "party").verify(before); err == nil || header(after) == header(before) {
		t.Fatal("the old key is still good")
	}
}

func header(token string) string { return strings.Split(token, ".")[0] }

func TestSigningOutOfTheAppSignsOutOfKeyfob(t *testing.T) {
	server := start(t)
	party := newParty(t, server, "party")
	_, raw := party.signIn("a-nonce")
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	check(t, party.provider.Claims(&metadata))
	out := url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {bye}, "state": {"where-i-was"}}
	if back := party.follow(metadata.EndSession + "?" + out.Encode()); back.String() != bye+"?state=where-i-was" {
		t.Fatal(back)
	}
	server.Control("PUT", "/auto", object{"user_id": nil})
	back := party.follow(party.config.AuthCodeURL("the-state", oauth2.SetAuthURLParam("prompt", "none"))).Query()
	if back.Get("error") != "login_required" {
		t.Fatal(back)
	}
}
