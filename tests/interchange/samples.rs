//! Real files of other programs, compared with what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use daybook::interchange::{
    Findings, Known, Reading, Reason, StagedBooks,
    bank::{read_mt940, read_ofx},
    journal, review,
    staged::{BillKind, VoucherState},
    standard, tally,
};
use daybook_domain::money::Money;

use crate::{
    bank::{fingerprints, sheet},
    currency, errors, limits, money, moved, notes, rupees, sample,
};

/// Tally's voucher types.
const TYPES: [&str; 10] = [
    "Sales",
    "Receipt",
    "Payment",
    "Purchase",
    "Contra",
    "Credit Note",
    "Debit Note",
    "Journal",
    "Memorandum",
    "Reversing Journal",
];

fn known() -> Known {
    Known::default().groups(standard::group_names()).voucher_types(TYPES)
}

fn sides(amounts: impl Iterator<Item = Money>) -> (Money, Money) {
    let (mut debit, mut credit) = (Money::ZERO, Money::ZERO);
    for amount in amounts {
        if amount.is_negative() {
            credit = credit.checked_sub(amount).unwrap();
        } else {
            debit = debit.checked_add(amount).unwrap();
        }
    }
    (debit, credit)
}

fn tally_masters() -> Option<StagedBooks> {
    let reading = tally::read(&sample("tally/masters-native-utf16.xml")?, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), []);
    Some(reading.books)
}

#[test]
fn tally_masters_of_a_company() {
    let Some(books) = tally_masters() else { return };
    assert_eq!((books.ledgers.len(), books.groups.len()), (50, 6));
    let openings = books.ledgers.iter().map(|ledger| ledger.opening);
    assert_eq!(sides(openings), (money("9,98,620.52"), money("14,56,324.52")));
    let bills: usize = books.ledgers.iter().map(|ledger| ledger.opening_bills.len()).sum();
    assert_eq!(bills, 17);
    let gstins = books.parties().filter(|(_, party)| party.gstin.is_some()).count();
    assert_eq!(gstins, 12);
    assert!(books.ledgers.iter().any(|ledger| ledger.name == "जय भवानी किराणा"));
    let mut findings = Findings::new(100);
    review(books, &known(), &limits(), &mut findings);
    assert_eq!(errors(&findings), []);
}

