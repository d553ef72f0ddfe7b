//! The platform's office signs in.

use daybook_domain::{
    id::PlatformUserId,
    role::{Permission, PlatformRole},
};
use daybook_entity::main::{
    people::{PlatformRole as StoredRole, PlatformStatus, platform_user},
    record::{admin_audit_log, admin_chain},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder};

use super::front::{Front, PASSWORD, is_unauthenticated, refused, request};
use crate::{
    error::{Code, Result},
    services::session::{self, Handed, OfficeLogin},
};

const ADMIN: &str = "admin@example.com";

async fn admin(front: &Front) {
    let hash = front.desk.passwords.hash(PASSWORD.into()).await.unwrap();
    let row = platform_user::Model {
        id: PlatformUserId::new(front.site.office.ids.next().unwrap()),
        email: ADMIN.into(),
        email_key: ADMIN.into(),
        name: "Asha Rao".into(),
        password_hash: Some(hash),
        role: StoredRole::Support,
        status: PlatformStatus::Active,
        version: 1,
        created_at: 0,
        updated_at: 0,
    };
    row.into_active_model().insert(front.site.office.main.writer()).await.unwrap();
}

async fn login(front: &Front, password: &str) -> Result<Handed> {
    let login = OfficeLogin { email: ADMIN.into(), password: password.into() };
    session::admin_login(&front.desk, &request(), login).await
}

#[tokio::test]
async fn the_office_has_sessions_of_its_own() {
    let front = Front::open().await;
    admin(&front).await;
    let wrong = refused(login(&front, "a guess").await);
    assert_eq!(wrong, [(Code::CredentialsWrong, "input".to_owned())]);
    let first = login(&front, PASSWORD).await.unwrap();
    let scope = front.office_scope(&first).await.unwrap();
    assert_eq!(scope.access.role, PlatformRole::Support);
    assert!(scope.require(Permission::AdminTenantRead).is_ok());
    assert!(scope.require(Permission::TenantCreate).is_err());

    let second = front.refresh(&first).await.unwrap();
    front.office_scope(&second).await.unwrap();
    refused(front.refresh(&first).await);
    assert!(is_unauthenticated(&front.recognise(&second.access).await));

    let third = login(&front, PASSWORD).await.unwrap();
    let fourth = login(&front, PASSWORD).await.unwrap();
    let scope = front.office_scope(&third).await.unwrap();
    let new = "a green kite over the river";
    session::change_office_password(&front.desk, &scope, PASSWORD.into(), new.into())
        .await
        .unwrap();
    assert!(is_unauthenticated(&front.recognise(&fourth.access).await));
    session::logout_office(&front.desk, &scope).await.unwrap();
    assert!(is_unauthenticated(&front.recognise(&third.access).await));
    login(&front, new).await.unwrap();
}

#[tokio::test]
async fn the_office_log_is_one_chain() {
    use daybook_domain::chain::{ChainHash, first_broken};
    let front = Front::open().await;
    admin(&front).await;
    for _ in 0..3 {
        login(&front, PASSWORD).await.unwrap();
    }
    let reader = front.site.office.main.reader();
    let rows = admin_audit_log::Entity::find()
        .order_by_asc(admin_audit_log::Column::Seq)
        .all(reader)
        .await
        .unwrap();
    assert!(rows.len() >= 3);
    let links = rows
        .iter()
        .map(|row| (row.seq, row.canonical.as_str(), ChainHash::from_hex(&row.hash).unwrap()));
    assert_eq!(first_broken(links), None);
    let chain = admin_chain::Entity::find_by_id(1).one(reader).await.unwrap().unwrap();
    assert_eq!(Some(&chain.chain_hash), rows.last().map(|row| &row.hash));
}
