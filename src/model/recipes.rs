//! How users sign in to well-known apps with keyfob, one app per row. The pages of `doc/apps` are made from these rows, the Console fills in
//! forms by them, and `tests/parties` runs the apps that can be had with the very settings that stand here.

use crate::base::right::Right;
use crate::model::recipe::{Claims, Recipe, Tried};

pub fn named(id: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|recipe| recipe.id == id)
}

const RS256: &str = "RS256";
const SECRET_INSTEAD: &str = "not sent; the client keeps a secret";

/// What an integration needs to show its users' devices and their traffic, and to answer them.
const INTEGRATION: &[Right] = &[
    Right::UserInfo,
    Right::UserApplicationsList,
    Right::ApplicationInfo,
    Right::ApplicationDevicesRead,
    Right::ApplicationTrafficRead,
    Right::ApplicationTrafficDownWrite,
];

/// What most apps have in common: a row says what is different.
const USUAL: Recipe = Recipe {
    id: "",
    name: "",
    redirect_uris: &[],
    logout_redirect_uris: &[],
    scopes: "openid profile email groups",
    rights: &[],
    claims: Claims::Userinfo,
    allowed_groups: &[],
    signature: "RS256; ES256 too, as it goes by what the server lists",
    pkce: "always sent",
    email: "not needed",
    place: "",
    settings: "",
    language: "text",
    groups: "",
    traps: &[],
    sources: &[],
    tried: Tried::Written,
};

