//! Staff: invited, changed, sent away; and machines.

use daybook_domain::{
    id::BusinessId,
    role::{Permission, PermissionSet, TenantRole},
};
use daybook_entity::tenant::{business::business, people::user};
use sea_orm::{EntityTrait, QueryOrder};

use super::front::{
    Front, OWNER, PASSWORD, invitation, is_unauthenticated, refused, request, signed_in, tampered,
};
use crate::{
    db::page::PageAsk,
    error::{Code, Error},
    scope::Visible,
    services::{
        session,
        staff::{self, Invite, NewKey, Update},
    },
};

#[tokio::test]
async fn an_invitation_is_taken_up_once() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let ravi = invitation("ravi@example.com", TenantRole::Cashier);
    let (member, code) = staff::invite(&front.desk, &owner, ravi.clone()).await.unwrap();
    let taken = refused(staff::invite(&front.desk, &owner, ravi).await);
    assert_eq!(taken, [(Code::EmailTaken, "input.email".to_owned())]);
    refused(front.login("ravi@example.com", "", Some("meera")).await);

    let accept = async |code: &secrecy::SecretString, password: &str| {
        session::invitation_accept(&front.desk, &request(), code, password.into(), None).await
    };
    assert_eq!(refused(accept(&tampered(&code.code.text), PASSWORD).await)[0].0, Code::CodeExpired);
    assert_eq!(refused(accept(&code.code.text, "ravi2026").await)[0].0, Code::PasswordWeak);
    let (_, handed) = accept(&code.code.text, PASSWORD).await.unwrap();
    assert_eq!(refused(accept(&code.code.text, PASSWORD).await)[0].0, Code::CodeExpired);

    let scope = front.scope(&handed).await.unwrap();
    assert_eq!((scope.access.user, scope.access.role), (member.user.id, TenantRole::Cashier));
    assert!(scope.access.own_documents_only);
    assert!(!scope.access.permissions.contains(Permission::ReportRead));
    // The directory knows him too.
    signed_in(front.login("ravi@example.com", PASSWORD, None).await);
}

#[tokio::test]
async fn a_code_ends_after_a_day_and_when_a_newer_one_is_made() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let (ravi, _) = front.hire(&owner, "ravi@example.com", TenantRole::Viewer).await;
    let reset = async |code: &secrecy::SecretString, password: &str| {
        session::password_reset(&front.desk, &request(), code, password.into()).await
    };
    let (_, first) = staff::reset_code(&front.desk, &owner, ravi).await.unwrap();
    let (_, second) = staff::reset_code(&front.desk, &owner, ravi).await.unwrap();
    let new = "a green kite over the river";
    assert_eq!(refused(reset(&first.code.text, new).await)[0].0, Code::CodeExpired);
    let before = signed_in(front.login("ravi@example.com", PASSWORD, Some("meera")).await);
    reset(&second.code.text, new).await.unwrap();
    assert!(is_unauthenticated(&front.scope(&before).await));
    signed_in(front.login("ravi@example.com", new, Some("meera")).await);

    let (_, third) = staff::reset_code(&front.desk, &owner, ravi).await.unwrap();
    front.site.office.clock.advance_ms(24 * 3_600_000 + 1);
    assert_eq!(refused(reset(&third.code.text, new).await)[0].0, Code::CodeExpired);

    let owner_id = owner.access.user;
    let own = refused(staff::reset_code(&front.desk, &owner, owner_id).await);
    assert_eq!(own[0].0, Code::NotAllowed);
    let tenant = owner.db.route.id;
    let by_operator = staff::reset_code_by_operator(&front.desk, tenant, OWNER).await.unwrap();
    reset(&by_operator.code.text, new).await.unwrap();
}

#[tokio::test]
async fn a_change_of_role_counts_at_the_next_request() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let (id, ravi) = front.hire(&owner, "ravi@example.com", TenantRole::Viewer).await;
    assert!(front.scope(&ravi).await.unwrap().require(Permission::VoucherPost).is_err());

    let role = Update { role: Some(TenantRole::Accountant), ..Update::default() };
    let member = staff::update(&owner, id, role).await.unwrap();
    assert!(front.scope(&ravi).await.unwrap().require(Permission::VoucherPost).is_ok());
    let stale = Update { expected_version: Some(member.user.version - 1), ..Update::default() };
    let stale = refused(staff::update(&owner, id, stale).await);
    assert_eq!(stale, [(Code::Stale, "input.expectedVersion".to_owned())]);

    // Nobody raises themselves or others above what they hold.
    let raising = Update {
        added: Some(PermissionSet::of([Permission::UserUpdate, Permission::UserInvite])),
        ..Update::default()
    };
    staff::update(&owner, id, raising).await.unwrap();
    let accountant = front.scope(&ravi).await.unwrap();
    let to_owner = Update { role: Some(TenantRole::Owner), ..Update::default() };
    let outcome = refused(staff::update(&accountant, id, to_owner).await);
    assert_eq!(outcome, [(Code::NotAllowed, "input.role".to_owned())]);
    let touching = staff::disable(&accountant, owner.access.user, None).await;
    assert_eq!(refused(touching)[0].0, Code::NotAllowed);
    let inviting = invitation("mole@example.com", TenantRole::Owner);
    assert_eq!(
        refused(staff::invite(&front.desk, &accountant, inviting).await)[0].0,
        Code::NotAllowed
    );

    staff::disable(&owner, id, None).await.unwrap();
    assert!(is_unauthenticated(&front.scope(&ravi).await));
    refused(front.refresh(&ravi).await);
    refused(front.login("ravi@example.com", PASSWORD, Some("meera")).await);
    staff::enable(&owner, id, None).await.unwrap();
    assert!(is_unauthenticated(&front.scope(&ravi).await), "ended sessions stay ended");
    signed_in(front.login("ravi@example.com", PASSWORD, Some("meera")).await);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let id = owner.access.user;
    let down = || Update { role: Some(TenantRole::Viewer), ..Update::default() };
    assert_eq!(refused(staff::update(&owner, id, down()).await)[0].0, Code::LastOwner);
    assert_eq!(refused(staff::disable(&owner, id, None).await)[0].0, Code::LastOwner);
    // Somebody who has not come yet is no owner who can sign in.
    let invited = invitation("asha@example.com", TenantRole::Owner);
    staff::invite(&front.desk, &owner, invited).await.unwrap();
    assert_eq!(refused(staff::disable(&owner, id, None).await)[0].0, Code::LastOwner);
    front.hire(&owner, "ravi@example.com", TenantRole::Owner).await;
    staff::update(&owner, id, down()).await.unwrap();
}