#[test]
fn tally_day_book_of_a_year() {
    let Some(file) = sample("tally/daybook-native-fy2025-26.xml") else { return };
    let reading = tally::read(&file, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), []);
    assert_eq!(reading.books.vouchers.len(), 532);
    let mut books = tally_masters().unwrap();
    books.vouchers = reading.books.vouchers;
    let mut findings = Findings::new(100);
    let mut books = review(books, &known(), &limits(), &mut findings);
    assert_eq!(errors(&findings), []);
    assert_eq!(books.vouchers.len(), 531);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for voucher in &books.vouchers {
        *kinds.entry(voucher.voucher_type.as_deref().unwrap()).or_default() += 1;
    }
    let expected = [
        ("Contra", 15),
        ("Credit Note", 8),
        ("Debit Note", 4),
        ("Journal", 1),
        ("Payment", 96),
        ("Purchase", 70),
        ("Receipt", 111),
        ("Sales", 226),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
    let of_state = |state| {
        let found = books.vouchers.iter().filter(move |voucher| voucher.state == state);
        found.map(|voucher| voucher.number.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of_state(VoucherState::Cancelled), ["25", "90", "170"]);
    assert_eq!(of_state(VoucherState::Optional), ["40", "150"]);
    books.vouchers.retain(|voucher| voucher.state == VoucherState::Normal);
    assert_eq!(books.vouchers.len(), 526);
    let entries = || books.vouchers.iter().flat_map(|voucher| &voucher.entries);
    assert_eq!(sides(entries().map(|entry| entry.amount)).1, money("1,79,13,097.26"));
    let bills =
        |kind| entries().flat_map(|entry| &entry.bills).filter(|bill| bill.kind == kind).count();
    let counts =
        [BillKind::New, BillKind::Against, BillKind::OnAccount, BillKind::Advance].map(bills);
    assert!(counts.iter().sum::<usize>() <= 277 + 153 + 21 + 21, "{counts:?}");
    let mut closing = moved(&books);
    for ledger in &books.ledgers {
        *closing.entry(ledger.name.clone()).or_default() += ledger.opening.minor();
    }
    for (ledger, expected) in [
        ("Cash", "-3,19,772.62"),
        ("Deccan Bank Current A/c", "-11,34,625.30"),
        ("Sahakari Bank OD A/c", "-2,55,201.00"),
        ("Sales GST 5%", "-28,98,413.93"),
        ("Sales GST 18%", "-3,66,988.17"),
        ("Sales Exempt", "-76,268.12"),
        ("Export Sales (LUT)", "-4,96,528.73"),
        ("Purchase GST 5%", "50,05,452.00"),
        ("Output CGST", "-76,196.16"),
        ("Output SGST", "-76,196.16"),
        ("Output IGST", "-68,986.99"),
        ("Input CGST", "79,308.83"),
        ("Round Off", "-0.24"),
        ("Shop Rent", "7,20,000.00"),
        ("जय भवानी किराणा", "1,16,716.16"),
        ("D'Souza Bakers & Sons", "2,59,462.62"),
    ] {
        assert_eq!(closing.get(ledger).copied(), Some(money(expected).minor()), "{ledger}");
    }
    let closing = closing.into_values().map(Money::from_minor);
    assert_eq!(sides(closing), (money("98,78,357.45"), money("1,03,36,061.45")));
}

#[test]
fn tally_vouchers_with_one_fault_each() {
    let Some(file) = sample("tally/daybook-native-faulty.xml") else { return };
    let Reading { books: read, mut findings } = tally::read(&file, &rupees(), &limits());
    let mut books = tally_masters().unwrap();
    books.vouchers = read.vouchers;
    let books = review(books, &known(), &limits(), &mut findings);
    let kept: Vec<_> =
        books.vouchers.iter().filter_map(|voucher| voucher.number.as_deref()).collect();
    assert_eq!(kept, ["F1", "F8", "F10"]);
    let found: BTreeSet<_> = findings
        .iter()
        .map(|finding| {
            assert!(finding.line.is_some());
            let number = finding.record.as_deref().unwrap().rsplit(' ').next().unwrap();
            (number.to_owned(), finding.reason.code())
        })
        .collect();
    let expected = [
        ("F2", Reason::Unbalanced),
        ("F3", Reason::UnknownLedger),
        ("F4", Reason::BadDate),
        ("F5", Reason::BadAmount),
        ("F6", Reason::BillsDiffer),
        ("F7", Reason::UnknownVoucherType),
        ("F9", Reason::Conflict),
    ];
    let expected: BTreeSet<_> =
        expected.into_iter().map(|(number, reason)| (number.to_owned(), reason.code())).collect();
    assert_eq!(found, expected);
}

#[test]
fn tally_reports_of_a_connector() {
    let Some(groups) = sample("tally/connector-groups.xml") else { return };
    let groups = tally::read(&groups, &rupees(), &limits());
    assert_eq!(errors(&groups.findings), []);
    assert_eq!(groups.books.groups.len(), 61);
    let primary = groups.books.groups.iter().filter(|group| group.parent.is_none()).count();
    assert_eq!(primary, 14);
    let ledgers = sample("tally/connector-ledgers.xml").unwrap();
    let ledgers = tally::read(&ledgers, &rupees(), &limits());
    assert_eq!(errors(&ledgers.findings), []);
    assert_eq!(ledgers.books.ledgers.len(), 295);
    let openings = || ledgers.books.ledgers.iter().map(|ledger| ledger.opening);
    assert_eq!(openings().filter(|opening| !opening.is_zero()).count(), 133);
    assert_eq!(sides(openings()), (money("7,47,05,596.73"), money("9,57,24,208.44")));
    let sales = sample("tally/connector-vouchers-sales.xml").unwrap();
    let sales = tally::read(&sales, &rupees(), &limits());
    assert_eq!(errors(&sales.findings), []);
    assert_eq!(sales.books.vouchers.len(), 100);
    assert!(sales.books.vouchers.iter().all(|sale| sale.difference() == Some(Money::ZERO)));
    let entries = sales.books.vouchers.iter().flat_map(|sale| &sale.entries);
    let total = money("6,70,68,248.03");
    assert_eq!(sides(entries.map(|entry| entry.amount)), (total, total));
}

/// Sums of accounts by the first part of their names.
fn by_root(books: &StagedBooks) -> BTreeMap<String, i64> {
    let mut roots = BTreeMap::new();
    for (account, sum) in moved(books) {
        let root = account.split(':').next().unwrap().to_owned();
        *roots.entry(root).or_default() += sum;
    }
    roots
}

/// Quantities of a commodity in accounts that begin so.
fn quantity(books: &StagedBooks, account: &str, commodity: &str) -> String {
    let entries = books.vouchers.iter().flat_map(|voucher| &voucher.entries);
    let of = entries
        .filter(|entry| entry.ledger.starts_with(account))
        .filter_map(|entry| entry.foreign.as_ref());
    let sum: rust_decimal::Decimal =
        of.filter(|foreign| foreign.commodity == commodity).map(|foreign| foreign.quantity).sum();
    sum.to_string()
}

#[test]
fn hledger_journal_of_ten_thousand_transactions() {
    let Some(file) = sample("hledger/made-10k.journal") else { return };
    let reading = journal::read_hledger(&file, &rupees(), &limits());
    // Thirty-five assertions among them.
    assert_eq!(errors(&reading.findings), []);
    let books = reading.books;
    assert_eq!(books.vouchers.len(), 10_000);
    assert_eq!((books.ledgers.len(), moved(&books).len()), (65, 60));
    let sums = moved(&books);
    let below = |start: &str| {
        let within = sums.iter().filter(|(account, _)| account.starts_with(start));
        Money::from_minor(within.map(|(_, sum)| sum).sum())
    };
    for (account, expected) in [
        ("assets:bank:deccan", "5,44,20,373.61"),
        ("assets:cash", "-76,465.01"),
        ("assets:debtors", "6,43,00,787.11"),
        ("liabilities:creditors", "-3,09,66,311.82"),
        ("income:sales:goods", "-15,26,04,388.42"),
        ("expenses:purchases", "8,66,59,303.28"),
    ] {
        assert_eq!(below(account), money(expected), "{account}");
    }
    // Sold in dollars: hledger sums fractions of a paisa, books hold whole ones.
    let out_by = below("income:sales:services").minor() - money("-5,79,332.14").minor();
    assert!(out_by.abs() <= 142 / 2, "{out_by}");
    assert!(notes(&reading.findings).contains(&Reason::Rounded));
    let gst: BTreeSet<i64> =
        [money("-2,74,68,790.42").minor(), money("43,32,965.49").minor()].into();
    let found: BTreeSet<i64> =
        sums.iter().filter(|(account, _)| account.contains("gst")).map(|(_, sum)| *sum).collect();
    assert_eq!(found, gst);
    assert_eq!(quantity(&books, "assets:dollar account", "$"), "8112.50");
    assert_eq!(quantity(&books, "assets:stock:rice", "KG"), "500.000");
}

#[test]
fn hledger_journal_with_shares_and_hours() {
    let Some(file) = sample("hledger/bcexample.journal") else { return };
    let reading = journal::read_hledger(&file, &currency("USD", 2), &limits());
    assert_eq!(errors(&reading.findings), []);
    let books = reading.books;
    let roots = by_root(&books);
    for (root, expected) in [
        ("Liabilities", "-2,891.85"),
        ("Equity", "-3,077.70"),
        ("Income", "-3,65,071.44"),
        ("Expenses", "2,60,911.70"),
    ] {
        assert_eq!(roots[root], money(expected).minor(), "{root}");
    }
    // At cost, where rounding of its own prices is out by 0.04.
    let assets = roots["Assets"] - money("1,10,129.33").minor();
    assert!(assets.abs() <= 4, "{assets}");
    assert_eq!(roots.values().sum::<i64>(), 0);
}

#[test]
fn beancount_journals() {
    let Some(file) = sample("beancount/basic.beancount") else { return };
    let reading = journal::read_beancount(&file, &currency("USD", 2), &limits());
    assert_eq!(errors(&reading.findings), []);
    let roots = by_root(&reading.books);
    for (root, expected) in [
        ("Assets", "45,484.85"),
        ("Liabilities", "844.74"),
        ("Equity", "-48,559.87"),
        ("Income", "-8,427.33"),
        ("Expenses", "10,657.61"),
    ] {
        assert_eq!(roots[root], money(expected).minor(), "{root}");
    }
    // One pad is in another currency and makes no voucher.
    assert_eq!(reading.books.vouchers.len(), 67);
    assert_eq!(reading.books.ledgers.len(), 37);

    let file = sample("beancount/long-example.beancount").unwrap();
    let reading = journal::read_beancount(&file, &currency("USD", 2), &limits());
    assert_eq!(errors(&reading.findings), []);
    let roots = by_root(&reading.books);
    for (root, expected) in [
        ("Liabilities", "-2,935.65"),
        ("Equity", "-3,553.18"),
        ("Income", "-3,11,262.19"),
        ("Expenses", "2,23,430.69"),
    ] {
        assert_eq!(roots[root], money(expected).minor(), "{root}");
    }
    // 94,320.27840 at cost, of parts that are no whole cents.
    let assets = roots["Assets"] - money("94,320.28").minor();
    assert!(assets.abs() <= 60, "{assets}");
    assert_eq!(roots.values().sum::<i64>(), 0);
}

#[test]
fn ofx_statements() {
    let Some(file) = sample("ofx/checking-sgml-102.ofx") else { return };
    let reading = read_ofx(&file, &currency("USD", 2), &limits());
    assert_eq!(errors(&reading.findings), []);
    let statement = &reading.statements[0];
    assert_eq!(statement.account.as_deref(), Some("1452687~7"));
    assert_eq!(statement.closing, Some(money("100.99")));
    let ids: Vec<_> = statement.lines.iter().filter_map(|line| line.bank_id.as_deref()).collect();
    assert_eq!(ids, ["0000486", "0000487", "0000488"]);
    assert_eq!(Money::sum(statement.lines.iter().map(|line| line.amount)), Some(money("-59.50")));

    let card =
        read_ofx(&sample("ofx/credit-card-brl.ofx").unwrap(), &currency("BRL", 2), &limits());
    assert_eq!(errors(&card.findings), []);
    let statement = &card.statements[0];
    let sum = Money::sum(statement.lines.iter().map(|line| line.amount));
    assert_eq!((statement.lines.len(), sum), (6, Some(money("-1,280.91"))));
    assert_eq!(statement.closing, sum);
    assert_eq!(statement.lines[0].date.to_string(), "2024-03-23");
    assert_eq!(fingerprints(&card).len(), 6);

    let broken = sample("ofx/broken-amount-and-date.ofx").unwrap();
    let broken = read_ofx(&broken, &currency("CAD", 2), &limits());
    let fields: Vec<_> = broken.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(fields[0].starts_with("DTPOSTED") && fields[1].starts_with("TRNAMT"), "{fields:?}");
    assert_eq!(broken.lines().count(), 0);
}

#[test]
fn mt940_statements() {
    let Some(file) = sample("mt940/sepa-multi.sta") else { return };
    let reading = read_mt940(&file, &currency("EUR", 2), &limits());
    // Opening, lines and closing agree in all of them.
    assert_eq!(errors(&reading.findings), []);
    assert_eq!(reading.statements.len(), 26);
    let accounts: BTreeSet<_> =
        reading.statements.iter().filter_map(|statement| statement.account.as_deref()).collect();
    assert_eq!(accounts.len(), 20);
    assert_eq!(reading.lines().count(), 97);
    let (came, went) = sides(reading.lines().map(|line| line.amount));
    assert_eq!(came, money("51,88,474.94"));
    assert_eq!(went, money("1,44,57,201.08").checked_add(money("409.76")).unwrap());
    let february = sample("mt940/february-30.sta").unwrap();
    let february = read_mt940(&february, &currency("EUR", 2), &limits());
    assert_eq!(errors(&february.findings), []);
    assert_eq!(february.findings.iter().count(), 1);
    let line = february.lines().next().unwrap();
    assert_eq!((line.amount, line.date.to_string()), (money("-6.00"), "2016-03-01".to_owned()));
    assert_eq!(line.value_date.unwrap().to_string(), "2016-02-29");
}

#[test]
fn sheets_of_banks() {
    let Some(file) = sample("bank-csv/made-india-current-account.csv") else { return };
    let reading = sheet(&file, &rupees());
    assert_eq!(errors(&reading.findings), []);
    let statement = &reading.statements[0];
    assert_eq!(statement.lines.len(), 376);
    let amounts = || statement.lines.iter().map(|line| line.amount);
    assert_eq!(sides(amounts()), (money("40,90,178.17"), money("35,69,352.41")));
    assert_eq!(amounts().filter(|amount| amount.is_negative()).count(), 164);
    assert_eq!(statement.opening, Some(money("3,12,045.75")));
    assert_eq!(statement.closing, Some(money("8,32,871.51")));
    assert_eq!(statement.lines.iter().filter(|line| line.reference.is_none()).count(), 73);
    let later = statement.lines.iter().filter(|line| line.value_date > Some(line.date)).count();
    assert_eq!(later, 23);
    // Two pairs are alike in all but the balance.
    assert_eq!(fingerprints(&reading).len(), 376);
    assert_eq!(fingerprints(&reading), fingerprints(&sheet(&file, &rupees())));

    let file = sample("bank-csv/made-mpesa-paybill-2026-02.csv").unwrap();
    let reading = sheet(&file, &currency("KES", 2));
    assert_eq!(errors(&reading.findings), []);
    let statement = &reading.statements[0];
    assert_eq!(statement.lines.len(), 512);
    let amounts = statement.lines.iter().map(|line| line.amount);
    assert_eq!(sides(amounts), (money("7,16,937.19"), money("5,36,518.58")));
    assert_eq!(statement.opening, Some(money("84,210.00")));
    assert_eq!(statement.closing, Some(money("2,64,628.61")));
    assert_eq!(fingerprints(&reading).len(), 512);
}
