//! Permissions, and the roles that are presets of them.

/// Declares permissions with their word, realm and meaning.
macro_rules! permissions {
    ($($name:ident = $word:literal, $realm:ident, $meaning:literal;)+) => {
        /// Something that may be allowed. Everything else is not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(#[doc = $meaning] $name,)+
        }

        impl Permission {
            /// All of them.
            pub const EVERY: [Self; [$($word),+].len()] = [$(Self::$name),+];

            /// The word by which clients and documents know it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The permission of this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }

            /// Whether it belongs to tenants or to the platform's office.
            pub const fn realm(self) -> Realm {
                match self { $(Self::$name => Realm::$realm,)+ }
            }

            /// What it allows, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            const fn bit(self) -> u128 {
                let mut place = 0;
                $(
                    if let Self::$name = self {
                        return 1 << place;
                    }
                    place += 1;
                )+
                let _ = place;
                0
            }
        }
    };
}

/// Where a permission counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Realm {
    /// Inside one tenant.
    Tenant,
    /// In the platform's own office.
    Platform,
}

permissions! {
    TenantRead = "TENANT_READ", Tenant, "See the account: plan, status, storage.";
    TenantUpdate = "TENANT_UPDATE", Tenant, "Change the account's contact.";
    BusinessRead = "BUSINESS_READ", Tenant, "See businesses and their settings.";
    BusinessCreate = "BUSINESS_CREATE", Tenant, "Begin another business.";
    BusinessUpdate = "BUSINESS_UPDATE", Tenant, "Change a business, its settings, branding and registrations.";
    UserRead = "USER_READ", Tenant, "See who works here.";
    UserInvite = "USER_INVITE", Tenant, "Invite staff.";
    UserUpdate = "USER_UPDATE", Tenant, "Change roles, disable users, reset passwords.";
    ApiKeyRead = "API_KEY_READ", Tenant, "See which machines have keys.";
    ApiKeyCreate = "API_KEY_CREATE", Tenant, "Give a machine a key.";
    ApiKeyRevoke = "API_KEY_REVOKE", Tenant, "Take a machine's key back.";
    GroupRead = "GROUP_READ", Tenant, "See account groups, voucher types, rates, years and currencies.";
    GroupUpdate = "GROUP_UPDATE", Tenant, "Add sub-groups, override prefixes and visibility.";
    LedgerRead = "LEDGER_READ", Tenant, "See ledgers.";
    LedgerCreate = "LEDGER_CREATE", Tenant, "Open ledgers, with their opening balances.";
    LedgerUpdate = "LEDGER_UPDATE", Tenant, "Rename and move ledgers.";
    LedgerArchive = "LEDGER_ARCHIVE", Tenant, "Archive ledgers and bring them back.";
    VoucherRead = "VOUCHER_READ", Tenant, "See vouchers.";
    VoucherPost = "VOUCHER_POST", Tenant, "Post vouchers.";
    VoucherCancel = "VOUCHER_CANCEL", Tenant, "Take posted vouchers back.";
    VoucherAmend = "VOUCHER_AMEND", Tenant, "Post posted vouchers anew under their numbers.";
    VoucherReverse = "VOUCHER_REVERSE", Tenant, "Undo posted vouchers by others.";
    VoucherApprove = "VOUCHER_APPROVE", Tenant, "Approve and reject vouchers that others drafted.";
    BillAllocate = "BILL_ALLOCATE", Tenant, "Set what waits on account against bills, and undo that.";
    ExchangeRateSet = "EXCHANGE_RATE_SET", Tenant, "Set and remove exchange rates.";
    CurrencyRevalue = "CURRENCY_REVALUE", Tenant, "Revalue ledgers in other currencies, and take that back.";
    CostCentreRead = "COST_CENTRE_READ", Tenant, "See cost centres and their categories.";
    CostCentreUpdate = "COST_CENTRE_UPDATE", Tenant, "Make, change and archive cost centres and their categories.";
    BudgetRead = "BUDGET_READ", Tenant, "See budgets.";
    BudgetUpdate = "BUDGET_UPDATE", Tenant, "Make, change and archive budgets.";
    FileUpload = "FILE_UPLOAD", Tenant, "Upload files, to be attached to vouchers or read into the books.";
    VoucherAttach = "VOUCHER_ATTACH", Tenant, "Attach files to vouchers, and take them off again.";
    BankRead = "BANK_READ", Tenant, "See statements of banks and what they were found to be.";
    BankReconcile = "BANK_RECONCILE", Tenant, "Bring statements of banks in and set them against the books.";
    SaleRead = "SALE_READ", Tenant, "See sales.";
    SaleCreate = "SALE_CREATE", Tenant, "Record sales.";
    ReportRead = "REPORT_READ", Tenant, "See reports over the whole books.";
    ImportRun = "IMPORT_RUN", Tenant, "Bring in books of other programs: their ledgers, openings and vouchers.";
    BookExport = "BOOK_EXPORT", Tenant, "Take the whole books out as a file.";
    YearClose = "YEAR_CLOSE", Tenant, "Close and re-open accounting years.";
    PeriodLockSet = "PERIOD_LOCK_SET", Tenant, "Set and lift soft period locks.";
    PeriodLockHarden = "PERIOD_LOCK_HARDEN", Tenant, "Lock periods for good.";
    LockExceptionRead = "LOCK_EXCEPTION_READ", Tenant, "See exceptions from period locks.";
    LockExceptionGrant = "LOCK_EXCEPTION_GRANT", Tenant, "Grant and revoke exceptions from soft period locks.";
    AuditRead = "AUDIT_READ", Tenant, "See the edit log.";
    AdminTenantRead = "ADMIN_TENANT_READ", Platform, "See tenants, their status and size.";
    TenantCreate = "TENANT_CREATE", Platform, "Create tenants.";
    TenantSuspend = "TENANT_SUSPEND", Platform, "Suspend tenants.";
    TenantResume = "TENANT_RESUME", Platform, "Let suspended tenants go on.";
    ServerRead = "SERVER_READ", Platform, "See database servers.";
    ServerCreate = "SERVER_CREATE", Platform, "Add database servers.";
    ServerUpdate = "SERVER_UPDATE", Platform, "Change database servers.";
    SystemRead = "SYSTEM_READ", Platform, "See the state and size of all databases.";
    JobRead = "JOB_READ", Platform, "See the work in the background and what failed of it.";
    JobUpdate = "JOB_UPDATE", Platform, "Try failed work again, or discard it.";
    AdminRead = "ADMIN_READ", Platform, "See who works for the platform.";
    AdminCreate = "ADMIN_CREATE", Platform, "Add people to the platform's office.";
    AdminUpdate = "ADMIN_UPDATE", Platform, "Change people of the platform's office.";
    AdminAuditRead = "ADMIN_AUDIT_READ", Platform, "See the log of the platform's own acts.";
    MasterRead = "MASTER_READ", Platform, "See the shared accounting structure as its keeper.";
    MasterUpdate = "MASTER_UPDATE", Platform, "Change the shared accounting structure.";
}

