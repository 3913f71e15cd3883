//! Properties of the rule by which two sides become one.

use std::collections::BTreeMap;

use igny8_integration_domain::content::{
    Base, ContentFields, ContentStatus, Decision, Field, FieldPatch, Presence, Reconciliation, Seo,
    SideState, Term, reconcile,
};
use igny8_integration_domain::integration::ConflictPolicy;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Two sides and what they agreed on. Values come from few, so that they often are the same.
#[derive(Clone, Debug)]
struct Sides {
    base: Base,
    local: FieldPatch,
    local_deleted: bool,
    external: FieldPatch,
    external_deleted: bool,
}

fn text() -> impl Strategy<Value = String> {
    select(vec!["", "a", "b", "<iframe>"]).prop_map(str::to_owned)
}

fn terms() -> impl Strategy<Value = Vec<Term>> {
    let term = (select(vec!["category", "post_tag"]), select(vec!["C", "C++"]));
    let term =
        term.prop_map(|(taxonomy, name)| Term { taxonomy: taxonomy.into(), name: name.into(), slug: None });
    vec(term, 0..3)
}

prop_compose! {
    fn whole()(
        title in text(),
        html in text(),
        slug in text(),
        status in select(vec![ContentStatus::Draft, ContentStatus::Approved, ContentStatus::Published]),
        day in proptest::option::of(0..2_i64),
        terms in terms(),
        seo_title in text(),
        picture in proptest::option::of(text()),
    ) -> FieldPatch {
        let publish_at = day.map(|day| chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day));
        let seo = Seo { title: seo_title, ..Seo::default() };
        let excerpt = String::new();
        let featured_image_url = picture;
        let fields =
            ContentFields { title, html, excerpt, slug, status, publish_at, terms, seo, featured_image_url };
        FieldPatch::from(&fields)
    }
}

fn some_of(whole: impl Strategy<Value = FieldPatch>) -> impl Strategy<Value = FieldPatch> {
    (whole, vec(select(Field::ALL.to_vec()), 0..14)).prop_map(|(whole, fields)| whole.only(&fields))
}

prop_compose! {
    /// Anything at all: halves of a base that differ, fields that were never agreed on or are not shown.
    fn sides()(
        agreed_here in some_of(whole()),
        agreed_there in some_of(whole()),
        local in whole(),
        external in some_of(whole()),
        deleted in any::<[bool; 3]>(),
    ) -> Sides {
        let mut base = Base { local: agreed_here, deleted: deleted[0], ..Base::default() };
        for field in Field::ALL { base.agree_external(field, &agreed_there); }
        Sides { base, local, local_deleted: deleted[1], external, external_deleted: deleted[2] }
    }
}

prop_compose! {
    /// One agreed state, and edits of some fields on either side.
    fn edited()(
        agreed in whole(),
        here in some_of(whole()),
        there in some_of(whole()),
        deleted in any::<[bool; 3]>(),
    ) -> Sides {
        let with = |edits: &FieldPatch| {
            let mut side = agreed.clone();
            for field in Field::ALL { side.take(field, edits); }
            side
        };
        let mut base = Base { deleted: deleted[0], ..Base::default() };
        for field in Field::ALL { base.agree(field, &agreed, &agreed); }
        Sides {
            local: with(&here),
            external: with(&there),
            base,
            local_deleted: deleted[1],
            external_deleted: deleted[2],
        }
    }
}

fn policies() -> impl Strategy<Value = ConflictPolicy> {
    select(vec![ConflictPolicy::Ask, ConflictPolicy::PreferIgny8, ConflictPolicy::PreferWordpress])
}

impl Sides {
    fn reconcile(&self, policy: ConflictPolicy) -> Reconciliation {
        reconcile(
            &self.base,
            SideState { fields: &self.local, deleted: self.local_deleted },
            SideState { fields: &self.external, deleted: self.external_deleted },
            policy,
        )
    }

