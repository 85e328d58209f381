//! Reading the views, beside the projector or without one.

use crate::ProjectError;
use crate::checkpoint::{NO_PARTNER, ViewCheckpoint, live_read, shape_check};
use crate::no_partner::no_partner_load;
use daybook_event::PartnerId;
use daybook_store::{DerivedRead, DerivedReader, DerivedSnapshot};
use daybook_views::{Closings, Digest, PartnerRows, digest_of_partner, digest_of_views};
use std::ops::ControlFlow;

/// The live views at one view checkpoint, held still: what was projected later is not in them.
pub struct Views {
    snapshot: DerivedSnapshot,
    generation: u32,
    checkpoint: ViewCheckpoint,
}

impl Views {
    /// The newest views; none where nothing was projected yet.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read, or is of another shape.
    pub fn newest(derived: &DerivedReader) -> Result<Option<Self>, ProjectError> {
        let snapshot = derived.snapshot()?;
        shape_check(&snapshot)?;
        let live = live_read(&snapshot)?;
        Ok(live.map(|live| Self { snapshot, generation: live.number, checkpoint: live.checkpoint }))
    }

    /// What the rows were computed from.
    #[must_use]
    pub fn checkpoint(&self) -> &ViewCheckpoint {
        &self.checkpoint
    }

    /// A partner's rows; none for a partner that no record names.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn rows(&self, partner_id: &PartnerId) -> Result<Option<PartnerRows>, ProjectError> {
        Ok(self.snapshot.rows(self.generation, partner_id.as_str())?)
    }

    /// The findings on facts of no partner.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn rows_of_no_partner(&self) -> Result<PartnerRows, ProjectError> {
        Ok(self.snapshot.rows(self.generation, NO_PARTNER)?.unwrap_or_default())
    }

    /// Which months are closed in the records that the views were made from.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn closings(&self) -> Result<Closings, ProjectError> {
        Ok(no_partner_load(&self.snapshot)?.0.closings())
    }

    /// Every partner's rows, one partner at a time, in bytewise order of partner.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read, or what the visitor returned.
    pub fn rows_visit<E: From<ProjectError>>(
        &self,
        mut visit: impl FnMut(PartnerId, PartnerRows) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut stopped_by = None;
        let walked = self.snapshot.rows_all(self.generation, |partner, rows| {
            if partner == NO_PARTNER {
                return Ok(ControlFlow::Continue(()));
            }
            match visit(partner_parse(&partner)?, rows) {
                Ok(flow) => Ok(flow),
                Err(error) => {
                    stopped_by = Some(error);
                    Ok(ControlFlow::Break(()))
                }
            }
        });
        match (stopped_by, walked) {
            (Some(error), _) => Err(error),
            (None, walked) => walked.map_err(|error: ProjectError| error.into()),
        }
    }

    /// One number for all rows, from the digests that are kept beside them: no row is read.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn digest_kept(&self) -> Result<Digest, ProjectError> {
        let mut partners = Vec::new();
        self.snapshot.digests_all(self.generation, |partner, digest| {
            partners.push((partner_parse(&partner)?, Digest(digest)));
            Ok::<_, ProjectError>(ControlFlow::Continue(()))
        })?;
        let of_no_partner = self.rows_of_no_partner()?;
        Ok(digest_of_views(partners.iter().map(|(partner_id, digest)| (partner_id, *digest)), &of_no_partner))
    }

    /// One number for all rows, from the rows themselves.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn digest(&self) -> Result<Digest, ProjectError> {
        let mut partners = Vec::new();
        self.rows_visit(|partner_id, rows| {
            let digest = digest_of_partner(&partner_id, &rows);
            partners.push((partner_id, digest));
            Ok::<_, ProjectError>(ControlFlow::Continue(()))
        })?;
        let of_no_partner = self.rows_of_no_partner()?;
        Ok(digest_of_views(partners.iter().map(|(partner_id, digest)| (partner_id, *digest)), &of_no_partner))
    }
}

pub(crate) fn partner_parse(text: &str) -> Result<PartnerId, ProjectError> {
    PartnerId::parse(text).map_err(|error| ProjectError::damaged(format!("the partner id {text:?} {error}")))
}
