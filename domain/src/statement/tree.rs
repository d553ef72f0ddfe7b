//! Ledgers below their groups, as a statement is read, each line with its sums.

use std::{collections::HashMap, hash::Hash};

use crate::{chart::GroupNode, money::Money};

/// A ledger about to be put below its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf<L, G> {
    /// Which ledger.
    pub ledger: L,
    /// Its group, if it has one.
    pub group: Option<G>,
    /// Its amounts, one per column.
    pub amounts: Vec<Money>,
}

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named<L, G> {
    /// A group: the sum of all below it.
    Group(G),
    /// A ledger.
    Ledger(L),
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<L, G> {
    /// What it stands for.
    pub named: Named<L, G>,
    /// The group above it.
    pub parent: Option<G>,
    /// 1 at the top.
    pub level: i32,
    /// Its amounts, one per column.
    pub amounts: Vec<Money>,
}

/// Sums of the columns of `leaves`.
pub fn totals<L, G>(leaves: &[Leaf<L, G>], columns: usize) -> Vec<Money> {
    let mut sums = vec![Money::ZERO; columns];
    for leaf in leaves {
        add(&mut sums, &leaf.amounts);
    }
    sums
}

/// The lines of a statement in the order in which it is read: each group before what is below it,
/// sub-groups before ledgers, both in the order given. Groups without ledgers are left out; ledgers
/// without a group, or whose group cannot be reached from a primary one, stand at the end.
pub fn tree<L: Copy, G: Copy + Eq + Hash>(
    groups: &[GroupNode<G>],
    leaves: Vec<Leaf<L, G>>,
) -> Vec<Line<L, G>> {
    let Reading { order, level_of } = read(groups);
    let mut own: HashMap<G, Vec<Leaf<L, G>>> = HashMap::new();
    let mut loose = Vec::new();
    for leaf in leaves {
        match leaf.group.filter(|group| level_of.contains_key(group)) {
            Some(group) => own.entry(group).or_default().push(leaf),
            None => loose.push(leaf),
        }
    }
    // From the last to the first, so that a group is complete before it is added to the one above it.
    let mut sums: HashMap<G, Vec<Money>> = HashMap::new();
    for step in order.iter().rev() {
        let Step::Enter(group, parent) = *step else { continue };
        let mut sum = sums.remove(&group).unwrap_or_default();
        for leaf in own.get(&group).into_iter().flatten() {
            add(&mut sum, &leaf.amounts);
        }
        if sum.is_empty() {
            continue;
        }
        if let Some(parent) = parent {
            add(sums.entry(parent).or_default(), &sum);
        }
        sums.insert(group, sum);
    }
    let mut lines = Vec::new();
    for step in order {
        match step {
            Step::Enter(group, parent) => {
                if let Some(amounts) = sums.remove(&group) {
                    let level = level_of.get(&group).copied().unwrap_or(1);
                    lines.push(Line { named: Named::Group(group), parent, level, amounts });
                }
            }
            Step::Leave(group) => {
                let level = level_of.get(&group).map_or(1, |level| level + 1);
                for leaf in own.remove(&group).into_iter().flatten() {
                    let named = Named::Ledger(leaf.ledger);
                    lines.push(Line { named, parent: Some(group), level, amounts: leaf.amounts });
                }
            }
        }
    }
    lines.extend(loose.into_iter().map(|leaf| Line {
        named: Named::Ledger(leaf.ledger),
        parent: None,
        level: 1,
        amounts: leaf.amounts,
    }));
    lines
}

/// Adds column by column; a shorter sum grows.
fn add(sums: &mut Vec<Money>, amounts: &[Money]) {
    if sums.len() < amounts.len() {
        sums.resize(amounts.len(), Money::ZERO);
    }
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum = sum.saturating_add(*amount);
    }
}

enum Step<G> {
    /// A group begins; the one above it.
    Enter(G, Option<G>),
    /// All its sub-groups were read.
    Leave(G),
}

struct Reading<G> {
    order: Vec<Step<G>>,
    level_of: HashMap<G, i32>,
}

/// The way through the groups from the primary ones down; what closes a circle is never reached.
fn read<G: Copy + Eq + Hash>(groups: &[GroupNode<G>]) -> Reading<G> {
    let mut below: HashMap<Option<G>, Vec<G>> = HashMap::new();
    for group in groups {
        below.entry(group.parent).or_default().push(group.id);
    }
    let mut order = Vec::with_capacity(groups.len() * 2);
    let mut level_of = HashMap::with_capacity(groups.len());
    let mut waiting: Vec<(Step<G>, i32)> = Vec::new();
    let push = |waiting: &mut Vec<(Step<G>, i32)>, parent: Option<G>, level: i32| {
        let children = below.get(&parent).into_iter().flatten().rev();
        waiting.extend(children.map(|child| (Step::Enter(*child, parent), level)));
    };
    push(&mut waiting, None, 1);
    while let Some((step, level)) = waiting.pop() {
        if let Step::Enter(group, _) = step {
            level_of.insert(group, level);
            waiting.push((Step::Leave(group), level));
            push(&mut waiting, Some(group), level + 1);
        }
        order.push(step);
    }
    Reading { order, level_of }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: u8, parent: Option<u8>) -> GroupNode<u8> {
        GroupNode { id, parent }
    }

    fn leaf(ledger: char, group: Option<u8>, amounts: &[i64]) -> Leaf<char, u8> {
        let amounts = amounts.iter().copied().map(Money::from_minor).collect();
        Leaf { ledger, group, amounts }
    }

    fn shown(lines: &[Line<char, u8>]) -> Vec<(String, i32, Vec<i64>)> {
        lines
            .iter()
            .map(|line| {
                let name = match line.named {
                    Named::Group(group) => group.to_string(),
                    Named::Ledger(ledger) => ledger.to_string(),
                };
                (name, line.level, line.amounts.iter().map(|one| one.minor()).collect())
            })
            .collect()
    }

    #[test]
    fn a_group_is_the_sum_of_what_is_below_it() {
        let groups = [group(1, None), group(2, None), group(3, Some(1)), group(4, Some(3))];
        let leaves = vec![
            leaf('a', Some(1), &[1, 10]),
            leaf('b', Some(4), &[2, 20]),
            leaf('c', None, &[4, 40]),
            leaf('d', Some(4), &[-8, 80]),
            leaf('e', Some(7), &[16, 160]),
        ];
        assert_eq!(totals(&leaves, 2), [Money::from_minor(15), Money::from_minor(310)]);
        let expected = [
            ("1", 1, [-5, 110]),
            ("3", 2, [-6, 100]),
            ("4", 3, [-6, 100]),
            ("b", 4, [2, 20]),
            ("d", 4, [-8, 80]),
            ("a", 2, [1, 10]),
            ("c", 1, [4, 40]),
            ("e", 1, [16, 160]),
        ];
        let expected =
            expected.map(|(name, level, amounts)| (name.to_owned(), level, amounts.to_vec()));
        assert_eq!(shown(&tree(&groups, leaves)), expected);
    }

    #[test]
    fn a_circle_swallows_no_ledger() {
        let groups = [group(1, Some(2)), group(2, Some(1)), group(3, Some(9))];
        let lines = tree(&groups, vec![leaf('a', Some(1), &[5]), leaf('b', Some(3), &[7])]);
        assert_eq!(shown(&lines), [("a".to_owned(), 1, vec![5]), ("b".to_owned(), 1, vec![7])]);
    }
}
