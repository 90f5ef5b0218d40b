//! The server's configuration (registry.md 4.6).

use serde_json::{Value, json};

use crate::api::reply;
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::model::password;
use crate::model::settings::{AdminRights, ContactPolicy, Creators, Settings, UserRegistration};

pub fn get<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| Ok(reply::ok(&json!({"configuration": describe(call.settings)})))))
}

/// Describes the settings. What the registry does not have (applications, gateways, devices) is as The Things Stack ships it. Wrapped
/// values are written even if false or zero; `enabled` is a plain one, absent if false.
fn describe(settings: &Settings) -> Value {
    let mut registration = json!({
        "invitation": {"required": false, "token_ttl": "604800s"},
        "contact_info_validation": {"required": false, "token_ttl": "172800s", "retry_interval": "3600s"},
        "admin_approval": {"required": false},
        "password_requirements": {
            "min_length": password::MIN_LENGTH,
            "max_length": password::MAX_LENGTH,
            "min_uppercase": password::MIN_UPPERCASE,
            "min_digits": password::MIN_DIGITS,
            "min_special": password::MIN_SPECIAL,
        },
    });
    if settings.user_registration == UserRegistration::Open {
        registration["enabled"] = true.into();
    }
    json!({
        "user_registration": registration,
        "profile_picture": {"disable_upload": true, "use_gravatar": false},
        "end_device_picture": {"disable_upload": false},
        "user_rights": {
            "create_applications": true,
            "create_clients": settings.client_creators == Creators::Everyone,
            "create_gateways": true,
            "create_organizations": settings.organization_creators == Creators::Everyone,
        },
        "admin_rights": {"all": settings.admin_rights == AdminRights::All},
        "collaborator_rights": {"set_others_as_contacts": settings.contacts == ContactPolicy::Anyone},
    })
}
