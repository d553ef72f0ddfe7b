//! Customers and suppliers in other currencies: invoices, part payments, advances, at changing rates.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::{
    app::TestApp,
    audit::{recomputed, verified},
    client::Answer,
    tenancy::invited,
};

impl Shop {
    /// A shop with a customer and a bank account in dollars. A dollar is 83 rupees from the first day of
    /// the year, 84 from the 20th after it and 82.50 from the 30th.
    pub async fn abroad(app: &TestApp) -> Self {
        let mut shop = Self::open(app, "meera").await;
        for (name, group) in [("Orion Inc", "SD"), ("Dollar Account", "BANK")] {
            let made = shop
                .try_ledger(json!({ "name": name, "accountGroupId": shop.groups[group],
                    "currency": "USD", "isBillWise": group == "SD" }))
                .await;
            shop.keep_ledger(&made);
        }
        for (name, id) in shop.client.query(LEDGERS).await.named("ledgers.nodes", "systemCode") {
            shop.ledgers.insert(name, id);
        }
        let rates = [(0, "83"), (20, "84"), (30, "82.5")];
        let rates = rates.map(|(day, rate)| {
            json!({ "currency": "USD", "validOn": shop.day(day), "rate": rate, "source": "RBI" })
        });
        let set = shop.set_rates(json!({ "rates": rates })).await;
        assert!(set.refusals("exchangeRateSet").is_empty(), "{}", set.body);
        shop
    }

    /// Sets exchange rates.
    pub async fn set_rates(&self, input: Value) -> Answer {
        let text = "mutation($input: ExchangeRateSetInput!) { exchangeRateSet(input: $input) {
            exchangeRates { currency validOn rate source } userErrors { code field message } } }";
        self.client.ask(text, json!({ "input": input })).await
    }

    /// An invoice to the customer in dollars; its other side is in rupees.
    fn export(&self, number: &str, dollars: &str, rupees: &str, day: u64) -> Value {
        let mut input = self.invoice_of("Orion Inc", number, dollars, day);
        input["entries"][1]["credit"] = json!(rupees);
        input
    }

    fn invoice_of(&self, party: &str, number: &str, amount: &str, day: u64) -> Value {
        let mut input = self.voucher(number, "JRN", party, "Sales", amount);
        input["date"] = json!(self.day(day));
        input["entries"][0]["bills"] =
            json!([{ "kind": "NEW", "reference": number, "amount": amount }]);
        input
    }

    /// A receipt of dollars from the customer into the account in dollars.
    fn paid(&self, key: &str, dollars: &str, day: u64, bills: Value) -> Value {
        let mut input = self.voucher(key, "RCT", "Dollar Account", "Orion Inc", dollars);
        input["date"] = json!(self.day(day));
        input["entries"][1]["bills"] = bills;
        input
    }

    /// What a ledger stands at in rupees and in its own currency, far on in the year.
    async fn both(&self, ledger: &str) -> (String, String) {
        let ask = "query($id: ID!, $day: Date) { ledger(id: $id) {
            balance(asAt: $day) { amount } currencyBalance(asAt: $day) { amount currency } } }";
        let variables = json!({ "id": self.ledgers[ledger], "day": self.day(100) });
        let found = self.client.ask(ask, variables).await;
        let abroad = found.data("ledger.currencyBalance.amount").as_str().unwrap_or("none");
        (found.text("ledger.balance.amount"), abroad.to_owned())
    }

    /// Open bills: reference, rupees, dollars.
    async fn open_abroad(&self) -> Value {
        let ask = "query($day: Date) { bills(filter: { asAt: $day }) { nodes {
            reference open { amount } currencyOpen { amount } } } }";
        let found = self.client.ask(ask, json!({ "day": self.day(100) })).await;
        let nodes = found.at("bills.nodes").as_array().unwrap().clone();
        nodes
            .into_iter()
            .map(|one| {
                json!([one["reference"], one["open"]["amount"], one["currencyOpen"]["amount"]])
            })
            .collect()
    }

    /// Entries of a voucher: ledger, debit or credit with its sign, amount in its currency.
    async fn lines(&self, voucher: &str) -> Value {
        let ask = "query($id: ID!) { voucher(id: $id) { entries { ledger { name } exchangeRate
            debit { amount } credit { amount } currencyAmount { amount } } } }";
        let found = self.client.ask(ask, json!({ "id": voucher })).await;
        let entries = found.at("voucher.entries").as_array().unwrap().clone();
        entries
            .into_iter()
            .map(|one| {
                let side = if one["debit"].is_null() { "credit" } else { "debit" };
                json!([
                    one["ledger"]["name"],
                    side,
                    one[side]["amount"],
                    one["currencyAmount"]["amount"]
                ])
            })
            .collect()
    }

    async fn realised(&self, from: u64, to: u64) -> Answer {
        let ask = "query($from: Date!, $to: Date!) { realisedExchange(from: $from, to: $to) {
            net { amount } lines(first: 10) { totalCount nodes { date gain { amount } currency billId
            party { name } voucherId } } } }";
        self.client.ask(ask, json!({ "from": self.day(from), "to": self.day(to) })).await
    }
}

