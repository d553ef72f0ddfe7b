//! The statements of a small company's year, to the paisa, as hledger works them out from its journal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::company::{Amounts, Company, by_ledger, figure, figures, is_of_the_year, ledger, paise};

fn amount(value: &Value) -> i64 {
    paise(value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}")))
}

fn name(line: &Value) -> String {
    let ledger = line["ledger"]["name"].as_str();
    ledger.or(line["name"].as_str()).unwrap().to_owned()
}

/// A column of lines by ledger; zeros are left out.
fn column(lines: &Value, column: &str) -> Amounts {
    let lines = lines.as_array().unwrap().iter().filter(|line| !line["ledger"].is_null());
    lines.map(|line| (name(line), amount(&line[column]))).filter(|(_, paise)| *paise != 0).collect()
}

/// Amounts of lines by code of the group, or by name of the ledger.
fn by_place(lines: &Value) -> Amounts {
    let place = |line: &Value| match line["accountGroup"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None => name(line),
    };
    lines.as_array().unwrap().iter().map(|line| (place(line), paise_of(line))).collect()
}

fn paise_of(line: &Value) -> i64 {
    paise(line["amount"]["amount"].as_str().unwrap())
}

/// Lines of hledger's tree below one of these groups: by group or ledger, `sign` turned.
fn tree(kind: &str, top: &[&str], sign: i64) -> Amounts {
    figures(kind)
        .into_iter()
        .filter(|(account, _)| {
            let mut parts = account.split(':');
            parts.next();
            parts.next().is_some_and(|group| top.contains(&group))
        })
        .map(|(account, paise)| (ledger(&account).to_owned(), sign * paise))
        .collect()
}

/// Balances before the year or after a day of it, as a ledger shows them: income and expense without
/// the year before, which stands in Profit & Loss A/c.
fn carried(kind: &str) -> Amounts {
    let before = by_ledger("before");
    let mut found: Amounts = figures(kind)
        .into_iter()
        .map(|(account, paise)| {
            let older = before.get(ledger(&account)).copied().unwrap_or(0);
            let older = if is_of_the_year(&account) { older } else { 0 };
            (ledger(&account).to_owned(), paise - older)
        })
        .filter(|(_, paise)| *paise != 0)
        .collect();
    found.insert("Profit & Loss A/c".to_owned(), figure("earlier_result"));
    found
}

const TRIAL_BALANCE: &str =
    "query($id: ID!, $from: Date, $to: Date, $compared: ComparativesInput) {
    trialBalance(businessId: $id, from: $from, asAt: $to, comparatives: $compared) {
        from asAt isBalanced comparativePeriods { from to }
        rows { ledger { name } ...columns comparatives { ...figures } }
        lines { kind level name accountGroup { code } ledger { name } parent { code } ...lines }
        totals { openingDebit { amount } openingCredit { amount } debit { amount } credit { amount }
            closingDebit { amount } closingCredit { amount } carriedOver { amount } } } }
    fragment columns on TrialBalanceRow { openingDebit { amount } openingCredit { amount }
        debit { amount } credit { amount } closingDebit { amount } closingCredit { amount }
        carriedOver { amount } }
    fragment lines on TrialBalanceLine { openingDebit { amount } openingCredit { amount }
        debit { amount } credit { amount } closingDebit { amount } closingCredit { amount }
        carriedOver { amount } }
    fragment figures on TrialBalanceFigures { debit { amount } credit { amount }
        closingDebit { amount } closingCredit { amount } carriedOver { amount } }";

/// Debit less credit of a pair of columns, by ledger.
fn balances(rows: &Value, pair: &str) -> Amounts {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let side = |side: &str| amount(&row[format!("{pair}{side}")]);
        (name(row), side("Debit") - side("Credit"))
    })
    .filter(|(_, paise)| *paise != 0)
    .collect()
}

fn each(amounts: &Amounts, sign: i64) -> Amounts {
    amounts.iter().map(|(name, paise)| (name.clone(), sign * paise)).collect()
}

fn sum(amounts: &Amounts) -> i64 {
    amounts.values().sum()
}

