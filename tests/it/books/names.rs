//! Names: what reads alike is one name, and nothing in it is unseen.

use serde_json::{Value, json};

use super::shop::Shop;

on_every_engine! {
    async fn names_that_read_alike_are_one(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger(" Cafe\u{301}   de \u{a0} Paris ", "FA", Value::Null).await;
        assert_eq!(made.text("ledgerCreate.ledger.name"), "Caf\u{e9} de Paris");
        for name in ["CAF\u{c9} DE PARIS", "cafe\u{301} de paris", "Caf\u{e9}\u{a0}de Paris"] {
            let twice = shop.create_ledger(name, "FA", Value::Null).await;
            assert_eq!(twice.refusals("ledgerCreate"), ["TAKEN input.name"], "{name:?}");
        }
        let found = shop.client.query("{ ledgers(filter: { text: \"cafe\u{301}\" }) { totalCount } }").await;
        assert_eq!(found.at("ledgers.totalCount"), 1);
        // A joiner belongs to how Marathi is written, and makes no other name.
        let made = shop.create_ledger("\u{926}\u{930}\u{94d}\u{200d}\u{92f}\u{93e}", "FA", Value::Null).await;
        made.text("ledgerCreate.ledger.id");
        let twice = shop.create_ledger("\u{926}\u{930}\u{94d}\u{92f}\u{93e}", "FA", Value::Null).await;
        assert_eq!(twice.refusals("ledgerCreate"), ["TAKEN input.name"]);
    }

    async fn nothing_unseen_is_in_a_name(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let subgroup = "mutation($input: AccountSubgroupCreateInput!) {
            made: accountSubgroupCreate(input: $input) { userErrors { code field message } } }";
        let business = "mutation($input: BusinessCreateInput!) {
            made: businessCreate(input: $input) { userErrors { code field message } } }";
        let user = "mutation($input: UserInviteInput!) {
            made: userInvite(input: $input) { userErrors { code field message } } }";
        let ledger = "mutation($input: LedgerCreateInput!) {
            made: ledgerCreate(input: $input) { userErrors { code field message } } }";
        for unseen in ['\u{200b}', '\u{feff}', '\u{200e}', '\u{202e}', '\u{2060}', '\u{ad}', '\u{200d}', '\u{7}'] {
            let name = format!("Ca{unseen}sh");
            for (mutation, input) in [
                (ledger, json!({ "name": name, "accountGroupId": shop.groups["FA"] })),
                (subgroup, json!({ "name": name, "parentId": shop.groups["FA"] })),
                (business, json!({ "name": name, "country": "IN" })),
                (user, json!({ "name": name, "email": "a@b.example", "role": "VIEWER" })),
            ] {
                let answer = shop.client.ask(mutation, json!({ "input": input })).await;
                assert_eq!(answer.refusals("made"), ["INVALID input.name"], "{mutation} {unseen:?}");
            }
        }
    }
}
