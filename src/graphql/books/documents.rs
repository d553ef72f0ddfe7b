//! Documents without entries in the API: orders, delivery and receipt notes, rejections.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::tenant::business::business;

use super::{
    acts::{VoucherActPayload, claim},
    businesses::asked,
    entries::money,
    ledgers::ledger_of,
    vouchers::voucher_of,
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        master::types::type_of,
        retry::input_hash,
        scalar::{Date, Decimal, Money},
    },
    lane::posting::PostedItem,
    services::books::{
        acts::WrittenAct,
        chart::Asked,
        documents::{self, WriteDocument, WrittenItem},
    },
};

/// A line of goods or services.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherItem {
    /// Opaque global id.
    pub id: ID,
    /// Its place in the voucher, from 1.
    pub line: i32,
    /// What it is.
    pub description: Option<String>,
    /// How much.
    pub quantity: Decimal,
    /// Of which unit.
    pub unit: Option<String>,
    /// What a unit costs, in major units of the business's currency, with up to six decimal places.
    pub unit_price: Decimal,
    /// Quantity times price.
    pub gross: Money,
    /// What is taken off.
    pub discount: Money,
    /// What is left, before tax.
    pub taxable: Money,
}

impl VoucherItem {
    /// A stored line of a business's voucher.
    pub fn of(item: &PostedItem, business: &business::Model) -> Self {
        let detail = &item.detail;
        Self {
            id: id::encode("VoucherItem", item.id),
            line: item.line,
            description: detail.description.clone(),
            quantity: Decimal(detail.quantity.format()),
            unit: detail.unit.clone(),
            unit_price: Decimal(detail.unit_price.format()),
            gross: money(detail.amounts.gross, business),
            discount: money(detail.amounts.discount, business),
            taxable: money(detail.amounts.taxable, business),
        }
    }
}

/// A line of a document to be posted.
#[derive(InputObject, Debug, Clone)]
pub struct DocumentItemInput {
    /// What it is, at most 500 characters.
    pub description: String,
    /// How much, above zero, with up to six decimal places.
    pub quantity: Decimal,
    /// Of which unit, at most 16 characters.
    pub unit: Option<String>,
    /// What a unit costs, with up to six decimal places; nothing when left out.
    pub unit_price: Option<Decimal>,
    /// What is taken off the line, in the business's currency.
    pub discount: Option<Decimal>,
}

impl DocumentItemInput {
    fn shorten(&mut self) {
        self.quantity = self.quantity.shortest();
        for number in [&mut self.unit_price, &mut self.discount] {
            *number = number.as_ref().map(Decimal::shortest);
        }
    }
}

impl From<DocumentItemInput> for WrittenItem {
    fn from(input: DocumentItemInput) -> Self {
        Self {
            description: input.description,
            quantity: input.quantity.0,
            unit: input.unit,
            unit_price: input.unit_price.map(|price| price.0),
            discount: input.discount.map(|amount| amount.0),
        }
    }
}

/// A document to be posted.
#[derive(InputObject, Debug, Clone)]
pub struct DocumentPostInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// Its type: an order, a delivery or receipt note, a rejection.
    pub voucher_type_id: ID,
    /// Its date.
    pub date: Date,
    /// Ledger of the customer or supplier.
    pub party_id: Option<ID>,
    /// Words about it.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// Its lines, 1 to 1,000.
    pub items: Vec<DocumentItemInput>,
    /// Shows what would be posted, with a number for preview, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What a document says from now on.
#[derive(InputObject, Debug, Clone)]
pub struct DocumentAmendInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The document.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Why.
    pub reason: Option<String>,
    /// Its date, within its accounting year.
    pub date: Date,
    /// Ledger of the customer or supplier.
    pub party_id: Option<ID>,
    /// Words about it.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// Its lines, 1 to 1,000.
    pub items: Vec<DocumentItemInput>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// Mutations of documents.
#[derive(Default, Debug)]
pub struct DocumentMutation;

#[Object]
impl DocumentMutation {
    /// Posts a document without entries: a sales or purchase order, a delivery or receipt note, a rejection,
    /// a job work order. It gets its number and counts in no balance; `voucherCancel` takes it back.
    /// Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn document_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The document.")] input: DocumentPostInput,
    ) -> ApiResult<VoucherActPayload> {
        let mut plain = input.clone();
        plain.items.iter_mut().for_each(DocumentItemInput::shorten);
        let claim = claim("documentPost", &input.idempotency_key, input_hash(&plain));
        let document = WriteDocument {
            business: asked(input.business_id.as_ref()),
            voucher_type: type_of(&input.voucher_type_id),
            dated: input.date.0,
            party: input.party_id.as_ref().map(ledger_of),
            narration: input.narration,
            reference: input.reference,
            reference_date: input.reference_date.map(|day| day.0),
            items: input.items.into_iter().map(WrittenItem::from).collect(),
        };
        let done = documents::post(&*ctx.tenant()?, document, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }

    /// Takes a document without entries back and posts it anew under its number, as its next version.
    /// Requires: VOUCHER_AMEND.
    #[graphql(
        guard = "Requires(Permission::VoucherAmend)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn document_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The document's new content.")] input: DocumentAmendInput,
    ) -> ApiResult<VoucherActPayload> {
        let mut plain = input.clone();
        plain.items.iter_mut().for_each(DocumentItemInput::shorten);
        let claim = claim("documentAmend", &input.idempotency_key, input_hash(&plain));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: input.expected_version,
            reason: input.reason,
        };
        let document = WriteDocument {
            business: Asked::Nothing,
            voucher_type: None,
            dated: input.date.0,
            party: input.party_id.as_ref().map(ledger_of),
            narration: input.narration,
            reference: input.reference,
            reference_date: input.reference_date.map(|day| day.0),
            items: input.items.into_iter().map(WrittenItem::from).collect(),
        };
        let done = documents::amend(&*ctx.tenant()?, act, document, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }
}
