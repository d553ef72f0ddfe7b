//! Period locks: the areas they are set for, and what they and their exceptions let through.

use chrono::NaiveDate;

use crate::{
    id::{LockExceptionId, UserId},
    role::TenantRole,
    voucher::BaseType,
};

/// A set of areas. Every voucher carries [`Areas::ALL`], so that a lock of everything meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct Areas(i32);

impl Areas {
    /// Sales and credit notes.
    pub const SALES: Self = Self(1);
    /// Purchases and debit notes.
    pub const PURCHASE: Self = Self(2);
    /// Whatever touches a cash or bank ledger.
    pub const BANK: Self = Self(4);
    /// Whatever touches a tax ledger or is a tax document.
    pub const TAX: Self = Self(8);
    /// Everything.
    pub const ALL: Self = Self(16);

    /// The bits of what a voucher may be beside being a voucher.
    const SPECIFIC: i32 = 15;

    /// The set with these bits.
    pub const fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    /// The set's bits.
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// The set of these areas.
    pub fn of(areas: impl IntoIterator<Item = Area>) -> Self {
        areas.into_iter().fold(Self(0), |set, area| set.with(area.bit()))
    }

    /// Its areas, in the order of [`Area::EVERY`].
    pub fn iter(self) -> impl Iterator<Item = Area> {
        Area::EVERY.into_iter().filter(move |area| self.meets(area.bit()))
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share an area.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether an exception for these areas opens a lock of the area `lock` to a voucher of those
    /// areas. It opens the locks of its own areas. A lock of everything it opens to vouchers all of
    /// whose areas it names; an exception for everything opens every lock.
    pub const fn opens(self, lock: Area, voucher: Self) -> bool {
        let specific = voucher.0 & Self::SPECIFIC;
        self.meets(Self::ALL)
            || self.meets(lock.bit())
            || (matches!(lock, Area::All) && specific != 0 && self.0 & specific == specific)
    }
}

/// One area that a lock may be set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// Sales and credit notes.
    Sales,
    /// Purchases and debit notes.
    Purchase,
    /// Whatever touches a cash or bank ledger.
    Bank,
    /// Whatever touches a tax ledger or is a tax document.
    Tax,
    /// Everything.
    All,
}

impl Area {
    /// All of them.
    pub const EVERY: [Self; 5] = [Self::Sales, Self::Purchase, Self::Bank, Self::Tax, Self::All];

    /// The set of this area alone.
    pub const fn bit(self) -> Areas {
        match self {
            Self::Sales => Areas::SALES,
            Self::Purchase => Areas::PURCHASE,
            Self::Bank => Areas::BANK,
            Self::Tax => Areas::TAX,
            Self::All => Areas::ALL,
        }
    }

    /// The area of one stored bit.
    pub fn of_bit(bit: i32) -> Option<Self> {
        Self::EVERY.into_iter().find(|area| area.bit().bits() == bit)
    }

    /// The word by which clients and the edit log know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sales => "SALES",
            Self::Purchase => "PURCHASE",
            Self::Bank => "BANK",
            Self::Tax => "TAX",
            Self::All => "ALL",
        }
    }

    /// What is locked, at the beginning of a sentence.
    const fn subject(self) -> &'static str {
        match self {
            Self::Sales => "sales are",
            Self::Purchase => "purchases are",
            Self::Bank => "cash and bank are",
            Self::Tax => "tax is",
            Self::All => "the books are",
        }
    }
}

/// The areas of a voucher.
pub fn areas_of(base: BaseType, touches_bank: bool, touches_tax: bool) -> Areas {
    let mut areas = Areas::ALL;
    match base {
        BaseType::Sales | BaseType::CreditNote | BaseType::DeliveryNote => {
            areas = areas.with(Areas::SALES);
        }
        BaseType::Purchase | BaseType::DebitNote | BaseType::ReceiptNote => {
            areas = areas.with(Areas::PURCHASE);
        }
        _ => {}
    }
    if touches_bank {
        areas = areas.with(Areas::BANK);
    }
    if touches_tax || base.is_tax_document() {
        areas = areas.with(Areas::TAX);
    }
    areas
}

/// A lock in force: one area, through a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Whether it never yields.
    pub is_hard: bool,
    /// What it locks.
    pub area: Area,
    /// Last locked date.
    pub through: NaiveDate,
}

/// Leave to pass soft locks, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// Its id.
    pub id: LockExceptionId,
    /// The areas that it opens.
    pub areas: Areas,
    /// First date that it opens.
    pub from: NaiveDate,
    /// Last date that it opens.
    pub to: NaiveDate,
    /// Whose it is.
    pub holder: Holder,
    /// From when on it holds no more, UTC milliseconds.
    pub expires_at: i64,
}

