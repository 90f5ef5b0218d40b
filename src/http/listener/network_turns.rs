//! A queue in which networks take turns: the first of each, then the second of each, and so on.

use std::collections::{HashMap, VecDeque};

use crate::base::network::Network;

/// `None` is the network of those who ask for nobody in particular, such as proxies.
#[derive(Debug)]
pub struct NetworkTurns<T> {
    by_network: HashMap<Option<Network>, VecDeque<T>>,
    /// The networks that something waits for, in the order of their turns.
    order: VecDeque<Option<Network>>,
}

impl<T> Default for NetworkTurns<T> {
    fn default() -> NetworkTurns<T> {
        NetworkTurns { by_network: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> NetworkTurns<T> {
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn push(&mut self, network: Option<Network>, item: T) {
        let waiting = self.by_network.entry(network).or_default();
        waiting.push_back(item);
        if waiting.len() == 1 {
            self.order.push_back(network);
        }
    }

    /// Returns the item whose turn it is. Those that wait no longer are dropped, and cost their network no turn.
    pub fn pop(&mut self, waits: impl Fn(&T) -> bool) -> Option<T> {
        while let Some(network) = self.order.pop_front() {
            let waiting = self.by_network.get_mut(&network)?;
            let item = std::iter::from_fn(|| waiting.pop_front()).find(&waits);
            if waiting.is_empty() {
                self.by_network.remove(&network);
            } else {
                self.order.push_back(network);
            }
            if item.is_some() {
                return item;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_take_turns_and_what_waits_for_each_keeps_its_order() {
        assert_eq!(order(&[1, 1, 1, 2, 0, 0], |_| true), [0, 3, 4, 1, 5, 2]);
    }

    #[test]
    fn what_waits_no_longer_costs_its_network_no_turn() {
        assert_eq!(order(&[1, 1, 1, 2, 2, 3], |item| ![0, 1, 5].contains(item)), [2, 3, 4]);
    }

    /// The order in which items of these networks that wait have their turn, of which nothing is left.
    fn order(networks: &[u8], waits: impl Fn(&usize) -> bool) -> Vec<usize> {
        let mut turns = NetworkTurns::default();
        for (item, n) in networks.iter().enumerate() {
            turns.push((*n > 0).then(|| Network::around([192, 0, 2, *n].into())), item);
        }
        let order = std::iter::from_fn(|| turns.pop(&waits)).collect();
        assert!(turns.is_empty() && turns.by_network.is_empty());
        order
    }
}
