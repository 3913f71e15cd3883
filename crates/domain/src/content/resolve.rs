//! A person's decision about a conflict.

use crate::content::{Conflict, Content, Field, FieldPatch, Link, Side};
use crate::time::Timestamp;

impl Content {
    /// Settles a conflict in favour of one side and names the fields it was about; none where there is none.
    ///
    /// `keep` decides about those fields, and about existence where one side had removed what the other changed. What
    /// only the site changed meanwhile is taken in either case. The site's side is the one that was found: if it has
    /// changed again since, the next run sees that and, where it must, asks again.
    pub fn resolve(&mut self, keep: Side, now: Timestamp) -> Option<Vec<Field>> {
        let conflict = self.conflict.as_ref()?.clone();
        let mut link = self.link.as_ref()?.clone();
        let fields: Vec<Field> = conflict.fields.keys().copied().collect();
        link.base.deleted = conflict.external_deleted;
        match (keep, conflict.external_deleted) {
            (Side::External, true) => {
                self.deleted_at.get_or_insert(now);
            }
            (Side::Local, true) => agree_external(&mut link, &fields, &conflict),
            (_, false) => {
                // Kept deleted, it goes to the trash as the site has it, and may come out of it so.
                if keep == Side::External {
                    self.deleted_at = None;
                }
                self.settle_fields(keep, &mut link, &fields, &conflict);
            }
        }
        self.conflict = None;
        self.failure = None;
        if keep == Side::Local && self.deleted_at.is_none() && link.is_gone() {
            // No post is left to be restored: another one takes its place.
            self.link = None;
            self.intent = None;
        } else {
            self.link = Some(link);
        }
        self.settle();
        Some(fields)
    }

    fn settle_fields(&mut self, keep: Side, link: &mut Link, contested: &[Field], conflict: &Conflict) {
        let local = FieldPatch::from(&self.fields);
        let site = &conflict.external;
        for field in site.present() {
            if !link.base.external_changed(field, site) {
                continue;
            }
            if contested.contains(&field) && keep == Side::Local {
                link.base.agree_external(field, site);
            } else if contested.contains(&field) || !link.base.local_changed(field, &local) {
                self.fields.apply(&site.only(&[field]));
                link.base.agree(field, site, site);
            } else if local.agrees(field, site) {
                link.base.agree(field, &local, site);
            }
        }
    }
}

fn agree_external(link: &mut Link, fields: &[Field], conflict: &Conflict) {
    for field in fields {
        link.base.agree_external(*field, &conflict.external);
    }
}
