//! What a tenant sees otherwise than the others: prefixes of voucher types, and what it hides.

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{AccountGroupId, VoucherTypeId},
    numbering::{NumberFormat, check_tax_document_number, expand, is_prefix},
    period::AccountingCalendar,
    role::Permission,
};
use daybook_entity::tenant::chart::{account_group_override, voucher_type_override};
use sea_orm::{ActiveModelTrait, EntityTrait, sea_query::OnConflict};

use crate::{
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
};

/// Most characters of a number, as long as its series has few.
pub const NUMBER_MAX: usize = 32;
/// Most digits to which a number is filled up.
pub const WIDTH_MAX: i32 = 12;

/// How a tenant sees and numbers a shared voucher type; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct OverrideType {
    /// The type; `None` when the id given is not one.
    pub voucher_type: Option<VoucherTypeId>,
    /// Its own prefix; the inner `None` goes back to the shared one.
    pub numbering_prefix: Option<Option<String>>,
    /// What follows its numbers; the inner `None` goes back to nothing.
    pub number_suffix: Option<Option<String>>,
    /// Its own width; the inner `None` goes back to the shared one.
    pub number_width: Option<Option<i32>>,
    /// Whether it is hidden from choosing.
    pub is_hidden: Option<bool>,
}

/// Changes how a tenant sees and numbers a shared voucher type. Numbers that were given stay.
///
/// # Errors
/// No permission, or refusals: no such type, a prefix or width that cannot be used.
pub async fn override_type(scope: &TenantScope, command: OverrideType) -> Result<VoucherTypeId> {
    scope.require(Permission::GroupUpdate)?;
    let catalogue = &scope.catalogue;
    let shared = command.voucher_type.and_then(|id| catalogue.voucher_type(id)).cloned();
    let shared = shared.ok_or_else(|| {
        let why = "there is no such voucher type";
        Error::refused(Code::VoucherTypeUnknown, "input.voucherTypeId", why)
    })?;
    let id = shared.id;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before =
                    voucher_type_override::Entity::find_by_id(id).one(writing.conn()).await?;
                let mut after = before.clone().unwrap_or(voucher_type_override::Model {
                    voucher_type_id: id,
                    numbering_prefix: None,
                    number_width: None,
                    is_hidden: false,
                    updated_at: 0,
                    number_suffix: None,
                });
                if let Some(prefix) = command.numbering_prefix {
                    after.numbering_prefix = prefix;
                }
                if let Some(suffix) = command.number_suffix {
                    after.number_suffix = suffix.filter(|suffix| !suffix.is_empty());
                }
                if let Some(width) = command.number_width {
                    after.number_width = width;
                }
                after.is_hidden = command.is_hidden.unwrap_or(after.is_hidden);
                let prefix = after.numbering_prefix.as_deref();
                let suffix = after.number_suffix.as_deref().unwrap_or_default();
                check_numbering(
                    (prefix.unwrap_or(&shared.numbering_prefix), suffix),
                    after.number_width.unwrap_or(shared.number_width),
                    shared.is_tax_document,
                )?;
                if before.as_ref() == Some(&after) {
                    return Ok(id);
                }
                after.updated_at = writing.recorded_at();
                let content = Canonical::new()
                    .object("before", before.as_ref().map_or_else(Canonical::new, describe))
                    .object("after", describe(&after))
                    .finish();
                let columns = [
                    voucher_type_override::Column::NumberingPrefix,
                    voucher_type_override::Column::NumberSuffix,
                    voucher_type_override::Column::NumberWidth,
                    voucher_type_override::Column::IsHidden,
                    voucher_type_override::Column::UpdatedAt,
                ];
                let key = voucher_type_override::Column::VoucherTypeId;
                let row = sea_orm::IntoActiveModel::into_active_model(after).reset_all();
                voucher_type_override::Entity::insert(row)
                    .on_conflict(OnConflict::column(key).update_columns(columns).to_owned())
                    .exec_without_returning(writing.conn())
                    .await?;
                writing.settings_change();
                writing.audit(Change {
                    action: "VOUCHER_TYPE_OVERRIDDEN",
                    subject_type: "VoucherType",
                    subject: Some(id.get()),
                    business: None,
                    canonical: content,
                });
                Ok(id)
            })
        })
        .await
}

fn describe(row: &voucher_type_override::Model) -> Canonical {
    Canonical::new()
        .text_if("prefix", row.numbering_prefix.as_deref())
        .text_if("suffix", row.number_suffix.as_deref())
        .int_if("width", row.number_width.map(i64::from))
        .flag("hidden", row.is_hidden)
}

