//! The areas that period locks are set for.

use crate::voucher::BaseType;

/// A set of areas. Every voucher carries [`Areas::ALL`], so that a lock of everything meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct Areas(i32);

impl Areas {
    /// Sales and credit notes.
    pub const SALES: Self = Self(1);
    /// Purchases and debit notes.
    pub const PURCHASE: Self = Self(2);
    /// Whatever touches a cash or bank ledger.
    pub const BANK: Self = Self(4);
    /// Whatever touches a tax ledger or is a tax document.
    pub const TAX: Self = Self(8);
    /// Everything.
    pub const ALL: Self = Self(16);

    /// The set with these bits.
    pub const fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    /// The set's bits.
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share an area.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The areas of a voucher.
pub fn areas_of(base: BaseType, touches_bank: bool, touches_tax: bool) -> Areas {
    let mut areas = Areas::ALL;
    match base {
        BaseType::Sales | BaseType::CreditNote | BaseType::DeliveryNote => {
            areas = areas.with(Areas::SALES);
        }
        BaseType::Purchase | BaseType::DebitNote | BaseType::ReceiptNote => {
            areas = areas.with(Areas::PURCHASE);
        }
        _ => {}
    }
    if touches_bank {
        areas = areas.with(Areas::BANK);
    }
    if touches_tax || base.is_tax_document() {
        areas = areas.with(Areas::TAX);
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voucher_is_met_by_a_lock_of_everything() {
        for base in BaseType::EVERY {
            assert!(areas_of(base, false, false).meets(Areas::ALL));
        }
        assert!(areas_of(BaseType::Sales, false, false).meets(Areas::TAX));
        assert!(!areas_of(BaseType::Journal, false, false).meets(Areas::TAX));
    }
}