    /// Carries decisions out, on a site that keeps `keep` of what it is sent. A conflict holds everything up.
    fn apply(&mut self, found: &Reconciliation, keep: fn(&FieldPatch) -> FieldPatch) {
        if is_conflict(found) {
            return;
        }
        let shown = !self.external_deleted;
        let mut push: Vec<Field> = Vec::new();
        match found.presence {
            Presence::Keep | Presence::Conflict => {}
            Presence::Agree => self.base.deleted = self.local_deleted,
            Presence::DeleteLocal => {
                (self.local_deleted, self.base.deleted) = (true, true);
                return;
            }
            Presence::Trash => {
                (self.external_deleted, self.base.deleted) = (true, true);
                return;
            }
            Presence::RestoreLocal => (self.local_deleted, self.base.deleted) = (false, false),
            Presence::Restore => {
                (self.external_deleted, self.base.deleted) = (false, false);
                push.push(Field::Status);
            }
        }
        for (field, decision) in found.fields.iter().copied().filter(|_| shown) {
            match decision {
                Decision::Keep | Decision::Conflict => {}
                Decision::Agree => self.base.agree(field, &self.local, &self.external),
                Decision::Pull => {
                    self.local.take(field, &self.external);
                    self.base.agree(field, &self.local, &self.external);
                }
                Decision::Push => push.push(field),
            }
        }
        let sent = self.local.only(&push);
        let kept = keep(&sent);
        for field in push {
            self.external.take(field, &kept);
            self.base.agree(field, &sent, &self.external);
        }
    }
}

fn is_conflict(found: &Reconciliation) -> bool {
    found.presence == Presence::Conflict
        || found.fields.iter().any(|(_, decision)| *decision == Decision::Conflict)
}

fn as_sent(sent: &FieldPatch) -> FieldPatch {
    sent.clone()
}

/// A site that drops frames, numbers slugs and sorts terms.
fn mangled(sent: &FieldPatch) -> FieldPatch {
    let mut kept = sent.clone();
    kept.html = kept.html.map(|html| html.replace("<iframe>", ""));
    kept.slug = kept.slug.map(|slug| format!("{slug}-2"));
    if let Some(terms) = &mut kept.terms {
        terms.sort();
        terms.push(Term { taxonomy: "category".into(), name: "Uncategorized".into(), slug: None });
    }
    kept
}

fn decisions(found: &Reconciliation) -> BTreeMap<Field, Decision> {
    found.fields.iter().copied().collect()
}

