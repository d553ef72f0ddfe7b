//! Attacks on tokens.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a secret of at least thirty-two bytes, for tests";

fn tokens(clock: &Clock) -> Tokens {
    Tokens::new(&SECRET.into(), None, "daybook", Lifetimes::default(), clock.clone())
}

fn asha() -> Bearer {
    Bearer::Tenant { tenant: TenantId::new(7), user: UserId::new(11), session: SessionId::new(13) }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn parts(token: &str) -> Vec<String> {
    token.split('.').map(str::to_owned).collect()
}

fn claims_of(token: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(parts(token).get(1).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn is_refused(tokens: &Tokens, text: &str) -> bool {
    matches!(tokens.read_access(text), Err(Error::Unauthenticated))
}

/// Signs any claims under any header with the right secret.
fn forged(algorithm: Algorithm, kid: Option<&str>, claims: &Value, secret: &str) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[test]
fn a_token_comes_back_until_it_ends() {
    let clock = Clock::default();
    let tokens = tokens(&clock);
    let signed = tokens.access(asha()).unwrap();
    let platform = Bearer::Platform { user: PlatformUserId::new(3), session: SessionId::new(5) };
    let of_platform = tokens.access(platform).unwrap();
    assert_eq!(tokens.read_access(signed.text.expose_secret()).unwrap(), asha());
    assert_eq!(tokens.read_access(of_platform.text.expose_secret()).unwrap(), platform);
    clock.advance_ms(899_000 - 1_000);
    assert!(tokens.read_access(signed.text.expose_secret()).is_ok());
    clock.advance_ms(2_000);
    assert!(is_refused(&tokens, signed.text.expose_secret()));
}

#[test]
fn alg_none_and_every_tampering_is_refused() {
    let clock = Clock::default();
    let tokens = tokens(&clock);
    let signed = tokens.access(asha()).unwrap();
    let text = signed.text.expose_secret();
    let [header, claims, signature] = parts(text).try_into().unwrap();
    let kid = tokens.current.id.clone();
    for alg in ["none", "None", "NONE", "HS384", "RS256", ""] {
        let unsigned = part(&json!({ "alg": alg, "typ": "JWT", "kid": kid }));
        assert!(is_refused(&tokens, &format!("{unsigned}.{claims}.")), "{alg}");
        assert!(is_refused(&tokens, &format!("{unsigned}.{claims}.{signature}")), "{alg}");
    }
    let mut other = claims_of(text);
    other["tid"] = json!("8");
    assert!(is_refused(&tokens, &format!("{header}.{}.{signature}", part(&other))));
    assert!(is_refused(
        &tokens,
        &format!("{header}.{claims}.{}", signature.replace(['a', 'b'], "c") + "x")
    ));
    for text in ["", ".", "..", "a.b.c", &header, &format!("{header}.{claims}"), &"x".repeat(9_000)]
    {
        assert!(is_refused(&tokens, text));
    }
}

#[test]
fn a_wrong_key_algorithm_audience_or_issuer_is_refused() {
    let clock = Clock::default();
    let tokens = tokens(&clock);
    let signed = tokens.access(asha()).unwrap();
    let claims = claims_of(signed.text.expose_secret());
    let kid = Some(tokens.current.id.as_str());
    assert!(!is_refused(&tokens, &forged(Algorithm::HS256, kid, &claims, SECRET)));
    assert!(is_refused(&tokens, &forged(Algorithm::HS256, kid, &claims, "another secret")));
    assert!(is_refused(&tokens, &forged(Algorithm::HS384, kid, &claims, SECRET)));
    assert!(is_refused(&tokens, &forged(Algorithm::HS256, None, &claims, SECRET)));
    assert!(is_refused(&tokens, &forged(Algorithm::HS256, Some("00000000"), &claims, SECRET)));
    for (name, value) in [
        ("aud", json!("daybook:choice")),
        ("aud", json!("daybook:platform")),
        ("aud", json!("somebody else")),
        ("aud", json!(null)),
        ("iss", json!("somebody else")),
        ("iss", json!(null)),
        ("exp", json!(null)),
        ("exp", json!("tomorrow")),
        ("exp", json!(0)),
        ("tid", json!(null)),
        ("sub", json!("owner")),
        ("sid", json!({})),
    ] {
        let mut other = claims.clone();
        other[name] = value.clone();
        let text = forged(Algorithm::HS256, kid, &other, SECRET);
        assert!(is_refused(&tokens, &text), "{name}: {value}");
    }
}

#[test]
fn a_choice_is_no_access_and_lasts_five_minutes() {
    let clock = Clock::default();
    let tokens = tokens(&clock);
    let candidates = vec![Candidate { tenant: 7, user: 11, version: 1 }];
    let choice = tokens.choice(candidates.clone()).unwrap();
    let read = tokens.read_choice(choice.expose_secret()).unwrap();
    assert_eq!(read.candidates, candidates);
    let other = tokens.choice(candidates).unwrap();
    assert_ne!(tokens.read_choice(other.expose_secret()).unwrap().id, read.id);
    assert!(is_refused(&tokens, choice.expose_secret()));
    let access = tokens.access(asha()).unwrap();
    assert!(tokens.read_choice(access.text.expose_secret()).is_err());
    clock.advance_ms(5 * 60_000 + 1);
    assert!(tokens.read_choice(choice.expose_secret()).is_err());
}

#[test]
fn a_secret_that_was_changed_still_reads_while_it_is_named() {
    let clock = Clock::default();
    let before = tokens(&clock).access(asha()).unwrap();
    let new: SecretString = "the secret that came after the other".into();
    let both =
        Tokens::new(&new, Some(&SECRET.into()), "daybook", Lifetimes::default(), clock.clone());
    assert_eq!(both.read_access(before.text.expose_secret()).unwrap(), asha());
    let after = both.access(asha()).unwrap();
    assert!(is_refused(&tokens(&clock), after.text.expose_secret()));
    let only_new = Tokens::new(&new, None, "daybook", Lifetimes::default(), clock);
    assert!(is_refused(&only_new, before.text.expose_secret()));
}

#[test]
fn debug_output_holds_no_secret() {
    let tokens = tokens(&Clock::default());
    let signed = tokens.access(asha()).unwrap();
    let shown = format!("{tokens:?} {signed:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(signed.text.expose_secret()));
}