async fn trial_balance(company: &Company) {
    let year =
        json!({ "from": "2025-04-01", "to": "2026-03-31", "compared": { "previousYears": 1 } });
    let found = company.ask(TRIAL_BALANCE, year).await;
    let report = found.at("trialBalance");
    assert_eq!(report["isBalanced"], true);
    assert_eq!(report["comparativePeriods"], json!([{ "from": "2024-04-01", "to": "2025-03-31" }]));
    let rows = &report["rows"];
    assert_eq!(balances(rows, "opening"), carried("before"));
    assert_eq!(column(rows, "debit"), by_ledger("debit"));
    assert_eq!(column(rows, "credit"), each(&by_ledger("credit"), -1));
    assert_eq!(balances(rows, "closing"), carried("after"));
    // The year before: its income and expense still stand on their own ledgers at its end.
    let first: Value = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let mut one = row["comparatives"][0].clone();
            one["ledger"] = row["ledger"].clone();
            one
        })
        .collect();
    assert_eq!(balances(&first, "closing"), by_ledger("before"));
    // By groups the same ledgers, and at the top the same sums.
    let lines = &report["lines"];
    assert_eq!(column(lines, "closingDebit"), column(rows, "closingDebit"));
    for pair in ["opening", "closing"] {
        let lines = lines.as_array().unwrap().iter();
        for side in ["Debit", "Credit"] {
            let column = format!("{pair}{side}");
            let top = lines.clone().filter(|line| line["level"] == 1);
            let top: i64 = top.map(|line| amount(&line[&column])).sum();
            assert_eq!(top, amount(&report["totals"][&column]), "{column}");
        }
    }
    let group = |code: &str| {
        let mut lines = lines.as_array().unwrap().iter();
        lines.find(|line| line["accountGroup"]["code"] == code).unwrap().clone()
    };
    let debtors = group("SD");
    let tree: Amounts = figures("after_tree").into_iter().collect();
    assert_eq!(amount(&debtors["closingDebit"]), tree["Assets:CA:SD"]);
    assert_eq!((&debtors["level"], &debtors["parent"]["code"]), (&json!(2), &json!("CA")));

    // A day within a month, and the turn of the year within the period.
    let july = json!({ "to": "2025-07-11" });
    let found = company.ask(TRIAL_BALANCE, july).await;
    assert_eq!(found.text("trialBalance.from"), "2025-04-01");
    assert_eq!(balances(found.at("trialBalance.rows"), "closing"), carried("after_11_july"));
    let across = json!({ "from": "2024-11-16", "to": "2025-07-11" });
    let found = company.ask(TRIAL_BALANCE, across).await;
    let rows = found.at("trialBalance.rows");
    assert_eq!(found.at("trialBalance.isBalanced"), true);
    assert_eq!(balances(rows, "closing"), carried("after_11_july"));
    let carried_over = column(rows, "carriedOver");
    assert_eq!(carried_over["Profit & Loss A/c"], figure("earlier_result"));
    assert_eq!(carried_over["Sales"], -by_ledger("before")["Sales"]);
    assert_eq!(sum(&carried_over), 0);
}

const PROFIT_AND_LOSS: &str =
    "query($id: [ID!], $from: Date, $to: Date, $compared: ComparativesInput) {
    profitAndLoss(businessIds: $id, from: $from, to: $to, comparatives: $compared) {
        businesses { name } currency period { from to } comparativePeriods { from to }
        directIncome { ...section } directExpense { ...section }
        grossProfit { ...figure }
        indirectIncome { ...section } indirectExpense { ...section }
        netProfit { ...figure } } }
    fragment figure on StatementFigure { amount { amount } comparatives { amount } }
    fragment section on StatementSection { total { ...figure }
        lines { kind level name accountGroup { code } ledger { name } amount { amount }
            comparatives { amount } } }";

