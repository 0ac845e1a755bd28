//! The part of a matrix that is this machine's.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use crate::cli::Shard;

/// What falls to a shard, in the order of the whole; everything without one.
///
/// Groups are dealt out like cards, shuffled from the seed, so that shards differ by at most one group. All of a
/// group falls to the same shard: what is held against each other has to come from one machine.
pub fn part_of<T, G: Ord>(all: Vec<T>, group: impl Fn(&T) -> G, shard: Option<Shard>, seed: u64) -> Vec<T> {
    let Some(Shard { index, of }) = shard else { return all };
    let mut groups: Vec<G> = all.iter().map(&group).collect::<BTreeSet<G>>().into_iter().collect();
    groups.shuffle(&mut Pcg64Mcg::seed_from_u64(seed));
    let dealt: BTreeSet<G> = groups.into_iter().skip(index as usize - 1).step_by(of as usize).collect();
    all.into_iter().filter(|one| dealt.contains(&group(one))).collect()
}

/// One line on standard error where more shards were asked for than there are groups.
pub fn say_if_empty(shard: Option<Shard>, is_empty: bool) {
    if let Some(shard) = shard.filter(|_| is_empty) {
        eprintln!(
            "jsarena: nothing falls to shard {shard}: there are fewer groups of cells than shards; its record is empty, merge it all the same"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_falls_whole_to_one_shard_and_shards_are_even() {
        // Ten groups of three.
        let all: Vec<u32> = (0..30).collect();
        for (seed, of) in [(1, 1), (1, 4), (2, 4), (7, 12)] {
            let shards: Vec<Vec<u32>> = (1..=of)
                .map(|index| part_of(all.clone(), |one| one % 10, Some(Shard { index, of }), seed))
                .collect();
            let mut together: Vec<u32> = shards.iter().flatten().copied().collect();
            together.sort_unstable();
            assert_eq!(together, all);
            for shard in &shards {
                assert!(shard.is_sorted(), "in the order of the whole");
                let groups: BTreeSet<u32> = shard.iter().map(|one| one % 10).collect();
                assert_eq!(shard.len(), groups.len() * 3);
                assert!([10 / of, 10_u32.div_ceil(of)].contains(&(groups.len() as u32)), "{groups:?}");
            }
        }
        assert_eq!(part_of(all.clone(), |one| *one, None, 1), all);
    }

    #[test]
    fn the_seed_deals() {
        let deal = |seed| part_of((0..40).collect(), |one| *one, Some(Shard { index: 1, of: 2 }), seed);
        let first: Vec<u32> = deal(1);
        assert_eq!(first, deal(1));
        assert_ne!(first, deal(2));
    }
}
