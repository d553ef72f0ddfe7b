//! Networks of IP addresses, for naming the proxies that are believed.

use std::{fmt, net::IpAddr, str::FromStr};

/// One address or one network, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    first: IpAddr,
    prefix: u32,
}

impl IpRange {
    /// Whether the address lies inside. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as
    /// the IPv4 address that it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4()
            && network(address, self.prefix) == network(self.first, self.prefix)
    }
}

/// The bits that all addresses of a network share.
fn network(address: IpAddr, prefix: u32) -> u128 {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    bits.checked_shr(u32::saturating_sub(width, prefix)).unwrap_or(0)
}

impl FromStr for IpRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.trim().parse().map_err(drop)?;
        let width: u32 = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(drop)?,
            None => width,
        };
        if prefix > width {
            return Err(());
        }
        let host_bits = width.saturating_sub(prefix);
        let shared = network(first, prefix).checked_shl(host_bits).unwrap_or(0);
        if shared != network(first, width) {
            return Err(());
        }
        // `::ffff:10.0.0.1` as a single address means the IPv4 address.
        let canonical = first.to_canonical();
        if canonical.is_ipv4() && first.is_ipv6() && prefix == width {
            return Ok(Self { first: canonical, prefix: 32 });
        }
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ];
        for (range, address, inside) in cases {
            let range: IpRange = range.parse().unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), inside, "{range} {address}");
        }
    }

    #[test]
    fn a_network_with_host_bits_or_nonsense_is_refused() {
        for text in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "", "x", "10.0.0.0/", "1.2.3"] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }
}