async fn profit_and_loss(company: &Company) {
    let compared = json!({
        "previousYears": 1,
        "periods": [{ "from": "2025-04-16", "to": "2025-07-11" }],
    });
    let year = json!({ "from": "2025-04-01", "to": "2026-03-31", "compared": compared });
    let found = company.ask(PROFIT_AND_LOSS, year).await;
    let report = found.at("profitAndLoss");
    assert_eq!(report["businesses"], json!([{ "name": "Cloth House" }]));
    for (section, groups, sign) in [
        ("directIncome", ["SAL", "DINC"], -1),
        ("directExpense", ["PUR", "DEXP"], 1),
        ("indirectIncome", ["IINC", ""], -1),
        ("indirectExpense", ["IEXP", ""], 1),
    ] {
        let lines = &report[section]["lines"];
        let expected = tree("moved_tree", &groups, sign);
        let seen: Amounts = by_place(lines).into_iter().filter(|(_, paise)| *paise != 0).collect();
        assert_eq!(seen, expected, "{section}");
        assert_eq!(amount(&report[section]["total"]["amount"]), sum(&column(lines, "amount")));
    }
    let figure_of = |name: &str| -> Vec<i64> {
        let figure = &report[name];
        let compared = figure["comparatives"].as_array().unwrap().iter();
        std::iter::once(&figure["amount"]).chain(compared).map(amount).collect()
    };
    let net = figure_of("netProfit");
    assert_eq!(net[0], -figure("net"));
    assert_eq!(net[1], -figure("net_16_april_to_11_july"));
    assert_eq!(net[2], -figure("first_year_net"));
    let gross = figure_of("grossProfit");
    assert_eq!((gross[0], gross[2]), (-figure("gross"), -figure("first_year_gross")));
}

const BALANCE_SHEET: &str = "query($id: [ID!], $asAt: Date, $compared: ComparativesInput) {
    balanceSheet(businessIds: $id, asAt: $asAt, comparatives: $compared) {
        asAt comparativeDays isBalanced
        liabilities { ...section } profitOfYear { ...figure } totalLiabilities { ...figure }
        assets { ...section } totalAssets { ...figure }
        difference { ...figure } openingDifference { ...figure } } }
    fragment figure on StatementFigure { amount { amount } comparatives { amount } }
    fragment section on StatementSection { total { ...figure }
        lines { level name accountGroup { code } ledger { name } amount { amount } } }";

async fn balance_sheet(company: &Company) {
    let day = json!({ "asAt": "2026-03-31", "compared": { "previousYears": 1 } });
    let found = company.ask(BALANCE_SHEET, day).await;
    let report = found.at("balanceSheet");
    assert_eq!(report["isBalanced"], true);
    assert_eq!(report["comparativeDays"], json!(["2025-03-31"]));
    let assets = by_place(&report["assets"]["lines"]);
    assert_eq!(assets, tree("after_tree", &["CA", "FA", "INV"], 1));
    let mut expected = tree("after_tree", &["CAP", "CL", "LOAN"], -1);
    expected.insert("Profit & Loss A/c".to_owned(), -figure("earlier_result"));
    assert_eq!(by_place(&report["liabilities"]["lines"]), expected);
    let both = |name: &str| {
        let figure = &report[name];
        (amount(&figure["amount"]), amount(&figure["comparatives"][0]))
    };
    let (net, earlier) = (-figure("net"), -figure("earlier_result"));
    assert_eq!(both("profitOfYear"), (net, earlier));
    let whole: Amounts = figures("after_tree").into_iter().collect();
    let before: i64 = figures("before")
        .iter()
        .filter(|(account, _)| account.starts_with("Assets"))
        .map(|(_, paise)| paise)
        .sum();
    assert_eq!(both("totalAssets"), (whole["Assets"], before));
    assert_eq!(both("totalLiabilities"), (whole["Assets"], before));
    assert_eq!(whole["Assets"], -whole["Liabilities"] + net + earlier);
    assert_eq!((both("difference"), both("openingDifference")), ((0, 0), (0, 0)));
}

const CASH_FLOW: &str = "query($id: [ID!], $from: Date, $to: Date, $compared: ComparativesInput) {
    cashFlow(businessIds: $id, from: $from, to: $to, comparatives: $compared) {
        isReconciled
        operating { ...section } investing { ...section } financing { ...section }
        operatingIndirect { netProfit { ...figure } total { ...figure }
            nonCash { lines { ledger { name } amount { amount } } }
            workingCapital { lines { ledger { name } amount { amount } } } }
        net { ...figure }
        cash { total { opening { amount } closing { amount } change { amount }
                comparatives { opening { amount } closing { amount } } }
            lines { ledger { name } closing { amount } } } } }
    fragment figure on StatementFigure { amount { amount } comparatives { amount } }
    fragment section on CashFlowSection {
        total { receipts { amount } payments { amount } amount { amount } comparatives { amount { amount } } }
        lines { ledger { name } receipts { amount } payments { amount } amount { amount } } }";

