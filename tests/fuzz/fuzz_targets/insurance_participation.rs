//! Bytes for `insurance_participation`; what must hold of them stands in `motlan-decoders`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    motlan_decoders::feed("insurance_participation", bytes);
});
