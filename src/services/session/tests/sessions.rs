//! Staying signed in, and not staying.

use daybook_domain::id::ApiKeyId;
use secrecy::ExposeSecret;

use super::front::{
    Front, OWNER, PASSWORD, is_unauthenticated, refused, request, signed_in, tampered,
};
use crate::{
    auth::{
        gate::{Admission, recognise},
        secret,
    },
    error::{Code, Error},
    services::session,
};

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_copy_ends_the_family() {
    let front = Front::open().await;
    let first = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let second = front.refresh(&first).await.unwrap();
    assert_ne!(first.refresh.expose_secret(), second.refresh.expose_secret());
    front.scope(&second).await.unwrap();

    let reused = refused(front.refresh(&first).await);
    assert_eq!(reused, [(Code::CredentialsWrong, "input.refreshToken".to_owned())]);
    assert!(is_unauthenticated(&front.scope(&second).await), "the family ends at once");
    refused(front.refresh(&second).await);
    // Another session of the same user goes on.
    let other = signed_in(front.login(OWNER, PASSWORD, Some("meera")).await);
    front.scope(&other).await.unwrap();
}

#[tokio::test]
async fn of_many_renewals_at_once_one_succeeds() {
    let front = Front::open().await;
    let first = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let tries = (0..8).map(|_| front.refresh(&first));
    let outcomes = futures_util::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
}

#[tokio::test]
async fn tokens_end_by_time_and_sessions_live_by_use() {
    let front = Front::open().await;
    let first = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let day = 24 * 3_600_000;
    front.site.office.clock.advance_ms(29 * day);
    assert!(is_unauthenticated(&front.scope(&first).await));
    let second = front.refresh(&first).await.unwrap();
    front.scope(&second).await.unwrap();
    front.site.office.clock.advance_ms(29 * day);
    let third = front.refresh(&second).await.unwrap();
    front.scope(&third).await.unwrap();
    front.site.office.clock.advance_ms(31 * day);
    refused(front.refresh(&third).await);
}

#[tokio::test]
async fn signing_out_counts_at_once() {
    let front = Front::open().await;
    let handed = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let scope = front.scope(&handed).await.unwrap();
    session::logout(&scope).await.unwrap();
    assert!(is_unauthenticated(&front.scope(&handed).await));
    refused(front.refresh(&handed).await);
    session::logout(&scope).await.unwrap();
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let front = Front::open().await;
    let here = front.register("meera", OWNER, PASSWORD).await.unwrap();
    let elsewhere = signed_in(front.login(OWNER, PASSWORD, Some("meera")).await);
    let scope = front.scope(&here).await.unwrap();
    let change = async |old: &str, new: &str| {
        session::change_password(&front.desk, &scope, old.into(), new.into()).await
    };
    let wrong = refused(change("a guess", "a green kite over the river").await);
    assert_eq!(wrong, [(Code::CredentialsWrong, "input.currentPassword".to_owned())]);
    for weak in ["short", "password123", "meera2026", &"x".repeat(300)] {
        let weak = refused(change(PASSWORD, weak).await);
        assert_eq!(weak, [(Code::PasswordWeak, "input.newPassword".to_owned())]);
    }
    change(PASSWORD, "a green kite over the river").await.unwrap();
    front.scope(&here).await.unwrap();
    assert!(is_unauthenticated(&front.scope(&elsewhere).await));
    refused(front.login(OWNER, PASSWORD, Some("meera")).await);
    signed_in(front.login(OWNER, "a green kite over the river", Some("meera")).await);
}

#[tokio::test]
async fn host_header_and_token_must_name_one_tenant() {
    let front = Front::open().await;
    let meera = front.register("meera", OWNER, PASSWORD).await.unwrap();
    front.register("ravi", "ravi@example.com", PASSWORD).await.unwrap();
    let shown = |host: &str, header: Option<&str>| Admission {
        bearer: Some(meera.access.clone()),
        host: Some(host.into()),
        tenant: header.map(str::to_owned),
        ..Admission::default()
    };
    for (host, header) in [
        ("localhost:8080", None),
        ("meera.localhost", None),
        ("meera.localhost", Some("MEERA")),
        ("www.localhost", Some("meera")),
        ("ravi.example.org", Some("meera")),
    ] {
        assert!(recognise(&front.desk, shown(host, header)).await.is_ok(), "{host} {header:?}");
    }
    for (host, header) in [
        ("ravi.localhost", None),
        ("localhost", Some("ravi")),
        ("meera.localhost", Some("ravi")),
        ("localhost", Some("nowhere")),
    ] {
        let outcome = recognise(&front.desk, shown(host, header)).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{host} {header:?}");
    }
    // A made-up key does not learn whose the tenant is that it claims.
    let tenant = front.scope(&meera).await.unwrap().db.route.id;
    let made_up = secret::api_key(tenant, ApiKeyId::new(1)).unwrap();
    for host in ["meera.localhost", "ravi.localhost"] {
        let key = Some(made_up.text.clone());
        let shown = Admission { bearer: None, api_key: key, ..shown(host, None) };
        assert!(is_unauthenticated(&recognise(&front.desk, shown).await), "{host}");
    }
}

#[tokio::test]
async fn made_up_secrets_open_nothing() {
    let front = Front::open().await;
    let handed = front.register("meera", OWNER, PASSWORD).await.unwrap();
    assert!(is_unauthenticated(&front.recognise(&tampered(&handed.access)).await));
    assert!(is_unauthenticated(&front.recognise(&handed.refresh).await));
    let refresh =
        async |text: secrecy::SecretString| session::refresh(&front.desk, &request(), &text).await;
    refused(refresh(tampered(&handed.refresh)).await);
    refused(refresh(handed.access.clone()).await);
    refused(refresh("dbr_zzzz_1_".into()).await);
    front.refresh(&handed).await.unwrap();
}