/// What hledger found against cash below groups for which this holds.
fn with_cash(kind: &str, sign: i64, is_it: impl Fn(&str) -> bool) -> Amounts {
    let rows = figures(kind).into_iter().filter(|(account, _)| is_it(account));
    rows.map(|(account, paise)| (ledger(&account).to_owned(), sign * paise)).collect()
}

fn is_investing(account: &str) -> bool {
    account.starts_with("Assets:FA") || account.starts_with("Assets:INV")
}

fn is_financing(account: &str) -> bool {
    ["CAP", "LOAN"].iter().any(|group| account.starts_with(&format!("Liabilities:{group}")))
}

async fn cash_flow(company: &Company) {
    let year =
        json!({ "from": "2025-04-01", "to": "2026-03-31", "compared": { "previousPeriods": 1 } });
    let found = company.ask(CASH_FLOW, year).await;
    let report = found.at("cashFlow");
    assert_eq!(report["isReconciled"], true);
    let section_of = |account: &str| {
        if is_investing(account) {
            "investing"
        } else if is_financing(account) {
            "financing"
        } else {
            "operating"
        }
    };
    let mut net = 0;
    for section in ["operating", "investing", "financing"] {
        let lines = &report[section]["lines"];
        let is_it = |account: &str| section_of(account) == section;
        let (receipts, payments) =
            (with_cash("with_cash_credit", -1, is_it), with_cash("with_cash_debit", 1, is_it));
        assert_eq!(column(lines, "receipts"), receipts, "{section}");
        assert_eq!(column(lines, "payments"), payments, "{section}");
        let total = amount(&report[section]["total"]["amount"]);
        assert_eq!(total, sum(&receipts) - sum(&payments), "{section}");
        net += total;
    }
    let (before, after) = (figure("cash_before"), figure("cash_after"));
    assert_eq!(net, after - before);
    assert_eq!(amount(&report["net"]["amount"]), net);
    let cash = &report["cash"]["total"];
    assert_eq!((amount(&cash["opening"]), amount(&cash["closing"])), (before, after));
    assert_eq!(amount(&cash["comparatives"][0]["closing"]), before);
    // Books begin with what they were opened with: that flowed in no year.
    let opened = paise("412300.00") + paise("18250.50");
    assert_eq!(amount(&cash["comparatives"][0]["opening"]), opened);
    assert_eq!(amount(&report["net"]["comparatives"][0]), before - opened);

    let indirect = &report["operatingIndirect"];
    assert_eq!(
        amount(&indirect["total"]["amount"]),
        amount(&report["operating"]["total"]["amount"])
    );
    assert_eq!(amount(&indirect["netProfit"]["amount"]), -figure("net"));
    // By hand: depreciation, and the interest that was added to the loan.
    let non_cash = column(&indirect["nonCash"]["lines"], "amount");
    let expected = [("Loom", "112500.00"), ("Term Loan", "19873.20")];
    let expected: Amounts =
        expected.into_iter().map(|(name, amount)| (name.to_owned(), paise(amount))).collect();
    assert_eq!(non_cash, expected);
    // What other assets and liabilities changed by, as hledger's balances do.
    let (before, after) = (by_ledger("before"), by_ledger("after"));
    let accounts: BTreeSet<String> =
        figures("before").into_iter().chain(figures("after")).map(|(account, _)| account).collect();
    let is_cash =
        |account: &str| [":CASH:", ":BANK:", ":BOD:"].iter().any(|one| account.contains(one));
    let expected: Amounts = accounts
        .iter()
        .filter(|account| {
            section_of(account) == "operating" && !is_cash(account) && !is_of_the_year(account)
        })
        .map(|account| {
            let of = |amounts: &Amounts| amounts.get(ledger(account)).copied().unwrap_or(0);
            (ledger(account).to_owned(), of(&before) - of(&after))
        })
        .filter(|(_, paise)| *paise != 0)
        .collect();
    assert_eq!(column(&indirect["workingCapital"]["lines"], "amount"), expected);
}

