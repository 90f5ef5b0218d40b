// Signs a user in with golang.org/x/oauth2. Once: go mod init example && go get golang.org/x/oauth2
{secret}// Then: set -a; . ./{file}.env; go run {file}.go
{public}// Then: go run {file}.go
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"
)

func main() {
	config := &oauth2.Config{
		ClientID:     {client_id},
{secret}		ClientSecret: os.Getenv("OAUTH_CLIENT_SECRET"),
		RedirectURL:  {redirect_uri},
{sign-in}		Scopes:       []string{{scope}},
		Endpoint:     oauth2.Endpoint{AuthURL: {authorization_endpoint}, TokenURL: {token_endpoint}},
	}
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	fmt.Println("Open this in a browser:")
	fmt.Println(config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)))
	fmt.Println("Then paste the address that it leads to:")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		log.Fatal(err)
	}
	address, err := url.Parse(strings.TrimSpace(line))
	if err != nil || address.Query().Get("state") != state {
		log.Fatal("this is no answer to that request")
	}
	token, err := config.Exchange(context.Background(), address.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		log.Fatal(err)
	}
{rights}	json.NewEncoder(os.Stdout).Encode(token)
{sign-in}	json.NewEncoder(os.Stdout).Encode(map[string]any{"access_token": token.AccessToken, "id_token": token.Extra("id_token")})
}