/// Whose an exception is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// One user's.
    User(UserId),
    /// Everybody's of a role.
    Role(TenantRole),
    /// Everybody's.
    Anybody,
}

/// Something that is to be dated on a day: a voucher, or an act on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entering {
    /// Its areas.
    pub areas: Areas,
    /// Its date.
    pub dated: NaiveDate,
    /// Who brings it.
    pub user: Option<UserId>,
    /// In which role.
    pub role: Option<TenantRole>,
    /// The exception that they name; left out, one that they hold is found.
    pub exception: Option<LockExceptionId>,
    /// When it is recorded, UTC milliseconds.
    pub at: i64,
}

/// Why something does not enter: the lock in its way, and what an exception lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked {
    /// The lock.
    pub lock: Lock,
    /// Why no exception helps.
    pub why: Shut,
}

/// Why a lock stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// It is hard.
    ForGood,
    /// Whoever enters holds no exception that opens it.
    NoException,
    /// The exception named is none of this business, was revoked or has expired.
    NotInForce,
    /// The exception named is somebody else's.
    NotYours,
    /// The exception named does not cover the date.
    OtherDates,
    /// The exception named does not open this area.
    OtherAreas,
}

impl Shut {
    /// Whether it is about the exception that was named.
    pub const fn is_of_exception(self) -> bool {
        !matches!(self, Self::ForGood | Self::NoException)
    }
}

impl std::fmt::Display for Locked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { lock, why } = self;
        let end = match why {
            Shut::ForGood => {
                return write!(
                    out,
                    "{} closed for good through {}",
                    lock.area.subject(),
                    lock.through
                );
            }
            Shut::NoException => "ask for an exception or choose a later date",
            Shut::NotInForce => "this exception is not in force",
            Shut::NotYours => "this exception is not yours",
            Shut::OtherDates => "this exception is for other dates",
            Shut::OtherAreas => "this exception is for other areas",
        };
        write!(out, "{} locked through {}; {end}", lock.area.subject(), lock.through)
    }
}

/// Whether something may enter; the exception by which it passes soft locks, where it meets any.
///
/// One exception opens every lock in the way, or none. Without one named, the first of the caller's
/// that does is taken.
///
/// # Errors
/// The lock that stays shut: a hard one before soft ones, and the one that reaches furthest.
pub fn enter(
    locks: &[Lock],
    exceptions: &[Exception],
    what: &Entering,
) -> Result<Option<LockExceptionId>, Locked> {
    let in_the_way = || {
        let met = |lock: &&Lock| lock.area.bit().meets(what.areas) && what.dated <= lock.through;
        locks.iter().filter(met)
    };
    let Some(last) = in_the_way().max_by_key(|lock| (lock.is_hard, lock.through)) else {
        return Ok(None);
    };
    let shut = |why| Locked { lock: *last, why };
    if last.is_hard {
        return Err(shut(Shut::ForGood));
    }
    let opens = |pass: &Exception| {
        if what.at >= pass.expires_at {
            return Err(shut(Shut::NotInForce));
        }
        if !pass.is_held_by(what) {
            return Err(shut(Shut::NotYours));
        }
        if what.dated < pass.from || pass.to < what.dated {
            return Err(shut(Shut::OtherDates));
        }
        let closed = in_the_way().filter(|lock| !pass.areas.opens(lock.area, what.areas));
        match closed.max_by_key(|lock| lock.through) {
            Some(lock) => Err(Locked { lock: *lock, why: Shut::OtherAreas }),
            None => Ok(Some(pass.id)),
        }
    };
    match what.exception {
        Some(id) => match exceptions.iter().find(|pass| pass.id == id) {
            Some(pass) => opens(pass),
            None => Err(shut(Shut::NotInForce)),
        },
        None => {
            let found = exceptions.iter().find_map(|pass| opens(pass).ok());
            found.ok_or(shut(Shut::NoException))
        }
    }
}

impl Exception {
    fn is_held_by(&self, who: &Entering) -> bool {
        match self.holder {
            Holder::User(user) => who.user == Some(user),
            Holder::Role(role) => who.role == Some(role),
            Holder::Anybody => true,
        }
    }
}

/// What setting a lock does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It locks more than before.
    Forward,
    /// It stays where it is.
    Stays,
    /// It opens dates that were locked.
    Back,
}

