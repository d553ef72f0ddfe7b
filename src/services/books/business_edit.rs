//! What an edit changes of a business: read, and put into its row.

use daybook_domain::{email::Email, phone::Phone, text::fold};
use daybook_entity::tenant::business::business;

use super::{
    businesses::{ChangeBusiness, NAME_MAX, Settings},
    vouchers::Wrong,
};
use crate::error::{Code, Result};

/// A change that was read and found in form; what is `None` stays.
pub struct BusinessEdit {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    name: Option<String>,
    legal_name: Option<Option<String>>,
    time_zone: Option<String>,
    email: Option<Option<String>>,
    phone: Option<Option<String>>,
    address: Option<Option<String>>,
    tax_number: Option<Option<String>>,
    colour: Option<Option<String>>,
    logo: Option<Option<String>>,
    journal_allows_cash: Option<bool>,
    approval_required: Option<bool>,
}

impl BusinessEdit {
    /// Reads a change of a business in that country.
    ///
    /// # Errors
    /// Everything that is out of form, and what is null and cannot be.
    pub fn read(command: ChangeBusiness, country: &str) -> Result<Self> {
        let mut wrong = Wrong::below("input");
        let name = wrong.given("name", command.name);
        let name = name.map(|name| wrong.required("name", &name, NAME_MAX));
        let time_zone = wrong.given("timeZone", command.time_zone);
        let journal_allows_cash = wrong.given("journalAllowsCash", command.journal_allows_cash);
        let approval_required = wrong.given("approvalRequired", command.approval_required);
        let mut line = |field: &str, value: Option<Option<String>>, most| {
            value.map(|text| wrong.text(field, text.as_deref(), most, true))
        };
        let legal_name = line("legalName", command.legal_name, NAME_MAX);
        let email = line("email", command.email, 254);
        let phone = line("phone", command.phone, 32);
        let tax_number = line("taxNumber", command.tax_number, 32);
        let colour = line("brandColour", command.brand_colour, 7);
        let logo = line("logoUrl", command.logo_url, 500);
        let address =
            command.address.map(|text| wrong.text("address", text.as_deref(), 500, false));
        if let Some(Some(email)) = &email
            && Email::parse(email).is_err()
        {
            wrong.add(Code::Invalid, "email", "this is not an e-mail address");
        }
        let phone = phone.map(|text| match text.map(|text| Phone::parse(&text, country)) {
            Some(Ok(phone)) => Some(phone.as_str().to_owned()),
            Some(Err(why)) => {
                wrong.add(Code::Invalid, "phone", &why.to_string());
                None
            }
            None => None,
        });
        if let Some(Some(colour)) = &colour
            && !is_colour(colour)
        {
            wrong.add(Code::Invalid, "brandColour", "a colour is # and six hexadecimal digits");
        }
        if let Some(Some(logo)) = &logo
            && !logo.starts_with("https://")
        {
            wrong.add(Code::Invalid, "logoUrl", "an address of a logo begins with https://");
        }
        if let Some(zone) = &time_zone
            && zone.parse::<chrono_tz::Tz>().is_err()
        {
            wrong.add(Code::Invalid, "timeZone", "this is not the name of a time zone");
        }
        wrong.finish()?;
        let expected_version = command.expected_version;
        Ok(Self {
            expected_version,
            name,
            legal_name,
            time_zone,
            email,
            phone,
            address,
            tax_number,
            colour,
            logo,
            journal_allows_cash,
            approval_required,
        })
    }

    /// The business as it will be; the same where nothing changes.
    pub fn of(self, mut row: business::Model) -> business::Model {
        if let Some(name) = self.name {
            row.name_key = fold(&name);
            row.name = name;
        }
        let before = Settings::read(&row.settings);
        let mut settings = before.clone();
        set(&mut settings.journal_allows_cash, self.journal_allows_cash);
        set(&mut settings.approval_required, self.approval_required);
        if settings != before {
            row.settings = settings.to_text();
        }
        set(&mut row.time_zone, self.time_zone);
        set(&mut row.legal_name, self.legal_name);
        set(&mut row.email, self.email);
        set(&mut row.phone, self.phone);
        set(&mut row.address, self.address);
        set(&mut row.tax_number, self.tax_number);
        set(&mut row.brand_colour, self.colour);
        set(&mut row.logo_url, self.logo);
        row
    }
}

fn set<T>(column: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *column = value;
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
