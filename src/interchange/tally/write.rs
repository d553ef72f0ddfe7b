//! Writes Tally's XML, masters before vouchers, in the layout that Tally itself imports.

use std::io::Write;

use chrono::NaiveDate;
use daybook_domain::{chart::Nature, money::Money};
use quick_xml::escape::escape;

use crate::interchange::{
    staged::{
        StagedBill, StagedCostShare, StagedEntry, StagedGroup, StagedLedger, StagedParty,
        StagedVoucher, VoucherState,
    },
    write::{BooksWriter, Head, WriteError},
};

/// Writes books as one envelope.
pub struct TallyWriter<W> {
    out: W,
    exponent: u8,
}

impl<W: Write> TallyWriter<W> {
    /// Begins the envelope.
    ///
    /// # Errors
    /// When the receiver fails.
    pub fn new(mut out: W, head: &Head) -> Result<Self, WriteError> {
        out.write_all(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ENVELOPE>\n\
              <HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER>\n<BODY>\n<IMPORTDATA>\n\
              <REQUESTDESC><REPORTNAME>All Masters</REPORTNAME>",
        )?;
        if let Some(from) = head.opened_on.and_then(|day| day.succ_opt()) {
            let day = day_text(from);
            write!(out, "<STATICVARIABLES><SVFROMDATE>{day}</SVFROMDATE></STATICVARIABLES>")?;
        }
        out.write_all(b"</REQUESTDESC>\n<REQUESTDATA>\n")?;
        Ok(Self { out, exponent: head.currency.exponent })
    }

    fn open(&mut self, tag: &str, attributes: &[(&str, Option<&str>)]) -> Result<(), WriteError> {
        write!(self.out, "<{tag}")?;
        for (name, value) in attributes {
            if let Some(value) = value {
                write!(self.out, " {name}=\"{}\"", escape(*value))?;
            }
        }
        self.out.write_all(b">\n")?;
        Ok(())
    }

    fn close(&mut self, tag: &str) -> Result<(), WriteError> {
        writeln!(self.out, "</{tag}>")?;
        Ok(())
    }

    fn text(&mut self, tag: &str, text: &str) -> Result<(), WriteError> {
        writeln!(self.out, "<{tag}>{}</{tag}>", escape(text))?;
        Ok(())
    }

    fn optional(&mut self, tag: &str, text: Option<&str>) -> Result<(), WriteError> {
        text.map_or(Ok(()), |text| self.text(tag, text))
    }

    fn flag(&mut self, tag: &str, is_so: bool) -> Result<(), WriteError> {
        self.text(tag, if is_so { "Yes" } else { "No" })
    }

    fn day(&mut self, tag: &str, day: Option<NaiveDate>) -> Result<(), WriteError> {
        day.map_or(Ok(()), |day| self.text(tag, &day_text(day)))
    }

    /// A debit is below zero here.
    fn amount(&mut self, tag: &str, amount: Money) -> Result<(), WriteError> {
        let text = (-amount).format(self.exponent);
        self.text(tag, &text)
    }

    fn bill(
        &mut self,
        bill: &StagedBill,
        amount_tag: &str,
        from: Option<NaiveDate>,
    ) -> Result<(), WriteError> {
        self.open("BILLALLOCATIONS.LIST", &[])?;
        self.optional("NAME", bill.name.as_deref())?;
        self.text("BILLTYPE", bill.kind.word())?;
        self.day("BILLDATE", bill.date)?;
        if let Some(due) = bill.due {
            let days = bill.date.or(from).map(|from| due.signed_duration_since(from).num_days());
            match days {
                Some(days) if days >= 0 => {
                    self.text("BILLCREDITPERIOD", &format!("{days} Days"))?;
                }
                _ => self.day("BILLCREDITPERIOD", Some(due))?,
            }
        }
        self.amount(amount_tag, bill.amount)?;
        self.close("BILLALLOCATIONS.LIST")
    }

