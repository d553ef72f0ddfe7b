//! Who plays in the example: three tenants, four businesses. All names and numbers are invented.

/// A tenant of the example.
#[derive(Debug)]
pub struct Player {
    /// Its name in addresses.
    pub subdomain: &'static str,
    /// Its owner.
    pub owner: &'static str,
    /// The owner's address.
    pub email: &'static str,
    /// Its businesses; the first bears the company's name.
    pub shops: &'static [Shop],
}

/// A business of the example. Amounts are whole units of its currency.
#[derive(Debug)]
pub struct Shop {
    /// Its name.
    pub name: &'static str,
    /// Two-letter country.
    pub country: &'static str,
    /// Its registration, where it has one.
    pub gstin: Option<&'static str>,
    /// Where its numbers begin.
    pub seed: u64,
    /// The tax that it charges and pays.
    pub tax: Tax,
    /// Its bank account.
    pub bank: &'static str,
    /// Who buys on credit.
    pub customers: &'static [&'static str],
    /// Who sells to it on credit.
    pub suppliers: &'static [&'static str],
    /// What it pays for each month beside rent and salaries: ledger, from, to.
    pub running: &'static [(&'static str, i64, i64)],
    /// A typical sale on credit.
    pub sale: i64,
    /// Sales on credit in a month of ordinary trade.
    pub sales: i64,
    /// A typical day's takings in cash.
    pub takings: i64,
    /// Days with takings in a month of ordinary trade.
    pub taking_days: i64,
    /// Rent of a month.
    pub rent: i64,
    /// Salaries of a month.
    pub salaries: i64,
    /// Money in the bank when the books begin.
    pub bank_opening: i64,
    /// Furniture and machines when the books begin.
    pub assets_opening: i64,
    /// Trade of each calendar month from January, in per cent of an ordinary one.
    pub seasons: [i64; 12],
}

/// A tax on sales and purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tax {
    /// India's GST within a state: half central, half state.
    Gst {
        /// Both halves together, in per cent.
        percent: i64,
    },
    /// Kenya's value added tax.
    Vat {
        /// In per cent.
        percent: i64,
    },
}

/// Festival trade in India: up from September to November, a low in the rains.
const FESTIVALS: [i64; 12] = [95, 85, 105, 95, 90, 75, 70, 90, 115, 150, 140, 105];
/// Building goods in India: down in the rains.
const BUILDING: [i64; 12] = [115, 115, 120, 105, 100, 70, 55, 60, 80, 105, 110, 115];
/// A shop in Kenya: school terms begin in January, May and September, the year ends well.
const TERMS: [i64; 12] = [120, 85, 90, 90, 115, 90, 85, 90, 115, 95, 105, 160];

/// Everybody in the example.
pub const CAST: [Player; 3] = [
    Player {
        subdomain: "asha-traders",
        owner: "Asha Kulkarni",
        email: "asha@asha-traders.example",
        shops: &[Shop {
            name: "Asha Traders",
            country: "IN",
            gstin: Some("27AAACA0000A1ZY"),
            seed: 0xA5A1,
            tax: Tax::Gst { percent: 18 },
            bank: "Deccan Bank Current Account",
            customers: &[
                "Sahyadri Stores",
                "Ganesh Provision Mart",
                "Konkan Superbazar",
                "Pimpri Cash and Carry",
                "Nashik Retail House",
            ],
            suppliers: &["Western Distributors", "Bharat Home Products", "Satara Packaging Works"],
            running: &[
                ("Electricity", 4_200, 7_800),
                ("Telephone and Internet", 1_400, 1_900),
                ("Freight Outward", 6_000, 14_000),
            ],
            sale: 42_000,
            sales: 9,
            takings: 11_000,
            taking_days: 8,
            rent: 28_000,
            salaries: 64_000,
            bank_opening: 650_000,
            assets_opening: 240_000,
            seasons: FESTIVALS,
        }],
    },
    Player {
        subdomain: "baraka-shop",
        owner: "Wanjiru Kamau",
        email: "wanjiru@baraka-shop.example",
        shops: &[Shop {
            name: "Baraka General Shop",
            country: "KE",
            gstin: None,
            seed: 0xBA4A,
            tax: Tax::Vat { percent: 16 },
            bank: "Savanna Bank Account",
            customers: &["Uhuru Primary School", "Highview Hotel", "Mlima Bakery"],
            suppliers: &["Rift Valley Wholesalers", "Coast Beverages", "Nairobi Stationers"],
            running: &[
                ("Electricity", 3_500, 6_500),
                ("Mobile Money Charges", 900, 2_600),
                ("County Licence and Cleaning", 1_200, 2_400),
            ],
            sale: 24_000,
            sales: 5,
            takings: 16_500,
            taking_days: 14,
            rent: 25_000,
            salaries: 48_000,
            bank_opening: 310_000,
            assets_opening: 120_000,
            seasons: TERMS,
        }],
    },
    Player {
        subdomain: "vindhya-group",
        owner: "Farhan Siddiqui",
        email: "farhan@vindhya-group.example",
        shops: &[
            Shop {
                name: "Vindhya Hardware",
                country: "IN",
                gstin: None,
                seed: 0x71D1,
                tax: Tax::Gst { percent: 18 },
                bank: "Narmada Bank Current Account",
                customers: &["Shree Builders", "Malwa Constructions", "Rewa Contractors"],
                suppliers: &["Central Steel Agency", "Bhopal Paints", "Indore Fasteners"],
                running: &[("Electricity", 3_000, 5_200), ("Loading and Cartage", 4_000, 9_000)],
                sale: 58_000,
                sales: 6,
                takings: 9_500,
                taking_days: 5,
                rent: 22_000,
                salaries: 52_000,
                bank_opening: 520_000,
                assets_opening: 180_000,
                seasons: BUILDING,
            },
            Shop {
                name: "Vindhya Interiors",
                country: "IN",
                gstin: None,
                seed: 0x71D2,
                tax: Tax::Gst { percent: 12 },
                bank: "Narmada Bank Second Account",
                customers: &["Lake View Residency", "Orchid Clinic", "Kasturba Hostel"],
                suppliers: &["Jabalpur Timber Depot", "Modern Laminates"],
                running: &[("Electricity", 1_800, 3_400), ("Site Travel", 2_500, 6_000)],
                sale: 76_000,
                sales: 4,
                takings: 7_000,
                taking_days: 3,
                rent: 16_000,
                salaries: 58_000,
                bank_opening: 430_000,
                assets_opening: 95_000,
                seasons: FESTIVALS,
            },
        ],
    },
];
