//! Account groups: what kind of thing a ledger is.

/// Code of the shared group Cash-in-Hand.
pub const CASH: &str = "CASH";
/// Code of the shared group Bank Accounts.
pub const BANK: &str = "BANK";
/// Code of the shared group Bank OD A/c.
pub const BANK_OVERDRAFT: &str = "BOD";
/// Code of the shared group Duties & Taxes.
pub const DUTIES_AND_TAXES: &str = "DT";
/// Code of the shared group Stock-in-Hand.
pub const STOCK_IN_HAND: &str = "STK";

/// Whether a ledger below these groups (its own first, the primary one last) is money at hand.
pub fn is_cash_or_bank<'c>(path: impl IntoIterator<Item = &'c str>) -> bool {
    path.into_iter().any(|code| matches!(code, CASH | BANK | BANK_OVERDRAFT))
}

/// Whether hanging `node` below `parent` would close a circle, given each node's parent.
pub fn would_cycle<T: Copy + PartialEq>(
    node: T,
    parent: T,
    parent_of: impl Fn(T) -> Option<T>,
    nodes: usize,
) -> bool {
    let mut at = Some(parent);
    for _ in 0..=nodes {
        match at {
            Some(here) if here == node => return true,
            Some(here) => at = parent_of(here),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_cannot_hang_below_itself() {
        let parent_of = |node: u8| match node {
            3 => Some(2),
            2 => Some(1),
            _ => None,
        };
        assert!(would_cycle(1, 3, parent_of, 3));
        assert!(would_cycle(1, 1, parent_of, 3));
        assert!(!would_cycle(3, 1, parent_of, 3));
    }

    #[test]
    fn money_at_hand_is_found_at_any_depth() {
        assert!(is_cash_or_bank(["PETTY", "CASH", "CA"]));
        assert!(!is_cash_or_bank(["SD", "CA"]));
    }
}
