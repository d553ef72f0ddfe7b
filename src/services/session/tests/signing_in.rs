//! Who gets in, and what those hear who do not.

use daybook_entity::master::tenant::{TenantStatus, tenant_master};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use secrecy::SecretString;

use super::front::{Front, OWNER, PASSWORD, refused, request, signed_in};
use crate::{
    error::{Code, Error, Refusal, Result},
    services::session::{self, Outcome},
    tenancy::touch,
};

fn sentence<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<Refusal> {
    match outcome {
        Err(Error::Refused(refusals)) => refusals,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let front = Front::open().await;
    front.register("meera", OWNER, PASSWORD).await.unwrap();
    let known = sentence(front.login(OWNER, "another password", Some("meera")).await);
    assert_eq!(known[0].code, Code::CredentialsWrong);
    for (email, password, subdomain) in [
        ("nobody@example.com", PASSWORD, Some("meera")),
        (OWNER, PASSWORD, Some("nowhere")),
        (OWNER, "another password", None),
        ("nobody@example.com", PASSWORD, None),
        ("not an address", "", None),
        (OWNER, "", Some("meera")),
    ] {
        assert_eq!(sentence(front.login(email, password, subdomain).await), known);
    }
}

#[tokio::test]
async fn without_a_name_the_password_finds_the_tenant() {
    let front = Front::open().await;
    front.register("one", OWNER, PASSWORD).await.unwrap();
    front.register("two", OWNER, "a red kite over the river").await.unwrap();
    let handed = signed_in(front.login(OWNER, "a red kite over the river", None).await);
    assert_eq!(front.scope(&handed).await.unwrap().db.route.subdomain, "two");
}

#[tokio::test]
async fn several_tenants_are_a_choice_among_those_that_match() {
    let front = Front::open().await;
    for name in ["one", "two"] {
        front.register(name, OWNER, PASSWORD).await.unwrap();
    }
    front.register("three", OWNER, "a red kite over the river").await.unwrap();
    let several = async || match front.login(OWNER, PASSWORD, None).await.unwrap() {
        Outcome::Choose { token, tenants } => (token, tenants),
        Outcome::SignedIn { .. } => panic!("no choice"),
    };
    let (token, tenants) = several().await;
    let mut names: Vec<_> = tenants.iter().map(|tenant| tenant.subdomain.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "two"]);
    let choose = async |token: &SecretString, name: &str| {
        session::login_choose(&front.desk, &request(), token, name).await
    };
    assert_eq!(refused(choose(&token, "three").await)[0].1, "input.subdomain");
    let (other, late) = (several().await.0, several().await.0);
    let handed = signed_in(choose(&token, "one").await);
    assert_eq!(front.scope(&handed).await.unwrap().db.route.subdomain, "one");
    assert!(front.recognise(&token).await.is_err(), "a choice is no access");

    // A password changed meanwhile ends the choice.
    let scope = front.scope(&handed).await.unwrap();
    let (old, new) = (PASSWORD.into(), "a green kite over the river".into());
    session::change_password(&front.desk, &scope, old, new).await.unwrap();
    assert_eq!(refused(choose(&other, "one").await)[0].0, Code::CodeExpired);
    assert_eq!(refused(choose(&token, "two").await)[0].0, Code::CodeExpired);
    front.site.office.clock.advance_ms(5 * 60_000 + 1);
    assert_eq!(refused(choose(&late, "two").await)[0].0, Code::CodeExpired);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_a_pause_ends() {
    let front = Front::open_with(|settings| {
        settings.limits.email_free = 3;
        settings.limits.source_free = 1_000;
    })
    .await;
    front.register("meera", OWNER, PASSWORD).await.unwrap();
    for _ in 0..3 {
        refused(front.login(OWNER, "a guess", Some("meera")).await);
    }
    let Err(Error::Throttled { retry_after_ms }) =
        front.login(OWNER, PASSWORD, Some("meera")).await
    else {
        panic!("not throttled")
    };
    assert!((1..=10_000).contains(&retry_after_ms));
    front.site.office.clock.advance_ms(10_001);
    signed_in(front.login(OWNER, PASSWORD, Some("meera")).await);
    // The success forgave the failures.
    for _ in 0..2 {
        refused(front.login(OWNER, "a guess", Some("meera")).await);
    }
    signed_in(front.login(OWNER, PASSWORD, Some("meera")).await);
}

#[tokio::test]
async fn guesses_sent_at_once_do_not_all_pass() {
    let front = Front::open_with(|settings| {
        settings.limits.email_free = 3;
        settings.limits.source_free = 1_000;
    })
    .await;
    front.register("meera", OWNER, PASSWORD).await.unwrap();
    let guesses = (0..30).map(|_| front.login(OWNER, "a guess", Some("meera")));
    let outcomes = futures_util::future::join_all(guesses).await;
    let tried = outcomes.iter().filter(|one| matches!(one, Err(Error::Refused(_)))).count();
    assert!(tried <= 4, "{tried} guesses were tried");
}

#[tokio::test]
async fn a_suspended_tenant_lets_nobody_in_from_the_next_request_on() {
    let front = Front::open().await;
    let handed = front.register("meera", OWNER, PASSWORD).await.unwrap();
    front.scope(&handed).await.unwrap();
    let txn = front.site.office.master.begin().await.unwrap();
    let row = tenant_master::Entity::find()
        .filter(tenant_master::Column::Subdomain.eq("meera"))
        .one(txn.conn())
        .await
        .unwrap();
    let mut row = row.unwrap().into_active_model();
    row.status = Set(TenantStatus::Suspended);
    row.changed_in = Set(touch(&txn).await.unwrap());
    tenant_master::Entity::update(row).exec(txn.conn()).await.unwrap();
    txn.commit().await.unwrap();
    front.desk.tenancy.poke().await;
    assert!(matches!(front.scope(&handed).await, Err(Error::TenantSuspended)));
    let named = front.login(OWNER, PASSWORD, Some("meera")).await;
    assert!(matches!(named, Err(Error::TenantSuspended)), "{named:?}");
    let unnamed = front.login(OWNER, PASSWORD, None).await;
    assert!(matches!(unnamed, Err(Error::TenantSuspended)), "{unnamed:?}");
    for name in [Some("meera"), None] {
        let guess = refused(front.login(OWNER, "a guess", name).await);
        assert_eq!(guess[0].0, Code::CredentialsWrong);
    }
    assert!(matches!(front.refresh(&handed).await, Err(Error::TenantSuspended)));
}
