//! A tenant's anchors, read along with its log.

use std::collections::VecDeque;

use daybook_domain::{chain::ChainHash, id::TenantId};
use daybook_entity::master::node::chain_anchor;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{error::Result, office::Office, services::chain::PAGE_ROWS};

/// The anchors that were there when verifying began, in their order.
pub struct Anchors<'o> {
    office: &'o Office,
    tenant: TenantId,
    page: VecDeque<chain_anchor::Model>,
    /// Number of the last anchor that was read.
    read: i64,
    /// Number of the last anchor that there was; later ones are not looked at.
    until: i64,
    /// How many are met.
    pub met: i64,
    /// Number of the last that is met.
    pub last_met: i64,
}

impl<'o> Anchors<'o> {
    /// Notes which anchors there are.
    pub async fn of(office: &'o Office, tenant: TenantId) -> Result<Self> {
        let newest = chain_anchor::Entity::find()
            .filter(chain_anchor::Column::TenantId.eq(tenant))
            .order_by_desc(chain_anchor::Column::ChainSeq)
            .one(office.master.reader())
            .await?;
        let until = newest.map_or(0, |anchor| anchor.chain_seq);
        Ok(Self { office, tenant, page: VecDeque::new(), read: 0, until, met: 0, last_met: 0 })
    }

    /// Whether the anchor at this row, if there is one, has this hash.
    pub async fn is_met(&mut self, seq: i64, hash: ChainHash) -> Result<bool> {
        match self.next().await? {
            Some(anchor) if anchor.chain_seq == seq => {
                let is_met = anchor.chain_hash == hash.to_hex();
                if is_met {
                    self.page.pop_front();
                    self.met = self.met.saturating_add(1);
                    self.last_met = seq;
                }
                Ok(is_met)
            }
            _ => Ok(true),
        }
    }

    /// The first anchor that was not met yet.
    pub async fn next(&mut self) -> Result<Option<&chain_anchor::Model>> {
        use chain_anchor::Column;
        if self.page.is_empty() && self.read < self.until {
            self.page = chain_anchor::Entity::find()
                .filter(Column::TenantId.eq(self.tenant))
                .filter(Column::ChainSeq.gt(self.read))
                .filter(Column::ChainSeq.lte(self.until))
                .order_by_asc(Column::ChainSeq)
                .limit(PAGE_ROWS)
                .all(self.office.master.reader())
                .await?
                .into();
            self.read = self.page.back().map_or(self.until, |anchor| anchor.chain_seq);
        }
        Ok(self.page.front())
    }
}
