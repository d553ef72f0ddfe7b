//! The platform of these tests, and what they ask of it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use daybook_domain::id::UserId;
use daybook_entity::master::tenant::Engine;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    auth::{
        desk::{Desk, DeskSettings},
        gate::{Admission, Recognised, recognise},
        password::HashCost,
        token::{Lifetimes, Tokens},
    },
    error::{Code, Error, Result},
    office::Rules,
    scope::{PlatformScope, RequestInfo, TenantScope},
    services::{
        platform::{provision::NewTenant, site::Site},
        session::{self, Handed, Login, Outcome, Register},
    },
    tenancy::{Node, NodeSettings, Settings, Tenancy, TenancySetup},
};

pub const PASSWORD: &str = "a blue kite over the river";
pub const OWNER: &str = "meera@example.com";

pub struct Front {
    pub desk: Desk,
    pub site: Site,
}

impl Front {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut DeskSettings)) -> Self {
        let site = Box::pin(Site::open(Engine::Sqlite, Rules::default())).await;
        let (main, master) = (site.office.main.clone(), site.office.master.clone());
        let clock = site.office.clock.clone();
        // Tests put the clock forward by months, and this process stays who it is.
        let lease = Duration::from_secs(400 * 24 * 3_600);
        let lasting = NodeSettings { lease, ..NodeSettings::default() };
        let node = Node::join(master.clone(), clock.clone(), lasting, "test").await.unwrap();
        let settings = Settings { data_dir: site.folder.path().to_owned(), ..Settings::default() };
        let unseal: crate::tenancy::Unseal =
            Arc::new(|_, _| Err(Error::Internal("no tenant of these tests is on a server".into())));
        let setup = TenancySetup { settings, main, master, node, clock: clock.clone(), unseal };
        let tenancy = Tenancy::start(setup).await.unwrap();
        let mut settings = DeskSettings {
            floor: Duration::from_millis(20),
            hash_cost: HashCost { memory_kib: 64, passes: 1, lanes: 1, parallel: 4, queue_max: 64 },
            ..DeskSettings::default()
        };
        change(&mut settings);
        let secret = SecretString::from("a secret of at least thirty-two bytes, for tests");
        let tokens = Tokens::new(&secret, None, "daybook", Lifetimes::default(), clock);
        let office = Arc::clone(&site.office);
        let keys = Arc::clone(&office.keys);
        let desk = Desk::new(office, tenancy, &keys, tokens, settings).unwrap();
        Self { desk, site }
    }

    pub async fn register(&self, subdomain: &str, email: &str, password: &str) -> Result<Handed> {
        let tenant = NewTenant {
            company_name: format!("The {subdomain} company"),
            subdomain: subdomain.into(),
            owner_name: "Meera Nair".into(),
            email: email.into(),
            country: "IN".into(),
            ..NewTenant::default()
        };
        let register = Register { tenant, password: password.into() };
        session::register(&self.desk, &request(), register).await.map(|made| made.session)
    }

    pub async fn login(
        &self,
        email: &str,
        password: &str,
        subdomain: Option<&str>,
    ) -> Result<Outcome> {
        let login = Login {
            email: email.into(),
            password: password.into(),
            subdomain: subdomain.map(str::to_owned),
        };
        session::login(&self.desk, &request(), login).await
    }

    pub async fn refresh(&self, handed: &Handed) -> Result<Handed> {
        session::refresh(&self.desk, &request(), &handed.refresh).await
    }

    pub async fn recognise(&self, bearer: &SecretString) -> Result<Recognised> {
        let shown = Admission { bearer: Some(bearer.clone()), ..Admission::default() };
        recognise(&self.desk, shown).await
    }

    pub async fn scope(&self, handed: &Handed) -> Result<TenantScope> {
        match self.recognise(&handed.access).await? {
            Recognised::Tenant(scope) => Ok(Arc::unwrap_or_clone(scope)),
            other => panic!("not a tenant's user: {other:?}"),
        }
    }

    pub async fn office_scope(&self, handed: &Handed) -> Result<PlatformScope> {
        match self.recognise(&handed.access).await? {
            Recognised::Platform(scope) => Ok(Arc::unwrap_or_clone(scope)),
            other => panic!("nobody of the office: {other:?}"),
        }
    }

    /// Invites somebody and takes the invitation up.
    pub async fn hire(
        &self,
        owner: &TenantScope,
        email: &str,
        role: daybook_domain::role::TenantRole,
    ) -> (UserId, Handed) {
        let (member, code) =
            crate::services::staff::invite(&self.desk, owner, invitation(email, role))
                .await
                .unwrap();
        let password = PASSWORD.into();
        let (_, handed) =
            session::invitation_accept(&self.desk, &request(), &code.code.text, password, None)
                .await
                .unwrap();
        (member.user.id, handed)
    }
}

pub fn invitation(
    email: &str,
    role: daybook_domain::role::TenantRole,
) -> crate::services::staff::Invite {
    crate::services::staff::Invite {
        name: "Ravi Kumar".into(),
        email: email.into(),
        phone: None,
        role,
        added: Default::default(),
        removed: Default::default(),
        businesses: None,
    }
}

pub fn request() -> RequestInfo {
    let address: IpAddr = "198.51.100.7".parse().unwrap();
    RequestInfo { id: "test".into(), address: Some(address), subdomain: None }
}

pub fn signed_in(outcome: Result<Outcome>) -> Handed {
    match outcome.unwrap() {
        Outcome::SignedIn { session, .. } => session,
        Outcome::Choose { tenants, .. } => panic!("a choice among {}", tenants.len()),
    }
}

/// The codes and fields of what was refused.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<(Code, String)> {
    match outcome {
        Err(Error::Refused(refusals)) => {
            refusals.into_iter().map(|one| (one.code, one.field.join("."))).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

pub fn is_unauthenticated<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Unauthenticated))
}

/// Another text of the same kind.
pub fn tampered(secret: &SecretString) -> SecretString {
    let text = secret.expose_secret();
    let (head, last) = text.split_at(text.len() - 2);
    let other = if last == "AA" { "BA" } else { "AA" };
    format!("{head}{other}").into()
}
