//! What the model's people do to vouchers later, and to openings.

use serde_json::{Value, json};

use super::{
    Run,
    books::{PARTIES, Refused},
    decimal,
    parts::{Asked, Kind, Rest},
    written::{Fault, content, day, minor, settleable},
};

impl Run<'_> {
    /// The input of an act on a voucher.
    fn act(&mut self, voucher: usize, seen: Option<i64>) -> Value {
        let mut input = json!({ "idempotencyKey": self.key(), "dryRun": self.is_dry(),
            "voucherId": self.books.vouchers[voucher].id });
        if let Some(seen) = seen {
            input["expectedVersion"] = json!(seen);
        }
        input
    }

    /// Takes a voucher back.
    pub async fn cancel(&mut self) {
        let Some(voucher) = self.some_voucher() else { return };
        let seen = self.seen(voucher);
        let input = self.act(voucher, seen);
        let mut after = self.after();
        let predicted = after.cancel(voucher, seen);
        self.compare("voucherCancel", input, after, predicted).await;
    }

    /// Says a voucher anew.
    pub async fn amend(&mut self) {
        let Some(voucher) = self.some_voucher() else { return };
        let seen = self.seen(voucher);
        let code = self.books.vouchers[voucher].code;
        let mut content = content(&self.books, &mut self.chance, code);
        if self.chance.below(3) > 0 {
            content.day = self.books.vouchers[voucher].content.day;
        }
        let fault = Fault::by_chance(&mut self.chance);
        let mut input = self.act(voucher, seen);
        input["date"] = json!(content.day);
        input["entries"] = self.sent_entries(&content, fault);
        let mut after = self.after();
        let predicted = Self::wrong(code, &content, fault, "input")
            .and_then(|()| after.amend(voucher, seen, &content));
        self.compare("voucherAmend", input, after, predicted).await;
    }

    /// Undoes a voucher by another one.
    pub async fn reverse(&mut self) {
        let Some(voucher) = self.some_voucher() else { return };
        let own = self.books.vouchers[voucher].content.day;
        let date = if self.chance.below(2) == 0 { own } else { day(&self.books, &mut self.chance) };
        let mut input = self.act(voucher, None);
        input["date"] = json!(date);
        let mut after = self.after();
        let predicted = after.reverse(voucher, date);
        self.compare("voucherReverse", input, after, predicted).await;
    }

    /// Sets what a voucher left against bills.
    pub async fn allocate(&mut self) {
        if self.books.bills.is_empty() {
            return;
        }
        let waits = |kind: Kind| matches!(kind, Kind::OnAccount | Kind::Advance);
        let all = self.books.vouchers.iter().enumerate();
        let found: Vec<(usize, &'static str, i64)> = all
            .filter(|(_, one)| one.year.is_some())
            .filter_map(|(place, one)| {
                let part = one.parts.iter().find(|part| waits(part.kind))?;
                Some((place, part.ledger, part.minor.signum()))
            })
            .collect();
        if found.is_empty() {
            return;
        }
        let count = u64::try_from(found.len()).unwrap();
        let (voucher, mut ledger, side) = found[usize::try_from(self.chance.below(count)).unwrap()];
        if self.chance.below(20) == 0 {
            ledger = self.chance.of(&PARTIES);
        }
        let mut wanted: Vec<(usize, i64)> = Vec::new();
        for _ in 0..1 + self.chance.below(2) {
            let bill = settleable(&self.books, &mut self.chance, ledger, side);
            if wanted.iter().any(|(known, _)| *known == bill) {
                continue;
            }
            let open = self.books.open(bill).abs();
            let amount = match self.chance.below(8) {
                0 => open + 1,
                1..=3 if open > 0 => open,
                _ => minor(&mut self.chance).min(open.max(1)),
            };
            wanted.push((bill, amount));
        }
        let date = day(&self.books, &mut self.chance);
        let mut input = self.act(voucher, None);
        let sent = |(bill, amount): &(usize, i64)| json!({ "billId": self.bill_id(*bill), "amount": decimal(*amount) });
        input["allocations"] = wanted.iter().map(sent).collect();
        input["ledgerId"] = json!(self.shop.ledgers[ledger]);
        input["date"] = json!(date);
        let mut after = self.after();
        let predicted = after.allocate(voucher, ledger, date, &wanted);
        self.compare("billAllocate", input, after, predicted).await;
    }

    /// Undoes an allocation.
    pub async fn deallocate(&mut self) {
        let all = self.books.vouchers.iter().enumerate();
        let found: Vec<(usize, usize)> = all
            .flat_map(|(place, one)| (0..one.allocations.len()).map(move |which| (place, which)))
            .collect();
        if found.is_empty() {
            return;
        }
        let count = u64::try_from(found.len()).unwrap();
        let (voucher, place) = found[usize::try_from(self.chance.below(count)).unwrap()];
        let mut input = self.act(voucher, None);
        input["allocationId"] = json!(self.books.vouchers[voucher].allocations[place].id);
        let mut after = self.after();
        let predicted = after.deallocate(voucher, place);
        self.compare("billDeallocate", input, after, predicted).await;
    }

    /// Sets what a ledger stood at when the books began.
    pub async fn set_opening(&mut self) {
        let ledger = self.chance.of(&["Cash", "Capital Account", "Asha", "Ravi"]);
        let size = if self.chance.below(6) == 0 { 0 } else { minor(&mut self.chance) };
        let side = if self.chance.below(2) == 0 { "debit" } else { "credit" };
        let mut asked = Vec::new();
        if PARTIES.contains(&ledger) {
            // Few numbers, so that bills stay from one opening to the next.
            for number in 0..self.chance.below(3) {
                let bound = u64::try_from(size.max(2)).unwrap();
                asked.push(Asked {
                    line: 0,
                    place: asked.len(),
                    kind: Kind::New,
                    bill: None,
                    reference: Some(format!("OLD/{number}")),
                    minor: 1 + i64::try_from(self.chance.below(bound)).unwrap(),
                    rest: Rest::Refused,
                });
            }
        }
        let bill =
            |one: &Asked| json!({ "reference": one.reference, "amount": decimal(one.minor) });
        let bills: Value = asked.iter().map(bill).collect();
        let input = json!({ "ledgerId": self.shop.ledgers[ledger],
            "openingBalance": { side: decimal(size) }, "bills": bills });
        let mut after = self.after();
        let minor = if side == "debit" { size } else { -size };
        let predicted = after.set_opening(ledger, minor, asked);
        let shown = "ledger { openingBalance { amount } } userErrors { code field message }";
        let answer = self.call("ledgerOpeningSet", shown, &input).await;
        let context = format!("{}: ledgerOpeningSet {input}: {}", self.doing, answer.body);
        let refusals: Vec<Refused> = predicted.as_ref().err().cloned().into_iter().collect();
        assert_eq!(answer.code(), "", "{context}");
        assert_eq!(answer.refusals("ledgerOpeningSet"), refusals, "{context}");
        self.count("ledgerOpeningSet", refusals.first());
        if let Ok(Some(voucher)) = predicted {
            let now = answer.text("ledgerOpeningSet.ledger.openingBalance.amount");
            assert_eq!(now, decimal(minor), "{context}");
            self.books = after;
            self.look_up(voucher).await;
        }
    }

    /// Learns the ids of a voucher that no mutation answered.
    async fn look_up(&mut self, voucher: usize) {
        let number = self.books.vouchers[voucher].number.clone();
        let ask = format!(
            "{{ vouchers(filter: {{ number: \"{number}\" }}) {{ nodes {{ {} }} }} }}",
            super::SHOWN
        );
        let found = self.shop.client.query(&ask).await;
        let shown = found.at("vouchers.nodes.0").clone();
        let context = format!("{}: {}", self.doing, found.body);
        self.learn(voucher, &shown, &context);
    }
}
