//! Rights: their names and numbers, what each implies, and the sets that scopes are made of (registry.md 5).

use std::sync::LazyLock;

/// Defines the rights, one per row: number and name in the contract, and what it allows in plain words.
macro_rules! rights {
    ($($id:ident = $number:literal $name:literal $words:literal;)+) => {
        /// A right by its number in the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Right { $($id = $number),+ }

        /// Every right, by number.
        pub static RIGHTS: &[Right] = &[$(Right::$id),+];

        impl Right {
            pub fn name(self) -> &'static str {
                match self { $(Right::$id => $name),+ }
            }

            /// Returns what it allows in plain words, to follow "may".
            pub fn words(self) -> &'static str {
                match self { $(Right::$id => $words),+ }
            }

            pub fn from_number(number: i64) -> Option<Right> {
                match number { $($number => Some(Right::$id),)+ _ => None }
            }

            /// Finds a right by its name, with or without `RIGHT_` (registry.md 0.4).
            pub fn from_name(name: &str) -> Option<Right> {
                match name.strip_prefix("RIGHT_").map_or_else(|| format!("RIGHT_{name}"), |_| name.to_owned()).as_str() {
                    $($name => Some(Right::$id),)+
                    _ => (name == Right::Invalid.name()).then_some(Right::Invalid),
                }
            }
        }
    };
}

