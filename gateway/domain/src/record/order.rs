//! The order of a record's keys in JSON, found while compiling.

/// The positions of the names, by name. Field names are ASCII, for which the
/// order of bytes is the order of UTF-16 code units that RFC 8785 asks for.
pub(crate) const fn sorted<const N: usize>(names: [&str; N]) -> [u8; N] {
    let mut order = [0_u8; N];
    let mut placed = 0;
    // Insertion sort: a constant function may not call the library's.
    while placed < N {
        let mut at = placed;
        while at > 0 && less(names[placed], names[order[at - 1] as usize]) {
            order[at] = order[at - 1];
            at -= 1;
        }
        order[at] = placed as u8;
        placed += 1;
    }
    order
}

const fn less(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return left[at] < right[at];
        }
        at += 1;
    }
    left.len() < right.len()
}

#[cfg(test)]
mod tests {
    use super::sorted;

    #[test]
    fn positions_stand_by_name_and_a_prefix_comes_first() {
        assert_eq!(sorted(["name", "code", "name_f", "active"]), [3, 1, 0, 2]);
        let none: [u8; 0] = sorted([]);
        assert!(none.is_empty());
    }
}
