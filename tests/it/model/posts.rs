//! Posting in the model: one, many, from drafts, and again under the same key.

use serde_json::{Value, json};

use super::{
    Done, ERRORS, Run, SHOWN,
    books::{Books, Content, Origin, Refused},
    decimal,
    parts::{Asked, Rest},
    written::{Fault, content, side_rule},
};

const TYPES: [&str; 4] = ["JRN", "PMT", "RCT", "CTR"];

impl Run<'_> {
    /// Bill parts as they are sent.
    fn sent_bills(&self, asked: &[Asked], line: usize) -> Value {
        let of_line = asked.iter().filter(|one| one.line == line);
        of_line
            .map(|one| {
                let mut sent = json!({ "kind": one.kind.word(), "amount": decimal(one.minor) });
                if let Some(bill) = one.bill {
                    sent["billId"] = json!(self.bill_id(bill));
                }
                if let Some(reference) = &one.reference {
                    sent["reference"] = json!(reference);
                }
                if one.rest == Rest::OnAccount {
                    sent["excess"] = json!("ON_ACCOUNT");
                }
                sent
            })
            .collect()
    }

    /// Entries as they are sent.
    pub fn sent_entries(&self, content: &Content, fault: Option<Fault>) -> Value {
        let lines = content.lines.iter().enumerate();
        let entry = |(line, (ledger, minor)): (usize, &(&str, i64))| {
            let mut amount = decimal(minor.abs());
            let mut id = self.shop.ledgers[*ledger].clone();
            match fault.filter(|_| line == 0) {
                Some(Fault::Unequal) => amount = decimal(minor.abs() + 1),
                Some(Fault::Nothing) => amount = "0".to_owned(),
                Some(Fault::Precise) => amount.push('5'),
                Some(Fault::Stranger) => id = "TGVkZ2VyOjE".to_owned(),
                None => {}
            }
            let side = if *minor > 0 { "debit" } else { "credit" };
            let mut sent = json!({ "ledgerId": id, side: amount });
            let bills = self.sent_bills(&content.asked, line);
            if bills != json!([]) {
                sent["bills"] = bills;
            }
            sent
        };
        lines.map(entry).collect()
    }

    fn sent(&self, code: &str, content: &Content, fault: Option<Fault>) -> Value {
        json!({ "voucherTypeId": self.shop.types[code], "date": content.day,
            "entries": self.sent_entries(content, fault) })
    }

    /// What is wrong with a content in itself.
    pub fn wrong(
        code: &str,
        content: &Content,
        fault: Option<Fault>,
        path: &str,
    ) -> Result<(), Refused> {
        if let Some(fault) = fault {
            return Err(fault.refused(path, content));
        }
        match side_rule(code, content) {
            Some(place) => Err(format!("SIDE_RULE {path}.{place}")),
            None => Ok(()),
        }
    }

    /// Posts one voucher.
    pub async fn post(&mut self) {
        let code = self.chance.of(&TYPES);
        let content = content(&self.books, &mut self.chance, code);
        let fault = Fault::by_chance(&mut self.chance);
        let mut input = self.sent(code, &content, fault);
        input["idempotencyKey"] = json!(self.key());
        input["dryRun"] = json!(self.is_dry());
        let mut after = self.books.clone();
        let predicted = Self::wrong(code, &content, fault, "input")
            .and_then(|()| after.post(code, &content, Origin::Ordinary, "input"));
        self.compare("voucherPost", input, after, predicted).await;
    }

    /// Posts several together: all or none.
    pub async fn post_many(&mut self) {
        let count = 1 + self.chance.below(5);
        let mut wrong = Vec::new();
        let (mut contents, mut vouchers) = (Vec::new(), Vec::new());
        for index in 0..count {
            let code = self.chance.of(&TYPES);
            let content = content(&self.books, &mut self.chance, code);
            let fault = Fault::by_chance(&mut self.chance);
            let path = format!("input.vouchers.{index}");
            wrong.extend(Self::wrong(code, &content, fault, &path).err());
            vouchers.push(self.sent(code, &content, fault));
            contents.push((code, content, path));
        }
        let mut input = json!({ "idempotencyKey": self.key(), "vouchers": vouchers });
        input["dryRun"] = json!(self.is_dry());
        let mut after = self.books.clone();
        let mut places = Vec::new();
        for (code, content, path) in contents.iter().filter(|_| wrong.is_empty()) {
            match after.post(code, content, Origin::Ordinary, path) {
                Ok(place) => places.push(place),
                Err(refused) => {
                    wrong.push(refused);
                    break;
                }
            }
        }
        let field = "voucherBulkPost";
        let shown = format!("vouchers {{ {SHOWN} }} {ERRORS}");
        let answer = self.call(field, &shown, &input).await;
        let context = format!("{}: {field} {input}: {}", self.doing, answer.body);
        assert_eq!(answer.code(), "", "{context}");
        assert_eq!(answer.refusals(field), wrong, "{context}");
        self.count(field, wrong.first());
        if wrong.is_empty() && input["dryRun"] == false {
            self.books = after;
            let shown = answer.at("voucherBulkPost.vouchers").as_array().unwrap().clone();
            for (place, one) in places.iter().zip(&shown) {
                self.learn(*place, one, &context);
            }
            self.done.push(Done { field, input, vouchers: places });
        }
    }

    /// Writes a draft, and posts it or throws it away.
    pub async fn draft(&mut self) {
        let code = self.chance.of(&TYPES);
        let content = content(&self.books, &mut self.chance, code);
        let fault = Fault::by_chance(&mut self.chance).filter(|one| *one == Fault::Unequal);
        let mut input = self.sent(code, &content, fault);
        input["action"] = json!("POST");
        let shown = "draft { id version } userErrors { code field message }";
        let saved = self.call("voucherDraftSave", shown, &input).await;
        assert_eq!(saved.refusals("voucherDraftSave"), [""; 0], "{}: {input}", self.doing);
        let id = saved.text("voucherDraftSave.draft.id");
        let remove = json!({ "draftId": id });
        let removed = async |run: &Self| {
            let shown = "deletedDraftId userErrors { code field message }";
            let kind = "VoucherDraftInput";
            let gone = run.call_as("voucherDraftDelete", kind, shown, &remove).await;
            gone.refusals("voucherDraftDelete")
        };
        if self.chance.below(4) == 0 {
            assert_eq!(removed(self).await, [""; 0], "{}", self.doing);
            return;
        }
        let input = json!({ "draftId": id, "idempotencyKey": self.key(), "dryRun": self.is_dry(),
            "expectedVersion": saved.at("voucherDraftSave.draft.version") });
        let mut after = self.books.clone();
        let predicted = Self::wrong(code, &content, fault, "draft")
            .and_then(|()| after.post(code, &content, Origin::Ordinary, "draft"));
        let stays = predicted.is_err() || input["dryRun"] == true;
        self.compare("voucherDraftPost", input, after, predicted).await;
        let refused: &[&str] = if stays { &[] } else { &["NOT_ALLOWED input.draftId"] };
        assert_eq!(removed(self).await, refused, "{}", self.doing);
    }

    /// Repeats a call that was accepted, or its key with another input.
    pub async fn repeat(&mut self) {
        let count = u64::try_from(self.done.len()).unwrap();
        if count == 0 {
            return;
        }
        let place = usize::try_from(self.chance.below(count)).unwrap();
        let Done { field, input, vouchers } = &self.done[place];
        let (field, mut input, vouchers) = (*field, input.clone(), vouchers.clone());
        let is_other = self.chance.below(3) == 0 && field == "voucherPost";
        if is_other {
            input["narration"] = json!("another");
        }
        let many = field == "voucherBulkPost";
        let list = if many { "vouchers" } else { "voucher" };
        let answer = self.call(field, &format!("{list} {{ {SHOWN} }} {ERRORS}"), &input).await;
        let context = format!("{}: again {field} {input}: {}", self.doing, answer.body);
        if is_other {
            assert_eq!(answer.code(), "CONFLICT", "{context}");
            self.count(field, Some(&"CONFLICT".to_owned()));
            return;
        }
        assert_eq!(answer.at(&format!("{field}.replayed")), true, "{context}");
        self.count("again", None);
        let shown = answer.at(&format!("{field}.{list}")).clone();
        let shown = if many { shown.as_array().unwrap().clone() } else { vec![shown] };
        assert_eq!(shown.len(), vouchers.len(), "{context}");
        for (place, one) in vouchers.into_iter().zip(&shown) {
            // As it stands now, whatever has been done to it since.
            self.learn(place, one, &context);
        }
    }

    /// The books as a prediction may change them.
    pub fn after(&self) -> Books {
        self.books.clone()
    }
}
