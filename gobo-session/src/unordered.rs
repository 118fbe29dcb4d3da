//! Maps and sets whose order nobody asks for.
//!
//! Those of the standard library ask the kernel for a random number when a thread makes its first. Where a kernel or a
//! filter refuses that, the library opens /dev/urandom for good: a login daemon would keep a descriptor of ours (R12).
//! What is looked up here is bounded (R18) and root's or the caller's own, so that nobody gains from names that collide.

#![allow(clippy::disallowed_types)]

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};

/// A map without order.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// A set without order.
pub(crate) type Set<T> = HashSet<T, BuildHasherDefault<DefaultHasher>>;
