package party;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.AuthorizationResponse;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.AuthenticationErrorResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.Prompt;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import keyfob.fixture.Keyfob;
import keyfob.fixture.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NimbusTest {
    static final URI CALLBACK = URI.create("https://party.example/callback");
    static final URI BYE = URI.create("https://party.example/bye");
    static final Map<String, String> SECRETS = Map.of("party", "a secret of the first party", "another-party", "a secret of the second party");

    Keyfob keyfob;
    World server;
    OIDCProviderMetadata metadata;

    @BeforeEach
    void start() throws Exception {
        keyfob = new Keyfob(Files.readString(Path.of("../seed.json")));
        keyfob.beforeAll(null);
        server = keyfob.world();
        metadata = OIDCProviderMetadata.resolve(new Issuer(server.url()));
    }

    @AfterEach
    void stop() throws Exception {
        keyfob.afterAll(null);
    }

    /** An app and the browser of its user. */
    final class Party {
        final ClientID id;
        final JWSAlgorithm algorithm;
        final HttpClient browser = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

        Party(String id, JWSAlgorithm algorithm) {
            this.id = new ClientID(id);
            this.algorithm = algorithm;
        }

        URI follow(URI link) throws Exception {
            return URI.create(browser.send(HttpRequest.newBuilder(link).build(), BodyHandlers.discarding()).headers().firstValue("Location").orElseThrow());
        }

        AuthenticationRequest.Builder request(State state, Nonce nonce) {
            return new AuthenticationRequest.Builder(ResponseType.CODE, new Scope("openid", "profile", "email", "groups", "offline_access"), id, CALLBACK)
                    .endpointURI(metadata.getAuthorizationEndpointURI())
                    .state(state)
                    .nonce(nonce);
        }

        OIDCTokens signIn(Nonce nonce) throws Exception {
            var verifier = new CodeVerifier();
            var state = new State();
            var link = request(state, nonce).codeChallenge(verifier, CodeChallengeMethod.S256).build().toURI();
            var response = AuthorizationResponse.parse(follow(link)).toSuccessResponse();
            assertEquals(state, response.getState());
            assertEquals(metadata.getIssuer(), response.getIssuer());
            return tokens(new AuthorizationCodeGrant(response.getAuthorizationCode(), CALLBACK, verifier));
        }

        OIDCTokens tokens(AuthorizationGrant grant) throws Exception {
            var credentials = new ClientSecretBasic(id, new Secret(SECRETS.get(id.getValue())));
            var request = new TokenRequest.Builder(metadata.getTokenEndpointURI(), credentials, grant).build();
            return ((OIDCTokenResponse) OIDCTokenResponseParser.parse(request.toHTTPRequest().send()).toSuccessResponse()).getOIDCTokens();
        }

        /** What the library keeps of the keys goes with it. */
        IDTokenValidator validator() throws Exception {
            return new IDTokenValidator(metadata.getIssuer(), id, algorithm, metadata.getJWKSetURI().toURL());
        }
    }

    Party party() {
        return new Party("party", JWSAlgorithm.RS256);
    }

    @Test
    void adaSignsInAndHerClaimsAreHers() throws Exception {
        var nonce = new Nonce();
        var tokens = party().signIn(nonce);
        IDTokenClaimsSet claims = party().validator().validate(tokens.getIDToken(), nonce);
        var reply = new UserInfoRequest(metadata.getUserInfoEndpointURI(), tokens.getBearerAccessToken()).toHTTPRequest().send();
        var ada = UserInfoResponse.parse(reply).toSuccessResponse().getUserInfo();
        assertEquals(claims.getSubject(), ada.getSubject());
        assertEquals("ada", ada.getPreferredUsername());
        assertEquals("ada@party.example", ada.getEmailAddress());
        assertTrue(ada.getEmailVerified());
        assertEquals(List.of("crew"), ada.getStringListClaim("groups"));
    }

    @Test
    void anIdTokenInEs256IsAsGood() throws Exception {
        var party = new Party("another-party", JWSAlgorithm.ES256);
        var nonce = new Nonce();
        assertEquals("another-party", party.validator().validate(party.signIn(nonce).getIDToken(), nonce).getAudience().get(0).getValue());
    }

    @Test
    void aRefreshBringsANewIdTokenOfTheSameUser() throws Exception {
        var nonce = new Nonce();
        var tokens = party().signIn(nonce);
        var newer = party().tokens(new RefreshTokenGrant(tokens.getRefreshToken()));
        var claims = party().validator().validate(newer.getIDToken(), null);
        assertEquals(party().validator().validate(tokens.getIDToken(), nonce).getSubject(), claims.getSubject());
        assertNull(claims.getNonce());
    }

    @Test
    void anotherNonceIsRefused() throws Exception {
        var token = party().signIn(new Nonce()).getIDToken();
        var refusal = assertThrows(BadJOSEException.class, () -> party().validator().validate(token, new Nonce()));
        assertTrue(refusal.getMessage().contains("nonce"), refusal.getMessage());
    }

    @Test
    void anIdTokenThatAnotherClientGotIsRefused() throws Exception {
        var nonce = new Nonce();
        var token = new Party("another-party", JWSAlgorithm.ES256).signIn(nonce).getIDToken();
        var refusal = assertThrows(BadJOSEException.class, () -> new Party("party", JWSAlgorithm.ES256).validator().validate(token, nonce));
        assertTrue(refusal.getMessage().contains("audience"), refusal.getMessage());
    }

    @Test
    void rotatedKeysAreFetchedAnew() throws Exception {
        var nonce = new Nonce();
        var validator = party().validator();
        var before = party().signIn(nonce).getIDToken();
        validator.validate(before, nonce);
        rotate();
        assertEquals(key(before), key(party().signIn(nonce).getIDToken()), "the new key signs before anybody has seen it");
        rotate("--now");
        var after = party().signIn(nonce).getIDToken();
        assertNotEquals(key(before), key(after));
        validator.validate(after, nonce);
        assertThrows(BadJOSEException.class, () -> party().validator().validate(before, nonce), "the old key is still good");
    }

    static String key(JWT token) {
        return ((JWSHeader) token.getHeader()).getKeyID();
    }

    void rotate(String... more) throws Exception {
        var words = new ArrayList<>(List.of(System.getenv("KEYFOB_BIN"), "keys", "rotate", "--data", JSONObjectUtils.parse(server.ready()).get("data").toString()));
        words.addAll(List.of(more));
        assertEquals(0, new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor());
    }

    @Test
    void signingOutOfTheAppSignsOutOfKeyfob() throws Exception {
        var party = party();
        var tokens = party.signIn(new Nonce());
        var state = new State();
        var out = new LogoutRequest(metadata.getEndSessionEndpointURI(), tokens.getIDToken(), BYE, state);
        assertEquals(URI.create(BYE + "?state=" + state), party.follow(out.toURI()));
        server.control("PUT", "/auto", "{\"user_id\": null}");
        var link = party.request(state, new Nonce()).prompt(new Prompt(Prompt.Type.NONE)).build().toURI();
        assertEquals("login_required", AuthenticationErrorResponse.parse(party.follow(link)).getErrorObject().getCode());
    }
}
