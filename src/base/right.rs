//! Rights: their names and numbers, what each implies, and the sets that scopes are made of (contract 5).

/// Defines the rights, one a row: the contract's number and name.
macro_rules! rights {
    ($($id:ident = $number:literal $name:literal;)+) => {
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

            pub fn from_number(number: i64) -> Option<Right> {
                match number { $($number => Some(Right::$id),)+ _ => None }
            }

            /// By full name, or by the name without `RIGHT_` (contract 0.4).
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
    Invalid = 0 "right_invalid";
    UserInfo = 1 "RIGHT_USER_INFO";
    UserSettingsBasic = 2 "RIGHT_USER_SETTINGS_BASIC";
    UserSettingsApiKeys = 3 "RIGHT_USER_SETTINGS_API_KEYS";
    UserDelete = 4 "RIGHT_USER_DELETE";
    UserAuthorizedClients = 5 "RIGHT_USER_AUTHORIZED_CLIENTS";
    UserApplicationsList = 6 "RIGHT_USER_APPLICATIONS_LIST";
    UserApplicationsCreate = 7 "RIGHT_USER_APPLICATIONS_CREATE";
    UserGatewaysList = 8 "RIGHT_USER_GATEWAYS_LIST";
    UserGatewaysCreate = 9 "RIGHT_USER_GATEWAYS_CREATE";
    UserClientsList = 10 "RIGHT_USER_CLIENTS_LIST";
    UserClientsCreate = 11 "RIGHT_USER_CLIENTS_CREATE";
    UserOrganizationsList = 12 "RIGHT_USER_ORGANIZATIONS_LIST";
    UserOrganizationsCreate = 13 "RIGHT_USER_ORGANIZATIONS_CREATE";
    UserAll = 14 "RIGHT_USER_ALL";
    ApplicationInfo = 15 "RIGHT_APPLICATION_INFO";
    ApplicationSettingsBasic = 16 "RIGHT_APPLICATION_SETTINGS_BASIC";
    ApplicationSettingsApiKeys = 17 "RIGHT_APPLICATION_SETTINGS_API_KEYS";
    ApplicationSettingsCollaborators = 18 "RIGHT_APPLICATION_SETTINGS_COLLABORATORS";
    ApplicationDelete = 19 "RIGHT_APPLICATION_DELETE";
    ApplicationDevicesRead = 20 "RIGHT_APPLICATION_DEVICES_READ";
    ApplicationDevicesWrite = 21 "RIGHT_APPLICATION_DEVICES_WRITE";
    ApplicationDevicesReadKeys = 22 "RIGHT_APPLICATION_DEVICES_READ_KEYS";
    ApplicationDevicesWriteKeys = 23 "RIGHT_APPLICATION_DEVICES_WRITE_KEYS";
    ApplicationTrafficRead = 24 "RIGHT_APPLICATION_TRAFFIC_READ";
    ApplicationTrafficUpWrite = 25 "RIGHT_APPLICATION_TRAFFIC_UP_WRITE";
    ApplicationTrafficDownWrite = 26 "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE";
    ApplicationLink = 27 "RIGHT_APPLICATION_LINK";
    ApplicationAll = 28 "RIGHT_APPLICATION_ALL";
    ClientAll = 29 "RIGHT_CLIENT_ALL";
    GatewayInfo = 30 "RIGHT_GATEWAY_INFO";
    GatewaySettingsBasic = 31 "RIGHT_GATEWAY_SETTINGS_BASIC";
    GatewaySettingsApiKeys = 32 "RIGHT_GATEWAY_SETTINGS_API_KEYS";
    GatewaySettingsCollaborators = 33 "RIGHT_GATEWAY_SETTINGS_COLLABORATORS";
    GatewayDelete = 34 "RIGHT_GATEWAY_DELETE";
    GatewayTrafficRead = 35 "RIGHT_GATEWAY_TRAFFIC_READ";
    GatewayTrafficDownWrite = 36 "RIGHT_GATEWAY_TRAFFIC_DOWN_WRITE";
    GatewayLink = 37 "RIGHT_GATEWAY_LINK";
    GatewayStatusRead = 38 "RIGHT_GATEWAY_STATUS_READ";
    GatewayLocationRead = 39 "RIGHT_GATEWAY_LOCATION_READ";
    GatewayAll = 40 "RIGHT_GATEWAY_ALL";
    OrganizationInfo = 41 "RIGHT_ORGANIZATION_INFO";
    OrganizationSettingsBasic = 42 "RIGHT_ORGANIZATION_SETTINGS_BASIC";
    OrganizationSettingsApiKeys = 43 "RIGHT_ORGANIZATION_SETTINGS_API_KEYS";
    OrganizationSettingsMembers = 44 "RIGHT_ORGANIZATION_SETTINGS_MEMBERS";
    OrganizationDelete = 45 "RIGHT_ORGANIZATION_DELETE";
    OrganizationApplicationsList = 46 "RIGHT_ORGANIZATION_APPLICATIONS_LIST";
    OrganizationApplicationsCreate = 47 "RIGHT_ORGANIZATION_APPLICATIONS_CREATE";
    OrganizationGatewaysList = 48 "RIGHT_ORGANIZATION_GATEWAYS_LIST";
    OrganizationGatewaysCreate = 49 "RIGHT_ORGANIZATION_GATEWAYS_CREATE";
    OrganizationClientsList = 50 "RIGHT_ORGANIZATION_CLIENTS_LIST";
    OrganizationClientsCreate = 51 "RIGHT_ORGANIZATION_CLIENTS_CREATE";
    OrganizationAddAsCollaborator = 52 "RIGHT_ORGANIZATION_ADD_AS_COLLABORATOR";
    OrganizationAll = 53 "RIGHT_ORGANIZATION_ALL";
    SendInvites = 54 "RIGHT_SEND_INVITES";
    All = 55 "RIGHT_ALL";
    ApplicationSettingsPackages = 56 "RIGHT_APPLICATION_SETTINGS_PACKAGES";
    GatewayWriteSecrets = 57 "RIGHT_GATEWAY_WRITE_SECRETS";
    GatewayReadSecrets = 58 "RIGHT_GATEWAY_READ_SECRETS";
    UserNotificationsRead = 59 "RIGHT_USER_NOTIFICATIONS_READ";
    ClientInfo = 60 "RIGHT_CLIENT_INFO";
    ClientSettingsBasic = 61 "RIGHT_CLIENT_SETTINGS_BASIC";
    ClientSettingsCollaborators = 62 "RIGHT_CLIENT_SETTINGS_COLLABORATORS";
    ClientDelete = 63 "RIGHT_CLIENT_DELETE";
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

    /// The names, sorted.
    pub fn names(self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.iter().map(Right::name).collect();
        names.sort_unstable();
        names
    }

    /// With what each right implies; the right itself stays (contract 5.2). The reverse never holds: all the
    /// concrete rights together do not make the `_ALL` right.
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

/// The rights that a client knows (contract 5.3).
pub const CLIENT_RIGHTS: Rights =
    Rights::of(&[Right::ClientAll, Right::ClientInfo, Right::ClientSettingsBasic, Right::ClientSettingsCollaborators, Right::ClientDelete]);

/// What somebody may have on an organization: its own rights and those of the entities it may own.
pub fn organization_scope() -> Rights {
    user_scope().without(named("RIGHT_USER_"))
}

/// What somebody may have on a user: everything but `RIGHT_ALL` and `RIGHT_SEND_INVITES`.
pub fn user_scope() -> Rights {
    Rights::EVERY.without(Rights::of(&[Right::All, Right::SendInvites]))
}

/// What an administrator may do everywhere: neither keys nor `_ALL` (contract 5.3).
pub fn admin_rights() -> Rights {
    Rights::EVERY.iter().filter(|right| !right.name().ends_with("_KEYS") && !right.name().ends_with("_ALL")).collect()
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
