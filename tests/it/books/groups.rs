//! Account groups as the books use them.

use daybook_entity::main::people::PlatformRole;
use serde_json::json;

use super::shop::Shop;
use crate::office::office;

on_every_engine! {
    async fn a_group_is_archived_from_the_day_it_retires(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let keeper = office(app, "asha@office.example", PlatformRole::Admin).await;
        let today = app.clock.today("Asia/Kolkata");
        let create = "mutation($input: AdminAccountGroupCreateInput!) {
            adminAccountGroupCreate(input: $input) { accountGroup { id } userErrors { code field message } } }";
        let retire = "mutation($id: ID!, $day: Date!) {
            adminAccountGroupRetire(id: $id, input: { retiredOn: $day }) { accountGroup { retiredOn isArchived }
            userErrors { code field message } } }";
        let list = "{ accountGroups(first: 100) { nodes { code isArchived } } }";
        for (code, day, is_archived) in [
            ("OLD", today.pred_opt().unwrap(), true),
            ("NOW", today, true),
            ("SOON", today.succ_opt().unwrap(), false),
        ] {
            let input = json!({ "code": code, "name": code, "nature": "ASSET" });
            let made = keeper.ask(create, json!({ "input": input })).await;
            let id = made.text("adminAccountGroupCreate.accountGroup.id");
            let opened = shop.try_ledger(json!({ "name": format!("In {code}"), "accountGroupId": id })).await;
            let ledger = opened.text("ledgerCreate.ledger.id");
            let retired = keeper.ask(retire, json!({ "id": id, "day": day })).await;
            retired.text("adminAccountGroupRetire.accountGroup.retiredOn");
            let found = shop.client.query(list).await;
            let nodes = found.at("accountGroups.nodes").as_array().unwrap();
            let group = nodes.iter().find(|one| one["code"] == code).unwrap();
            assert_eq!(group["isArchived"], is_archived, "{code}");
            let of = format!("{{ ledger(id: \"{ledger}\") {{ accountGroup {{ isArchived }} }} }}");
            let of = shop.client.query(&of).await;
            assert_eq!(of.at("ledger.accountGroup.isArchived"), is_archived, "{code}");
            let late = shop.try_ledger(json!({ "name": format!("Late {code}"), "accountGroupId": id })).await;
            assert_eq!(late.data("ledgerCreate.ledger").is_null(), is_archived, "{code}");
        }
    }
}
