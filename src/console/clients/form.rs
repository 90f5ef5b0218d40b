//! The form of a client.

use crate::console::form::entity::{ADMINISTRATIVE_CONTACT, ATTRIBUTES, EntityForm, FormField, Mode, TECHNICAL_CONTACT, Widget, field};
use crate::console::form::fields::label;
use crate::model::client::{Client, FIELDS, IDENTIFIERS};

/// Returns what people call a field that the API or a verdict names: `redirect_uris[0]` is “Redirect URL 1”.
pub fn field_label(field: &str) -> String {
    const OTHERS: &[(&str, &str)] = &[
        ("ids.client_id", "OAuth client ID"),
        ("collaborators", "Owner"),
        ("owners", "Owners"),
        ("owner_names", "Name of the owner"),
        ("owner_is_operator", "Whether the owner runs this server"),
        ("secret", "Secret"),
        ("secretless", "Without a secret"),
    ];
    FORM.field_label(field, OTHERS)
}

const RIGHTS: FormField =
    field("rights", "Rights", "Without any, the app can sign people in with OpenID Connect, and nothing else.", Widget::Rights);

pub static FORM: EntityForm<Client> = EntityForm {
    message: "Client",
    identifiers: &IDENTIFIERS,
    table: FIELDS,
    id: label(
        "id",
        "OAuth Client ID",
        "3 to 36 lowercase letters, digits and single dashes; made from the name if you leave it empty. It cannot be changed, or used again after deletion.",
    ),
    check: "/console/check/client/",
    inputs: &[
        field("name", "Name", "Shown to users: what the application is called, such as MyBrand Gateway Manager.", Widget::Text),
        field(
            "description",
            "Description",
            "Tell users what the application does; they read it when they are asked for consent.",
            Widget::Area,
        ),
        field(
            "redirect_uris",
            "Redirect URLs",
            "Where users may be sent back to after authorization. Must match exactly; on the user's own computer (127.0.0.1, localhost) any port will do.",
            Widget::Urls("Redirect URL", "+ Add redirect URL"),
        )
        .required_in(&[Mode::Create]),
        field(
            "logout_redirect_uris",
            "Logout redirect URLs",
            "Optional: where users may be sent to after signing out.",
            Widget::Urls("Logout redirect URL", "+ Add logout redirect URL"),
        ),
        ADMINISTRATIVE_CONTACT,
        TECHNICAL_CONTACT,
        field("grants", "Grant types", "", Widget::Grants),
        RIGHTS.required_in(&[Mode::Create]).notes(
            "Ask only for the minimum set of rights that the application needs: every right is shown to users when they are asked for consent.",
            "Users must authorize the client anew before rights that you add are granted.",
        ),
        ATTRIBUTES,
        field("allowed_groups", "Groups that may use it", "Optional: IDs of organizations, or admins. Nobody else can sign in with it.", Widget::Words)
            .of_sign_in(),
        field("group_filter", "Groups it is told about", "Optional: IDs of organizations, or admins. Without any, all of a user's.", Widget::Words)
            .of_sign_in(),
        field(
            "claims_in_id_token",
            "Claims in the ID token",
            "For an app that does not ask for them at the userinfo endpoint.",
            Widget::Tick,
        )
        .of_sign_in(),
        field(
            "id_token_signed_response_alg",
            "Signature of ID tokens",
            "",
            Widget::Choice(&[("RS256", "RS256, which every app accepts"), ("ES256", "ES256, which is shorter and faster")]),
        )
        .of_sign_in(),
        field(
            "subject_type",
            "Identifiers of users",
            "",
            Widget::Choice(&[("public", "The same as at other clients"), ("pairwise", "Different for each client, so that nobody can compare them")]),
        )
        .of_sign_in(),
        field(
            "access_token_format",
            "Access tokens",
            "",
            Widget::Choice(&[("opaque", "Opaque"), ("jwt", "Signed (JWT), so that a server can verify them itself")]),
        )
        .of_sign_in(),
        field("scopes", "Scopes of its own", "Optional: words for a server of its own, such as reports:read.", Widget::Words).of_sign_in(),
        field("resource_servers", "Servers that accept its tokens", "Optional: IDs of clients that may introspect them.", Widget::Words)
            .of_sign_in(),
        field("state", "State", "", Widget::State).advanced(),
        field("state_description", "State description", "Why it is in that state; its collaborators are shown it.", Widget::Area).advanced(),
        field(
            "skip_authorization",
            "Skip Authorization",
            "Users are not asked for consent, except about a client without a secret that comes back to their own device.",
            Widget::Tick,
        )
        .advanced(),
        field("endorsed", "Endorsed", "The administrators vouch for this client.", Widget::Tick).advanced(),
    ],
};
