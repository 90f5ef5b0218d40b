// Package prints is a shop for prints. Its users sign in with OAuth 2.0, and it shows them their name.
package prints

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/oauth2"
)

// Shop is the service. Config is of its client, Issuer the URL of the server.
type Shop struct {
	Config oauth2.Config
	Issuer string

	lock sync.Mutex
	// By the browser's cookie. A real shop keeps them where a restart leaves them.
	sessions map[string]*session
}

// What a sign-in began with, and the token that it ended with.
type session struct {
	state, verifier string
	token           *oauth2.Token
}

// Handler has the service's pages.
func (shop *Shop) Handler() http.Handler {
	shop.sessions = map[string]*session{}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /login", shop.login)
	pages.HandleFunc("GET /callback", shop.callback)
	pages.HandleFunc("GET /{$}", shop.home)
	return pages
}

func (shop *Shop) login(reply http.ResponseWriter, request *http.Request) {
	key, begun := rand.Text(), &session{state: rand.Text(), verifier: oauth2.GenerateVerifier()}
	shop.lock.Lock()
	shop.sessions[key] = begun
	shop.lock.Unlock()
	http.SetCookie(reply, &http.Cookie{Name: "session", Value: key, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(reply, request, shop.Config.AuthCodeURL(begun.state, oauth2.S256ChallengeOption(begun.verifier)), http.StatusSeeOther)
}

func (shop *Shop) callback(reply http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	session := shop.session(request)
	if session == nil || query.Get("state") != session.state {
		http.Error(reply, "You have not begun to sign in here.", http.StatusBadRequest)
		return
	}
	if query.Get("error") == "access_denied" {
		http.Error(reply, "You did not let us know who you are.", http.StatusForbidden)
		return
	}
	token, err := shop.Config.Exchange(request.Context(), query.Get("code"), oauth2.VerifierOption(session.verifier))
	if err != nil {
		http.Error(reply, "Signing in failed. Try again.", http.StatusBadGateway)
		return
	}
	shop.lock.Lock()
	session.token = token
	shop.lock.Unlock()
	http.Redirect(reply, request, "/", http.StatusSeeOther)
}

func (shop *Shop) home(reply http.ResponseWriter, request *http.Request) {
	if session := shop.session(request); session != nil {
		if name, err := shop.currentUser(request.Context(), session); err == nil {
			fmt.Fprintf(reply, "Hello, %s!", name)
			return
		}
	}
	http.Redirect(reply, request, "/login", http.StatusSeeOther)
}

func (shop *Shop) session(request *http.Request) *session {
	cookie, err := request.Cookie("session")
	if err != nil {
		return nil
	}
	shop.lock.Lock()
	defer shop.lock.Unlock()
	return shop.sessions[cookie.Value]
}

var errSignedOut = errors.New("the user is not signed in")

// currentUser returns the signed-in user's ID, with a token that is refreshed when the old one is over.
func (shop *Shop) currentUser(ctx context.Context, session *session) (string, error) {
	shop.lock.Lock()
	defer shop.lock.Unlock()
	if session.token == nil {
		return "", errSignedOut
	}
	name, err := shop.ask(ctx, session.token)
	if !errors.Is(err, errSignedOut) {
		return name, err
	}
	if session.token, err = shop.refreshed(ctx, session.token.RefreshToken); err != nil {
		return "", err
	}
	return shop.ask(ctx, session.token)
}

// ask asks the server whose token it is.
func (shop *Shop) ask(ctx context.Context, token *oauth2.Token) (string, error) {
	reply, err := oauth2.NewClient(ctx, oauth2.StaticTokenSource(token)).Get(shop.Issuer + "/api/v3/auth_info")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return "", errSignedOut
	}
	var info struct {
		Token struct {
			User struct {
				ID string `json:"user_id"`
			} `json:"user_ids"`
		} `json:"oauth_access_token"`
	}
	err = json.NewDecoder(reply.Body).Decode(&info)
	return info.Token.User.ID, err
}

// refreshed tries twice: when a reply is lost, the same request gets it again.
func (shop *Shop) refreshed(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	refresh := func() (*oauth2.Token, error) {
		return shop.Config.TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	}
	token, err := refresh()
	var refusal *oauth2.RetrieveError
	if err != nil && !errors.As(err, &refusal) {
		token, err = refresh()
	}
	return token, err
}
