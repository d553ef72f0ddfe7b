//! Locks, exceptions and years in the model.

use chrono::Days;
use serde_json::{Value, json};

use super::{Run, books::Pass};

const AREAS: [&str; 3] = ["BANK", "ALL", "SALES"];
const LOCKS: &str = "periodLocks { kind area lockedThrough } userErrors { code field message }";

impl Run<'_> {
    /// Sets or lifts a lock.
    pub async fn lock(&mut self) {
        let area = self.chance.of(&AREAS);
        let mut input =
            json!({ "idempotencyKey": self.key(), "area": area, "reason": "by chance" });
        let (field, predicted) = if self.chance.below(5) < 3 {
            let is_there = self.books.locks.remove(area).is_some();
            let refused = (!is_there).then(|| "ALREADY_DONE input.area".to_owned());
            ("periodLockLift", refused)
        } else {
            let through = self.books.years[0].begins + Days::new(self.chance.below(60));
            input["lockedThrough"] = json!(through);
            self.books.locks.insert(area, through);
            ("periodLockSet", None)
        };
        let answer = self.call(field, LOCKS, &input).await;
        let context = format!("{}: {field} {input}: {}", self.doing, answer.body);
        assert_eq!(answer.code(), "", "{context}");
        assert_eq!(answer.refusals(field), Vec::from_iter(predicted.clone()), "{context}");
        self.count(field, predicted.as_ref());
        if predicted.is_none() {
            let shown = answer.at(&format!("{field}.periodLocks")).as_array().unwrap();
            let mut shown: Vec<(&str, &str)> = shown
                .iter()
                .filter(|lock| lock["kind"] == "SOFT")
                .map(|lock| {
                    (lock["area"].as_str().unwrap(), lock["lockedThrough"].as_str().unwrap())
                })
                .collect();
            shown.sort_unstable();
            let days = self.books.locks.iter().map(|(area, day)| (*area, day.to_string()));
            let right: Vec<(&str, String)> = days.collect();
            let right: Vec<(&str, &str)> =
                right.iter().map(|(area, day)| (*area, day.as_str())).collect();
            assert_eq!(shown, right, "{context}");
        }
    }

    /// Grants an exception, or revokes one.
    pub async fn pass(&mut self) {
        if !self.books.passes.is_empty() && self.chance.below(2) == 0 {
            let count = u64::try_from(self.books.passes.len()).unwrap();
            let place = usize::try_from(self.chance.below(count)).unwrap();
            let pass = self.books.passes.remove(place);
            let ask = "mutation($id: ID!, $key: String!) { lockExceptionRevoke(id: $id,
                input: { idempotencyKey: $key }) { userErrors { code field message } } }";
            let input = json!({ "id": pass.id, "key": self.key() });
            let answer = self.shop.client.ask(ask, input).await;
            assert_eq!(answer.refusals("lockExceptionRevoke"), [""; 0], "{}", self.doing);
            return;
        }
        let areas = match self.chance.below(3) {
            0 => vec!["BANK"],
            1 => vec!["ALL"],
            _ => vec!["BANK", "SALES"],
        };
        let from = self.books.years[0].begins + Days::new(self.chance.below(40));
        let to = from + Days::new(self.chance.below(40));
        let until = daybook::graphql::scalar::DateTime(self.app.clock.now_ms() + 3_600_000);
        let input = json!({ "idempotencyKey": self.key(), "areas": areas, "from": from, "to": to,
            "expiresAt": until.to_string(), "userId": self.owner, "reason": "by chance" });
        let shown = "lockException { id } userErrors { code field message }";
        let answer = self.call("lockExceptionGrant", shown, &input).await;
        assert_eq!(answer.refusals("lockExceptionGrant"), [""; 0], "{}: {input}", self.doing);
        let id = answer.text("lockExceptionGrant.lockException.id");
        self.books.passes.push(Pass { id, areas, from, to });
    }

    /// Closes a year, or opens one again.
    pub async fn year(&mut self) {
        let count = u64::try_from(self.books.years.len()).unwrap();
        let place = usize::try_from(self.chance.below(count)).unwrap();
        // Books that stay closed are dull.
        let closes = self.chance.below(3) == 0;
        let found = self.shop.client.query("{ businessYears { id startsOn isOpening } }").await;
        let all = found.at("businessYears").as_array().unwrap();
        let years: Vec<&Value> = all.iter().filter(|year| year["isOpening"] == false).collect();
        assert_eq!(years.len(), self.books.years.len(), "{}", self.doing);
        assert_eq!(years[place]["startsOn"], json!(self.books.years[place].begins));
        let input = json!({ "yearId": years[place]["id"], "idempotencyKey": self.key(),
            "reason": "by chance" });
        let field = if closes { "businessYearClose" } else { "businessYearReopen" };
        let predicted = self.books.act_on_year(place, closes);
        let shown = "year { state } userErrors { code field message }";
        let answer = self.call_as(field, "BusinessYearActInput", shown, &input).await;
        let context = format!("{}: {field} {place}: {}", self.doing, answer.body);
        let refused = predicted.err();
        assert_eq!(answer.refusals(field), Vec::from_iter(refused.clone()), "{context}");
        self.count(field, refused.as_ref());
    }
}
