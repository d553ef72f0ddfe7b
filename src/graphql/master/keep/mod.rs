//! How the platform's office keeps the shared structure.

pub mod groups;
pub mod places;
pub mod rates;
pub mod sections;
pub mod types;

use async_graphql::MergedObject;

use crate::user_errors;

user_errors!(
    /// Something wrong with a change of the shared structure.
    MasterUserError,
    /// What can be wrong with a change of the shared structure.
    MasterErrorCode {
        /// There is no such shared account group, or it is retired.
        AccountGroupUnknown,
        /// There is no such country in the catalogue.
        CountryUnknown,
        /// Tenants may use it already.
        InUse,
        /// It is not possible as things stand; the message says why.
        NotAllowed,
        /// There is no such row.
        NotFound,
        /// The invoice portal would refuse such numbers.
        NumberTooLong,
        /// Another row of the same code holds on some of these days.
        Overlap,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// It came with the product and the program rests on it.
        System,
        /// The code, name or day is in use already.
        Taken,
        /// The number is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More decimal places than are kept.
        TooPrecise,
        /// There is no such voucher type.
        VoucherTypeUnknown,
    }
);

/// Mutations of the shared structure.
#[derive(MergedObject, Default, Debug)]
pub struct KeepMutation(
    groups::GroupKeeping,
    types::TypeKeeping,
    rates::RateKeeping,
    sections::SectionKeeping,
    places::PlaceKeeping,
);