    fn party(&mut self, party: &StagedParty) -> Result<(), WriteError> {
        if let Some(address) = &party.address {
            self.open("ADDRESS.LIST", &[("TYPE", Some("String"))])?;
            for line in address.lines() {
                self.text("ADDRESS", line)?;
            }
            self.close("ADDRESS.LIST")?;
        }
        self.optional("COUNTRYNAME", party.country.as_deref())?;
        self.optional("LEDSTATENAME", party.state.as_deref())?;
        self.optional("PARTYGSTIN", party.gstin.as_deref())?;
        self.optional("INCOMETAXNUMBER", party.pan.as_deref())?;
        self.optional("EMAIL", party.email.as_deref())?;
        self.optional("LEDGERPHONE", party.phone.as_deref())
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Result<(), WriteError> {
        self.open("LANGUAGENAME.LIST", &[])?;
        self.open("NAME.LIST", &[("TYPE", Some("String"))])?;
        for name in names {
            self.text("NAME", name)?;
        }
        self.close("NAME.LIST")?;
        self.close("LANGUAGENAME.LIST")
    }

    fn entry(&mut self, entry: &StagedEntry, voucher: &StagedVoucher) -> Result<(), WriteError> {
        self.open("ALLLEDGERENTRIES.LIST", &[])?;
        self.text("LEDGERNAME", &entry.ledger)?;
        self.flag("ISDEEMEDPOSITIVE", !entry.amount.is_negative())?;
        let is_party = voucher.party.as_deref() == Some(entry.ledger.as_str());
        self.flag("ISPARTYLEDGER", is_party)?;
        self.optional("NARRATION", entry.narration.as_deref())?;
        self.amount("AMOUNT", entry.amount)?;
        if let Some(foreign) = &entry.foreign {
            self.open("DAYBOOKFOREIGN.LIST", &[])?;
            self.text("COMMODITY", &foreign.commodity)?;
            self.text("QUANTITY", &foreign.quantity.to_string())?;
            self.close("DAYBOOKFOREIGN.LIST")?;
        }
        self.cost_shares(&entry.cost_shares)?;
        if let Some(instrument) = &entry.instrument {
            self.open("BANKALLOCATIONS.LIST", &[])?;
            self.optional("INSTRUMENTNUMBER", instrument.number.as_deref())?;
            self.day("INSTRUMENTDATE", instrument.date)?;
            self.amount("AMOUNT", entry.amount)?;
            self.close("BANKALLOCATIONS.LIST")?;
        }
        for bill in &entry.bills {
            self.bill(bill, "AMOUNT", Some(voucher.date))?;
        }
        self.close("ALLLEDGERENTRIES.LIST")
    }

    /// Shares of one category that follow each other stand in one list.
    fn cost_shares(&mut self, shares: &[StagedCostShare]) -> Result<(), WriteError> {
        for shares in shares.chunk_by(|one, next| one.category == next.category) {
            self.open("CATEGORYALLOCATIONS.LIST", &[])?;
            let category = shares.first().and_then(|share| share.category.as_deref());
            self.optional("CATEGORY", category)?;
            for share in shares {
                self.open("COSTCENTREALLOCATIONS.LIST", &[])?;
                self.text("NAME", &share.centre)?;
                self.amount("AMOUNT", share.amount)?;
                self.close("COSTCENTREALLOCATIONS.LIST")?;
            }
            self.close("CATEGORYALLOCATIONS.LIST")?;
        }
        Ok(())
    }

    fn message(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.open("TALLYMESSAGE", &[("xmlns:UDF", Some("TallyUDF"))])?;
        inner(self)?;
        self.close("TALLYMESSAGE")
    }
}

fn day_text(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

impl<W: Write> BooksWriter for TallyWriter<W> {
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError> {
        self.message(|out| {
            out.open("GROUP", &[("NAME", Some(&group.name)), ("ACTION", Some("Create"))])?;
            out.text("PARENT", group.parent.as_deref().unwrap_or_default())?;
            if let Some(nature) = group.nature {
                let is_revenue = matches!(nature, Nature::Income | Nature::Expense);
                out.flag("ISREVENUE", is_revenue)?;
                let is_debit = matches!(nature, Nature::Asset | Nature::Expense);
                out.flag("ISDEEMEDPOSITIVE", is_debit)?;
            }
            out.names(std::iter::once(group.name.as_str()))?;
            out.close("GROUP")
        })
    }

    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError> {
        self.message(|out| {
            out.open("LEDGER", &[("NAME", Some(&ledger.name)), ("ACTION", Some("Create"))])?;
            out.optional("GUID", ledger.key.as_deref())?;
            if let Some(party) = &ledger.party {
                out.party(party)?;
            }
            out.text("PARENT", ledger.group.as_deref().unwrap_or_default())?;
            out.flag("ISBILLWISEON", ledger.is_bill_wise)?;
            if !ledger.opening.is_zero() {
                out.amount("OPENINGBALANCE", ledger.opening)?;
            }
            let aliases = ledger.aliases.iter().map(String::as_str);
            out.names(std::iter::once(ledger.name.as_str()).chain(aliases))?;
            for bill in &ledger.opening_bills {
                out.bill(bill, "OPENINGBALANCE", None)?;
            }
            out.close("LEDGER")
        })
    }

    fn voucher(&mut self, voucher: &StagedVoucher) -> Result<(), WriteError> {
        self.message(|out| {
            out.open(
                "VOUCHER",
                &[
                    ("REMOTEID", voucher.key.as_deref()),
                    ("VCHTYPE", voucher.voucher_type.as_deref()),
                    ("ACTION", Some("Create")),
                    ("OBJVIEW", Some("Accounting Voucher View")),
                ],
            )?;
            out.day("DATE", Some(voucher.date))?;
            out.optional("GUID", voucher.key.as_deref())?;
            out.optional("NARRATION", voucher.narration.as_deref())?;
            out.optional("VOUCHERTYPENAME", voucher.voucher_type.as_deref())?;
            out.optional("VOUCHERNUMBER", voucher.number.as_deref())?;
            out.optional("REFERENCE", voucher.reference.as_deref())?;
            out.day("REFERENCEDATE", voucher.reference_date)?;
            out.optional("PARTYLEDGERNAME", voucher.party.as_deref())?;
            out.flag("ISOPTIONAL", voucher.state == VoucherState::Optional)?;
            out.flag("ISCANCELLED", voucher.state == VoucherState::Cancelled)?;
            for entry in &voucher.entries {
                out.entry(entry, voucher)?;
            }
            out.close("VOUCHER")
        })
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        self.out.write_all(b"</REQUESTDATA>\n</IMPORTDATA>\n</BODY>\n</ENVELOPE>\n")?;
        self.out.flush()?;
        Ok(())
    }
}
