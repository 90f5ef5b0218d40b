module keyfob.example/prints

go 1.26.0

require (
	golang.org/x/oauth2 v0.38.0
	keyfob.example/keyfobtest v0.0.0
)

replace keyfob.example/keyfobtest => ../../fixtures/go
