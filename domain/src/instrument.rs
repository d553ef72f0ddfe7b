//! How money moves through a bank: on paper, from account to account, by card or telephone.

use crate::chart::words;

words! {
    /// The instrument of a payment or receipt.
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(16))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    Instrument {
        /// A cheque.
        Cheque = "CHEQUE",
        /// A demand draft or banker's cheque.
        DemandDraft = "DEMAND_DRAFT",
        /// National Electronic Funds Transfer.
        Neft = "NEFT",
        /// Real Time Gross Settlement.
        Rtgs = "RTGS",
        /// Immediate Payment Service.
        Imps = "IMPS",
        /// Unified Payments Interface.
        Upi = "UPI",
        /// M-Pesa.
        Mpesa = "MPESA",
        /// A debit or credit card.
        Card = "CARD",
        /// Cash paid in or drawn.
        Cash = "CASH",
        /// Something else.
        Other = "OTHER",
    }
}

impl Instrument {
    /// Whether it is paper that the other side presents later.
    pub const fn is_paper(self) -> bool {
        matches!(self, Self::Cheque | Self::DemandDraft)
    }

    /// The instrument that a bank's words tell of.
    pub fn told_by(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let mut words = text.split(|one: char| !one.is_alphanumeric());
        words.find_map(|word| {
            Some(match word {
                "chq" | "cheque" | "check" | "clg" | "clearing" | "micr" => Self::Cheque,
                "dd" => Self::DemandDraft,
                "neft" => Self::Neft,
                "rtgs" => Self::Rtgs,
                "imps" => Self::Imps,
                "upi" => Self::Upi,
                "mpesa" => Self::Mpesa,
                "pos" | "card" | "visa" | "rupay" | "mastercard" => Self::Card,
                "cash" | "atm" => Self::Cash,
                _ => return None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for one in Instrument::EVERY {
            assert_eq!(Instrument::parse(one.as_str()), Some(one));
        }
        assert!(Instrument::Cheque.is_paper() && !Instrument::Upi.is_paper());
    }

    #[test]
    fn a_bank_s_words_tell_the_instrument() {
        for (text, told) in [
            ("UPI-NARMADA-narmada@okdeccan", Some(Instrument::Upi)),
            ("RTGS DR-DECC0000077", Some(Instrument::Rtgs)),
            ("CHQ PAID-MICR CTS", Some(Instrument::Cheque)),
            ("Interest", None),
        ] {
            assert_eq!(Instrument::told_by(text), told, "{text}");
        }
    }

    #[cfg(feature = "orm")]
    #[test]
    fn columns_hold_the_same_words() {
        use sea_orm::ActiveEnum;
        for one in Instrument::EVERY {
            assert_eq!(one.to_value(), one.as_str());
        }
    }
}