/// What is about everybody's rows: who sees only own documents never holds any of it.
pub const WHOLE_BOOKS: [Permission; 5] = [
    Permission::ReportRead,
    Permission::ImportRun,
    Permission::BookExport,
    Permission::BankRead,
    Permission::BankReconcile,
];

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u128);

impl PermissionSet {
    /// The set with these members.
    pub fn of(members: impl IntoIterator<Item = Permission>) -> Self {
        Self(members.into_iter().fold(0, |bits, member| bits | member.bit()))
    }

    /// All permissions of a realm.
    pub fn all_of(realm: Realm) -> Self {
        Self::of(Permission::EVERY.into_iter().filter(|permission| permission.realm() == realm))
    }

    /// Takes in one more.
    pub const fn insert(&mut self, permission: Permission) {
        self.0 |= permission.bit();
    }

    /// Whether it holds this one.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// With the members of another set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without the members of another set.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Only what both hold.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all its members are in the other one.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Its members, in the order of [`Permission::EVERY`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::EVERY.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// The members' words, parted by one space, as they are stored.
    pub fn to_text(self) -> String {
        let words: Vec<&str> = self.iter().map(Permission::as_str).collect();
        words.join(" ")
    }

    /// Reads stored words; words that are no longer known are left out.
    pub fn from_text(text: &str) -> Self {
        Self::of(text.split_whitespace().filter_map(Permission::parse))
    }
}