rights! {
    Invalid = 0 "right_invalid" "nothing: not a right";
    UserInfo = 1 "RIGHT_USER_INFO" "view your profile";
    UserSettingsBasic = 2 "RIGHT_USER_SETTINGS_BASIC" "edit your profile";
    UserSettingsApiKeys = 3 "RIGHT_USER_SETTINGS_API_KEYS" "view and change your API keys";
    UserDelete = 4 "RIGHT_USER_DELETE" "delete your account";
    UserAuthorizedClients = 5 "RIGHT_USER_AUTHORIZED_CLIENTS" "view and change which clients you authorized";
    UserApplicationsList = 6 "RIGHT_USER_APPLICATIONS_LIST" "list the applications you collaborate on";
    UserApplicationsCreate = 7 "RIGHT_USER_APPLICATIONS_CREATE" "create applications under your account";
    UserGatewaysList = 8 "RIGHT_USER_GATEWAYS_LIST" "list the gateways you collaborate on";
    UserGatewaysCreate = 9 "RIGHT_USER_GATEWAYS_CREATE" "create gateways under your account";
    UserClientsList = 10 "RIGHT_USER_CLIENTS_LIST" "list the OAuth clients you collaborate on";
    UserClientsCreate = 11 "RIGHT_USER_CLIENTS_CREATE" "register OAuth clients under your account";
    UserOrganizationsList = 12 "RIGHT_USER_ORGANIZATIONS_LIST" "list the organizations you are a member of";
    UserOrganizationsCreate = 13 "RIGHT_USER_ORGANIZATIONS_CREATE" "create organizations under your account";
    UserAll = 14 "RIGHT_USER_ALL" "everything on your account";
    ApplicationInfo = 15 "RIGHT_APPLICATION_INFO" "view applications";
    ApplicationSettingsBasic = 16 "RIGHT_APPLICATION_SETTINGS_BASIC" "edit the settings of applications";
    ApplicationSettingsApiKeys = 17 "RIGHT_APPLICATION_SETTINGS_API_KEYS" "view and change the API keys of applications";
    ApplicationSettingsCollaborators = 18 "RIGHT_APPLICATION_SETTINGS_COLLABORATORS" "view and change the collaborators of applications";
    ApplicationDelete = 19 "RIGHT_APPLICATION_DELETE" "delete applications";
    ApplicationDevicesRead = 20 "RIGHT_APPLICATION_DEVICES_READ" "view the devices of applications";
    ApplicationDevicesWrite = 21 "RIGHT_APPLICATION_DEVICES_WRITE" "add, edit and remove devices of applications";
    ApplicationDevicesReadKeys = 22 "RIGHT_APPLICATION_DEVICES_READ_KEYS" "view the keys of devices";
    ApplicationDevicesWriteKeys = 23 "RIGHT_APPLICATION_DEVICES_WRITE_KEYS" "change the keys of devices";
    ApplicationTrafficRead = 24 "RIGHT_APPLICATION_TRAFFIC_READ" "read the traffic of applications";
    ApplicationTrafficUpWrite = 25 "RIGHT_APPLICATION_TRAFFIC_UP_WRITE" "write uplink traffic of applications";
    ApplicationTrafficDownWrite = 26 "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE" "write downlink traffic of applications";
    ApplicationLink = 27 "RIGHT_APPLICATION_LINK" "link as an application server: read and write its traffic";
    ApplicationAll = 28 "RIGHT_APPLICATION_ALL" "everything on applications";
    ClientAll = 29 "RIGHT_CLIENT_ALL" "everything on OAuth clients";
    GatewayInfo = 30 "RIGHT_GATEWAY_INFO" "view gateways";
    GatewaySettingsBasic = 31 "RIGHT_GATEWAY_SETTINGS_BASIC" "edit the settings of gateways";
    GatewaySettingsApiKeys = 32 "RIGHT_GATEWAY_SETTINGS_API_KEYS" "view and change the API keys of gateways";
    GatewaySettingsCollaborators = 33 "RIGHT_GATEWAY_SETTINGS_COLLABORATORS" "view and change the collaborators of gateways";
    GatewayDelete = 34 "RIGHT_GATEWAY_DELETE" "delete gateways";
    GatewayTrafficRead = 35 "RIGHT_GATEWAY_TRAFFIC_READ" "read the traffic of gateways";
    GatewayTrafficDownWrite = 36 "RIGHT_GATEWAY_TRAFFIC_DOWN_WRITE" "write downlink traffic of gateways";
    GatewayLink = 37 "RIGHT_GATEWAY_LINK" "link gateways to a server";
    GatewayStatusRead = 38 "RIGHT_GATEWAY_STATUS_READ" "view the status of gateways";
    GatewayLocationRead = 39 "RIGHT_GATEWAY_LOCATION_READ" "view the location of gateways";
    GatewayAll = 40 "RIGHT_GATEWAY_ALL" "everything on gateways";
    OrganizationInfo = 41 "RIGHT_ORGANIZATION_INFO" "view organizations";
    OrganizationSettingsBasic = 42 "RIGHT_ORGANIZATION_SETTINGS_BASIC" "edit the settings of organizations";
    OrganizationSettingsApiKeys = 43 "RIGHT_ORGANIZATION_SETTINGS_API_KEYS" "view and change the API keys of organizations";
    OrganizationSettingsMembers = 44 "RIGHT_ORGANIZATION_SETTINGS_MEMBERS" "view and change the members of organizations";
    OrganizationDelete = 45 "RIGHT_ORGANIZATION_DELETE" "delete organizations";
    OrganizationApplicationsList = 46 "RIGHT_ORGANIZATION_APPLICATIONS_LIST" "list the applications of organizations";
    OrganizationApplicationsCreate = 47 "RIGHT_ORGANIZATION_APPLICATIONS_CREATE" "create applications under organizations";
    OrganizationGatewaysList = 48 "RIGHT_ORGANIZATION_GATEWAYS_LIST" "list the gateways of organizations";
    OrganizationGatewaysCreate = 49 "RIGHT_ORGANIZATION_GATEWAYS_CREATE" "create gateways under organizations";
    OrganizationClientsList = 50 "RIGHT_ORGANIZATION_CLIENTS_LIST" "list the OAuth clients of organizations";
    OrganizationClientsCreate = 51 "RIGHT_ORGANIZATION_CLIENTS_CREATE" "register OAuth clients under organizations";
    OrganizationAddAsCollaborator = 52 "RIGHT_ORGANIZATION_ADD_AS_COLLABORATOR" "add organizations as collaborators";
    OrganizationAll = 53 "RIGHT_ORGANIZATION_ALL" "everything on organizations";
    SendInvites = 54 "RIGHT_SEND_INVITES" "invite new users";
    All = 55 "RIGHT_ALL" "everything you can do";
    ApplicationSettingsPackages = 56 "RIGHT_APPLICATION_SETTINGS_PACKAGES" "edit the application packages of applications";
    GatewayWriteSecrets = 57 "RIGHT_GATEWAY_WRITE_SECRETS" "store secrets of gateways";
    GatewayReadSecrets = 58 "RIGHT_GATEWAY_READ_SECRETS" "read secrets of gateways";
    UserNotificationsRead = 59 "RIGHT_USER_NOTIFICATIONS_READ" "read your notifications";
    ClientInfo = 60 "RIGHT_CLIENT_INFO" "view OAuth clients";
    ClientSettingsBasic = 61 "RIGHT_CLIENT_SETTINGS_BASIC" "edit the settings of OAuth clients";
    ClientSettingsCollaborators = 62 "RIGHT_CLIENT_SETTINGS_COLLABORATORS" "view and change the collaborators of OAuth clients";
    ClientDelete = 63 "RIGHT_CLIENT_DELETE" "delete OAuth clients";
}

/// A set of rights, a bit for each number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u64);

impl Rights {
    pub const NONE: Rights = Rights(0);

    /// Every right but `right_invalid`.
    pub const EVERY: Rights = Rights(!1);

