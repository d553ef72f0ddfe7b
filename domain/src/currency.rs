//! Currencies by their code.

/// A three-letter code of ISO 4217. Whether such a currency exists is for the catalogue to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct CurrencyCode(String);

/// Not three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency code is three capital letters")]
pub struct NotACurrencyCode;

impl CurrencyCode {
    /// Reads a code.
    ///
    /// # Errors
    /// Anything but three capital letters.
    pub fn parse(text: &str) -> Result<Self, NotACurrencyCode> {
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACurrencyCode)
        }
    }

    /// ISO 4217's code for "no currency".
    pub fn none() -> Self {
        Self("XXX".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CurrencyCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn codes_are_three_capitals() {
        assert_eq!(CurrencyCode::parse("INR").unwrap().to_string(), "INR");
        for bad in ["", "IN", "INRX", "inr", "IN1", "I R", "₹", "é1"] {
            assert_eq!(CurrencyCode::parse(bad), Err(NotACurrencyCode), "{bad}");
        }
    }
}