const LEDGERS: &str = "{ ledgers(first: 100) { nodes { id systemCode } } }";

impl Answer {
    /// Ids by another text of each node.
    pub fn named(&self, path: &str, key: &str) -> Vec<(String, String)> {
        let nodes = self.at(path).as_array().unwrap().iter();
        let text = |one: &Value, name: &str| one[name].as_str().map(str::to_owned);
        nodes.filter_map(|one| Some((text(one, key)?, text(one, "id")?))).collect()
    }
}

fn pair(rupees: &str, dollars: &str) -> (String, String) {
    (rupees.to_owned(), dollars.to_owned())
}

async fn all_is_well(app: &TestApp) {
    assert_eq!(recomputed(app).await, []);
    assert_eq!(verified(app).await.difference, None);
}

on_every_engine! {
    async fn part_payments_at_other_rates_close_the_bill(app: &TestApp) {
        let shop = Shop::abroad(app).await;
        // 100 USD at 83 are 8,300 rupees.
        shop.posted(&shop.export("INV/1", "100", "8300", 10)).await;
        assert_eq!(shop.both("Orion Inc").await, pair("8300.00", "100.00"));
        let bill = shop.bill("INV/1").await;
        let against = |amount: &str| json!([{ "kind": "AGAINST", "billId": bill, "amount": amount }]);

        let over = shop.post(&shop.paid("r", "101", 21, against("101"))).await;
        assert_eq!(over.refusals("voucherPost"),
            ["BILL_OVER_ALLOCATED input.entries.1.bills.0.amount"]);

        // 30 USD at 84 are 2,520; their share of the bill is 2,490: a gain of 30.
        let first = shop.posted(&shop.paid("r1", "30", 21, against("30"))).await;
        assert_eq!(shop.lines(&first).await, json!([
            ["Dollar Account", "debit", "2520.00", "30.00"],
            ["Orion Inc", "credit", "2520.00", "30.00"],
            ["Orion Inc", "debit", "30.00", "0.00"],
            ["Foreign Exchange Gain or Loss", "credit", "30.00", null],
        ]));
        assert_eq!(shop.both("Orion Inc").await, pair("5810.00", "70.00"));
        assert_eq!(shop.open_abroad().await, json!([["INV/1", "5810.00", "70.00"]]));

        // 70 USD at 82.50 are 5,775; 5,810 is what is left of the bill: a loss of 35.
        let second = shop.posted(&shop.paid("r2", "70", 31, against("70"))).await;
        assert_eq!(shop.both("Orion Inc").await, pair("0.00", "0.00"));
        assert_eq!(shop.open_abroad().await, json!([]));
        assert_eq!(shop.both("Dollar Account").await, pair("8295.00", "100.00"));
        // 8,295 in the bank and a net loss of 5 are the 8,300 that were sold.
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("5.00", "none"));
        let found = shop.realised(0, 60).await;
        assert_eq!(found.text("realisedExchange.net.amount"), "-5.00");
        assert_eq!(found.at("realisedExchange.lines.totalCount"), 2);
        let line = found.at("realisedExchange.lines.nodes.1");
        let right = json!({ "date": shop.day(31), "gain": { "amount": "-35.00" }, "currency": "USD",
            "billId": bill, "party": { "name": "Orion Inc" }, "voucherId": second });
        assert_eq!(line, &right);
        assert_eq!(shop.realised(0, 25).await.text("realisedExchange.net.amount"), "30.00");
        let asked = "query($day: Date) { trialBalance(asAt: $day) { isBalanced
            totals { closingDebit { amount } closingCredit { amount } } } }";
        let sums = shop.client.ask(asked, json!({ "day": shop.day(60) })).await;
        assert_eq!(sums.at("trialBalance"), &json!({ "isBalanced": true, "totals": {
            "closingDebit": { "amount": "8300.00" }, "closingCredit": { "amount": "8300.00" } } }));
        all_is_well(app).await;

        // The ledger's statement runs in both currencies, from page to page.
        let ask = "query($id: ID!, $to: Date, $after: String) {
            ledgerStatement(ledgerId: $id, to: $to) {
                currencyOpening { amount } currencyClosing { amount }
                lines(first: 3, after: $after) { pageInfo { endCursor } nodes {
                    balance { amount } currencyDebit { amount } currencyCredit { amount }
                    currencyBalance { amount } } } } }";
        let mut seen = Vec::new();
        let mut after = Value::Null;
        for _ in 0..2 {
            let variables = json!({ "id": shop.ledgers["Orion Inc"], "to": shop.day(60),
                "after": after });
            let found = shop.client.ask(ask, variables).await;
            assert_eq!(found.text("ledgerStatement.currencyClosing.amount"), "0.00");
            after = found.at("ledgerStatement.lines.pageInfo.endCursor").clone();
            for line in found.at("ledgerStatement.lines.nodes").as_array().unwrap() {
                seen.push(format!("{} {}", line["balance"]["amount"].as_str().unwrap(),
                    line["currencyBalance"]["amount"].as_str().unwrap()));
            }
        }
        assert_eq!(seen, ["8300.00 100.00", "5780.00 70.00", "5810.00 70.00", "35.00 0.00",
            "0.00 0.00"]);
    }

    async fn what_is_done_to_a_payment_later_undoes_its_gain(app: &TestApp) {
        let shop = Shop::abroad(app).await;
        let invoice = shop.posted(&shop.export("INV/1", "100", "8300", 10)).await;
        let bill = shop.bill("INV/1").await;
        let against = |amount: &str| json!([{ "kind": "AGAINST", "billId": bill, "amount": amount }]);
        let first = shop.posted(&shop.paid("r1", "30", 21, against("30"))).await;
        let second = shop.posted(&shop.paid("r2", "70", 31, against("70"))).await;

        let cancel = json!({ "idempotencyKey": "c", "voucherId": second });
        let done = shop.act("voucherCancel", cancel).await;
        assert!(done.refusals("voucherCancel").is_empty(), "{}", done.body);
        assert_eq!(shop.both("Orion Inc").await, pair("5810.00", "70.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("-30.00", "none"));

        // Amended to a rate of 85: 30 USD are 2,550, and the gain is 60.
        let mut amend = shop.paid("a", "30", 21, against("30"));
        amend["voucherId"] = json!(first);
        amend.as_object_mut().unwrap().remove("voucherTypeId");
        amend["entries"][0]["exchangeRate"] = json!("85");
        amend["entries"][1]["exchangeRate"] = json!("85");
        let done = shop.act("voucherAmend", amend).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        assert_eq!(shop.both("Orion Inc").await, pair("5810.00", "70.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("-60.00", "none"));
        assert_eq!(shop.both("Dollar Account").await, pair("2550.00", "30.00"));

        let refused = shop
            .act("voucherCancel", json!({ "idempotencyKey": "i", "voucherId": invoice }))
            .await;
        assert_eq!(refused.refusals("voucherCancel"), ["BILL_SETTLED input.voucherId"]);

        // Reversed, everything is as after the invoice.
        let reverse = json!({ "idempotencyKey": "b", "voucherId": first, "date": shop.day(40) });
        let done = shop.act("voucherReverse", reverse).await;
        assert!(done.refusals("voucherReverse").is_empty(), "{}", done.body);
        assert_eq!(shop.open_abroad().await, json!([["INV/1", "8300.00", "100.00"]]));
        assert_eq!(shop.both("Orion Inc").await, pair("8300.00", "100.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("0.00", "none"));
        assert_eq!(shop.both("Dollar Account").await, pair("0.00", "0.00"));
        let done = shop
            .act("voucherCancel", json!({ "idempotencyKey": "j", "voucherId": invoice }))
            .await;
        assert!(done.refusals("voucherCancel").is_empty(), "{}", done.body);
        assert_eq!(shop.both("Orion Inc").await, pair("0.00", "0.00"));
        all_is_well(app).await;
    }

    async fn an_advance_at_another_rate_meets_its_bill(app: &TestApp) {
        let shop = Shop::abroad(app).await;
        let waits = json!([{ "kind": "ADVANCE", "reference": "ADV/1", "amount": "100" }]);
        let mut advance = shop.paid("adv", "100", 5, waits);
        advance["entries"][0]["exchangeRate"] = json!("80");
        advance["entries"][1]["exchangeRate"] = json!("80");
        let advance = shop.posted(&advance).await;
        shop.posted(&shop.export("INV/2", "250", "20750", 10)).await;
        assert_eq!(shop.open_abroad().await,
            json!([["ADV/1", "-8000.00", "-100.00"], ["INV/2", "20750.00", "250.00"]]));
        let bill = shop.bill("INV/2").await;
        let allocate = |key: &str, amount: &str, dry_run: bool| {
            json!({ "idempotencyKey": key, "voucherId": advance, "date": shop.day(20),
                "ledgerId": shop.ledgers["Orion Inc"], "dryRun": dry_run,
                "allocations": [{ "billId": bill, "amount": amount }] })
        };
        let refused = shop.act("billAllocate", allocate("x", "100.01", false)).await;
        assert_eq!(refused.refusals("billAllocate"),
            ["BILL_OVER_ALLOCATED input.allocations.0.amount"]);
        let preview = shop.act("billAllocate", allocate("m", "100", true)).await;
        assert!(preview.refusals("billAllocate").is_empty(), "{}", preview.body);
        assert_eq!(shop.both("Orion Inc").await, pair("12750.00", "150.00"));

        // The advance came in at 8,000; of the bill it settles 8,300: a loss of 300. 150 USD at 83 are left.
        let done = shop.act("billAllocate", allocate("m", "100", false)).await;
        assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        assert_eq!(shop.open_abroad().await, json!([["INV/2", "12450.00", "150.00"]]));
        assert_eq!(shop.both("Orion Inc").await, pair("12450.00", "150.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("300.00", "none"));
        all_is_well(app).await;

        // The voucher of the difference goes with the allocation, and by no other way.
        let ask = "query($id: ID!) { voucher(id: $id) { acts { id kind relatedVoucherId } } }";
        let found = shop.client.ask(ask, json!({ "id": advance })).await;
        let difference = found.text("voucher.acts.0.relatedVoucherId");
        assert_eq!(shop.lines(&difference).await, json!([
            ["Orion Inc", "credit", "300.00", "0.00"],
            ["Foreign Exchange Gain or Loss", "debit", "300.00", null],
        ]));
        let cancel = json!({ "idempotencyKey": "c", "voucherId": difference });
        let refused = shop.act("voucherCancel", cancel).await;
        assert_eq!(refused.refusals("voucherCancel"), ["NOT_ALLOWED input.voucherId"]);
        let undo = json!({ "idempotencyKey": "u", "voucherId": advance,
            "allocationId": found.text("voucher.acts.0.id") });
        let done = shop.act("billDeallocate", undo).await;
        assert!(done.refusals("billDeallocate").is_empty(), "{}", done.body);
        assert_eq!(shop.open_abroad().await,
            json!([["ADV/1", "-8000.00", "-100.00"], ["INV/2", "20750.00", "250.00"]]));
        assert_eq!(shop.both("Orion Inc").await, pair("12750.00", "150.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("0.00", "none"));
        // In parts: the last one takes what rounding left of the advance.
        for (key, amount) in [("p1", "33.33"), ("p2", "33.33"), ("p3", "33.34")] {
            let done = shop.act("billAllocate", allocate(key, amount, false)).await;
            assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        }
        assert_eq!(shop.open_abroad().await, json!([["INV/2", "12450.00", "150.00"]]));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("300.00", "none"));
        all_is_well(app).await;
    }

    async fn openings_and_suppliers_are_kept_in_their_currency(app: &TestApp) {
        let mut shop = Shop::abroad(app).await;
        // Two bills of 40 and 20 EUR that stood at 5,400 rupees: 90 each.
        let made = shop
            .try_ledger(json!({ "name": "Lyon SA", "accountGroupId": shop.groups["SC"],
                "currency": "EUR", "isBillWise": true,
                "openingBalance": { "credit": "5400", "currencyAmount": "60" } }))
            .await;
        shop.keep_ledger(&made);
        let text = "mutation($input: LedgerOpeningSetInput!) { ledgerOpeningSet(input: $input) {
            userErrors { code field message } } }";
        let opening = |bills: Value| json!({ "input": { "ledgerId": shop.ledgers["Lyon SA"],
            "openingBalance": { "credit": "5400", "currencyAmount": "60" }, "bills": bills } });
        let bills = json!([{ "reference": "L1", "amount": "40" }, { "reference": "L2", "amount": "20" }]);
        let set = shop.client.ask(text, opening(bills)).await;
        assert!(set.refusals("ledgerOpeningSet").is_empty(), "{}", set.body);
        assert_eq!(shop.both("Lyon SA").await, pair("-5400.00", "-60.00"));
        assert_eq!(shop.open_abroad().await, json!([["L1", "-3600.00", "-40.00"],
            ["L2", "-1800.00", "-20.00"]]));
        // 40 EUR cost 3,680 at 92: a loss of 80.
        let mut payment = shop.voucher("p", "PMT", "Lyon SA", "State Bank", "40");
        payment["entries"][0]["exchangeRate"] = json!("92");
        payment["entries"][1]["credit"] = json!("3680");
        payment["entries"][0]["bills"] =
            json!([{ "kind": "AGAINST", "billId": shop.bill("L1").await, "amount": "40" }]);
        shop.posted(&payment).await;
        assert_eq!(shop.open_abroad().await, json!([["L2", "-1800.00", "-20.00"]]));
        assert_eq!(shop.both("Lyon SA").await, pair("-1800.00", "-20.00"));
        assert_eq!(shop.both("EXCHANGE_GAIN").await, pair("80.00", "none"));
        // The settled bill keeps its value; the other one may be corrected.
        let less = json!([{ "reference": "L1", "amount": "30" }, { "reference": "L2", "amount": "20" }]);
        let refused = shop.client.ask(text, opening(less)).await;
        assert_eq!(refused.refusals("ledgerOpeningSet"), ["BILL_SETTLED input.bills"]);
        all_is_well(app).await;
    }

    async fn what_rounding_leaves_is_closed_when_asked(app: &TestApp) {
        let shop = Shop::abroad(app).await;
        // 0.01 USD at 83.35 are 0.83 rupees, three of them 2.49; 0.03 USD are 2.50.
        let line = |ledger: &str, side: &str, amount: &str| {
            let mut entry = shop.entry(ledger, side, amount);
            entry["currency"] = json!("USD");
            entry["exchangeRate"] = json!("83.35");
            entry
        };
        let cents = || line("Rent", "debit", "0.01");
        let mut input = shop.voucher("1", "PMT", "Rent", "Cash", "1");
        input["entries"] = json!([cents(), cents(), cents(), line("Cash", "credit", "0.03")]);
        let refused = shop.post(&input).await;
        assert_eq!(refused.refusals("voucherPost"), ["UNBALANCED input.entries"]);
        let message = refused.text("voucherPost.userErrors.0.message");
        assert!(message.contains("rounding left 0.01"), "{message}");
        input["closeResidue"] = json!(true);
        let id = shop.posted(&input).await;
        assert_eq!(shop.lines(&id).await[4], json!(["Round Off", "debit", "0.01", null]));
        // More than rounding can leave is a mistake: a unit for each converted line.
        input["idempotencyKey"] = json!("2");
        input["entries"][3] = shop.entry("Cash", "credit", "2.53");
        assert_eq!(shop.post(&input).await.refusals("voucherPost"), ["UNBALANCED input.entries"]);
        let mut plain = shop.voucher("3", "PMT", "Rent", "Cash", "1");
        plain["entries"][1]["credit"] = json!("1.01");
        plain["closeResidue"] = json!(true);
        assert_eq!(shop.post(&plain).await.refusals("voucherPost"), ["UNBALANCED input.entries"]);
        all_is_well(app).await;
    }

    async fn currencies_and_rates_that_cannot_be_are_refused(app: &TestApp) {
        let mut shop = Shop::abroad(app).await;
        // Entries are in the currency of their ledger, or say that they move its value alone.
        let cases = [
            (json!({ "currency": "EUR", "exchangeRate": "90" }),
                "CURRENCY_MISMATCH input.entries.0.currency"),
            (json!({ "currency": "INR", "exchangeRate": "1" }), "INVALID input.entries.0.exchangeRate"),
            (json!({ "exchangeRate": "0" }), "INVALID input.entries.0.exchangeRate"),
            (json!({ "debit": "1.001" }), "TOO_PRECISE input.entries.0.debit"),
        ];
        for (change, why) in cases {
            let mut input = shop.voucher("w", "JRN", "Orion Inc", "Sales", "1");
            for (name, value) in change.as_object().unwrap() {
                input["entries"][0][name] = value.clone();
            }
            assert_eq!(shop.post(&input).await.refusals("voucherPost"), [why], "{change}");
        }
        let mut alone = shop.voucher("v", "JRN", "Orion Inc", "Sales", "12");
        alone["entries"][0]["currency"] = json!("INR");
        shop.posted(&alone).await;
        assert_eq!(shop.both("Orion Inc").await, pair("12.00", "0.00"));

        for (input, why) in [
            (json!({ "currency": "ZZZ" }), "CURRENCY_UNKNOWN input.currency"),
            (json!({ "currency": "USD", "accountGroupId": shop.groups["IINC"] }),
                "NOT_ALLOWED input.currency"),
            (json!({ "currency": "USD", "openingBalance": { "debit": "83" } }),
                "REQUIRED input.openingBalance.currencyAmount"),
            (json!({ "openingBalance": { "debit": "83", "currencyAmount": "1" } }),
                "INVALID input.openingBalance.currencyAmount"),
        ] {
            let mut ledger = json!({ "name": "New", "accountGroupId": shop.groups["SD"] });
            ledger.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
            assert_eq!(shop.try_ledger(ledger).await.refusals("ledgerCreate"), [why], "{input}");
        }
        let made = shop.create_ledger("Plain", "SD", Value::Null).await;
        shop.keep_ledger(&made);
        let update = "mutation($id: ID!, $input: LedgerUpdateInput!) { ledgerUpdate(id: $id, input: $input) {
            ledger { currency } userErrors { code field message } } }";
        for (ledger, currency, refused) in [
            ("Orion Inc", Value::Null, Some("IN_USE input.currency")),
            ("Cash", json!("USD"), Some("SYSTEM input.currency")),
            ("Plain", json!("EUR"), None),
        ] {
            let variables = json!({ "id": shop.ledgers[ledger], "input": { "currency": currency } });
            let done = shop.client.ask(update, variables).await;
            assert_eq!(done.refusals("ledgerUpdate"), Vec::from_iter(refused), "{ledger}");
        }
        // No rate of the day or before.
        let euros = shop.voucher("e", "JRN", "Plain", "Sales", "1");
        let refused = shop.post(&euros).await;
        assert_eq!(refused.refusals("voucherPost"), ["EXCHANGE_RATE_UNKNOWN input.entries.0.exchangeRate"]);

        let rate = |currency: &str, rate: &str| {
            json!({ "rates": [{ "currency": currency, "validOn": shop.day(1), "rate": rate }] })
        };
        for (input, why) in [
            (rate("INR", "1"), "NOT_ALLOWED input.rates.0.currency"),
            (rate("ZZZ", "1"), "CURRENCY_UNKNOWN input.rates.0.currency"),
            (rate("USD", "0"), "INVALID input.rates.0.rate"),
            (rate("USD", "1.00000000001"), "INVALID input.rates.0.rate"),
            (json!({ "rates": [] }), "TOO_MANY input.rates"),
        ] {
            assert_eq!(shop.set_rates(input.clone()).await.refusals("exchangeRateSet"), [why], "{input}");
        }
        let remove = "mutation($input: ExchangeRateRemoveInput!) { exchangeRateRemove(input: $input) {
            exchangeRate { rate } userErrors { code field message } } }";
        let input = json!({ "input": { "currency": "USD", "validOn": shop.day(20) } });
        let done = shop.client.ask(remove, input.clone()).await;
        assert_eq!(done.text("exchangeRateRemove.exchangeRate.rate"), "84");
        let again = shop.client.ask(remove, input).await;
        assert_eq!(again.refusals("exchangeRateRemove"), ["NOT_FOUND input.validOn"]);
        let list = "query($after: String) { exchangeRates(first: 1, after: $after) { totalCount
            pageInfo { endCursor } nodes { currency validOn rate source } } }";
        let page = shop.client.ask(list, json!({})).await;
        assert_eq!(page.at("exchangeRates.totalCount"), 2);
        assert_eq!(page.text("exchangeRates.nodes.0.rate"), "82.5");
        let next = json!({ "after": page.text("exchangeRates.pageInfo.endCursor") });
        let page = shop.client.ask(list, next).await;
        assert_eq!(page.at("exchangeRates.nodes"), &json!([
            { "currency": "USD", "validOn": shop.day(0), "rate": "83", "source": "RBI" }]));

        // Neither who may not, nor another tenant.
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        assert_eq!(cashier.set_rates(rate("USD", "1")).await.code(), "FORBIDDEN");
        let found = shop.client.query("{ businesses { nodes { id } } }").await;
        let business = found.text("businesses.nodes.0.id");
        let stranger = shop.seen_by(app.register("other").await);
        let mut input = rate("USD", "1");
        input["businessId"] = json!(business);
        let refused = stranger.set_rates(input).await;
        assert_eq!(refused.refusals("exchangeRateSet"), ["BUSINESS_UNKNOWN input.businessId"]);
        let ask = "query($id: ID) { currencyPosition(businessId: $id) { bookValue { amount } } }";
        let refused = stranger.client.ask(ask, json!({ "id": business })).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
    }
}
