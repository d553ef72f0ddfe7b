//! Banks: statements in, lines matched, what still differs told to the last unit.

mod details;
mod matching;
mod reconciled;
mod statements;

use serde_json::{Value, json};

use super::shop::Shop;
use crate::{app::TestApp, client::Answer, files::uploads::upload};

/// Headings of a bank's sheet.
pub const HEAD: &str = "Date,Narration,Chq./Ref.No.,Withdrawal Amt.,Deposit Amt.,Closing Balance\n";

const ENTRY: &str = "id voucherNumber amount { amount } bankDate isSetByHand";

impl Shop {
    /// Uploads a statement and brings it in.
    pub async fn stage(
        &self,
        app: &TestApp,
        ledger: &str,
        form: (&str, &str),
        text: &str,
    ) -> Answer {
        let (format, media) = form;
        let input = json!({ "purpose": "BANK_STATEMENT", "fileName": "bank.txt",
            "mediaType": media, "size": text.len() });
        let file = upload(app, &self.client, input, text.as_bytes()).await;
        let input = json!({ "ledgerId": self.ledgers[ledger], "fileId": file, "format": format });
        self.stage_as(input).await
    }

    /// Brings a statement in as the input says.
    pub async fn stage_as(&self, input: Value) -> Answer {
        self.client
            .ask(
                "mutation($input: BankStatementStageInput!) { bankStatementStage(input: $input) {
                    statement { id newLineCount knownLineCount refusedLineCount account
                        opening { amount } closing { amount } difference { amount }
                        findings { line isError code } }
                    userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await
    }

    /// Brings rows of a sheet in that must be taken: day, words, number, out, in, balance.
    pub async fn rows(
        &self,
        app: &TestApp,
        rows: &[(u64, &str, &str, &str, &str, &str)],
    ) -> Answer {
        let rows = rows.iter().map(|(day, words, number, out, coming, balance)| {
            format!("{},{words},{number},{out},{coming},{balance}\n", self.day(*day))
        });
        let text = format!("{HEAD}{}", rows.collect::<String>());
        let done = self.stage(app, "State Bank", ("CSV", "text/csv"), &text).await;
        assert!(done.refusals("bankStatementStage").is_empty(), "{}", done.body);
        done
    }

    /// The bank's lines, each with its proposals.
    pub async fn bank_lines(&self) -> Vec<Value> {
        let ask = format!(
            "{{ bankLines(ledgerId: \"{}\", first: 100) {{ nodes {{ id date amount {{ amount }}
                description status ignoredReason suggestedRule {{ id name }}
                proposals {{ score reasons lineIds entries {{ {ENTRY} }} }}
                bankMatch {{ id score bankDate vouchers {{ number }} }} }} }} }}",
            self.ledgers["State Bank"]
        );
        let found = self.client.query(&ask).await;
        found.at("bankLines.nodes").as_array().unwrap().clone()
    }

    /// The line with these words.
    pub async fn line(&self, words: &str) -> Value {
        let lines = self.bank_lines().await;
        lines.into_iter().find(|line| line["description"] == words).unwrap()
    }

    /// The entry on the bank ledger of the voucher with this number.
    pub async fn bank_entry(&self, number: &str) -> Value {
        let ask = format!(
            "{{ bankEntries(ledgerId: \"{}\", first: 100) {{ nodes {{ {ENTRY} }} }} }}",
            self.ledgers["State Bank"]
        );
        let found = self.client.query(&ask).await;
        let entries = found.at("bankEntries.nodes").as_array().unwrap().clone();
        entries.into_iter().find(|one| one["voucherNumber"] == number).unwrap()
    }

    /// Calls a mutation of banks with an input.
    pub async fn bank(&self, field: &str, input: Value, shown: &str) -> Answer {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let text = format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown}
                userErrors {{ code field message }} }} }}"
        );
        self.client.ask(&text, json!({ "input": input })).await
    }

    /// Confirms that lines are entries.
    pub async fn confirm(&self, lines: &[&Value], entries: &[&Value]) -> Answer {
        let ids = |all: &[&Value]| all.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
        let input = json!({ "lineIds": ids(lines), "entryIds": ids(entries) });
        self.bank("bankMatchConfirm", input, "bankMatch { id bankDate amount { amount } }").await
    }

    /// A voucher of a day that moves an amount through the bank; its number.
    pub async fn through_bank(&self, key: &str, day: u64, amount: &str, more: Value) -> String {
        let (kind, debit, credit) = match amount.strip_prefix('-') {
            Some(_) => ("PMT", "Rent", "State Bank"),
            None => ("RCT", "State Bank", "Sales"),
        };
        let size = amount.trim_start_matches('-');
        let mut input = self.voucher(key, kind, debit, credit, size);
        input["date"] = json!(self.day(day));
        let place = if kind == "PMT" { 1 } else { 0 };
        if !more.is_null() {
            input["entries"][place]["bank"] = more;
        }
        self.number(&input).await
    }
}