pub static RECIPES: &[Recipe] = &[
    Recipe {
        id: "grafana",
        name: "Grafana",
        redirect_uris: &["{app}/login/generic_oauth"],
        logout_redirect_uris: &["{app}/login"],
        scopes: "openid profile email groups offline_access",
        signature: "any: Grafana asks for the claims",
        pkce: "sent with `use_pkce = true`",
        email: "needed: accounts are found by it",
        place: "`grafana.ini`, or the variables `GF_AUTH_GENERIC_OAUTH_…`; then restart Grafana",
        settings: include_str!("recipes/grafana.ini"),
        language: "ini",
        groups: "`role_attribute_path` makes keyfob's administrators administrators of Grafana, and members of the organization `writers` editors. \
                 With `role_attribute_strict = true` everyone without a role is refused.",
        traps: &[
            "`root_url` has to be the address in the browser: the redirect URL is made of it.",
            "Without `offline_access` and `use_refresh_token`, Grafana signs people out when the access token ends, after an hour.",
            "An address that belongs to an account of another sign-in is refused unless `oauth_allow_insecure_email_lookup` is set.",
        ],
        sources: &["https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/generic-oauth/"],
        ..USUAL
    },
    Recipe {
        id: "gitea",
        name: "Gitea",
        redirect_uris: &["{app}/user/oauth2/keyfob/callback"],
        signature: RS256,
        pkce: SECRET_INSTEAD,
        email: "needed for an account that is made at the first sign-in",
        place: "A shell on its server; for Forgejo, write `forgejo` for `gitea`. Or **Site Administration**, **Authentication Sources**, **Add**",
        settings: include_str!("recipes/gitea.sh"),
        language: "sh",
        groups: "`--admin-group admins` makes keyfob's administrators administrators. `--group-team-map` puts the members of an organization into a team; \
                 `--required-claim-name groups --required-claim-value crew` lets in nobody else.",
        traps: &[
            "`keyfob` in the redirect URL is the name of the authentication source, letter by letter.",
            "Accounts are made by themselves only with `ENABLE_AUTO_REGISTRATION = true` in `[oauth2_client]` of `app.ini`; otherwise people are \
             asked to link one. `USERNAME = preferred_username` there takes the user ID of keyfob for the name.",
            "Gitea ends its own session only; keyfob's goes on.",
        ],
        sources: &[
            "https://docs.gitea.com/administration/command-line",
            "https://docs.gitea.com/administration/config-cheat-sheet#oauth2-client-oauth2_client",
        ],
        ..USUAL
    },
    Recipe {
        id: "nextcloud",
        name: "Nextcloud",
        redirect_uris: &["{app}/apps/user_oidc/code", "{app}/index.php/apps/user_oidc/code"],
        logout_redirect_uris: &["{app}/"],
        claims: Claims::IdToken,
        signature: RS256,
        place: "A shell on its server, as the user of the web server, with the app *OpenID Connect user backend* (`user_oidc`)",
        settings: include_str!("recipes/nextcloud.sh"),
        language: "sh",
        groups: "`--group-provisioning=1` puts people into groups with the IDs of their organizations, and makes those that are not there. \
                 `--group-whitelist-regex` says which; with `--group-restrict-login-to-whitelist=1` nobody else may sign in.",
        traps: &[
            "The app reads the ID token alone, so the client has `claims_in_id_token`; or set `enrich_login_id_token_with_userinfo` in `config.php`.",
            "`--unique-uid=0` makes the user ID of keyfob the account; by default it is a hash. Choose before the first sign-in.",
            "A keyfob in your own network is refused until `occ config:system:set allow_local_remote_servers --type=bool --value=true`.",
            "Both sides need https: without it the app says so and stops.",
            "The keys of the server are cached for an hour, and fetched again when a signature does not fit.",
        ],
        sources: &["https://github.com/nextcloud/user_oidc/blob/main/README.md"],
        ..USUAL
    },
    Recipe {
        id: "immich",
        name: "Immich",
        redirect_uris: &["{app}/auth/login", "{app}/user-settings", "app.immich:///oauth-callback"],
        scopes: "openid email profile",
        allowed_groups: &["family"],
        signature: "RS256; ES256 with that signing algorithm in its settings",
        email: "needed: accounts are found by it",
        place: "**Administration**, **Settings**, **Authentication**, **OAuth**",
        settings: include_str!("recipes/immich.txt"),
        groups: "Immich knows no groups: `allowed_groups` of the client says who may come in at all. Its role and quota claims are its own \
                 (`immich_role`, `immich_quota`), which keyfob does not send: make administrators in Immich.",
        traps: &[
            "The third redirect URL, with three slashes, is that of the apps for phones.",
            "Signing out ends the session of keyfob as well. Immich of before July 2026 does not say whose, so keyfob asks first.",
            "Claims count when the account is made, and not again.",
        ],
        sources: &["https://docs.immich.app/administration/oauth/"],
        ..USUAL
    },
    Recipe {
        id: "proxmox",
        name: "Proxmox VE",
        redirect_uris: &["{app}"],
        place: "A shell on a node; or **Datacenter**, **Permissions**, **Realms**, **Add**, **OpenID Connect Server**",
        settings: include_str!("recipes/proxmox.sh"),
        language: "sh",
        groups: "From Proxmox VE 8.4 on, `--groups-claim groups` puts people into groups; their names end in the realm's: the organization `crew` is the \
                 group `crew-keyfob`. Give that one permissions: `pveum acl modify / --groups crew-keyfob --roles PVEAdmin`.",
        traps: &[
            "The redirect URL is the address in the browser, with its port and without a path: `https://pve.example:8006`. Register one for each \
             address that people use.",
            "`--username-claim` cannot be changed later; `username` is `preferred_username`, the user ID of keyfob.",
            "Somebody who was just made has no permissions, and sees nothing.",
        ],
        sources: &["https://pve.proxmox.com/pve-docs/chapter-pveum.html#pveum_openid"],
        ..USUAL
    },
    Recipe {
        id: "portainer",
        name: "Portainer",
        redirect_uris: &["{app}"],
        logout_redirect_uris: &["{app}"],
        allowed_groups: &["admins"],
        signature: "none is checked: Portainer asks for the claims",
        pkce: SECRET_INSTEAD,
        place: "**Settings**, **Authentication**, **OAuth**, **Custom**",
        settings: include_str!("recipes/portainer.txt"),
        groups: "The Business Edition puts people into teams by the claim `groups` (**Automatic team membership**). The Community Edition does not: \
                 `allowed_groups` of the client says who may come in at all.",
        traps: &[
            "The redirect URL is the address of Portainer, without a path.",
            "Without **Automatic user provisioning**, make the users beforehand, by their user IDs of keyfob.",
            "Somebody who was just made sees no environment until an administrator gives access.",
        ],
        sources: &["https://docs.portainer.io/admin/settings/authentication/oauth"],
        ..USUAL
    },
    Recipe {
        id: "oauth2-proxy",
        name: "oauth2-proxy",
        redirect_uris: &["{app}/oauth2/callback"],
        logout_redirect_uris: &["{app}/"],
        pkce: "sent with `code_challenge_method = \"S256\"`",
        email: "needed and validated, unless `insecure_oidc_allow_unverified_email = true`",
        place: "`oauth2-proxy.cfg`, with `upstreams` or behind nginx, Caddy or Traefik",
        settings: include_str!("recipes/oauth2-proxy.cfg"),
        language: "toml",
        groups: "`allowed_groups`: who is in none of them gets 403. The page behind it finds all of them in `X-Forwarded-Groups`.",
        traps: &[
            "It also needs a secret of its own, in `OAUTH2_PROXY_COOKIE_SECRET`: `openssl rand -base64 32 | tr -- '+/' '-_'`.",
            "`email_domains = [\"*\"]` is needed, or nobody is let in.",
            "`/oauth2/sign_out` ends the session of the proxy alone. To end keyfob's too, send people to \
             `/oauth2/sign_out?rd=` and, percent-encoded, `{issuer}/oauth/end-session?client_id={client_id}&post_logout_redirect_uri={app}/`, \
             with the host of keyfob in `whitelist_domains`. keyfob asks first, as the proxy does not say who it was.",
        ],
        sources: &[
            "https://oauth2-proxy.github.io/oauth2-proxy/configuration/providers/openid_connect",
            "https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview",
        ],
        tried: Tried::Run("7.15.6"),
        ..USUAL
    },
    Recipe {
        id: "home-assistant",
        name: "Home Assistant",
        redirect_uris: &["{app}/auth/oidc/callback"],
        scopes: "openid profile groups",
        claims: Claims::IdToken,
        signature: "RS256; ES256 with `id_token_signing_alg: ES256`",
        place: "`configuration.yaml`, with the custom integration *OpenID Connect (OIDC)* from HACS; then restart Home Assistant",
        settings: include_str!("recipes/home-assistant.yaml"),
        language: "yaml",
        groups: "`roles.admin` names the group of its administrators; with `roles.user`, who is in neither is refused.",
        traps: &[
            "Home Assistant speaks no OpenID Connect by itself: the integration is by somebody else (christiaangoossens/hass-oidc-auth).",
            "Existing users are linked by name only while `features.automatic_user_linking` is set, which also skips their second factor: switch it \
             off again.",
            "Behind a proxy, set `use_x_forwarded_for`, else the redirect URL begins with `http:`; or `features.force_https: true`.",
        ],
        sources: &["https://github.com/christiaangoossens/hass-oidc-auth/blob/main/docs/configuration.md"],
        ..USUAL
    },
    Recipe {
        id: "jellyfin",
        name: "Jellyfin",
        redirect_uris: &["{app}/sso/OID/redirect/keyfob", "{app}/sso/OID/r/keyfob"],
        scopes: "openid profile groups",
        signature: RS256,
        place: "**Dashboard**, **Plugins**, **SSO-Auth**, with the plugin *SSO Authentication*; then restart Jellyfin",
        settings: include_str!("recipes/jellyfin.txt"),
        groups: "**Roles** says who may sign in, **Admin roles** who administers; with **Enable folder roles** groups open single libraries.",
        traps: &[
            "Jellyfin speaks no OpenID Connect by itself: the plugin is by somebody else (9p4/jellyfin-plugin-sso), who calls it alpha.",
            "`keyfob` in the redirect URL is the name of the provider, letter by letter. People sign in at `{app}/sso/OID/start/keyfob`: put a link \
             there on the sign-in page, under **Branding**.",
            "Somebody with the name of an account of Jellyfin gets that account and its permissions anew.",
            "Signing out of Jellyfin leaves the session of keyfob.",
        ],
        sources: &[
            "https://github.com/9p4/jellyfin-plugin-sso/blob/main/README.md",
            "https://github.com/9p4/jellyfin-plugin-sso/blob/main/providers.md",
        ],
        ..USUAL
    },
    Recipe {
        id: "minio",
        name: "MinIO",
        redirect_uris: &["{app}/oauth_callback"],
        claims: Claims::IdToken,
        signature: RS256,
        pkce: SECRET_INSTEAD,
        place: "The environment of the server; `{app}` is its console",
        settings: include_str!("recipes/minio.env"),
        language: "sh",
        groups: "A group is a policy of the same name: make a policy `crew` for the organization `crew`, or with `MINIO_IDENTITY_OPENID_ROLE_POLICY` in \
                 the place of `MINIO_IDENTITY_OPENID_CLAIM_NAME` give everyone the same. Who has no policy is refused.",
        traps: &[
            "The Community Edition since RELEASE.2025-05-24 has no button to sign in with: it is in the commercial edition and in earlier releases \
             (minio/minio issue 21311). What `AssumeRoleWithWebIdentity` takes is the ID token, in every edition.",
            "The scopes are separated by commas.",
        ],
        sources: &[
            "https://min.io/docs/minio/linux/reference/minio-server/settings/iam/openid.html",
            "https://github.com/minio/minio/issues/21311",
        ],
        ..USUAL
    },
    Recipe {
        id: "node-red",
        name: "Node-RED",
        redirect_uris: &["{app}/auth/strategy/callback"],
        scopes: "openid profile",
        allowed_groups: &["admins"],
        signature: "none is checked: the token comes from keyfob itself",
        pkce: SECRET_INSTEAD,
        place: "`settings.js`, after `npm install passport-openidconnect` in the folder that it is in; then restart Node-RED",
        settings: include_str!("recipes/node-red.js"),
        language: "js",
        groups: "Node-RED knows no groups: `allowed_groups` of the client says who may come in at all. Who does may do everything; for less, let \
                 `users` return other `permissions` for a name.",
        traps: &[
            "`skipUserProfile: false` makes it ask for the user ID; otherwise it knows only `sub`, and finds no user of that name.",
            "The editor runs any program on its machine: let in only those who may.",
        ],
        sources: &[
            "https://nodered.org/docs/user-guide/runtime/securing-node-red#oauthopenid-based-authentication",
            "https://www.passportjs.org/packages/passport-openidconnect/",
        ],
        tried: Tried::Run("4.1.8"),
        ..USUAL
    },
    Recipe {
        id: "miniflux",
        name: "Miniflux",
        redirect_uris: &["{app}/oauth2/oidc/callback"],
        place: "The environment of the server, or its configuration file",
        settings: include_str!("recipes/miniflux.env"),
        language: "sh",
        groups: "`OAUTH2_ADMIN_GROUP` makes administrators. Everyone else whom keyfob sends gets an account: `allowed_groups` of the client says who \
                 may come in at all.",
        traps: &[
            "`OAUTH2_OIDC_DISCOVERY_ENDPOINT` is the issuer, without `/.well-known/openid-configuration`.",
            "Somebody who has an account already signs in by the password once, and links it in **Settings**.",
            "Signing out of Miniflux leaves the session of keyfob.",
        ],
        sources: &["https://miniflux.app/docs/configuration.html", "https://miniflux.app/docs/howto.html"],
        tried: Tried::Run("2.3.5"),
        ..USUAL
    },
    Recipe {
        id: "vaultwarden",
        name: "Vaultwarden",
        redirect_uris: &["{app}/identity/connect/oidc-signin"],
        scopes: "openid profile email offline_access",
        allowed_groups: &["family"],
        pkce: "sent unless `SSO_PKCE=false`",
        email: "needed and validated",
        place: "The environment of the server, from Vaultwarden 1.35 on",
        settings: include_str!("recipes/vaultwarden.env"),
        language: "sh",
        groups: "Vaultwarden knows no groups: `allowed_groups` of the client says who may come in at all.",
        traps: &[
            "`SSO_AUTHORITY` is the issuer letter by letter, without a slash at the end.",
            "The master password stays: it decrypts the vault, and keyfob never sees it.",
            "With `SSO_SIGNUPS_MATCH_EMAIL`, which is the default, the first sign-in takes the account of the same address.",
            "Without `offline_access` the session ends with the access token, after an hour.",
        ],
        sources: &["https://github.com/dani-garcia/vaultwarden/wiki/Enabling-SSO-support-using-OpenId-Connect"],
        ..USUAL
    },
    Recipe {
        id: "another-app",
        name: "Another app with OpenID Connect",
        redirect_uris: &["{app}/callback"],
        pkce: "wanted, if the app can",
        email: "sent; `email_verified` says whether it was validated",
        place: "The settings of the app, under *OpenID Connect*, *OIDC* or *SSO*",
        settings: include_str!("recipes/another-app.txt"),
        groups: "`groups` has the IDs of the organizations that somebody is a member of, and `admins` for administrators. For an app that knows no \
                 groups, `allowed_groups` of the client says who may come in at all.",
        traps: &[
            "`/callback` is a guess: the app's documentation has its redirect URL, which has to be registered letter by letter.",
            "Some apps want the issuer, others the address for discovery.",
            "An app that reads claims in the ID token alone needs `claims_in_id_token`.",
        ],
        sources: &["https://openid.net/specs/openid-connect-core-1_0.html"],
        ..USUAL
    },
    Recipe {
        id: "integration",
        name: "The Things Stack integration",
        redirect_uris: &["{app}/oauth/callback"],
        scopes: "",
        rights: INTEGRATION,
        signature: "none: its tokens are opaque",
        pkce: "wanted, if the app can",
        email: "at `/api/v3/users`, with `RIGHT_USER_INFO`",
        place: "The settings of the integration",
        settings: include_str!("recipes/integration.txt"),
        groups: "The integration knows whose devices it may see by its users' rights on applications, and no groups.",
        traps: &[
            "`/oauth/callback` is a guess: take the redirect URL of the integration's documentation.",
            "Take away the rights that it has no use for, such as `RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE` where it only reads.",
            "It asks for all of its rights as long as it sends no `scope`.",
        ],
        sources: &["https://www.thethingsindustries.com/docs/the-things-stack/interact/adding-oauth-clients/"],
        ..USUAL
    },
];