/// Declares roles with their stored word.
macro_rules! roles {
    ($(#[$doc:meta])* $role:ident { $($(#[$member_doc:meta])* $name:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $role {
            $($(#[$member_doc])* $name,)+
        }

        impl $role {
            /// All of them.
            pub const EVERY: [Self; [$($word),+].len()] = [$(Self::$name),+];

            /// The word that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The role of this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

roles! {
    /// Roles inside a tenant.
    TenantRole {
        /// Owns the account: everything.
        Owner = "OWNER",
        /// Keeps the books.
        Accountant = "ACCOUNTANT",
        /// Sells at the counter; sees only own documents.
        Cashier = "CASHIER",
        /// Works in the business; sees only own documents.
        Staff = "STAFF",
        /// Looks, and changes nothing.
        Viewer = "VIEWER",
        /// Sells on commission; sees only own documents.
        Agent = "AGENT",
    }
}

roles! {
    /// Roles in the platform's office.
    PlatformRole {
        /// Everything.
        Admin = "ADMIN",
        /// Looks into tenants' state and helps them.
        Support = "SUPPORT",
        /// Brings tenants.
        Salesman = "SALESMAN",
        /// Brings tenants through others.
        Distributor = "DISTRIBUTOR",
    }
}

impl TenantRole {
    /// What the role allows before a user's own adjustments.
    pub fn permissions(self) -> PermissionSet {
        use Permission::*;
        let looks = PermissionSet::of([
            TenantRead,
            BusinessRead,
            UserRead,
            GroupRead,
            LedgerRead,
            VoucherRead,
            SaleRead,
            ReportRead,
            BankRead,
            LockExceptionRead,
            CostCentreRead,
            BudgetRead,
        ]);
        match self {
            Self::Owner => PermissionSet::all_of(Realm::Tenant),
            Self::Accountant => looks.union(PermissionSet::of([
                BusinessUpdate,
                GroupUpdate,
                LedgerCreate,
                LedgerUpdate,
                LedgerArchive,
                VoucherPost,
                VoucherCancel,
                VoucherAmend,
                VoucherReverse,
                VoucherApprove,
                BillAllocate,
                ExchangeRateSet,
                CurrencyRevalue,
                CostCentreUpdate,
                BudgetUpdate,
                FileUpload,
                VoucherAttach,
                BankReconcile,
                SaleCreate,
                ImportRun,
                BookExport,
                YearClose,
                PeriodLockSet,
                LockExceptionGrant,
                AuditRead,
            ])),
            Self::Viewer => looks,
            Self::Cashier | Self::Staff => PermissionSet::of([
                BusinessRead,
                GroupRead,
                LedgerRead,
                VoucherRead,
                VoucherPost,
                CostCentreRead,
                FileUpload,
                VoucherAttach,
                SaleRead,
                SaleCreate,
            ]),
            Self::Agent => PermissionSet::of([BusinessRead, GroupRead, SaleRead, SaleCreate]),
        }
    }

    /// Whether the role sees only documents that its holder made. Such a role never holds
    /// `REPORT_READ` or what is about banks: those are about everybody's rows.
    pub const fn own_documents_only(self) -> bool {
        matches!(self, Self::Cashier | Self::Staff | Self::Agent)
    }
}

impl PlatformRole {
    /// What the role allows.
    pub fn permissions(self) -> PermissionSet {
        use Permission::*;
        match self {
            Self::Admin => PermissionSet::all_of(Realm::Platform),
            Self::Support => PermissionSet::of([
                AdminTenantRead,
                TenantSuspend,
                TenantResume,
                ServerRead,
                SystemRead,
                JobRead,
                AdminRead,
                AdminAuditRead,
                MasterRead,
            ]),
            Self::Salesman | Self::Distributor => PermissionSet::of([MasterRead]),
        }
    }
}

/// The permissions and the roles' presets as a Markdown page.
pub fn permissions_markdown() -> String {
    let mut page = String::from(
        "# Permissions\n\nWritten from the program (`daybook schema --permissions`); a test compares it.\n",
    );
    let mut table = |title: &str, realm, roles: Vec<(&str, PermissionSet)>| {
        page.push_str(&format!("\n## {title}\n\n| Permission | Allows |"));
        for (role, _) in &roles {
            page.push_str(&format!(" {role} |"));
        }
        page.push_str(&format!("\n|---|---|{}\n", "---|".repeat(roles.len())));
        for permission in Permission::EVERY.into_iter().filter(|one| one.realm() == realm) {
            page.push_str(&format!("| `{}` | {} |", permission.as_str(), permission.meaning()));
            for (_, set) in &roles {
                page.push_str(if set.contains(permission) { " ✓ |" } else { "  |" });
            }
            page.push('\n');
        }
    };
    let tenant = TenantRole::EVERY.map(|role| (role.as_str(), role.permissions()));
    table("In a tenant", Realm::Tenant, tenant.to_vec());
    let platform = PlatformRole::EVERY.map(|role| (role.as_str(), role.permissions()));
    table("In the platform's office", Realm::Platform, platform.to_vec());
    page.push_str(
        "\n## How a root field says it\n\nThe description of each root field ends with one of these \
         sentences, on one line; a test compares it with what the field does.\n\n\
         | Sentence | Who may call it |\n|---|---|\n\
         | `Requires: PERMISSION.` | who holds that permission |\n\
         | `Requires: a signed-in user.` | whoever is signed in, for what is their own |\n\
         | `Requires: the permission of the object's type.` | `node` and `nodes`: who may read objects of \
         that type |\n\
         | `Anyone may call it.` | also who is not signed in |\n",
    );
    page.push_str(
        "\n`CASHIER`, `STAFF` and `AGENT` see only documents that they made themselves, and so can \
         never hold `REPORT_READ`, `IMPORT_RUN` or `BOOK_EXPORT`.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for permission in Permission::EVERY {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        }
        let set = TenantRole::Accountant.permissions();
        assert_eq!(PermissionSet::from_text(&set.to_text()), set);
        assert_eq!(set.iter().count(), set.to_text().split(' ').count());
    }

    #[test]
    fn who_sees_only_own_documents_sees_no_reports() {
        for role in TenantRole::EVERY {
            if role.own_documents_only() {
                assert!(
                    WHOLE_BOOKS.iter().all(|one| !role.permissions().contains(*one)),
                    "{role:?}"
                );
            }
        }
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let mut set = PermissionSet::default();
        assert_eq!(PermissionSet::from_text(""), set);
        for (count, permission) in Permission::EVERY.into_iter().enumerate() {
            assert!(!set.contains(permission), "{permission:?}");
            set.insert(permission);
            assert_eq!(set.iter().count(), count + 1);
        }
        assert!(PermissionSet::all_of(Realm::Tenant).is_subset(set));
        assert!(!set.is_subset(PermissionSet::all_of(Realm::Tenant)));
    }

    #[test]
    fn the_page_names_every_permission_once() {
        let page = permissions_markdown();
        for permission in Permission::EVERY {
            let row = format!("| `{}` |", permission.as_str());
            assert_eq!(page.matches(&row).count(), 1, "{permission:?}");
        }
    }

    #[test]
    fn no_role_reaches_into_the_other_realm() {
        for role in TenantRole::EVERY {
            assert!(role.permissions().iter().all(|one| one.realm() == Realm::Tenant));
        }
        for role in PlatformRole::EVERY {
            assert!(role.permissions().iter().all(|one| one.realm() == Realm::Platform));
        }
    }

    #[test]
    fn a_viewer_changes_nothing() {
        let writes = [
            "_CREATE", "_UPDATE", "_POST", "_APPROVE", "_ARCHIVE", "_INVITE", "_CLOSE", "_REVOKE",
            "_SET", "_HARDEN", "_GRANT", "_UPLOAD", "_ATTACH",
        ];
        for permission in TenantRole::Viewer.permissions().iter() {
            assert!(writes.iter().all(|end| !permission.as_str().ends_with(end)), "{permission:?}");
        }
    }
}
