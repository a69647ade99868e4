#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Varint(u32, u64),
    Fixed64(u32, u64),
    Fixed32(u32, u32),
    Bytes(u32, Vec<u8>),
    Message(u32, usize, Vec<Node>),
}

fn write(out: &mut Vec<u8>, nodes: &[Node]) {
    for node in nodes {
        match node {
            Node::Varint(number, value) => put_varint_field(out, *number, *value),
            Node::Fixed64(number, value) => put_fixed64_field(out, *number, *value),
            Node::Fixed32(number, value) => put_fixed32_field(out, *number, *value),
            Node::Bytes(number, bytes) => put_bytes_field(out, *number, bytes),
            Node::Message(number, hint, inner) => {
                put_message(out, *number, *hint, |out| write(out, inner));
            }
        }
    }
}

fn assert_reads_as(message: &[u8], nodes: &[Node]) {
    let fields: Vec<Field<'_>> = Reader::new(message).collect::<Result<_, _>>().unwrap();
    assert_eq!(fields.len(), nodes.len());
    let raw: Vec<u8> = fields.iter().flat_map(|field| field.raw.to_vec()).collect();
    assert_eq!(raw, message);
    for (field, node) in fields.iter().zip(nodes) {
        let (number, value) = match node {
            Node::Varint(number, value) => (number, Value::Varint(*value)),
            Node::Fixed64(number, value) => (number, Value::Fixed64(*value)),
            Node::Fixed32(number, value) => (number, Value::Fixed32(*value)),
            Node::Bytes(number, bytes) => (number, Value::Bytes(bytes)),
            Node::Message(number, _, inner) => {
                assert_reads_as(field.value.bytes().unwrap(), inner);
                (number, field.value)
            }
        };
        assert_eq!((field.number, field.value), (*number, value));
    }
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let number = 1_u32..1 << 29;
    let leaf = prop_oneof![
        (number.clone(), (0_u32..64).prop_flat_map(|shift| 0..=u64::MAX >> shift))
            .prop_map(|(number, value)| Node::Varint(number, value)),
        (number.clone(), any::<u64>()).prop_map(|(number, value)| Node::Fixed64(number, value)),
        (number.clone(), any::<u32>()).prop_map(|(number, value)| Node::Fixed32(number, value)),
        (number.clone(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(number, bytes)| Node::Bytes(number, bytes)),
    ];
    let node = leaf.prop_recursive(4, 32, 6, move |inner| {
        let hint = prop_oneof![0_usize..200, Just(20_000), Just(usize::MAX)];
        (number.clone(), hint, prop::collection::vec(inner, 0..6))
            .prop_map(|(number, hint, inner)| Node::Message(number, hint, inner))
    });
    prop::collection::vec(node, 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read(nodes in nodes()) {
        let mut out = Vec::new();
        write(&mut out, &nodes);
        assert_reads_as(&out, &nodes);
    }

    #[test]
    fn what_is_kept_is_all_but_what_is_left_out(nodes in nodes(), left_out in any::<u8>()) {
        let (mut message, mut out, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        write(&mut message, &nodes);
        let mut kept = Kept::of(&message);
        for (index, field) in Reader::new(&message).enumerate() {
            let field = field.unwrap();
            if left_out >> index & 1 == 0 {
                kept.keep(&field);
                expected.extend_from_slice(field.raw);
            } else {
                kept.leave_out(&field, &mut out);
                out.push(0xff);
                expected.push(0xff);
            }
        }
        kept.append(&mut out);
        prop_assert_eq!(out, expected);
    }

    /// There is a shorter way for most fields.
    #[test]
    fn both_ways_of_reading_say_the_same(
        message in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..24, Just(0x80)], 0..40),
    ) {
        let (mut reader, mut rest) = (Reader::new(&message), message.as_slice());
        loop {
            let start = rest;
            let expected = (!rest.is_empty()).then(|| read_field(&mut rest)).transpose();
            let read = reader.next_field();
            match (read, expected) {
                (Ok(Some(field)), Ok(Some((number, value)))) => {
                    prop_assert_eq!((field.number, field.value), (number, value));
                    prop_assert_eq!(field.raw, &start[..start.len() - rest.len()]);
                }
                (read, expected) => {
                    prop_assert_eq!(read.map(|field| field.map(|field| (field.number, field.value))), expected);
                    break;
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut read = 0;
        for field in Reader::new(&bytes) {
            match field {
                Ok(field) => {
                    read += field.raw.len();
                    if let Value::Bytes(inner) = field.value {
                        let _ = Reader::new(inner).count();
                    }
                }
                Err(_) => break,
            }
        }
        prop_assert!(read <= bytes.len());
    }

    #[test]
    fn varints_are_those_of_prost(value in (0_u32..64).prop_flat_map(|shift| 0..=u64::MAX >> shift)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        put_varint(&mut ours, value);
        prost::encoding::encode_varint(value, &mut theirs);
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(varint_len(value), ours.len());
        let mut input = ours.as_slice();
        prop_assert_eq!(read_varint(&mut input), Ok(value));
        prop_assert!(input.is_empty());
    }

    #[test]
    fn zigzag_is_undone(value in any::<i64>()) {
        prop_assert_eq!(unzigzag(zigzag(value)), value);
    }
}

#[test]
fn errors() {
    let cases: [(&[u8], WireError); 14] = [
        (&[0x80], WireError::Truncated),
        (&[0x08], WireError::Truncated),
        (&[0x08, 0xff], WireError::Truncated),
        (&[0x09, 1, 2, 3, 4, 5, 6, 7], WireError::Truncated),
        (&[0x0d, 1, 2, 3], WireError::Truncated),
        (&[0x0a], WireError::Truncated),
        (&[0x0a, 2, 1], WireError::LengthBeyondEnd),
        (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], WireError::LengthBeyondEnd),
        (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], WireError::VarintTooLong),
        (&[0xff; 12], WireError::VarintTooLong),
        (&[0x0b], WireError::BadWireType(3)),
        (&[0x0e, 0], WireError::BadWireType(6)),
        (&[0x00, 0], WireError::BadFieldNumber),
        (&[0x80, 0x80, 0x80, 0x80, 0x10, 0], WireError::BadFieldNumber),
    ];
    for (bytes, error) in cases {
        let mut reader = Reader::new(bytes);
        assert_eq!(reader.next_field(), Err(error), "{bytes:02x?}");
        assert_eq!(reader.next_field(), Ok(None));
    }
}

#[test]
fn lengths_are_written_in_their_shortest_form_whatever_the_hint() {
    for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
        let contents = vec![7; length];
        let mut expected = vec![0xaa];
        put_bytes_field(&mut expected, 3, &contents);
        for hint in [0, 127, 128, 16_384, usize::MAX] {
            let mut out = vec![0xaa];
            put_message(&mut out, 3, hint, |out| out.extend_from_slice(&contents));
            assert_eq!(out, expected, "length {length}, hint {hint}");
        }
    }
}