proptest! {
    /// Carried out until nothing is left to do, which is soon. A restore shows the fields only afterwards.
    #[test]
    fn two_sides_converge(start in sides(), policy in policies(), mangles in any::<bool>()) {
        let keep = if mangles { mangled } else { as_sent };
        let mut sides = start;
        for _ in 0..2 {
            let found = sides.reconcile(policy);
            prop_assume!(!is_conflict(&found));
            sides.apply(&found, keep);
        }
        let found = sides.reconcile(policy);
        prop_assert_eq!(found.presence, Presence::Keep);
        if !sides.external_deleted {
            for (field, decision) in found.fields {
                prop_assert_eq!(decision, Decision::Keep, "{:?}", field);
            }
        }
    }

    /// Without a restore one round is enough.
    #[test]
    fn one_round_is_enough_where_nothing_was_deleted(start in sides(), policy in policies()) {
        let mut sides = Sides { local_deleted: false, external_deleted: false, ..start };
        let found = sides.reconcile(policy);
        prop_assume!(!is_conflict(&found));
        sides.apply(&found, as_sent);
        let again = sides.reconcile(policy);
        prop_assert_eq!(again.presence, Presence::Keep);
        prop_assert!(again.fields.iter().all(|(_, decision)| *decision == Decision::Keep), "{:?}", again);
    }

    /// The same question has the same answer, and a conflict stays what it is while nobody decides.
    #[test]
    fn a_conflict_stays_until_somebody_decides(start in sides()) {
        let found = start.reconcile(ConflictPolicy::Ask);
        prop_assume!(is_conflict(&found));
        let mut sides = start.clone();
        sides.apply(&found, as_sent);
        prop_assert_eq!(sides.reconcile(ConflictPolicy::Ask), found);
        prop_assert_eq!((sides.local, sides.external), (start.local, start.external));
    }

    /// An edit on one side alone is never overwritten by the other, whatever the policy.
    #[test]
    fn an_edit_on_one_side_alone_is_never_lost(start in sides(), policy in policies()) {
        let found = start.reconcile(policy);
        for (field, decision) in &found.fields {
            let here = start.base.local_changed(*field, &start.local);
            let there = start.base.external_changed(*field, &start.external);
            match (here, there) {
                (false, false) => prop_assert_eq!(*decision, Decision::Keep),
                (true, false) => prop_assert_eq!(*decision, Decision::Push),
                (false, true) => prop_assert!(matches!(decision, Decision::Pull | Decision::Agree)),
                (true, true) => {}
            }
        }
        let mut sides = start.clone();
        sides.apply(&found, as_sent);
        if is_conflict(&found) || start.local_deleted || start.external_deleted {
            return Ok(());
        }
        for field in start.external.present() {
            let here = start.base.local_changed(field, &start.local);
            let there = start.base.external_changed(field, &start.external);
            let survivor = if here { &start.local } else { &start.external };
            if here != there {
                prop_assert!(sides.local.agrees(field, survivor), "{:?} here", field);
                prop_assert!(sides.external.agrees(field, survivor), "{:?} there", field);
            }
        }
    }

    /// Both changed one field to different values: a person or the policy decides, never chance.
    #[test]
    fn two_edits_of_one_field_are_decided_by_the_policy(start in sides(), policy in policies()) {
        for (field, decision) in start.reconcile(policy).fields {
            let both = start.base.local_changed(field, &start.local)
                && start.base.external_changed(field, &start.external);
            if both {
                let expected = match policy {
                    _ if start.local.agrees(field, &start.external) => Decision::Agree,
                    ConflictPolicy::Ask => Decision::Conflict,
                    ConflictPolicy::PreferIgny8 => Decision::Push,
                    ConflictPolicy::PreferWordpress => Decision::Pull,
                };
                prop_assert_eq!(decision, expected, "{:?}", field);
            } else {
                prop_assert_ne!(decision, Decision::Conflict);
            }
        }
    }

    /// Where nothing is in conflict the policy has no say.
    #[test]
    fn a_policy_decides_conflicts_and_nothing_else(start in sides(), policy in policies()) {
        let asked = start.reconcile(ConflictPolicy::Ask);
        let decided = start.reconcile(policy);
        if asked.presence != Presence::Conflict {
            prop_assert_eq!(decided.presence, asked.presence);
        }
        let decided = decisions(&decided);
        for (field, decision) in asked.fields {
            if decision != Decision::Conflict {
                prop_assert_eq!(decided.get(&field), Some(&decision));
            }
        }
    }

    /// A policy that names a winner leaves nothing open.
    #[test]
    fn a_policy_that_names_a_winner_leaves_no_conflict(start in sides()) {
        for policy in [ConflictPolicy::PreferIgny8, ConflictPolicy::PreferWordpress] {
            prop_assert!(!is_conflict(&start.reconcile(policy)));
        }
    }

    /// Each field is judged once, and one that the site does not show has not changed there.
    #[test]
    fn what_is_not_shown_has_not_changed_there(start in sides(), policy in policies()) {
        let found = start.reconcile(policy).fields;
        let judged: Vec<Field> = found.iter().map(|(field, _)| *field).collect();
        prop_assert_eq!(judged, Field::ALL);
        for (field, decision) in found.into_iter().filter(|(field, _)| !start.external.has(*field)) {
            prop_assert!(matches!(decision, Decision::Keep | Decision::Push), "{:?}: {:?}", field, decision);
        }
    }

    /// Neither side is favoured while a person decides: swapped sides swap the answer.
    #[test]
    fn asking_favours_neither_side(start in edited()) {
        let swapped = Sides {
            local: start.external.clone(),
            external: start.local.clone(),
            local_deleted: start.external_deleted,
            external_deleted: start.local_deleted,
            base: start.base.clone(),
        };
        let (found, mirrored) =
            (start.reconcile(ConflictPolicy::Ask), swapped.reconcile(ConflictPolicy::Ask));
        let presence = match found.presence {
            Presence::DeleteLocal => Presence::Trash,
            Presence::Trash => Presence::DeleteLocal,
            Presence::RestoreLocal => Presence::Restore,
            Presence::Restore => Presence::RestoreLocal,
            same => same,
        };
        prop_assert_eq!(mirrored.presence, presence);
        let mirrored = decisions(&mirrored);
        for (field, decision) in found.fields {
            let expected = match decision {
                Decision::Pull => Decision::Push,
                Decision::Push => Decision::Pull,
                same => same,
            };
            prop_assert_eq!(mirrored.get(&field), Some(&expected), "{:?}", field);
        }
    }

    /// Edits of different fields merge: both survive on both sides.
    #[test]
    fn edits_of_different_fields_merge(
        agreed in whole(), here in whole(), there in whole(),
        fields in vec(select(Field::ALL.to_vec()), 0..9),
        policy in policies(),
    ) {
        let mut base = Base::default();
        let (mut local, mut external) = (agreed.clone(), agreed.clone());
        for field in Field::ALL {
            base.agree(field, &agreed, &agreed);
            if fields.contains(&field) { local.take(field, &here) } else { external.take(field, &there) }
        }
        let mut sides = Sides { base, local, external, local_deleted: false, external_deleted: false };
        let found = sides.reconcile(policy);
        prop_assert!(!is_conflict(&found));
        sides.apply(&found, as_sent);
        for field in Field::ALL {
            let survivor = if fields.contains(&field) { &here } else { &there };
            prop_assert!(sides.local.agrees(field, survivor), "{:?} here", field);
            prop_assert!(sides.external.agrees(field, survivor), "{:?} there", field);
        }
    }

    /// A deletion never takes an edit of the other side with it unasked.
    #[test]
    fn a_deletion_never_takes_the_other_sides_edit_with_it(start in edited()) {
        let sides = Sides { base: Base { deleted: false, ..start.base }, ..start };
        let edited_here = !sides.base.local_changes(&sides.local).is_empty();
        let edited_there =
            Field::ALL.into_iter().any(|field| sides.base.external_changed(field, &sides.external));
        let found = sides.reconcile(ConflictPolicy::Ask).presence;
        let expected = match (sides.local_deleted, sides.external_deleted) {
            (false, false) => Presence::Keep,
            (true, true) => Presence::Agree,
            (false, true) if edited_here => Presence::Conflict,
            (false, true) => Presence::DeleteLocal,
            (true, false) if edited_there => Presence::Conflict,
            (true, false) => Presence::Trash,
        };
        prop_assert_eq!(found, expected);
    }

    /// What is stored between two runs loses nothing.
    #[test]
    fn a_base_survives_its_storing(start in sides()) {
        let stored = serde_json::to_string(&start.base).unwrap();
        prop_assert_eq!(serde_json::from_str::<Base>(&stored).unwrap(), start.base);
    }
}

/// Who wins where one side deleted what the other edited.
#[rstest::rstest]
#[case::ask(ConflictPolicy::Ask, Presence::Conflict, Presence::Conflict)]
#[case::igny8(ConflictPolicy::PreferIgny8, Presence::Restore, Presence::Trash)]
#[case::wordpress(ConflictPolicy::PreferWordpress, Presence::DeleteLocal, Presence::RestoreLocal)]
fn a_policy_decides_between_deletion_and_edit(
    #[case] policy: ConflictPolicy,
    #[case] deleted_there: Presence,
    #[case] deleted_here: Presence,
) {
    let agreed = FieldPatch::from(&ContentFields::default());
    let edited = FieldPatch { title: Some("edited".into()), ..agreed.clone() };
    let mut base = Base::default();
    for field in Field::ALL {
        base.agree(field, &agreed, &agreed);
    }
    let side = |fields, deleted| SideState { fields, deleted };
    let found = reconcile(&base, side(&edited, false), side(&agreed, true), policy);
    assert_eq!(found.presence, deleted_there);
    let found = reconcile(&base, side(&agreed, true), side(&edited, false), policy);
    assert_eq!(found.presence, deleted_here);
}