const FUNDS_FLOW: &str = "query($id: [ID!]) {
    fundsFlow(businessIds: $id, from: \"2025-04-01\", to: \"2026-03-31\") {
        isReconciled
        fromOperations { netProfit { amount { amount } } total { amount { amount } }
            nonFund { lines { ledger { name } amount { amount } } } }
        sources { ...section } applications { ...section }
        net { amount { amount } }
        currentAssets { total { opening { amount } closing { amount } } }
        currentLiabilities { total { opening { amount } closing { amount } } } } }
    fragment section on StatementSection { lines { ledger { name } amount { amount } }
        total { amount { amount } } }";

async fn funds_flow(company: &Company) {
    let found = company.ask(FUNDS_FLOW, json!({})).await;
    let report = found.at("fundsFlow");
    assert_eq!(report["isReconciled"], true);
    let sources = column(&report["sources"]["lines"], "amount");
    assert_eq!(sources, each(&by_ledger("with_funds_credit"), -1));
    let applications = column(&report["applications"]["lines"], "amount");
    assert_eq!(applications, by_ledger("with_funds_debit"));
    let (before, after) = (figure("funds_before"), figure("funds_after"));
    assert_eq!(amount(&report["net"]["amount"]), after - before);
    let part = |side: &str, end: &str| amount(&report[side]["total"][end]);
    for (end, expected) in [("opening", before), ("closing", after)] {
        assert_eq!(part("currentAssets", end) - part("currentLiabilities", end), expected);
    }
    let operations = amount(&report["fromOperations"]["total"]["amount"]);
    assert_eq!(operations + sum(&sources) - sum(&applications), after - before);
    // By hand: the profit, with depreciation and the interest added to the loan.
    assert_eq!(operations, -figure("net") + paise("112500.00") + paise("19873.20"));
}

const RATIOS: &str = "query($id: [ID!]) {
    ratioAnalysis(businessIds: $id, from: \"2025-04-01\", to: \"2026-03-31\",
        comparatives: { periods: [{ from: \"2025-03-01\", to: \"2025-03-31\" }] }) {
        ratios { kind unit value unavailable numerator { amount } denominator { amount }
            comparatives { value unavailable } }
        workingCapital { amount { amount } } purchases { amount { amount } } } }";

/// Worked out by hand from the balances that hledger found.
async fn ratios(company: &Company) {
    let found = company.ask(RATIOS, json!({})).await;
    let report = found.at("ratioAnalysis");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let seen: Vec<[String; 4]> = report["ratios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let compared = &one["comparatives"][0]["unavailable"];
            [&one["kind"], &one["unit"], &one["value"], compared].map(text)
        })
        .collect();
    let expected = [
        ["CURRENT", "TIMES", "2.2527", "-"],
        ["QUICK", "TIMES", "1.955", "-"],
        ["DEBT_TO_EQUITY", "TIMES", "0.5703", "-"],
        ["GROSS_MARGIN", "PERCENT", "47.0596", "NO_SALES"],
        ["NET_MARGIN", "PERCENT", "7.0814", "NO_SALES"],
        ["RETURN_ON_CAPITAL", "PERCENT", "6.0597", "-"],
        ["DEBTOR_DAYS", "DAYS", "262.9512", "NO_SALES"],
        ["CREDITOR_DAYS", "DAYS", "445.4707", "NO_PURCHASES"],
        ["STOCK_DAYS", "DAYS", "140.5193", "NO_DIRECT_EXPENSE"],
    ];
    assert_eq!(seen, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(amount(&report["workingCapital"]["amount"]), figure("funds_after"));
    // What came into stock: 210450.75 in April, 98700.10 in January.
    assert_eq!(amount(&report["purchases"]["amount"]), paise("309150.85"));
}

on_every_engine! {
    async fn a_year_of_a_small_company(app: &TestApp) {
        let company = Company::open(app).await;
        trial_balance(&company).await;
        profit_and_loss(&company).await;
        balance_sheet(&company).await;
        cash_flow(&company).await;
        funds_flow(&company).await;
        ratios(&company).await;
    }
}