    pub const fn of(rights: &[Right]) -> Rights {
        let (mut set, mut i) = (0, 0);
        while i < rights.len() {
            set |= 1 << rights[i] as u8;
            i += 1;
        }
        Rights(set)
    }

    /// Returns the stored form: bit n is the right with number n.
    pub fn bits(self) -> u64 {
        self.0
    }

    pub fn from_bits(bits: u64) -> Rights {
        Rights(bits)
    }

    pub fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn and(self, other: Rights) -> Rights {
        Rights(self.0 & other.0)
    }

    pub fn or(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    pub fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Right> {
        RIGHTS.iter().copied().filter(move |right| self.has(*right))
    }

    /// Returns the names, sorted.
    pub fn names(self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.iter().map(Right::name).collect();
        names.sort_unstable();
        names
    }

    /// Returns the rights that are within a limit, both with implied rights.
    pub fn within(self, limit: Rights) -> Rights {
        let limit = limit.expanded();
        if self.without(limit).is_empty() { self } else { self.expanded().and(limit) }
    }

    /// Returns the rights with what each implies (registry.md 5.2). Not the reverse: all the concrete rights together do not make the
    /// `_ALL` right.
    pub fn expanded(self) -> Rights {
        if self.has(Right::All) {
            return self.or(Rights::EVERY);
        }
        self.iter().fold(self, |set, right| match right {
            Right::UserAll => set.or(named("RIGHT_USER_")),
            Right::ApplicationAll => set.or(named("RIGHT_APPLICATION_")),
            Right::GatewayAll => set.or(named("RIGHT_GATEWAY_")),
            Right::OrganizationAll => set.or(named("RIGHT_ORGANIZATION_")),
            Right::ClientAll => set.or(CLIENT_RIGHTS),
            Right::ApplicationLink => {
                set.or(Rights::of(&[Right::ApplicationInfo, Right::ApplicationTrafficRead, Right::ApplicationTrafficDownWrite]))
            }
            Right::GatewayLink => set.or(Rights::of(&[Right::GatewayInfo])),
            _ => set,
        })
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Rights {
        rights.into_iter().fold(Rights::NONE, |set, right| set.or(Rights::of(&[right])))
    }
}

/// The rights that a client knows (registry.md 5.3).
pub const CLIENT_RIGHTS: Rights =
    Rights::of(&[Right::ClientAll, Right::ClientInfo, Right::ClientSettingsBasic, Right::ClientSettingsCollaborators, Right::ClientDelete]);

/// Returns the rights on an organization: its own, and those on the entities it may own.
pub fn organization_scope() -> Rights {
    user_scope().without(named("RIGHT_USER_"))
}

/// Returns the rights on a user: all but `RIGHT_ALL` and `RIGHT_SEND_INVITES`.
pub fn user_scope() -> Rights {
    Rights::EVERY.without(Rights::of(&[Right::All, Right::SendInvites]))
}

/// Returns an administrator's rights on every entity: neither keys nor `_ALL` (registry.md 5.3).
pub fn admin_rights() -> Rights {
    static OF_ADMINS: LazyLock<Rights> = LazyLock::new(|| {
        Rights::EVERY.iter().filter(|right| !right.name().ends_with("_KEYS") && !right.name().ends_with("_ALL")).collect()
    });
    *OF_ADMINS
}

fn named(prefix: &str) -> Rights {
    RIGHTS.iter().copied().filter(|right| right.name().starts_with(prefix)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_found_by_its_name_its_short_name_and_its_number() {
        for right in RIGHTS {
            assert_eq!(Right::from_name(right.name()), Some(*right));
            assert_eq!(Right::from_number(*right as i64), Some(*right));
        }
        assert_eq!(Right::from_name("USER_INFO"), Some(Right::UserInfo));
        assert_eq!(Right::from_name("right_user_info"), None);
        assert_eq!(Right::from_number(64), None);
    }

    #[test]
    fn all_implies_everything_but_the_invalid_right() {
        let all = Rights::of(&[Right::All]).expanded();
        assert_eq!(all.iter().count(), 63);
        assert!(!all.has(Right::Invalid));
    }

    #[test]
    fn concrete_rights_never_make_the_all_right() {
        assert!(!CLIENT_RIGHTS.without(Rights::of(&[Right::ClientAll])).expanded().has(Right::ClientAll));
        assert_eq!(Rights::of(&[Right::ClientAll]).expanded(), CLIENT_RIGHTS);
    }

    #[test]
    fn an_administrator_has_neither_keys_nor_all() {
        let rights = admin_rights();
        for right in [Right::All, Right::ClientAll, Right::UserSettingsApiKeys, Right::ApplicationDevicesReadKeys] {
            assert!(!rights.has(right), "{right:?}");
        }
        assert!(rights.has(Right::ClientDelete) && rights.has(Right::SendInvites));
    }
}
