//! A company registers, and its owner is in.

use daybook_domain::role::{Permission, TenantRole};

use super::front::{Front, OWNER, PASSWORD, refused, signed_in};
use crate::error::{Code, Error};

#[tokio::test]
async fn an_owner_is_in_at_once_and_holds_everything() {
    let front = Front::open().await;
    let handed = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let scope = front.scope(&handed).await.unwrap();
    assert_eq!(scope.access.role, TenantRole::Owner);
    assert_eq!(scope.access.permissions, TenantRole::Owner.permissions());
    assert!(scope.require(Permission::UserInvite).is_ok());
    assert!(scope.require(Permission::TenantSuspend).is_err());
    signed_in(front.login(OWNER, PASSWORD, Some("meera")).await);
    signed_in(front.login("MEERA@Example.com ", PASSWORD, Some("Meera")).await);
}

#[tokio::test]
async fn everything_wrong_is_said_at_once() {
    let front = Front::open().await;
    let outcome = front.register("-", "nobody", "short").await;
    let mut fields: Vec<_> = refused(outcome).into_iter().map(|(_, field)| field).collect();
    fields.sort();
    assert_eq!(fields, ["input.email", "input.password", "input.subdomain"]);
    front.register("meera", OWNER, PASSWORD).await.unwrap();
    let again = refused(front.register("Meera", "else@example.com", PASSWORD).await);
    assert_eq!(again, [(Code::SubdomainTaken, "input.subdomain".to_owned())]);
}

#[tokio::test]
async fn one_address_registers_so_often_and_no_more() {
    let front = Front::open_with(|settings| settings.limits.registrations_per_hour = 2).await;
    for name in ["one", "two"] {
        front.register(name, OWNER, PASSWORD).await.unwrap();
    }
    let outcome = front.register("three", OWNER, PASSWORD).await;
    assert!(matches!(outcome, Err(Error::Throttled { .. })), "{outcome:?}");
}
