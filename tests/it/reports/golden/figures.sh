#!/usr/bin/env bash
# Works out figures.csv from company.journal with hledger: kind, account, amount in INR. Debits are above
# zero, as hledger has them. Run it by hand when the journal changes: ./figures.sh > figures.csv
set -euo pipefail
cd "$(dirname "$0")"

year=(-b 2025-04-01 -e 2026-04-01)
cash=':(CASH|BANK|BOD):'
current='^Assets:CA:|^Liabilities:CL:|:BOD:'
long='^Assets:(FA|INV):|^Liabilities:(CAP|SUS|LOAN:(SEC|UNS)):'

# Lines "kind,account,amount" of a balance report on standard output.
rows() {
    local kind=$1
    shift
    hledger "$@" -O csv | tail -n +2 | sed -E "s/^\"([^\"]*)\",\"([^ \"]*)[^\"]*\"\$/$kind,\1,\2/"
}
lines() { rows "$1" -f company.journal bal -N "${@:2}"; }
total() {
    local text
    text=$(hledger -f company.journal bal "${@:2}" -O csv | tail -n 1 | sed -E 's/^"[^"]*","([^ "]*).*/\1/')
    echo "$1,,$text"
}

echo "kind,account,amount"
# Balances before the year and after it, and what moved within; income and expense as they run through.
lines before --flat -e 2025-04-01
lines debit --flat "${year[@]}" amt:'>0'
lines credit --flat "${year[@]}" amt:'<0'
lines after --flat -e 2026-04-01
lines after_11_july --flat -e 2025-07-12
# The same by groups.
lines moved_tree --tree --no-elide "${year[@]}" '^Income' '^Expenses'
lines after_tree --tree --no-elide -e 2026-04-01 '^Assets' '^Liabilities'
# Profits.
total earlier_result '^Income' '^Expenses' -e 2025-04-01
total gross "${year[@]}" ':SAL:|:DINC:' ':PUR:|:DEXP:'
total net "${year[@]}" '^Income' '^Expenses'
total first_year_gross -b 2024-04-01 -e 2025-04-01 ':SAL:|:DINC:' ':PUR:|:DEXP:'
total first_year_net -b 2024-04-01 -e 2025-04-01 '^Income' '^Expenses'
total net_16_april_to_11_july -b 2025-04-16 -e 2025-07-12 '^Income' '^Expenses'
# Cash: what stands against it in the vouchers that move it.
total cash_before -e 2025-04-01 "$cash"
total cash_after -e 2026-04-01 "$cash"
hledger -f company.journal print "${year[@]}" "$cash" > /tmp/with_cash.$$
rows with_cash_debit -f /tmp/with_cash.$$ bal -N --flat not:"$cash" amt:'>0'
rows with_cash_credit -f /tmp/with_cash.$$ bal -N --flat not:"$cash" amt:'<0'
rm /tmp/with_cash.$$
# Funds: what long-lived ledgers move in the vouchers that move current ones.
total funds_before -e 2025-04-01 "$current"
total funds_after -e 2026-04-01 "$current"
hledger -f company.journal print "${year[@]}" "$current" > /tmp/with_funds.$$
rows with_funds_debit -f /tmp/with_funds.$$ bal -N --flat "$long" amt:'>0'
rows with_funds_credit -f /tmp/with_funds.$$ bal -N --flat "$long" amt:'<0'
rm /tmp/with_funds.$$
