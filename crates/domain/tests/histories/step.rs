//! What can happen.

use igny8_integration_domain::content::Side;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::CallKind;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Title,
    Html,
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Luck {
    /// It fails without an effect.
    Fails,
    /// It has its effect and its answer is lost.
    AnswerLost,
    /// The node dies before it.
    DiesBefore,
    /// The node dies after its effect.
    DiesAfter,
}

/// One thing that happens. Numbers choose among what is there.
#[derive(Clone, Debug)]
pub enum Step {
    Write,
    EditHere(usize, Text),
    DeleteHere(usize),
    TakeBack(usize),
    Resolve(usize, Side),
    Add,
    EditThere(usize, Text),
    Trash(usize),
    Untrash(usize),
    Delete(usize),
    Wait,
    /// The integration is deleted and made anew.
    Reconnect,
    /// One content is fetched by itself.
    Pull(usize),
    Sync {
        direction: Direction,
        luck: Option<(CallKind, u32, Luck)>,
    },
}

fn luck() -> impl Strategy<Value = (CallKind, u32, Luck)> {
    let kinds = [
        CallKind::List,
        CallKind::Get,
        CallKind::FindByMarker,
        CallKind::Create,
        CallKind::Update,
        CallKind::Trash,
    ];
    let lucks = [Luck::Fails, Luck::AnswerLost, Luck::DiesBefore, Luck::DiesAfter];
    (select(kinds.to_vec()), 1..3_u32, select(lucks.to_vec()))
}

fn sync() -> impl Strategy<Value = Step> {
    let directions = [
        Direction::Both,
        Direction::Both,
        Direction::FromExternal,
        Direction::ToExternal,
        Direction::Metadata,
    ];
    (select(directions.to_vec()), option::weighted(0.4, luck()))
        .prop_map(|(direction, luck)| Step::Sync { direction, luck })
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..4_usize;
    let text = select(vec![Text::Title, Text::Html]);
    let side = select(vec![Side::Local, Side::External]);
    prop_oneof![
        2 => Just(Step::Write),
        3 => (one.clone(), text.clone()).prop_map(|(one, text)| Step::EditHere(one, text)),
        1 => one.clone().prop_map(Step::DeleteHere),
        1 => one.clone().prop_map(Step::TakeBack),
        1 => (one.clone(), side).prop_map(|(one, side)| Step::Resolve(one, side)),
        2 => Just(Step::Add),
        3 => (one.clone(), text).prop_map(|(one, text)| Step::EditThere(one, text)),
        1 => one.clone().prop_map(Step::Trash),
        1 => one.clone().prop_map(Step::Untrash),
        1 => one.clone().prop_map(Step::Delete),
        1 => Just(Step::Wait),
        1 => Just(Step::Reconnect),
        1 => one.prop_map(Step::Pull),
        6 => sync(),
    ]
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..30)
}
