//! The one rule by which two sides become one: a pure function of base, local, external and policy.

use crate::content::{Base, Field, FieldPatch};
use crate::integration::ConflictPolicy;

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// igny8's.
    Local,
    /// The site's.
    External,
}

/// What is to be done about one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Neither side changed.
    Keep,
    /// Both have the same now: only the base moves.
    Agree,
    /// Only the site changed, or policy says so: its value is taken.
    Pull,
    /// Only the writer changed, or policy says so: its value is sent.
    Push,
    /// Both changed, and a person decides.
    Conflict,
}

/// What is to be done about existence: trash and deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Keep,
    /// Both sides say the same now: only the base moves.
    Agree,
    /// The site removed it: it is marked deleted here.
    DeleteLocal,
    /// The site restored it: the mark goes.
    RestoreLocal,
    /// It was deleted here: the post goes to the trash.
    Trash,
    /// It was taken back here: the post comes out of the trash.
    Restore,
    /// One side removed what the other changed, and a person decides.
    Conflict,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// About existence.
    pub presence: Presence,
    /// About each field.
    pub fields: Vec<(Field, Decision)>,
}

/// One side's state.
#[derive(Clone, Copy, Debug)]
pub struct SideState<'a> {
    /// Its fields; on the site's side only those it showed.
    pub fields: &'a FieldPatch,
    /// Whether it is deleted, in the trash or gone.
    pub deleted: bool,
}

/// Brings two sides together.
///
/// A field that only one side changed since the base flows to the other; a field that both changed, to different
/// values, is a conflict unless `policy` names the winner. A field that the site does not show has not changed there.
pub fn reconcile(
    base: &Base,
    local: SideState<'_>,
    external: SideState<'_>,
    policy: ConflictPolicy,
) -> Reconciliation {
    let fields: Vec<(Field, Decision)> = Field::ALL
        .into_iter()
        .map(|field| (field, judge_field(base, field, local.fields, external.fields, policy)))
        .collect();
    let presence = judge_presence(base, local, external, policy);
    Reconciliation { presence, fields }
}

fn judge_field(
    base: &Base,
    field: Field,
    local: &FieldPatch,
    external: &FieldPatch,
    policy: ConflictPolicy,
) -> Decision {
    match (base.local_changed(field, local), base.external_changed(field, external)) {
        (false, false) => Decision::Keep,
        (false, true) => {
            if local.agrees(field, external) {
                Decision::Agree
            } else {
                Decision::Pull
            }
        }
        (true, false) => Decision::Push,
        (true, true) if local.agrees(field, external) => Decision::Agree,
        (true, true) => match policy {
            ConflictPolicy::Ask => Decision::Conflict,
            ConflictPolicy::PreferIgny8 => Decision::Push,
            ConflictPolicy::PreferWordpress => Decision::Pull,
        },
    }
}

fn judge_presence(
    base: &Base,
    local: SideState<'_>,
    external: SideState<'_>,
    policy: ConflictPolicy,
) -> Presence {
    let (was, here, there) = (base.deleted, local.deleted, external.deleted);
    if here == there {
        return if here == was { Presence::Keep } else { Presence::Agree };
    }
    if there != was {
        // The site trashed, deleted or restored it.
        let writer_changed = Field::ALL.into_iter().any(|field| base.local_changed(field, local.fields));
        return match (there, writer_changed, policy) {
            (true, true, ConflictPolicy::Ask) => Presence::Conflict,
            (true, true, ConflictPolicy::PreferIgny8) => Presence::Restore,
            (true, ..) => Presence::DeleteLocal,
            (false, ..) => Presence::RestoreLocal,
        };
    }
    // It was deleted or taken back here.
    let site_changed =
        external.fields.present().into_iter().any(|field| base.external_changed(field, external.fields));
    match (here, site_changed, policy) {
        (true, true, ConflictPolicy::Ask) => Presence::Conflict,
        (true, true, ConflictPolicy::PreferWordpress) => Presence::RestoreLocal,
        (true, ..) => Presence::Trash,
        (false, ..) => Presence::Restore,
    }
}