#[tokio::test]
async fn businesses_bound_what_is_seen_and_granted() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let first = {
        let reader = owner.db.reader().await.unwrap();
        business::Entity::find().one(reader.conn()).await.unwrap().unwrap().id
    };
    let foreign = Invite {
        businesses: Some(vec![Some(first), None, Some(BusinessId::new(7))]),
        ..invitation("ravi@example.com", TenantRole::Viewer)
    };
    let outcome = refused(staff::invite(&front.desk, &owner, foreign).await);
    let fields: Vec<_> = outcome.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(fields, ["input.businessIds.1", "input.businessIds.2"]);
    let one = Invite {
        businesses: Some(vec![Some(first)]),
        ..invitation("ravi@example.com", TenantRole::Viewer)
    };
    let (member, _) = staff::invite(&front.desk, &owner, one).await.unwrap();
    assert_eq!(member.businesses, Visible::Only([first].into()));
    let ask = PageAsk { first: 10, after: None, wants_total: true };
    let page = staff::users(&owner, staff::UserFilter::default(), &ask).await.unwrap();
    assert_eq!((page.total, page.has_next), (2, false));
    assert_eq!(page.rows[1].1.businesses, member.businesses);
    let all = Update { businesses: Some(None), ..Update::default() };
    let member = staff::update(&owner, member.user.id, all).await.unwrap();
    assert_eq!(member.businesses, Visible::All);
}

#[tokio::test]
async fn a_key_acts_within_its_scopes_until_it_is_revoked() {
    let front = Front::open().await;
    let owner = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&owner).await.unwrap();
    let scopes = PermissionSet::of([Permission::LedgerRead, Permission::VoucherPost]);
    let new = NewKey { name: "The till".into(), scopes, expires_at: None };
    let (key, secret) = staff::api_key_create(&owner, new.clone()).await.unwrap();
    let machine = |secret: &crate::auth::secret::Made| super::super::Handed {
        access: secret.text.clone(),
        refresh: secret.text.clone(),
        expires_at: 0,
        refresh_expires_at: 0,
    };
    let scope = front.scope(&machine(&secret)).await.unwrap();
    assert_eq!(scope.access.permissions, scopes);
    assert_eq!((scope.access.user, scope.access.api_key), (owner.access.user, Some(key.id)));
    assert!(is_unauthenticated(&front.recognise(&tampered(&secret.text)).await));
    let more = staff::api_key_create(&scope, new.clone()).await;
    assert!(matches!(more, Err(Error::Forbidden(Permission::ApiKeyCreate))));
    let password = session::change_password(&front.desk, &scope, PASSWORD.into(), "x".into()).await;
    assert_eq!(refused(password)[0].0, Code::NotAllowed);

    let platform = PermissionSet::of([Permission::TenantSuspend]);
    let outcome = staff::api_key_create(&owner, NewKey { scopes: platform, ..new.clone() }).await;
    assert_eq!(refused(outcome), [(Code::NotAllowed, "input.scopes".to_owned())]);

    staff::api_key_revoke(&owner, key.id).await.unwrap();
    assert!(is_unauthenticated(&front.recognise(&secret.text).await));
    assert_eq!(refused(staff::api_key_revoke(&owner, key.id).await)[0].0, Code::AlreadyDone);

    let end = Some(front.site.office.clock.now_ms() + 1_000);
    let short = NewKey { expires_at: end, ..new };
    let (_, secret) = staff::api_key_create(&owner, short).await.unwrap();
    front.recognise(&secret.text).await.unwrap();
    front.site.office.clock.advance_ms(1_001);
    assert!(is_unauthenticated(&front.recognise(&secret.text).await));
}

#[tokio::test]
async fn no_secret_is_stored() {
    let front = Front::open().await;
    let handed = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let owner = front.scope(&handed).await.unwrap();
    let reader = owner.db.reader().await.unwrap();
    let rows =
        user::Entity::find().order_by_asc(user::Column::Id).all(reader.conn()).await.unwrap();
    assert!(rows[0].password_hash.as_ref().unwrap().starts_with("$argon2id$"));
    let log =
        daybook_entity::tenant::record::audit_log::Entity::find().all(reader.conn()).await.unwrap();
    assert!(log.iter().any(|row| row.action == "SESSION_OPENED"));
    for row in log {
        assert!(!row.canonical.contains("argon2") && !row.canonical.contains("dbr_"));
    }
}