/// What setting a lock through `to` does, where it stands at `from` or is not set.
pub fn step(from: Option<NaiveDate>, to: NaiveDate) -> Step {
    match from {
        Some(from) if to == from => Step::Stays,
        Some(from) if to < from => Step::Back,
        _ => Step::Forward,
    }
}

/// Whether a hard lock may be set through `to`.
///
/// # Errors
/// It would open what was closed for good, or close days that are still to come: a hard lock that was
/// mistyped could never be mended.
pub fn harden(from: Option<NaiveDate>, to: NaiveDate, today: NaiveDate) -> Result<Step, NotHard> {
    match step(from, to) {
        Step::Back => Err(NotHard::OpensAgain),
        step @ Step::Stays => Ok(step),
        Step::Forward if to > today => Err(NotHard::StillToCome),
        step @ Step::Forward => Ok(step),
    }
}

/// Why a hard lock is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHard {
    /// The date lies before the one that holds.
    #[error("what was closed for good never opens again; the date only moves on")]
    OpensAgain,
    /// The date lies in the future.
    #[error("days that are still to come cannot be closed for good")]
    StillToCome,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is locked, what an exception opens, what enters, and why it does not.
    type Case = (&'static [Area], &'static [Area], Entering, Option<Shut>);

    const MARCH: &str = "2026-03-31";
    const NOW: i64 = 1_000;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn soft(area: Area, through: &str) -> Lock {
        Lock { is_hard: false, area, through: day(through) }
    }

    fn hard(area: Area, through: &str) -> Lock {
        Lock { is_hard: true, ..soft(area, through) }
    }

    fn pass(id: i64, areas: &[Area]) -> Exception {
        Exception {
            id: LockExceptionId::new(id),
            areas: Areas::of(areas.iter().copied()),
            from: day("2026-03-01"),
            to: day(MARCH),
            holder: Holder::User(UserId::new(7)),
            expires_at: NOW + 1,
        }
    }

    /// A cash sale of the user 7, a cashier, in the middle of March.
    fn sale() -> Entering {
        Entering {
            areas: areas_of(BaseType::Sales, true, true),
            dated: day("2026-03-15"),
            user: Some(UserId::new(7)),
            role: Some(TenantRole::Cashier),
            exception: None,
            at: NOW,
        }
    }

    fn named(id: i64) -> Entering {
        Entering { exception: Some(LockExceptionId::new(id)), ..sale() }
    }

    fn passed(id: i64) -> Result<Option<LockExceptionId>, Locked> {
        Ok(Some(LockExceptionId::new(id)))
    }

    #[test]
    fn every_voucher_is_met_by_a_lock_of_everything() {
        for base in BaseType::EVERY {
            assert!(areas_of(base, false, false).meets(Areas::ALL));
        }
        assert!(areas_of(BaseType::Sales, false, false).meets(Areas::TAX));
        assert!(!areas_of(BaseType::Journal, false, false).meets(Areas::TAX));
    }

    #[test]
    fn areas_come_back() {
        for area in Area::EVERY {
            assert_eq!(Area::of_bit(area.bit().bits()), Some(area));
            assert_eq!(Areas::of([area]).iter().collect::<Vec<_>>(), [area]);
        }
        assert_eq!(Area::of_bit(3), None);
        assert_eq!(Area::of_bit(0), None);
        assert_eq!(Areas::of(Area::EVERY).bits(), 31);
    }

    #[test]
    fn a_lock_refuses_its_area_through_its_date() {
        use Area::{All, Purchase, Sales};
        let journal = Entering { areas: areas_of(BaseType::Journal, false, false), ..sale() };
        let last = Entering { dated: day(MARCH), ..sale() };
        let next = Entering { dated: day("2026-04-01"), ..sale() };
        let cases = [
            (soft(Sales, MARCH), sale(), false),
            (soft(Sales, MARCH), last, false),
            (soft(Sales, MARCH), next, true),
            (soft(Purchase, MARCH), sale(), true),
            (soft(Sales, MARCH), journal, true),
            (soft(All, MARCH), journal, false),
            (hard(All, MARCH), last, false),
            (hard(All, MARCH), next, true),
        ];
        for (lock, what, enters) in cases {
            assert_eq!(enter(&[lock], &[], &what).is_ok(), enters, "{lock:?} {what:?}");
        }
        assert_eq!(enter(&[], &[], &sale()), Ok(None));
    }

    #[test]
    fn an_exception_opens_what_it_covers() {
        use Area::{All, Bank, Purchase, Sales, Tax};
        let journal =
            Entering { areas: Areas::ALL, exception: Some(LockExceptionId::new(1)), ..sale() };
        let before = Entering { dated: day("2026-02-28"), ..named(1) };
        let late = Entering { at: NOW + 1, ..named(1) };
        let others = Entering { user: Some(UserId::new(8)), ..named(1) };
        let nobody = Entering { user: None, role: None, ..named(1) };
        let cases: [Case; 17] = [
            (&[Sales], &[Sales], named(1), None),
            (&[Sales], &[All], named(1), None),
            (&[All], &[All], named(1), None),
            (&[All], &[All], journal, None),
            // A lock of everything opens to a voucher whose every area is named.
            (&[All], &[Sales, Bank, Tax], named(1), None),
            (&[All], &[Sales, Bank], named(1), Some(Shut::OtherAreas)),
            (&[All], &[Sales, Bank, Tax, Purchase], journal, Some(Shut::OtherAreas)),
            // Only what is locked needs to be opened.
            (&[Sales, Tax], &[Sales, Tax], named(1), None),
            (&[Sales, Tax], &[Sales], named(1), Some(Shut::OtherAreas)),
            (&[Sales], &[Bank], named(1), Some(Shut::OtherAreas)),
            (&[Sales, All], &[Sales], named(1), Some(Shut::OtherAreas)),
            (&[Sales], &[Sales], before, Some(Shut::OtherDates)),
            (&[Sales], &[Sales], late, Some(Shut::NotInForce)),
            (&[Sales], &[Sales], named(2), Some(Shut::NotInForce)),
            (&[Sales], &[Sales], others, Some(Shut::NotYours)),
            (&[Sales], &[Sales], nobody, Some(Shut::NotYours)),
            (&[Purchase], &[Sales], named(1), None),
        ];
        for (locked, opened, what, shut) in cases {
            let locks: Vec<Lock> = locked.iter().map(|area| soft(*area, MARCH)).collect();
            let found = enter(&locks, &[pass(1, opened)], &what);
            assert_eq!(
                found.err().map(|locked| locked.why),
                shut,
                "{locked:?} {opened:?} {what:?}"
            );
        }
        // What met no lock used no exception.
        assert_eq!(enter(&[soft(Purchase, MARCH)], &[pass(1, &[Sales])], &named(1)), Ok(None));
    }

    #[test]
    fn an_exception_is_found_for_whoever_holds_it() {
        let locks = [soft(Area::Sales, MARCH)];
        let of = |id, holder| Exception { holder, ..pass(id, &[Area::Sales]) };
        let theirs = of(1, Holder::User(UserId::new(8)));
        let expired = Exception { expires_at: NOW, ..pass(2, &[Area::Sales]) };
        let role = of(3, Holder::Role(TenantRole::Cashier));
        let anybody = of(4, Holder::Anybody);
        let all = [theirs, expired, role, anybody];
        assert_eq!(enter(&locks, &all, &sale()), passed(3));
        let staff = Entering { role: Some(TenantRole::Staff), ..sale() };
        assert_eq!(enter(&locks, &all, &staff), passed(4));
        let eighth = Entering { user: Some(UserId::new(8)), ..staff };
        assert_eq!(enter(&locks, &all, &eighth), passed(1));
        let none = enter(&locks, &[theirs, expired], &sale()).unwrap_err();
        assert_eq!(none.why, Shut::NoException);
        // The one that is named is judged, and no other.
        assert_eq!(enter(&locks, &all, &named(1)).unwrap_err().why, Shut::NotYours);
    }

    #[test]
    fn a_hard_lock_never_yields() {
        let everything = Exception { holder: Holder::Anybody, ..pass(1, &Area::EVERY) };
        let locks = [soft(Area::All, "2026-06-30"), hard(Area::Sales, MARCH)];
        let refused = enter(&locks, &[everything], &named(1)).unwrap_err();
        assert_eq!(refused, Locked { lock: hard(Area::Sales, MARCH), why: Shut::ForGood });
    }

    #[test]
    fn a_refusal_names_the_lock_and_its_date() {
        let locks = [soft(Area::Bank, "2026-03-20"), soft(Area::Sales, MARCH)];
        let said = |exceptions: &[Exception], what| {
            enter(&locks, exceptions, &what).unwrap_err().to_string()
        };
        assert_eq!(
            said(&[], sale()),
            "sales are locked through 2026-03-31; ask for an exception or choose a later date"
        );
        assert_eq!(
            said(&[pass(1, &[Area::Sales])], named(1)),
            "cash and bank are locked through 2026-03-20; this exception is for other areas"
        );
        assert_eq!(
            enter(&[hard(Area::All, MARCH)], &[], &sale()).unwrap_err().to_string(),
            "the books are closed for good through 2026-03-31"
        );
    }

    #[test]
    fn a_hard_lock_only_moves_on() {
        let today = day("2026-06-15");
        let cases = [
            (None, "2026-06-15", Ok(Step::Forward)),
            (None, "2026-06-16", Err(NotHard::StillToCome)),
            (Some(MARCH), MARCH, Ok(Step::Stays)),
            (Some(MARCH), "2026-03-30", Err(NotHard::OpensAgain)),
            (Some(MARCH), "2026-04-01", Ok(Step::Forward)),
            // A zone that moved west may leave a lock a day ahead; it still stands.
            (Some("2026-06-16"), "2026-06-16", Ok(Step::Stays)),
        ];
        for (from, to, right) in cases {
            assert_eq!(harden(from.map(day), day(to), today), right, "{from:?} {to}");
        }
        assert_eq!(step(None, today), Step::Forward);
        assert_eq!(step(Some(today), day(MARCH)), Step::Back);
    }

    fn some_day() -> impl Strategy<Value = NaiveDate> {
        (0_u64..40).prop_map(|days| day("2026-03-01") + chrono::Days::new(days))
    }

    fn some_lock() -> impl Strategy<Value = Lock> {
        (0_u8..4, 0_usize..5, some_day()).prop_map(|(hard, area, through)| Lock {
            is_hard: hard == 0,
            area: *Area::EVERY.iter().cycle().nth(area).unwrap_or(&Area::All),
            through,
        })
    }

    fn some_exception() -> impl Strategy<Value = Exception> {
        (1_i64..4, 1_i32..32, some_day(), some_day(), 0_i64..4, NOW - 2..NOW + 3).prop_map(
            |(id, areas, from, to, holder, expires_at)| Exception {
                id: LockExceptionId::new(id),
                areas: Areas::from_bits(areas),
                from,
                to,
                holder: match holder {
                    0 => Holder::Anybody,
                    1 => Holder::Role(TenantRole::Cashier),
                    user => Holder::User(UserId::new(user)),
                },
                expires_at,
            },
        )
    }

    proptest! {
        /// What is locked stays so with every lock more, and no exception more shuts anything.
        #[test]
        fn locks_only_shut_and_exceptions_only_open(
            locks in prop::collection::vec(some_lock(), 0..5),
            more in some_lock(),
            passes in prop::collection::vec(some_exception(), 0..4),
            another in some_exception(),
            specific in 0_i32..16,
            dated in some_day(),
            user in 2_i64..4,
        ) {
            let what = Entering {
                areas: Areas::from_bits(specific).with(Areas::ALL),
                dated,
                user: Some(UserId::new(user)),
                ..sale()
            };
            let now = enter(&locks, &passes, &what);
            let mut tighter = locks.clone();
            tighter.push(more);
            if now.is_err() {
                prop_assert!(enter(&tighter, &passes, &what).is_err());
            }
            let mut looser = passes.clone();
            looser.push(another);
            if now.is_ok() {
                prop_assert_eq!(enter(&locks, &looser, &what), now);
            }
            let met: Vec<&Lock> = locks
                .iter()
                .filter(|lock| lock.area.bit().meets(what.areas) && dated <= lock.through)
                .collect();
            match now {
                Ok(None) => prop_assert!(met.is_empty()),
                Ok(Some(id)) => {
                    prop_assert!(met.iter().all(|lock| !lock.is_hard));
                    let fits = passes.iter().any(|pass| {
                        pass.id == id
                            && pass.from <= dated
                            && dated <= pass.to
                            && NOW < pass.expires_at
                            && pass.is_held_by(&what)
                            && met.iter().all(|lock| pass.areas.opens(lock.area, what.areas))
                    });
                    prop_assert!(fits);
                }
                Err(locked) => prop_assert!(met.contains(&&locked.lock)),
            }
        }

        /// However it is called, a hard lock never gives a day back and never reaches past today.
        #[test]
        fn a_hard_lock_never_gives_a_day_back(
            asked in prop::collection::vec(some_day(), 0..20),
            today in some_day(),
        ) {
            let mut held: Option<NaiveDate> = None;
            for to in asked {
                let before = held;
                if harden(held, to, today).is_ok() {
                    held = Some(to);
                }
                prop_assert!(before <= held);
                prop_assert!(held.is_none_or(|held| held <= today));
            }
        }
    }
}