/// Hides a shared group from choosing, or shows it again. Its ledgers stay where they are.
///
/// # Errors
/// No permission, or no such shared group.
pub async fn override_group(
    scope: &TenantScope,
    group: Option<AccountGroupId>,
    is_hidden: bool,
) -> Result<AccountGroupId> {
    scope.require(Permission::GroupUpdate)?;
    let id = group.filter(|id| scope.catalogue.group(*id).is_some()).ok_or_else(|| {
        let why = "there is no such shared account group";
        Error::refused(Code::AccountGroupUnknown, "input.accountGroupId", why)
    })?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before =
                    account_group_override::Entity::find_by_id(id).one(writing.conn()).await?;
                let was_hidden = before.as_ref().is_some_and(|before| before.is_hidden);
                if was_hidden == is_hidden {
                    return Ok(id);
                }
                let updated_at = writing.recorded_at();
                let row = account_group_override::Model { group_id: id, is_hidden, updated_at };
                let row = sea_orm::IntoActiveModel::into_active_model(row).reset_all();
                match before {
                    Some(_) => row.update(writing.conn()).await?,
                    None => row.insert(writing.conn()).await?,
                };
                writing.settings_change();
                writing.audit(Change {
                    action: "GROUP_OVERRIDDEN",
                    subject_type: "AccountGroup",
                    subject: Some(id.get()),
                    business: None,
                    canonical: Canonical::new()
                        .object("before", Canonical::new().flag("hidden", was_hidden))
                        .object("after", Canonical::new().flag("hidden", is_hidden))
                        .finish(),
                });
                Ok(id)
            })
        })
        .await
}

/// Checks how a type's numbers would be made.
///
/// # Errors
/// Refusals of `input.numberingPrefix`, `input.numberSuffix` or `input.numberWidth`.
pub fn check_numbering(
    (prefix, suffix): (&str, &str),
    width: i32,
    is_tax_document: bool,
) -> Result<()> {
    if !is_prefix(prefix) {
        let why = "a prefix has at most 16 letters, digits, - and /, \
                   and the tokens {FY}, {YYYY}, {YY} and {MM}";
        return Err(Error::refused(Code::Invalid, "input.numberingPrefix", why));
    }
    if !is_prefix(suffix) {
        let why = "a suffix has at most 16 letters, digits, - and /, \
                   and the tokens {FY}, {YYYY}, {YY} and {MM}";
        return Err(Error::refused(Code::Invalid, "input.numberSuffix", why));
    }
    let digits = u8::try_from(width).ok().filter(|_| (1..=WIDTH_MAX).contains(&width));
    let Some(digits) = digits else {
        let why = format!("a number is filled up to 1 to {WIDTH_MAX} digits");
        return Err(Error::refused(Code::Invalid, "input.numberWidth", why));
    };
    // The tokens take the same room on every day of this and the next century.
    let day = NaiveDate::from_ymd_opt(2026, 4, 1).unwrap_or_default();
    let whole = |part: &str| expand(part, day, AccountingCalendar::starting_in(4));
    let format = NumberFormat { prefix: whole(prefix), suffix: whole(suffix), width: digits };
    let number = format.number(1);
    if is_tax_document && let Err(why) = check_tax_document_number(&number) {
        return Err(Error::refused(Code::NumberTooLong, "input.numberingPrefix", why.to_string()));
    }
    if number.len() > NUMBER_MAX {
        let why = format!("a number has at most {NUMBER_MAX} characters, {number} has more");
        return Err(Error::refused(Code::NumberTooLong, "input.numberSuffix", why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(outcome: Result<()>) -> Option<Code> {
        match outcome {
            Err(Error::Refused(why)) => why.first().map(|why| why.code),
            _ => None,
        }
    }

    #[test]
    fn prefixes_leave_room_for_the_number() {
        assert!(check_numbering(("INV/", ""), 4, true).is_ok());
        assert!(check_numbering(("INV/{FY}/", ""), 4, true).is_ok());
        assert_eq!(
            code(check_numbering(("INVOICE/{FY}/", ""), 4, true)),
            Some(Code::NumberTooLong)
        );
        assert!(check_numbering(("INVOICE/{FY}/", ""), 4, false).is_ok());
        assert_eq!(code(check_numbering(("", ""), 4, true)), Some(Code::NumberTooLong));
        assert!(check_numbering(("", ""), 4, false).is_ok());
        assert_eq!(code(check_numbering(("A B", ""), 4, false)), Some(Code::Invalid));
        assert!(check_numbering(("INV/", "/{YY}"), 4, true).is_ok());
        let long = check_numbering(("INV/", "/{FY}"), 5, true);
        assert_eq!(code(long), Some(Code::NumberTooLong));
        assert_eq!(code(check_numbering(("A", "{X}"), 4, false)), Some(Code::Invalid));
        assert_eq!(code(check_numbering(("A", ""), 0, false)), Some(Code::Invalid));
        assert_eq!(code(check_numbering(("A", ""), 13, false)), Some(Code::Invalid));
    }
}
