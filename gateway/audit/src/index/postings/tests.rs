//! Lists of places come back as they were written, from any place, either way.

use proptest::prelude::*;

use super::*;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection
}

fn found(
    connection: &Connection,
    key: (Role, i64),
    range: (u64, u64),
    newest: bool,
    most: usize,
) -> Vec<u64> {
    let mut found = Vec::new();
    walk(connection, key, range, newest, |index| {
        found.push(index);
        Ok(found.len() < most)
    })
    .unwrap();
    found
}

proptest! {
    #[test]
    fn any_range_of_any_list(
        steps in prop::collection::vec((1_u64..300_000, 0_i64..3, any::<bool>()), 1..400),
        low in 0_u64..5_000_000,
        long in 0_u64..5_000_000,
        most in 1_usize..60,
    ) {
        let mut connection = database();
        let mut batch = Batch::default();
        let (mut index, mut expected) = (0, Vec::new());
        for (step, word, commit) in steps {
            index += step;
            // The same person twice in one entry is one place.
            batch.add(Role::Subject, word, index);
            batch.add(Role::Subject, word, index);
            batch.add(Role::Agency, 1, index);
            expected.push((word, index));
            if commit {
                let transaction = connection.transaction().unwrap();
                batch.write(&transaction).unwrap();
                transaction.commit().unwrap();
            }
        }
        let transaction = connection.transaction().unwrap();
        batch.write(&transaction).unwrap();
        transaction.commit().unwrap();
        let range = (low, low + long);
        for word in 0..3 {
            let of_word = expected.iter().filter(|(of, index)| *of == word && (range.0..range.1).contains(index));
            let mut ascending: Vec<u64> = of_word.map(|(_, index)| *index).collect();
            let told = found(&connection, (Role::Subject, word), range, false, most);
            prop_assert_eq!(&told[..], &ascending[..most.min(ascending.len())]);
            ascending.reverse();
            let told = found(&connection, (Role::Subject, word), range, true, most);
            prop_assert_eq!(&told[..], &ascending[..most.min(ascending.len())]);
        }
        // Another word under the same number is not found under this one.
        prop_assert!(found(&connection, (Role::Officer, 1), (0, u64::MAX / 4), false, 1).is_empty());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), first in any::<u64>()) {
        let mut indices = Vec::new();
        if read_block(first, &bytes, &mut indices).is_ok() {
            prop_assert!(indices.is_sorted());
        }
    }
}

#[test]
fn a_long_list_lies_in_several_blocks() {
    let mut connection = database();
    let mut batch = Batch::default();
    for index in 0..10_000 {
        batch.add(Role::Kind, 7, index);
        // Also where it fills a block.
        batch.add(Role::Kind, 7, index);
    }
    let transaction = connection.transaction().unwrap();
    batch.write(&transaction).unwrap();
    transaction.commit().unwrap();
    let blocks: i64 = connection.query_row("SELECT count(*) FROM postings", [], |row| row.get(0)).unwrap();
    assert_eq!(blocks, 10);
    let all: Vec<u64> = (0..10_000).collect();
    assert_eq!(found(&connection, (Role::Kind, 7), (0, 10_000), false, usize::MAX), all);
    assert_eq!(found(&connection, (Role::Kind, 7), (4_321, 4_325), true, 9), [4_324, 4_323, 4_322, 4_321]);
}
